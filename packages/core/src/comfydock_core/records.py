"""`record`: a class as `@dataclass(frozen=True, slots=True)` makes it, but loaded in a twentieth of the time.

`dataclass` writes the methods of every class as text and has it compiled: 0.8 ms a class. A command loads a hundred of
these classes and makes objects of a few, so that was up to 40 % of its time. Here `dataclass` makes the methods, too,
but only when the first of them is called.
"""

import _thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from dataclasses import Field, field
    from typing import Any, Never, TypeVar, dataclass_transform

    Class = TypeVar("Class", bound=type)

    @dataclass_transform(frozen_default=True, field_specifiers=(Field, field))
    def record(cls: Class) -> Class: ...


_METHODS = ("__init__", "__repr__", "__eq__", "__hash__")
_LEAST = ("__init__", "__dataclass_fields__", "__match_args__")  # What nearly every class needs that is used at all.
_MORE = ("__repr__", "__eq__", "__hash__", "__dataclass_params__")
_making = _thread.RLock()  # Of a record that inherits, the one that it inherits from is made meanwhile.


def record(cls: type) -> type:  # type: ignore[no-redef]
    """Make a class a frozen record with a slot for each of its annotations.

    Everything that `dataclasses` offers works with it: `field`, `replace`, `fields`, `asdict`, `__post_init__`.
    """
    names = cls.__annotations__  # Those of the class itself.
    inherited = {name for base in cls.__mro__[1:] for name in base.__dict__.get("__slots__", ())}
    methods = [name for name in _METHODS if cls.__dict__.get(name) is None]
    later = _Later(cls, methods)
    made = _like(cls, leave_out=names, more={
        "__slots__": tuple(name for name in names if name not in inherited),
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__getstate__": _state,
        "__setstate__": _restore,
        **{name: later.method(name) for name in methods},
        **{name: _Fact(later, name) for name in (*_LEAST, *_MORE) if name not in _METHODS},
    })  # fmt: skip
    later.made = made
    return made


class _Later:
    """What `dataclass` makes of a class, when it is first asked for."""

    __slots__ = ("_methods", "_plain", "_present", "made")

    def __init__(self, plain: type, methods: "Collection[str]") -> None:
        """`plain` is the class as it is written; `methods` are those that it does not define itself."""
        self._plain = plain
        self._methods = methods
        self._present: tuple[str, ...] = ()
        self.made = plain

    def get(self, name: str) -> "Any":
        """What the class has under a name; it has that itself from now on, and what is made together with it."""
        with _making:
            if name not in self._present:
                self._make(_LEAST if name in _LEAST else _MORE)
        return self.made.__dict__[name]

    def _make(self, names: tuple[str, ...]) -> None:
        from dataclasses import dataclass

        fully = names is _MORE
        # Artifacts have no docstrings, and for a class without one `dataclass` looks up how it is called.
        plain = _like(self._plain, more={"__doc__": self._plain.__name__})
        full: type = dataclass(frozen=True, eq=fully, repr=fully)(plain)
        for name in names:
            if name in self._methods or name not in _METHODS:
                setattr(self.made, name, full.__dict__[name])
        self._present += names

    def method(self, name: str) -> "Callable[..., Any]":
        """A method that puts the real one in its place."""
        return lambda this, *values, **named: self.get(name)(this, *values, **named)


class _Fact:
    """An attribute of the class that puts the real one in its place."""

    __slots__ = ("_later", "_name")

    def __init__(self, later: _Later, name: str) -> None:
        self._later = later
        self._name = name

    def __get__(self, instance: object, owner: type) -> object:
        return self._later.get(self._name)


def _like(cls: type, *, leave_out: "Collection[str]" = (), more: "Mapping[str, object] | None" = None) -> type:
    """The class once more, without some of its attributes and with others."""
    own = {"__dict__", "__weakref__", *leave_out}
    namespace = {name: value for name, value in cls.__dict__.items() if name not in own}
    made = type(cls)(cls.__name__, cls.__bases__, namespace | dict(more or {}))
    made.__qualname__ = cls.__qualname__
    return made


def _refuse_to_set(self: object, name: str, value: object) -> "Never":
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> "Never":
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: "Any") -> list[object]:
    from dataclasses import fields

    return [getattr(self, field.name) for field in fields(self)]


def _restore(self: "Any", state: list[object]) -> None:
    from dataclasses import fields

    for one, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)
