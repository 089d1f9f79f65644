"""Values that a look at Python code can tell without running it, and what may be done with them.

Everything that is allowed stands here. What is not is `UNKNOWN`, which spreads to whatever is made of it.
"""

import ast
import os
import pathlib
from collections.abc import Callable
from dataclasses import dataclass, field

from comfydock_core.records import record

_LONGEST = 4096
_MOST = 10_000


class _Unknown:
    """What only a run would tell."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()


@dataclass(slots=True, eq=False)
class Namespace:
    """A module that was looked at: its names. Those that are not there are `otherwise`."""

    names: dict[str, object] = field(default_factory=dict)
    otherwise: object = UNKNOWN


@dataclass(slots=True, eq=False)
class Function:
    """A function of a module that is looked at."""

    node: ast.FunctionDef
    home: Namespace


@record
class Foreign:
    """A name of a module that is not looked at, with its dots."""

    dotted: str


# What the few functions of Python's library do that such code uses; none of them changes anything.
FUNCTIONS: dict[str, Callable[..., object]] = {
    **{f"os.path.{name}": getattr(os.path, name) for name in (
        "abspath", "basename", "dirname", "exists", "expanduser", "expandvars", "isabs", "isdir", "isfile", "join",
        "normpath", "realpath", "split", "splitext",
    )},
    "os.fspath": os.fspath,
    "os.makedirs": lambda *_, **__: None,
    "pathlib.Path": pathlib.Path,
    "itertools.chain": lambda *parts: [one for part in parts for one in part],
    "all": lambda values: all(values),
    "any": lambda values: any(values),
    "bool": bool,
    "dict": dict,
    "enumerate": lambda values: list(enumerate(values)),
    "frozenset": frozenset,
    "len": len,
    "list": list,
    "print": lambda *_, **__: None,
    "reversed": lambda values: list(reversed(values)),
    "set": set,
    "sorted": sorted,
    "str": str,
    "tuple": tuple,
    "zip": lambda *parts: list(zip(*parts, strict=False)),
}  # fmt: skip
CONSTANTS: dict[str, object] = {"os.sep": os.sep, "os.name": os.name}
_KINDS: dict[str, type] = {"dict": dict, "frozenset": frozenset, "list": list, "set": set, "str": str, "tuple": tuple}

METHODS: dict[type, tuple[str, ...]] = {
    dict: ("copy", "get", "items", "keys", "pop", "setdefault", "update", "values"),
    list: ("append", "copy", "extend", "index", "insert", "remove"),
    set: ("add", "copy", "discard", "remove", "union", "update"),
    frozenset: ("union",),
    tuple: ("index",),
    str: ("endswith", "join", "lower", "lstrip", "removeprefix", "removesuffix", "replace", "rstrip", "split",
          "startswith", "strip", "upper"),
}  # fmt: skip
_OF_PATHS = ("absolute", "as_posix", "exists", "is_dir", "is_file", "joinpath", "resolve", "with_name", "with_suffix")
_PATH_VALUES = ("name", "parent", "stem", "suffix")
# What goes wrong where the real code goes wrong, or where the look does not see all of it.
TROUBLE = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, OSError, RuntimeError)


def is_known(value: object) -> bool:
    """Whether nothing in a value is unknown. What holds itself, or much too much, counts as unknown."""
    ahead, left = [value], _MOST
    while ahead:
        one = ahead.pop()
        left -= 1
        if left < 0 or isinstance(one, _Unknown | Foreign | Namespace | Function):
            return False
        if isinstance(one, dict):
            ahead += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            ahead += one
    return True


def attribute(value: object, name: str) -> object:
    """`value.name`; methods are called with `method`."""
    if isinstance(value, Namespace):
        return value.names.get(name, value.otherwise)
    if isinstance(value, Foreign):
        dotted = f"{value.dotted}.{name}"
        return CONSTANTS.get(dotted, Foreign(dotted))
    if isinstance(value, pathlib.Path) and name in _PATH_VALUES:
        return getattr(value, name)
    return UNKNOWN


def method(value: object, name: str, arguments: list[object], named: dict[str, object]) -> object:
    """What a method of a plain value gives, with its effect on that value."""
    allowed = _OF_PATHS if isinstance(value, pathlib.Path) else METHODS.get(type(value), ())
    if name not in allowed or not _bearable(value, name, arguments):
        return UNKNOWN
    return bounded(getattr(value, name)(*arguments, **named))


def _bearable(value: object, name: str, arguments: list[object]) -> bool:
    """Whether a method compares, hashes and adds no more than it may."""
    if isinstance(value, list) and name not in ("index", "remove"):
        added = sum(len(one) if isinstance(one, list | tuple | set | dict) else 1 for one in arguments)
        return len(value) + added <= _MOST
    if isinstance(value, dict):
        return len(value) < _MOST and all(map(is_known, arguments[:1]))
    return is_known(value) and all(map(is_known, arguments))


def call(dotted: str, arguments: list[object], named: dict[str, object]) -> object:
    """What a function of Python's library gives."""
    if dotted == "isinstance" and len(arguments) == 2:
        return _is_instance(*arguments)
    if dotted == "next" and arguments and isinstance(arguments[0], list):
        return arguments[0][0] if arguments[0] else (arguments[1] if len(arguments) > 1 else UNKNOWN)
    function = FUNCTIONS.get(dotted)
    if function is None or not all(map(is_known, (*arguments, *named.values()))):
        return UNKNOWN
    return bounded(function(*arguments, **named))


def bounded(value: object) -> object:
    """A value that is not larger than such code has use for."""
    if isinstance(value, type({}.keys()) | type({}.values()) | type({}.items())):
        value = list(value)
    if isinstance(value, str) and len(value) > _LONGEST:
        return UNKNOWN
    if isinstance(value, list | tuple | dict | set | frozenset) and len(value) > _MOST:
        return UNKNOWN
    return value


def _is_instance(value: object, kinds: object) -> object:
    names = [kind.dotted for kind in (kinds if isinstance(kinds, tuple) else (kinds,)) if isinstance(kind, Foreign)]
    if isinstance(value, _Unknown) or not names or not all(name in _KINDS for name in names):
        return UNKNOWN
    return isinstance(value, tuple(_KINDS[name] for name in names))
