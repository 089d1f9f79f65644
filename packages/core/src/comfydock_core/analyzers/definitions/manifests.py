"""Comparing two manifests by what they mean."""

import json
import tomllib
from collections.abc import Iterator, Mapping

from comfydock_core.models.history.differences import (
    ComfyUIDifference,
    DefinitionDifference,
    ModelPin,
    PackDifference,
    PinnedComfyUI,
    SettingChange,
)
from comfydock_core.models.manifest import COMFYUI_KEYS, EnvironmentManifest, damaged
from comfydock_core.models.packages.python_packages import RequirementChange
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.definition.pytorch_settings import uv_settings
from comfydock_core.repositories.definition.tracked_packs import group_name, tracked_packs
from comfydock_core.utils.package_names import requirement_name

Table = dict[str, object]

# What has words of its own, and is no setting.
_TOLD = frozenset({
    "project.dependencies", "dependency-groups", "tool.uv.constraint-dependencies", "tool.comfydock.nodes",
    "tool.comfydock.workflows", "tool.comfydock.models", "tool.comfydock.python_version",
    *(f"tool.comfydock.{key}" for key in COMFYUI_KEYS),
})  # fmt: skip
_MOST_SETTINGS = 1000
_CONSTRAINTS = "constraints"
_PROJECT = "project"


class ReadManifest:
    """One manifest; an absent one is empty. The table of ComfyGit, `[tool.comfygit]`, is read as ours."""

    def __init__(self, content: bytes | None, path: str) -> None:
        """Raises `ManifestDamaged`, naming `path`."""
        try:
            self.values: dict[str, object] = tomllib.loads((content or b"").decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise damaged(path, str(error)) from error
        tool = self.values.get("tool")
        if isinstance(tool, dict) and "comfydock" not in tool and "comfygit" in tool:
            self.values = {
                **self.values,
                "tool": {("comfydock" if key == "comfygit" else key): one for key, one in tool.items()},
            }
        self._known = EnvironmentManifest(self.values, path)
        self.packs = tracked_packs(self.values, path)
        self.notes = self._known.workflows
        self.python = self._known.python_version

    @property
    def comfyui(self) -> PinnedComfyUI:
        known = self._known
        return PinnedComfyUI(known.comfyui_version, known.comfyui_commit, known.comfyui_repository)

    def lines(self, without: frozenset[str]) -> dict[tuple[str, str], list[str]]:
        """Requirements by place and name; the group of a pack has its identifier, and those `without` are left out."""
        owners = {group_name(pack.release): pack.identifier for pack in self.packs.values()}
        found: dict[tuple[str, str], list[str]] = {}
        groups: object = self.values.get("dependency-groups")
        project: object = self.values.get("project")
        places: list[tuple[str, object]] = []
        if isinstance(project, dict):
            places.append((_PROJECT, project.get("dependencies")))
        if isinstance(groups, dict):
            places += [(owners.get(name) or str(name), lines) for name, lines in groups.items()]
        for place, lines in places:
            if place not in without:
                for name, text in _named(lines):
                    found.setdefault((place, name), []).append(text)
        return found

    def constraints(self) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for name, text in _named(uv_settings(self.values).get("constraint-dependencies")):
            found.setdefault((_CONSTRAINTS, name), []).append(text)
        return found

    def models(self) -> dict[str, ModelPin]:
        """The models that are noted as resolved, by their digests."""
        listed = self._known.tool.get("models")
        found = {}
        for key, raw in listed.items() if isinstance(listed, dict) else ():
            if isinstance(raw, dict):
                size = raw.get("size")
                name, kind = str(raw.get("filename") or key), str(raw.get("category") or "unknown")
                found[key] = ModelPin(key, name, kind, size if isinstance(size, int) else 0)
        return found


def compare_manifests(before: ReadManifest, after: ReadManifest) -> DefinitionDifference:
    """What two manifests tell, without locks and files."""
    packs = tuple(_packs(before.packs, after.packs))
    come_or_gone = frozenset(one.identifier for one in packs if one.before is None or one.after is None)
    old_models, new_models = before.models(), after.models()
    return DefinitionDifference(
        comfyui=None if before.comfyui == after.comfyui else ComfyUIDifference(before.comfyui, after.comfyui),
        python=None if before.python == after.python else (before.python, after.python),
        packs=packs,
        requirements=tuple(_lines(before.lines(come_or_gone), after.lines(come_or_gone))),
        constraints=tuple(_lines(before.constraints(), after.constraints())),
        models_added=tuple(new_models[key] for key in sorted(new_models.keys() - old_models.keys())),
        models_removed=tuple(old_models[key] for key in sorted(old_models.keys() - new_models.keys())),
        settings=tuple(_settings(before.values, after.values)),
    )


def _packs(before: Mapping[str, NodePackage], after: Mapping[str, NodePackage]) -> Iterator[PackDifference]:
    for identifier in sorted(before.keys() | after.keys()):
        old, new = before.get(identifier), after.get(identifier)
        if old is None or new is None or (old.release, old.enabled) != (new.release, new.enabled):
            yield PackDifference(identifier, old, new)


def _lines(
    before: Mapping[tuple[str, str], list[str]], after: Mapping[tuple[str, str], list[str]]
) -> Iterator[RequirementChange]:
    for place, name in sorted(before.keys() | after.keys()):
        olds, news = before.get((place, name), []), after.get((place, name), [])
        gone = [text for text in olds if text not in news]
        come = [text for text in news if text not in olds]
        for at in range(max(len(gone), len(come))):
            yield RequirementChange(place, name, gone[at] if at < len(gone) else None,
                                    come[at] if at < len(come) else None)  # fmt: skip


def _settings(before: Table, after: Table) -> Iterator[SettingChange]:
    olds, news = dict(_leaves(before)), dict(_leaves(after))
    changed = [key for key in sorted(olds.keys() | news.keys()) if olds.get(key) != news.get(key)]
    for key in changed[:_MOST_SETTINGS]:
        yield SettingChange(key, olds.get(key), news.get(key))


def _leaves(values: Table) -> Iterator[tuple[str, str]]:
    """Every value that is no table, by its dotted key."""
    waiting: list[tuple[str, object]] = list(values.items())
    while waiting:
        key, value = waiting.pop()
        if key in _TOLD:
            continue
        if isinstance(value, dict):
            waiting += [(f"{key}.{name}", inner) for name, inner in value.items()]
        else:
            yield key, json.dumps(value, ensure_ascii=False, default=str)


def _named(lines: object) -> list[tuple[str, str]]:
    texts = [text for text in lines if isinstance(text, str)] if isinstance(lines, list) else []
    return [(requirement_name(text) or text, text) for text in texts]
