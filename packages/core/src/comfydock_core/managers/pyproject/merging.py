"""Merging two versions of a manifest key by key."""

import tomllib
from collections.abc import Callable, Mapping

from comfydock_core.managers.pyproject.rewriting import rewritten
from comfydock_core.models.exceptions import MergeRefused
from comfydock_core.repositories.definition.pytorch_settings import is_pin
from comfydock_core.utils.package_names import requirement_name

Table = Mapping[str, object]
Path = tuple[str, ...]

_MISSING = object()  # Unlike `None` it cannot be a value.
# Whether theirs is taken of two values that both sides changed, `None` being its absence.
Decide = Callable[[Path, object, object], bool]
# Whether what two sides ask of one package, which both changed, counts together.
Unite = Callable[[Path, str, str], bool]
_REQUIREMENTS = frozenset({("project", "dependencies"), ("tool", "uv", "constraint-dependencies"),
                           ("tool", "uv", "override-dependencies")})  # fmt: skip
_GROUPS = (("dependency-groups",), ("project", "optional-dependencies"))


def merge_manifest(base: str, ours: str, theirs: str) -> tuple[str, list[str]]:
    """One manifest from two that were changed since `base`, and the keys that both changed to different values.

    Tables are merged key by key, lists entry by entry, so that what either side added is there and what either side
    removed is gone. Where both sides disagree ours stays. Style and comments are ours. Raises `MergeRefused`.
    """
    before, here, there = (
        _read(text, which) for text, which in ((base, "the ancestor"), (ours, "our side"), (theirs, "their side"))
    )
    merge = _Merge()
    merged = merge.tables((), before, here, there)
    return rewritten(ours, merged), merge.conflicts


def merge_manifest_by(
    base: str, ours: str, theirs: str, decide: Decide, unite: Unite, whole: Callable[[Path], bool]
) -> str:
    """The same with somebody to `decide` what is disputed.

    Requirements and constraints are merged package by package: `unite` says whether both sides' lines about one are
    kept. What is `whole` is taken from one side as it is there.
    """
    before, here, there = (
        _read(text, which) for text, which in ((base, "the ancestor"), (ours, "our side"), (theirs, "their side"))
    )
    return rewritten(ours, _Merge(decide, unite, whole).tables((), before, here, there))


class _Merge:
    """One merge of three versions; `conflicts` are the keys that it found disputed."""

    def __init__(
        self, decide: Decide | None = None, unite: Unite | None = None, whole: Callable[[Path], bool] | None = None
    ) -> None:
        self.conflicts: list[str] = []
        self._decide = decide
        self._unite = unite
        self._whole = whole

    def tables(self, path: Path, before: Table, ours: Table, theirs: Table) -> dict[str, object]:
        merged: dict[str, object] = {}
        for key in dict.fromkeys([*ours, *theirs]):
            sides = (table.get(key, _MISSING) for table in (before, ours, theirs))
            value = self._values((*path, key), *sides)
            if value is not _MISSING:
                merged[key] = value
        return merged

    def _values(self, path: Path, before: object, ours: object, theirs: object) -> object:
        if _same(ours, theirs) or _same(theirs, before):
            return ours
        if _same(ours, before):
            return theirs
        is_whole = self._whole is not None and self._whole(path)
        if self._unite is not None and not is_whole and _lists_requirements(path):
            lists = [_lines(side) for side in (before, ours, theirs)]
            if lists[1] is not None and lists[2] is not None:
                merged = self._requirements(path, self._unite, lists[0] or [], lists[1], lists[2])
                return _MISSING if not merged and (ours is _MISSING or theirs is _MISSING) else merged
        if self._decide is not None and not is_whole and (ours is _MISSING or theirs is _MISSING):
            return self._parts(path, before, ours, theirs)
        if not is_whole and isinstance(ours, dict) and isinstance(theirs, dict):
            return self.tables(path, before if isinstance(before, dict) else {}, ours, theirs)
        if not is_whole and isinstance(ours, list) and isinstance(theirs, list):
            return self._lists(path, before if isinstance(before, list) else [], ours, theirs)
        return theirs if self._takes_theirs(path, ours, theirs) else ours

    def _parts(self, path: Path, before: object, ours: object, theirs: object) -> object:
        """What one side has no more, and the other changed: a table that lost its last entry is an empty one."""
        there = ours if theirs is _MISSING else theirs
        if not isinstance(there, dict) or not isinstance(before, dict):
            return theirs if self._takes_theirs(path, ours, theirs) else ours
        sides = [side if isinstance(side, dict) else {} for side in (ours, theirs)]
        return self.tables(path, before, *sides) or _MISSING

    def _lists(self, path: Path, before: list[object], ours: list[object], theirs: list[object]) -> list[object]:
        """What both have or one side added, in our order. What is about one thing is there once."""
        kept = [item for item in ours if item in theirs or item not in before]
        added = [item for item in theirs if item not in ours and item not in before]
        decided = {name for item in kept if item not in before and (name := _exclusive_name(item))}
        for item in added:
            name = _exclusive_name(item)
            if name not in decided:
                kept.append(item)
                continue
            at = next(at for at, own in enumerate(kept) if _exclusive_name(own) == name and own not in before)
            if self._takes_theirs((*path, str(name)), kept[at], item):
                kept[at] = item
        return kept

    def _requirements(
        self, path: Path, unite: Unite, before: list[str], ours: list[str], theirs: list[str]
    ) -> list[str]:
        """What is asked of each package, in our order."""
        olds, news, others = (_by_package(lines) for lines in (before, ours, theirs))
        chosen: dict[str, list[str]] = {}
        for name in dict.fromkeys([*news, *others]):
            old, new, other = (side.get(name, []) for side in (olds, news, others))
            if new == other or other == old:
                chosen[name] = new
            elif new == old:
                chosen[name] = other
            elif self._counts_both((*path, name), unite, new, other):
                added = [line for line in other if line not in new and line not in old]
                chosen[name] = [*(line for line in new if line in other or line not in old), *added]
            else:
                chosen[name] = other if self._takes_theirs((*path, name), _shown(new), _shown(other)) else new
        kept = [line for line in ours if line in chosen[_package(line)]]
        return [*kept, *(line for lines in chosen.values() for line in lines if line not in kept)]

    def _counts_both(self, path: Path, unite: Unite, ours: list[str], theirs: list[str]) -> bool:
        if not ours or not theirs or all(any(is_pin(line) for line in lines) for lines in (ours, theirs)):
            return False
        return unite(path, ", ".join(ours), ", ".join(theirs))

    def _takes_theirs(self, path: Path, ours: object, theirs: object) -> bool:
        self.conflicts.append(".".join(map(_quoted, path)))
        if self._decide is None:
            return False
        mine, other = (None if value is _MISSING else value for value in (ours, theirs))
        return self._decide(path, mine, other)


def _lists_requirements(path: Path) -> bool:
    return path in _REQUIREMENTS or any(path[:-1] == group for group in _GROUPS)


def _lines(value: object) -> list[str] | None:
    """The lines of a list of requirements, none of one that is not there; `None` for anything else."""
    if value is _MISSING:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return list(dict.fromkeys(value))


def _package(line: str) -> str:
    return requirement_name(line) or line


def _by_package(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        found.setdefault(_package(line), []).append(line)
    return found


def _shown(lines: list[str]) -> object:
    return ", ".join(lines) or _MISSING


def _exclusive_name(item: object) -> str | None:
    """What an entry is about, if a list can have only one entry about it: a pin, an index, a model, an exclusion."""
    if isinstance(item, str):
        return requirement_name(item) if is_pin(item) else None
    if not isinstance(item, dict):
        return None
    package = item.get("package")
    name = item.get("name") or item.get("filename") or (package.get("name") if isinstance(package, dict) else None)
    return str(name) if name else None


def _same(one: object, other: object) -> bool:
    """Equal and of one kind: for Python `True` and `1` are equal, for TOML they are not."""
    return type(one) is type(other) and one == other


def _quoted(key: str) -> str:
    return key if key and all(letter.isalnum() or letter in "-_" for letter in key) else f'"{key}"'


def _read(text: str, which: str) -> Table:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise MergeRefused(
            f"cannot merge `pyproject.toml`: {which} of it is not valid TOML: {error}",
            hint="repair that version of the file and commit it before merging",
            context={"file": "pyproject.toml", "side": which, "reason": str(error)},
        ) from error
