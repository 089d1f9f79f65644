"""What operators make of values, as far as it can be told. Nothing here takes more time or memory than a file may."""

import ast
import operator
import os
import pathlib
import re
from collections.abc import Callable
from typing import Any

from comfydock_core.analyzers.class_inputs.values import (
    LONGEST,
    MORE,
    MOST,
    Foreign,
    Instance,
    Maybe,
    Member,
    Place,
    Unknown,
    is_known,
    is_unknown,
    reason_of,
    sources_of,
)

# What goes wrong where the real code goes wrong, or where the look does not see all of it.
TROUBLE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, UnicodeError)
_ARITHMETIC: dict[type[ast.operator], Callable[[object, object], object]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.BitOr: operator.or_, ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor, ast.Pow: operator.pow, ast.LShift: operator.lshift, ast.RShift: operator.rshift,
}  # fmt: skip
_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}  # fmt: skip
_WIDE = re.compile(r"\d{4}")
_BITS = 4096


def plain(value: object) -> object:
    """A member of an enumeration of texts or numbers as the text or number that it is."""
    if isinstance(value, Member) and value.cls.derives_from("str", "int", "float", "enum.StrEnum", "enum.IntEnum"):
        return value.value
    return value


def is_listed(value: object) -> bool:
    """Whether it is a list, even if nobody knows of what."""
    return isinstance(value, list | tuple | set | frozenset) or (isinstance(value, Unknown) and value.is_list)


def combined(op: ast.operator, left: object, right: object, place: Place) -> object:
    """`left op right`."""
    left, right = plain(left), plain(right)
    if isinstance(op, ast.Add) and isinstance(left, list | tuple) and type(left) is type(right):
        return _limited([*left, *right], type(left), place)
    if isinstance(op, ast.BitOr) and isinstance(left, dict) and isinstance(right, dict):
        return {**left, **right}
    if isinstance(left, dict) and isinstance(op, ast.BitOr) and is_unknown(right):
        return {**left, MORE: Unknown(reason_of(right) or f"{place}: a dictionary that only a run would tell")}
    if isinstance(op, ast.Div) and isinstance(left, pathlib.PurePath) and isinstance(right, str | pathlib.PurePath):
        return pathlib.PurePosixPath(os.path.normpath(left / right))
    if isinstance(op, ast.Mod) and isinstance(left, str):
        return _formatted(left, right, place)
    if is_unknown(left) or is_unknown(right) or not (is_known(left) and is_known(right)):
        lists = is_listed(left) and is_listed(right) and isinstance(op, ast.Add | ast.BitOr | ast.Sub | ast.BitAnd)
        if isinstance(op, ast.Mult):
            lists = is_listed(left) or is_listed(right)
        return Unknown(_cause(place, left, right), sources_of(left, right), lists)
    act = _ARITHMETIC.get(type(op))
    if act is None or not _bearable(op, left, right):
        return Unknown(f"{place}: a value that is not worked out")
    try:
        return act(left, right)
    except TROUBLE as error:
        return Unknown(f"{place}: {error}")


def _cause(place: Place, *values: object) -> str | None:
    """Why something made of these is not known: `None` when it is only files that would tell."""
    reason = reason_of(*values)
    return reason if reason is not None or sources_of(*values) else f"{place}: only a run would tell"


def _limited(found: list[object], kind: type, place: Place) -> object:
    if len(found) > MOST:
        return Unknown(f"{place}: a list that is too long", (), True)
    return found if kind is list else tuple(found)


def _bearable(op: ast.operator, left: object, right: object) -> bool:
    if isinstance(op, ast.Mult):
        for one, times in ((left, right), (right, left)):
            if isinstance(one, str | list | tuple | bytes):
                limit = MOST if isinstance(one, list | tuple) else LONGEST
                return isinstance(times, int) and len(one) * max(times, 0) <= limit
    if isinstance(op, ast.Add) and isinstance(left, str) and isinstance(right, str):
        return len(left) + len(right) <= LONGEST
    if isinstance(op, ast.Pow):
        return _small(left, right, isinstance(right, int | float) and abs(right) <= _BITS)
    if isinstance(op, ast.LShift):
        return _small(left, right, isinstance(right, int) and right <= _BITS)
    return _small(left, right, True)


def _small(left: object, right: object, otherwise: bool) -> bool:
    """Numbers that are not made for trouble."""
    return otherwise and all(not isinstance(one, int) or one.bit_length() <= _BITS for one in (left, right))


def _formatted(text: str, values: object, place: Place) -> object:
    if not is_known(values) or _WIDE.search(text) or "*" in text:
        return Unknown(_cause(place, values), sources_of(values))
    try:
        made = text % values
    except TROUBLE as error:
        return Unknown(f"{place}: {error}")
    return made if len(made) <= LONGEST else Unknown(f"{place}: a text that is too long")


def compared(op: ast.cmpop, left: object, right: object, place: Place) -> object:
    """`left op right` for a comparison."""
    if isinstance(op, ast.Is | ast.IsNot):
        return _identical(left, right, place, wanted=isinstance(op, ast.Is))
    left, right = plain(left), plain(right)
    if isinstance(op, ast.In | ast.NotIn):
        found = _contains(right, left)
        return Unknown(_cause(place, left, right)) if found is None else found == isinstance(op, ast.In)
    if not is_known(left) or not is_known(right):
        certain = not any(
            isinstance(one, Unknown | Foreign | Maybe | list | dict | tuple | Instance) for one in (left, right)
        )
        if certain and isinstance(op, ast.Eq | ast.NotEq):  # Functions, classes and members are what they are.
            return (left is right) == isinstance(op, ast.Eq)
        return Unknown(_cause(place, left, right), sources_of(left, right))
    try:
        return _ORDER[type(op)](left, right)
    except TROUBLE as error:
        return Unknown(f"{place}: {error}")


def _identical(left: object, right: object, place: Place, *, wanted: bool) -> object:
    if isinstance(left, Unknown | Foreign | Maybe) or isinstance(right, Unknown | Foreign | Maybe):
        return Unknown(_cause(place, left, right))
    if isinstance(left, str | int | float) and isinstance(right, str | int | float) and not isinstance(left, bool):
        return (left == right) == wanted
    return (left is right) == wanted


def _contains(holder: object, one: object) -> bool | None:
    if isinstance(holder, dict):
        if not is_known(one):
            return None
        found = holder.get(one)
        return None if isinstance(found, Maybe) or (one not in holder and MORE in holder) else one in holder
    if isinstance(holder, str) and isinstance(one, str):
        return one in holder
    if isinstance(holder, list | tuple | set | frozenset) and is_known(one):
        if any(is_known(item) and plain(item) == one for item in holder):
            return True
        return False if is_known(list(holder)) else None
    return None


def subscript(holder: object, key: object, place: Place) -> object:
    """`holder[key]`."""
    key = plain(key)
    if isinstance(holder, dict):
        if is_known(key) and key in holder:
            found = holder[key]
            return found.value if isinstance(found, Maybe) else found
        return Unknown(
            reason_of(key, holder.get(MORE)) or f"{place}: a key that is not known", sources_of(*holder.values())
        )
    if isinstance(holder, list | tuple | str) and isinstance(key, int | slice) and not is_unknown(key):
        if isinstance(holder, list) and any(isinstance(one, Maybe) for one in holder):
            return Unknown(_cause(place, holder), sources_of(holder), isinstance(key, slice))
        try:
            return holder[key]
        except TROUBLE as error:
            return Unknown(f"{place}: {error}")
    return Unknown(_cause(place, holder, key), sources_of(holder), isinstance(key, slice) and is_listed(holder))
