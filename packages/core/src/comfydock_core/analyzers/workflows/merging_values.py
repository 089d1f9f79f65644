"""Merging plain values of workflows, three ways."""

import json
from collections.abc import Callable, Iterable
from typing import Any

Json = dict[str, Any]
# Whether theirs is taken of two values that both sides changed: the place (`3.steps`), and both.
Decide = Callable[[str, object, object], bool]

MISSING = object()  # Unlike `None` it is no value of JSON.


class Unmergeable(Exception):
    """The versions cannot be merged node by node; the words say why."""


class Values:
    """Merges values, objects key by key. A list is one value, as are the points of a curve or a colour."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide

    def tables(self, place: str, before: Any, ours: Json, theirs: Json) -> Json:
        """Both objects as one; of `before` what is no object counts as an empty one."""
        olds = before if isinstance(before, dict) else {}
        merged = {
            key: self.value(f"{place}.{key}" if place else key, *sides_of(key, olds, ours, theirs))
            for key in keys_of(ours, theirs)
        }
        return present(merged)

    def value(self, place: str, before: Any, ours: Any, theirs: Any) -> Any:
        """One value, `MISSING` where it is gone."""
        if same(ours, theirs) or same(theirs, before):
            return ours
        if same(ours, before):
            return theirs
        if isinstance(ours, dict) and isinstance(theirs, dict):
            return self.tables(place, before, ours, theirs)
        mine, other = (None if side is MISSING else side for side in (ours, theirs))
        return theirs if self._decide(place, mine, other) else ours


def same(one: Any, other: Any) -> bool:
    """Equal for JSON: `1` and `true` are not."""
    if one is MISSING or other is MISSING:
        return one is other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def one_side(before: Any, ours: Any, theirs: Any) -> Any:
    """What nobody is asked about: theirs where ours was left alone, else ours."""
    return theirs if same(ours, before) else ours


def sides_of(key: str, *sides: Json) -> list[Any]:
    """What each side has under a key."""
    return [side.get(key, MISSING) for side in sides]


def keys_of(*sides: Iterable[str]) -> list[str]:
    """The keys of all sides, in the order of the first."""
    return list(dict.fromkeys(key for side in sides for key in side))


def present(table: Json) -> Json:
    """What there is of an object."""
    return {key: value for key, value in table.items() if value is not MISSING}
