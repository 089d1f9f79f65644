"""Merging manifests by what they mean: packs, ComfyUI, Python, packages, settings."""

from collections.abc import Callable
from functools import cached_property

from comfydock_core.core.usecases.merging.answers import Answers
from comfydock_core.core.usecases.moving.required_packages import RequiredPackages
from comfydock_core.managers.pyproject.merging import merge_manifest_by
from comfydock_core.managers.pyproject.requirements import with_requirements
from comfydock_core.managers.pyproject.rewriting import rewritten
from comfydock_core.models.exceptions import ManifestDamaged
from comfydock_core.models.manifest import CLASS_CHOICES, COMFYUI_KEYS, EnvironmentManifest, table
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.definition.manifest_reader import parse_manifest
from comfydock_core.repositories.definition.tracked_packs import group_name, tracked_packs
from comfydock_core.utils.package_names import requirement_name

Path = tuple[str, ...]
# Which of two packs is the later one of one line of commits; `None` if neither is.
Later = Callable[[NodePackage, NodePackage], NodePackage | None]

_OURS = ("tool", "comfydock")
_NODES = (*_OURS, "nodes")
_NAME = "pyproject.toml"
_COMFYUI_QUESTION = "comfyui"
_SHORT = 10
# What says nothing of what is installed, below `[tool.comfydock]`.
_OF_WORKFLOWS = ("workflows", "models", CLASS_CHOICES)


class ManifestMerging:
    """One merge of three manifests.

    `decided` says in words what was decided by itself, `united` are the packages of which both sides asked something
    else, and both count.
    """

    def __init__(
        self,
        texts: tuple[str, str, str],
        answers: Answers,
        later: Later,
        required: RequiredPackages,
        *,
        contested: bool,
    ) -> None:
        """`texts` are those of the common ancestor, ours and theirs.

        `required` tells the packages that the ComfyUI of a manifest requires: their lines come with it. With
        `contested` it is asked what else would be united, because that could not be resolved. Raises `ManifestDamaged`
        when one side cannot be read.
        """
        base, ours, theirs = texts
        self._required = required
        self._contested = contested
        self._texts = texts
        self._answers = answers
        self._later = later
        self._mine, self._theirs = _packs(ours), _packs(theirs)
        everywhere = {**_packs_if_readable(base), **self._theirs, **self._mine}
        self._groups = {
            group_name(pack.release): identifier
            for packs in (everywhere, self._theirs, self._mine)
            for identifier, pack in packs.items()
        }
        self._settled: dict[str, bool] = {}
        self.decided: list[str] = []
        self.united: list[str] = []

    def merge(self) -> str:
        """The merged text; what is open is as ours. Raises `MergeRefused`, and what `required` raises."""
        merged = merge_manifest_by(*self._texts, self._takes_theirs, self._unite, self._is_whole)
        merged = self._with_groups(merged)
        if not self._has_two_comfyuis:
            return merged
        is_theirs = self._takes_theirs((*_OURS, "comfyui_version"), None, None)
        chosen = self._texts[2 if is_theirs else 1]
        return self._with_requirements(_with_comfyui(merged, chosen), chosen)

    def _with_groups(self, merged: str) -> str:
        """A pack brings what it requires: where it was taken from one side, nothing stays of the other's."""
        sides = [_manifest(text).groups for text in self._texts[1:]]
        groups = dict(_manifest(merged).groups)
        for group, identifier in self._groups.items():
            if identifier in self._settled:
                groups.pop(group, None)
                chosen = sides[self._settled[identifier]]
                if group in chosen:
                    groups[group] = chosen[group]
        values = parse_manifest(merged, _NAME)
        if groups == values.get("dependency-groups", {}):
            return merged
        rest = {key: value for key, value in values.items() if key != "dependency-groups" or groups}
        return rewritten(merged, {**rest, **({"dependency-groups": groups} if groups else {})})

    def _with_requirements(self, merged: str, chosen: str) -> str:
        """Where ComfyUI is taken from one side, so is what that side asks of the packages that either requires."""
        named = {name: line for line in _dependencies(chosen) if (name := requirement_name(line))}
        lines = {name: line for name, line in named.items() if name in self._of_comfyui}
        return with_requirements(merged, self._of_comfyui, lines)

    @cached_property
    def _of_comfyui(self) -> frozenset[str]:
        """What the ComfyUI of either side requires."""
        return self._required(_manifest(self._texts[1])) | self._required(_manifest(self._texts[2]))

    @cached_property
    def _has_two_comfyuis(self) -> bool:
        before, mine, theirs = (_comfyui(text) for text in self._texts)
        return before not in (mine, theirs) and mine != theirs

    def _is_whole(self, path: Path) -> bool:
        """A pack is taken from one side, with what it requires."""
        if path[: len(_NODES)] == _NODES:
            return len(path) == len(_NODES) + 1
        return path[:1] == ("dependency-groups",) and len(path) == 2 and path[1] in self._groups

    def _unite(self, path: Path, ours: str, theirs: str) -> bool:
        """What both sides ask of one package counts together, unless that is known not to be possible."""
        is_asked = self._contested or self._answers.given(*_question(path)) is not None
        if is_asked or (self._has_two_comfyuis and path[-1] in self._of_comfyui):
            return False
        self.united.append(path[-1])
        self.decided.append(f"{path[-1]}: what either side requires applies, {ours} and {theirs}")
        return True

    def _takes_theirs(self, path: Path, ours: object, theirs: object) -> bool:
        pack = self._pack_of(path)
        if pack is not None:
            self._settled[pack] = self._takes_their_pack(pack)
            return self._settled[pack]
        name, about = _question(path)
        is_line = path[:2] == ("project", "dependencies")
        if is_line and self._has_two_comfyuis and requirement_name(path[-1]) in self._of_comfyui:
            name = _COMFYUI_QUESTION
        if name == _COMFYUI_QUESTION:
            return self._answers.takes_theirs(
                name, "the version of ComfyUI", _version(self._texts[1]), _version(self._texts[2])
            )
        return self._answers.takes_theirs(name, about, ours, theirs)

    def _pack_of(self, path: Path) -> str | None:
        if path[: len(_NODES)] == _NODES and len(path) > len(_NODES):
            return path[len(_NODES)]
        return self._groups.get(path[1]) if path[:1] == ("dependency-groups",) and len(path) > 1 else None

    def _takes_their_pack(self, identifier: str) -> bool:
        mine, theirs = self._mine.get(identifier), self._theirs.get(identifier)
        question = f"pack:{identifier}", f"the node pack `{identifier}`"
        if mine is not None and theirs is not None and self._answers.given(*question) is None:
            later = self._later(mine, theirs)
            if later is not None:
                word = (
                    f"{identifier}: took {later.release.version[:_SHORT]}, which descends from the other side's commit"
                )
                if word not in self.decided:
                    self.decided.append(word)
                return later is theirs
        shown = [None if pack is None else _described(pack) for pack in (mine, theirs)]
        if shown[0] == shown[1] and mine is not None and theirs is not None:
            shown = [
                f"{_described(pack)} from {pack.release.repository or pack.release.source}" for pack in (mine, theirs)
            ]
        return self._answers.takes_theirs(*question, *shown)


def with_packages_of(texts: tuple[str, str, str], *, theirs: bool) -> str:
    """The manifest of one side, with what both sides note of workflows: the rest decides what is installed.

    `texts` are those of the common ancestor, ours and theirs. Raises `MergeRefused`, `ManifestDamaged`.
    """
    merged = merge_manifest_by(*texts, lambda *_: theirs, lambda *_: False, lambda _: False)
    chosen = texts[2 if theirs else 1]
    noted = _manifest(merged).tool
    values = parse_manifest(chosen, _NAME)
    kept = {key: value for key, value in _manifest(chosen).tool.items() if key not in _OF_WORKFLOWS}
    united = {**kept, **{key: noted[key] for key in _OF_WORKFLOWS if key in noted}}
    return rewritten(chosen, {**values, "tool": {**table(values, "tool", _NAME), "comfydock": united}})


def asked_for(before: str, after: str) -> str:
    """What a manifest requires otherwise than another one, its packs among it, on one line."""
    old, new = (_manifest(text) for text in (before, after))
    known = {*_dependencies(before), *_constraints(old)}
    lines = [line for line in (*_dependencies(after), *_constraints(new)) if line not in known]
    packs = [name for name, value in new.nodes.items() if value != old.nodes.get(name)]
    return ", ".join([*lines, *packs]) or "fewer requirements"


def _constraints(manifest: EnvironmentManifest) -> list[str]:
    found = manifest.uv.get("constraint-dependencies")
    return [line for line in found if isinstance(line, str)] if isinstance(found, list) else []


def _question(path: Path) -> tuple[str, str]:
    """The name of what is asked, and what it is about."""
    if path[:2] == _OURS and path[2:3] and path[2] in COMFYUI_KEYS:
        return _COMFYUI_QUESTION, "the version of ComfyUI"
    if path in ((*_OURS, "python_version"), ("project", "requires-python")):
        return "python", "the version of Python"
    if path[:3] == ("tool", "uv", "constraint-dependencies") and len(path) == 4:
        return f"constraint:{requirement_name(path[-1]) or path[-1]}", f"the constraint on `{path[-1]}`"
    if path[:1] == ("dependency-groups",) and len(path) == 2:
        return f"group:{path[1]}", f"the dependency group `{path[1]}`"
    if path[:2] == ("project", "dependencies") or path[:1] == ("dependency-groups",):
        return f"package:{requirement_name(path[-1]) or path[-1]}", f"the requirement `{path[-1]}`"
    if path[:3] == (*_OURS, "workflows") and len(path) > 3:
        return f"workflow-entry:{path[3]}", f"what is noted about the workflow `{path[3]}`"
    name = ".".join(path[2:] if path[:2] == _OURS else path)
    return f"setting:{name}", f"the setting `{name}`"


def _described(pack: NodePackage) -> str:
    return f"{pack.release.version[:_SHORT]}{'' if pack.enabled else ', disabled'}"


def _comfyui(text: str) -> dict[str, object]:
    """What a manifest says of ComfyUI, which only makes sense together."""
    return {key: value for key, value in _manifest(text).tool.items() if key in COMFYUI_KEYS}


def _with_comfyui(text: str, chosen: str) -> str:
    """A manifest with the ComfyUI of another one."""
    values, known = parse_manifest(text, _NAME), _manifest(text).tool
    wanted = _comfyui(chosen)
    kept = {key: wanted.get(key, value) for key, value in known.items() if key not in COMFYUI_KEYS or key in wanted}
    sections = table(values, "tool", _NAME)
    return rewritten(text, {**values, "tool": {**sections, "comfydock": {**kept, **wanted}}})


def _version(text: str) -> str:
    manifest = _manifest(text)
    return f"{manifest.comfyui_version} ({str(manifest.comfyui_commit)[:_SHORT]})"


def _manifest(text: str) -> EnvironmentManifest:
    return EnvironmentManifest(parse_manifest(text, _NAME), _NAME)


def _dependencies(text: str) -> list[str]:
    found = _manifest(text).project.get("dependencies")
    return [line for line in found if isinstance(line, str)] if isinstance(found, list) else []


def _packs(text: str) -> dict[str, NodePackage]:
    return tracked_packs(parse_manifest(text, _NAME), _NAME)


def _packs_if_readable(text: str) -> dict[str, NodePackage]:
    """Those of the common ancestor, which nobody needs to repair any more."""
    try:
        return _packs(text)
    except ManifestDamaged:
        return {}
