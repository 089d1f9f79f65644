"""Names of values: attributes of modules, classes, instances and plain values, as Python looks them up."""

import ast
import contextlib
import pathlib
from collections.abc import Iterator

from comfydock_core.analyzers.class_inputs.own_files import OwnFiles
from comfydock_core.analyzers.class_inputs.plain_calls import CONSTANTS
from comfydock_core.analyzers.class_inputs.values import (
    MISSING,
    Bound,
    Class,
    Foreign,
    Frame,
    Function,
    Instance,
    Later,
    Maybe,
    Member,
    Method,
    Module,
    Place,
    Super,
    Unknown,
    joined,
    reason_of,
    sources_of,
)

DEEPEST = 30  # Calls within calls.
STEPS = 400_000  # For one class, or the statements of one module.


class TooMuch(Exception):
    """The code does more than it may."""


class Attributes:
    """Looks names of values up. What is called on the way is for those who follow functions."""

    def __init__(self, steps: int, files: OwnFiles) -> None:
        self.files = files
        self.left = self._given = 0
        self._all_left = steps
        self.uncertain = 0  # How many conditions hold, perhaps, for what is done right now,
        self.by_files = 0  # and how many of them are about which files there are in ComfyUI's folders.
        self.deep = 0  # How many calls are followed right now.

    @contextlib.contextmanager
    def own_steps(self) -> Iterator[None]:
        """Something new that gets its own number of steps, while there are any, and no doubts yet. Raises `TooMuch`."""
        before = self.left, self._given, self.uncertain, self.by_files, self.deep
        self.left = self._given = min(STEPS, self._all_left)
        self.uncertain = self.by_files = self.deep = 0
        try:
            self.step(0)
            yield
        finally:
            self._all_left -= self._given - self.left
            self.left, self._given, self.uncertain, self.by_files, self.deep = before

    def step(self, size: int = 1) -> None:
        """Raises `TooMuch` when that is more than the code may do."""
        self.left -= size
        if self.left <= 0:
            raise TooMuch

    @staticmethod
    def place(node: ast.expr | ast.stmt, frame: Frame) -> Place:
        return Place(frame.module, node.lineno)

    def unknown(self, node: ast.expr | ast.stmt, frame: Frame, reason: str, *made_from: object) -> Unknown:
        """What only a run would tell, because of what it is made from, else for this reason."""
        why = reason_of(*made_from)
        sources = sources_of(*made_from)
        return Unknown(why if why is not None or sources else f"{self.place(node, frame)}: {reason}", sources)

    def call(self, function: object, arguments: list[object], named: dict[str, object], at: Place) -> object:
        raise NotImplementedError

    def load(self, module: Module) -> None:
        """Follow the statements of a module, if nobody has."""
        raise NotImplementedError

    def submodule(self, module: Module, name: str) -> Module | None:
        raise NotImplementedError

    def settled(self, value: object) -> object:
        """The value that a name of another module stands for."""
        while isinstance(value, Later):
            value = self.of_module(value.module, value.name)
        return value

    def of_module(self, module: Module, name: str) -> object:
        self.load(module)
        found = module.names.get(name, MISSING)
        if isinstance(found, Later):
            module.names[name] = Unknown(f"{module.shown}:1: `{name}` is imported in a circle")
            found = module.names[name] = self.settled(found)
        if found is MISSING:
            inner = self.submodule(module, name)
            return inner if inner is not None else Unknown(f"{module.shown}:1: `{name}` cannot be found")
        return found

    def attribute(self, holder: object, name: str, at: Place) -> object:
        """`holder.name`; `MISSING` when it is certain that there is no such name."""
        holder = self.settled(holder)
        if isinstance(holder, Module):
            return self.of_module(holder, name)
        if isinstance(holder, Foreign):
            dotted = f"{holder.dotted}.{name}"
            return CONSTANTS.get(dotted, Foreign(dotted))
        if isinstance(holder, Instance):
            return self._of_instance(holder, name, at)
        if isinstance(holder, Class):
            return self._of_class(holder, name, at)
        if isinstance(holder, Super):
            return self._of_super(holder, name, at)
        if isinstance(holder, Member):
            return self._of_member(holder, name, at)
        if isinstance(holder, Unknown):
            return Unknown(holder.reason, holder.sources) if holder.reason or holder.sources else holder
        if isinstance(holder, Function | Bound):
            return self._of_function(holder, name, at)
        if isinstance(holder, Maybe):
            return Unknown(holder.reason)
        if isinstance(holder, pathlib.PurePath):
            found = self.files.attribute(holder, name)
            return Method(holder, name) if found is None else found
        if isinstance(holder, str | list | dict | tuple | set | frozenset | int | float):
            return Foreign(type(holder).__name__) if name == "__class__" else Method(holder, name)
        return Unknown(f"{at}: `{name}` of what is not looked at") if holder is not None else MISSING

    def _of_function(self, holder: Function | Bound, name: str, at: Place) -> object:
        inner = holder.function if isinstance(holder, Bound) else holder
        if name == "__name__" and isinstance(inner, Function):
            return getattr(inner.node, "name", "<lambda>")
        if name in ("__func__", "__wrapped__"):
            return inner
        return Unknown(f"{at}: `{name}` of a function")

    def _of_instance(self, holder: Instance, name: str, at: Place) -> object:
        own = holder.names.get(name, MISSING)
        if own is not MISSING:
            return own.value if isinstance(own, Maybe) else own
        if name == "__class__":
            return holder.cls
        if name == "__dict__":
            return holder.names
        found = holder.cls.find(name)
        if found is MISSING:
            special = holder.cls.find("__getattr__")
            if special is not MISSING:
                return self.call(Bound(special, holder), [name], {}, at)
            unclear = holder.is_open or holder.cls.is_open
            return Unknown(f"{at}: `{name}` of a class that is not looked at") if unclear else MISSING
        return self.bound(found, holder, holder.cls, at)

    def bound(self, found: object, instance: Instance | Member | None, cls: Class, at: Place) -> object:
        """What a name of a class is for those who ask an instance of it, or the class itself."""
        found = self.settled(found)
        if isinstance(found, Maybe):
            return Unknown(found.reason)
        if isinstance(found, Function):
            if found.kind == "class":
                return Bound(found, cls)
            if found.kind == "static" or instance is None:
                return found
            return self.call(found, [instance], {}, at) if found.kind == "property" else Bound(found, instance)
        if isinstance(found, Instance) and found.cls.find("__get__") is not MISSING:
            return self.call(Bound(found.cls.find("__get__"), found), [instance, cls], {}, at)
        return found

    def _of_class(self, holder: Class, name: str, at: Place) -> object:
        if holder.members is not None and name in holder.members:
            return holder.members[name]
        found = holder.find(name)
        if found is not MISSING:
            return self.bound(found, None, holder, at)
        if name in ("__name__", "__qualname__"):
            return holder.name
        if name == "__module__":
            return holder.module.dotted
        if name == "__dict__":
            return holder.names
        if name in ("__mro__", "mro"):
            return Unknown(f"{at}: the bases of a class")
        if name == "__bases__":
            return holder.bases
        if name == "__members__" and holder.members is not None:
            return dict(holder.members)
        if name == "__doc__":
            return Unknown(f"{at}: the docstring of a class")
        if name == "__class__":
            return Foreign("type")
        return Unknown(f"{at}: `{name}` of a class that is not looked at") if holder.is_open else MISSING

    def _of_super(self, holder: Super, name: str, at: Place) -> object:
        receiver = holder.receiver
        cls = receiver if isinstance(receiver, Class) else receiver.cls if isinstance(receiver, Instance) else None
        if cls is None or holder.owner not in cls.order:
            return Unknown(f"{at}: `super()` of what is not looked at")
        after = cls.order[cls.order.index(holder.owner) + 1 :]
        for one in after:
            if isinstance(one, Class) and name in one.names:
                return self.bound(one.names[name], receiver if isinstance(receiver, Instance) else None, cls, at)
            if isinstance(one, Unknown) or (
                isinstance(one, Foreign) and Class("", (), {}, holder.owner.module, 0, (one,)).is_open
            ):
                return Unknown(f"{at}: `{name}` of a class that is not looked at")
        return Foreign(f"object.{name}") if name in ("__init__", "__new__", "__init_subclass__") else MISSING

    def _of_member(self, holder: Member, name: str, at: Place) -> object:
        if name in ("value", "_value_"):
            return holder.value
        if name in ("name", "_name_"):
            return holder.name
        if name == "__class__":
            return holder.cls
        found = holder.cls.find(name)
        if found is not MISSING:
            return self.bound(found, holder, holder.cls, at)
        return Method(holder.value, name) if isinstance(holder.value, str | int) else MISSING

    def put_attribute(self, holder: object, name: str, value: object) -> None:
        """`holder.name = value`."""
        if isinstance(holder, Instance | Class | Module):
            names = holder.names
            if self.uncertain and not (isinstance(holder, Instance) and name not in names):
                value = joined(names.get(name, MISSING), value, None)
            names[name] = value
