"""Values of Python code that is followed without being run, where some of them are only known in part."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from comfydock_core.records import record

FILES = ""  # Among sources: files that are no models, such as those of ComfyUI's input directory.
MOST = 10_000  # Elements of a list that such code has use for.
LONGEST = 100_000  # Characters of a text.
_LOOKED_AT = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """What only a run would tell, and why (`file:line: reason`).

    `sources` are the model folders that it was made from. Without a reason that is all there is to know: the files in
    these folders are another matter on every machine. `is_list` says that it is a list of something.
    """

    reason: str | None
    sources: tuple[str, ...] = ()
    is_list: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Maybe:
    """A part of a list or dictionary that is there in some runs only."""

    value: object
    reason: str | None

    def of(self, value: object) -> "Maybe":
        """Another value that is there whenever this is."""
        return type(self)(value, self.reason)


class Many(Maybe):
    """Any number of parts of one kind: the names of the files in a folder."""


class _More:
    """The key under which a dictionary has the `Unknown` that says why it may have more keys."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MORE"


MORE = _More()


@record
class Foreign:
    """A name of a module that is not looked at, with its dots."""

    dotted: str


@dataclass(slots=True, eq=False)
class Module:
    """A module that is looked at. `path` is `None` for a directory that only holds others."""

    dotted: str
    path: str | None
    shown: str  # Its file, as people are told of it.
    directory: str
    own: bool  # Whether it is part of what is read, rather than of what that builds on.
    names: dict[str, object] = field(default_factory=dict)
    loaded: bool = False
    loading: bool = False
    is_open: bool = False  # Whether it may have names that were not seen.


class Place:
    """Where something stands, for the day that somebody has to be told: `file:line`."""

    __slots__ = ("_line", "_module")

    def __init__(self, module: Module, line: int) -> None:
        self._module = module
        self._line = line

    def __str__(self) -> str:
        return f"{self._module.shown}:{self._line}"


@dataclass(frozen=True, slots=True, eq=False)
class Later:
    """A name of a module that is looked at when somebody asks."""

    module: Module
    name: str


@dataclass(slots=True, eq=False)
class Frame:
    """The names that statements see, and how the way through them has gone so far."""

    module: Module
    names: dict[str, object]
    outer: "Frame | None" = None
    owner: "Class | None" = None
    receiver: object = None
    shared: frozenset[str] = frozenset()  # Names that belong to the module, or to an outer function.
    results: list[object] = field(default_factory=list)  # What it may have returned already.
    yielded: list[object] | None = None
    ended: int = 0  # How often it may have come to its end already.
    skipped: int = 0  # How often the loop may have.


@dataclass(slots=True, eq=False)
class Function:
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    module: Module
    outer: Frame | None = None
    owner: "Class | None" = None
    kind: str = ""  # `class`, `static` or `property`, as its decorators have it.
    defaults: dict[str, object] = field(default_factory=dict)
    _parameters: tuple[tuple[str, ...], frozenset[str]] | None = None

    @property
    def parameters(self) -> tuple[tuple[str, ...], frozenset[str]]:
        """The names of those that have a position, and of all that can be named."""
        if self._parameters is None:
            spec = self.node.args
            order = tuple(one.arg for one in (*spec.posonlyargs, *spec.args))
            self._parameters = order, frozenset((*order, *(one.arg for one in spec.kwonlyargs)))
        return self._parameters


@dataclass(slots=True, eq=False)
class Class:
    """A class; `bases` may hold anything that a class may be made from."""

    name: str
    bases: tuple[object, ...]
    names: dict[str, object]
    module: Module
    line: int
    order: tuple["Class | Foreign | Unknown", ...] = ()  # Itself and its bases, as Python looks names up.
    fields: dict[str, object] | None = None  # Of a data class, with defaults.
    annotated: tuple[str, ...] = ()
    members: dict[str, "Member"] | None = None  # Of an enumeration.

    @property
    def is_open(self) -> bool:
        """Whether a base is not looked at, which may have any name."""
        return any(isinstance(one, Unknown) or (isinstance(one, Foreign) and not _is_plain(one)) for one in self.order)

    def find(self, name: str) -> object:
        for one in self.order:
            if isinstance(one, Class) and name in one.names:
                return one.names[name]
        return MISSING

    def derives_from(self, *dotted: str) -> bool:
        return any(isinstance(one, Foreign) and one.dotted in dotted for one in self.order)


@dataclass(slots=True, eq=False)
class Instance:
    cls: Class
    names: dict[str, object] = field(default_factory=dict)
    is_open: bool = False


@dataclass(slots=True, eq=False)
class Member:
    """A member of an enumeration."""

    cls: Class
    name: str
    value: object


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A function with its first argument."""

    function: object
    receiver: object


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """A method of a plain value."""

    holder: object
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Super:
    """`super()`: the names of the classes after `owner`."""

    owner: Class
    receiver: object


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    function: object
    arguments: tuple[object, ...]
    named: dict[str, object]


class _Missing:
    __slots__ = ()


MISSING = _Missing()


def more_of(mapping: Mapping[Any, object]) -> object:
    """The `Unknown` that says why a dictionary may have more keys, else `None`."""
    return mapping.get(MORE)


_PLAIN_BASES = frozenset({
    "object", "str", "int", "float", "dict", "list", "tuple", "set", "abc.ABC", "typing.Generic", "typing.Protocol",
    "typing.NamedTuple", "typing.TypedDict", "typing_extensions.TypedDict", "enum.Enum", "enum.StrEnum",
    "enum.IntEnum", "enum.Flag", "torch.nn.Module", "Exception", "ABC", "type",
})  # fmt: skip
ENUMERATIONS = ("enum.Enum", "enum.StrEnum", "enum.IntEnum", "enum.Flag")
_OPAQUE = (Unknown, Maybe, Foreign, Module, Later, Function, Class, Instance, Bound, Method, Super, Partial)


def _is_plain(base: Foreign) -> bool:
    return base.dotted in _PLAIN_BASES


def size_of(*values: object) -> int:
    """How many steps it takes to go through these values."""
    return 1 + sum([len(one) // 8 for one in values if isinstance(one, list | dict | tuple | set | str)])


def parts(value: object) -> Iterator[object]:
    """A value and everything in it, as far as anybody wants to look."""
    ahead, left = [value], _LOOKED_AT
    while ahead and left:
        one = ahead.pop()
        left -= 1
        yield one
        if isinstance(one, dict):
            ahead += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            ahead += one
        elif isinstance(one, Maybe):
            ahead.append(one.value)
    if ahead:
        yield Unknown("it is too large to be looked at")


def is_known(value: object) -> bool:
    """Whether it is a plain value through and through."""
    if value is None or isinstance(value, str | int | float):
        return True
    return not any(isinstance(one, _OPAQUE) or one is MORE for one in parts(value))


def is_unknown(value: object) -> bool:
    """Whether it is not even known what kind of value it is."""
    return isinstance(value, Unknown | Foreign)


def sources_of(*values: object) -> tuple[str, ...]:
    """The model folders that something in these values was made from, in the order of the code."""
    found: dict[str, None] = {}
    for value in values:
        if isinstance(value, Unknown):
            found.update(dict.fromkeys(value.sources))
        elif isinstance(value, list | tuple | dict | set | Maybe):
            found.update(
                dict.fromkeys(
                    source for one in reversed(list(parts(value))) if isinstance(one, Unknown) for source in one.sources
                )
            )
    return tuple(found)


def reason_of(*values: object) -> str | None:
    """Why something in these values is not known, `None` when only files would tell."""
    for value in values:
        if value is None or isinstance(value, str | int | float):
            continue
        for one in parts(value):
            if isinstance(one, Unknown | Maybe) and one.reason is not None:
                return one.reason
            if isinstance(one, Foreign):
                return f"`{one.dotted}` is not looked at"
    return None


def truth(value: object) -> bool | None:
    """Whether a condition holds, `None` when only a run would tell."""
    if isinstance(value, Unknown | Foreign | Maybe | Later):
        return None
    if isinstance(value, dict | list):
        certain = (
            any(not isinstance(one, Maybe) for one in value)
            if isinstance(value, list)
            else any(key is not MORE and not isinstance(one, Maybe) for key, one in value.items())
        )
        return True if certain else None if value else False
    if isinstance(value, Member):
        return truth(value.value) if value.cls.derives_from("str", "int", "enum.StrEnum", "enum.IntEnum") else True
    if isinstance(value, Instance):
        return (
            None
            if value.is_open or value.cls.find("__bool__") is not MISSING or value.cls.find("__len__") is not MISSING
            else True
        )
    return bool(value) if isinstance(value, str | int | float | tuple | set | frozenset | range | None) else True


def joined(first: object, second: object, reason: str | None) -> object:
    """What holds of a value that is one of two; `reason` says why it is not known which."""
    if first is second or first is MISSING:
        return second
    if second is MISSING:
        return first
    if isinstance(first, dict) and isinstance(second, dict):
        return {
            key: joined(first[key], second[key], reason)
            if key in first and key in second
            else _maybe(first.get(key, second.get(key)), reason)
            for key in {**first, **second}
        }
    if type(first) is type(second) and is_known(first) and is_known(second) and first == second:
        return first
    if isinstance(first, tuple) and isinstance(second, tuple) and len(first) == len(second):
        return tuple(joined(one, other, reason) for one, other in zip(first, second, strict=True))
    whole = sources_of(first, second)
    lists = all(isinstance(one, list | tuple) or (isinstance(one, Unknown) and one.is_list) for one in (first, second))
    unclear = reason_of(first, second)
    unknown = all(isinstance(one, Unknown) for one in (first, second))
    if unclear is None and not (whole and (lists or unknown)):
        unclear = reason or "it is not the same in every run"
    return Unknown(unclear, whole, lists)


def _maybe(value: object, reason: str | None) -> object:
    return value if isinstance(value, Maybe) else Maybe(value, reason)
