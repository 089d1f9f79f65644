"""What a commit changed, part by part, and commits with some of these parts alone."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from comfydock_core.configs.environment_layout import WORKFLOWS, EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.moving.composing import Composed, commit_composed, locked_aside
from comfydock_core.core.usecases.moving.definition_files import LOCK, MANIFEST, is_of_python
from comfydock_core.core.usecases.moving.required_packages import RequiredPackages
from comfydock_core.integrations.git import queries
from comfydock_core.integrations.git.trees import read_tree
from comfydock_core.managers.pyproject.rewriting import rewritten
from comfydock_core.managers.uv_project.merging import lock_with
from comfydock_core.models.file_moves import TreeFile
from comfydock_core.models.history.bisecting import Culprit
from comfydock_core.models.manifest import COMFYUI_KEYS, EnvironmentManifest
from comfydock_core.repositories.definition.manifest_reader import parse_manifest
from comfydock_core.repositories.definition.tracked_packs import group_name, tracked_packs
from comfydock_core.repositories.definition.uv_lock import parse_lock
from comfydock_core.utils.package_names import requirement_name
from comfydock_core.utils.reporting import SilentReporter

_JSON = ".json"


class CommitParts:
    """The changes from a good commit to the bad one after it, in the repository of a scratch environment."""

    def __init__(
        self, layout: EnvironmentLayout, services: WorkspaceServices, good: str, bad: str, required: RequiredPackages
    ) -> None:
        """Raises `ManifestDamaged`, `LockDamaged`, `GitFailed`."""
        self._layout = layout
        self._services = services
        self._good = good
        self._trees = [read_tree(layout.definition, commit) for commit in (good, bad)]
        self._texts = [{name: self._text(tree, name) for name in (MANIFEST, LOCK)} for tree in self._trees]
        self._manifests = [parse_manifest(texts[MANIFEST], MANIFEST) for texts in self._texts]
        self._versions = [EnvironmentManifest(one, MANIFEST) for one in self._manifests]
        self._required = frozenset[str]().union(*map(required, self._versions))
        self.all = tuple(self._find())

    def commit_with(self, parts: tuple[Culprit, ...]) -> str:
        """A commit of the good definition with some of the changes, resolved. Raises what locking raises."""
        chosen = {(part.kind, part.name) for part in parts}
        files: dict[str, TreeFile | bytes | None] = {}
        for path in self._trees[0].keys() | self._trees[1].keys():
            key = _file_part(path)
            if key is not None and key in chosen:
                files[path] = self._trees[1].get(path)
        if any(part.kind in ("comfyui", "pack", "package") for part in parts):
            files |= self._locked(chosen)
        return commit_composed(self._layout, self._services, self._good, files, [self._good], "Part of a commit")

    def _find(self) -> Iterator[Culprit]:
        old, new = self._versions
        if old.comfyui_commit != new.comfyui_commit:
            yield Culprit("comfyui", "ComfyUI", old.comfyui_version, new.comfyui_version)
        packs = [tracked_packs(one, MANIFEST) for one in self._manifests]
        for name in dict.fromkeys([*packs[0], *packs[1]]):
            before, after = packs[0].get(name), packs[1].get(name)
            if before != after:
                shown = [None if one is None else one.release.version[:10] for one in (before, after)]
                yield Culprit("pack", name, *shown)
        locks = [{name: "/".join(sorted(found)) for name, found in parse_lock(texts[LOCK], LOCK).versions().items()}
                 for texts in self._texts]  # fmt: skip
        asked = [_lines(one, self._required) for one in self._manifests]
        for name in sorted(locks[0].keys() | locks[1].keys() | asked[0].keys() | asked[1].keys()):
            both = name in locks[0] and name in locks[1] and locks[0][name] != locks[1][name]
            if both or asked[0].get(name) != asked[1].get(name):
                yield Culprit("package", name, locks[0].get(name), locks[1].get(name))
        for path in sorted(self._trees[0].keys() | self._trees[1].keys()):
            key = _file_part(path)
            if key is not None and self._trees[0].get(path) != self._trees[1].get(path):
                shown = ["there" if path in tree else None for tree in self._trees]
                yield Culprit(*key, *shown)

    def _locked(self, chosen: set[tuple[str, str]]) -> dict[str, bytes | None]:
        """Manifest, lock and back ends of the good commit with what is chosen."""
        text = rewritten(self._texts[0][MANIFEST], self._manifest_with(chosen))
        packages = {name for kind, name in chosen if kind == "package"}
        lock = lock_with(self._texts[0][LOCK], self._texts[1][LOCK], packages)
        files: Composed = {
            **self._trees[0], MANIFEST: text.encode("utf-8"), LOCK: lock.encode("utf-8") if lock else None
        }  # fmt: skip
        return locked_aside(self._layout, self._services, files, SilentReporter())

    def _manifest_with(self, chosen: set[tuple[str, str]]) -> Mapping[str, object]:
        made: dict[str, Any] = copy.deepcopy(dict(self._manifests[0]))
        new: dict[str, Any] = dict(self._manifests[1])
        own, other = made["tool"]["comfydock"], new["tool"]["comfydock"]
        if ("comfyui", "ComfyUI") in chosen:
            for key in COMFYUI_KEYS:
                _take(own, other, key)
        packs = [tracked_packs(one, MANIFEST) for one in self._manifests]
        for name in {name for kind, name in chosen if kind == "pack"}:
            _take(own.setdefault("nodes", {}), other.get("nodes") or {}, name)
            for found in packs:
                if name in found:
                    group = group_name(found[name].release)
                    _take(made.setdefault("dependency-groups", {}), new.get("dependency-groups") or {}, group)
        names = {name for kind, name in chosen if kind == "package"}
        if ("comfyui", "ComfyUI") in chosen:
            names |= self._required
        for place in ("project.dependencies", "tool.uv.constraint-dependencies"):
            _take_lines(made, new, place.split("."), names)
        if not own.get("nodes", True):
            del own["nodes"]
        if not made.get("dependency-groups", True):
            del made["dependency-groups"]
        return made

    def _text(self, tree: Mapping[str, TreeFile], name: str) -> str:
        if name not in tree:
            return ""
        return queries.blob(self._layout.definition, tree[name].object).decode("utf-8", "replace")


def _file_part(path: str) -> tuple[str, str] | None:
    """The part that a file is one of; `None` for what packages are locked in, which has parts of its own."""
    if is_of_python(path):
        return None
    if path.startswith(WORKFLOWS):
        return "workflow", path.removeprefix(WORKFLOWS).removesuffix(_JSON)
    return "file", path


def _lines(manifest: Mapping[str, Any], without: frozenset[str]) -> dict[str, list[str]]:
    """What the user asks for, by package: requirements of the project but ComfyUI's, and constraints."""
    project, uv = manifest.get("project") or {}, (manifest.get("tool") or {}).get("uv") or {}
    found: dict[str, list[str]] = {}
    for line in [*(project.get("dependencies") or []), *(uv.get("constraint-dependencies") or [])]:
        name = requirement_name(line) if isinstance(line, str) else None
        if name is not None and name not in without:
            found.setdefault(name, []).append(line)
    return found


def _take(own: dict[str, Any], other: Mapping[str, Any], key: str) -> None:
    if key in other:
        own[key] = copy.deepcopy(other[key])
    else:
        own.pop(key, None)


def _take_lines(own: dict[str, Any], other: Mapping[str, Any], path: list[str], names: set[str]) -> None:
    """The lines about some packages, as the other manifest has them."""
    for key in path[:-1]:
        own = own.setdefault(key, {})
        other = other.get(key) or {}
    kept = [line for line in own.get(path[-1]) or [] if requirement_name(str(line)) not in names]
    new = [line for line in other.get(path[-1]) or [] if requirement_name(str(line)) in names]
    if kept or new or path[-1] in own:
        own[path[-1]] = [*kept, *new]
