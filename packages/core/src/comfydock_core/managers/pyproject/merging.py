"""Merging two versions of a manifest key by key."""

import tomllib
from collections.abc import Mapping

from comfydock_core.managers.pyproject.rewriting import rewritten
from comfydock_core.models.exceptions import MergeRefused
from comfydock_core.repositories.definition.pytorch_settings import is_pin
from comfydock_core.utils.package_names import requirement_name

Table = Mapping[str, object]
Path = tuple[str, ...]

_MISSING = object()  # Unlike `None` it cannot be a value.


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


class _Merge:
    """One merge of three versions; `conflicts` are the keys that it found disputed."""

    def __init__(self) -> None:
        self.conflicts: list[str] = []

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
        if isinstance(ours, dict) and isinstance(theirs, dict):
            return self.tables(path, before if isinstance(before, dict) else {}, ours, theirs)
        if isinstance(ours, list) and isinstance(theirs, list):
            return self._lists(path, before if isinstance(before, list) else [], ours, theirs)
        self._dispute(path)
        return ours

    def _lists(self, path: Path, before: list[object], ours: list[object], theirs: list[object]) -> list[object]:
        """What both have or one side added, in our order. What is about one thing is there once."""
        kept = [item for item in ours if item in theirs or item not in before]
        added = [item for item in theirs if item not in ours and item not in before]
        decided = {name for item in kept if item not in before and (name := _exclusive_name(item))}
        for item in added:
            name = _exclusive_name(item)
            if name in decided:
                self._dispute((*path, str(name)))
            else:
                kept.append(item)
        return kept

    def _dispute(self, path: Path) -> None:
        self.conflicts.append(".".join(map(_quoted, path)))


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
