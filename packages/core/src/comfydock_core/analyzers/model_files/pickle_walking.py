"""Walking through a pickle without loading it: nothing is imported, called or made but plain values.

The opcodes act on a stack of stand-ins. What would be a tensor of PyTorch becomes a `Tensor`, what would be imported
becomes a `Global`, and everything else that a pickle can do leaves a stand-in that says nothing.
"""

import math
import pickletools
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple, cast

from comfydock_core.analyzers.model_files.bounded_file import BoundedFile
from comfydock_core.analyzers.model_files.content import BeyondLimits, Damaged, Tensor, quoted
from comfydock_core.analyzers.model_files.pickle_globals import Global, dtype_named, is_usual

_MOST_OPCODES = 500_000  # Forty or so for each tensor.
_MOST_NOTED = 100  # Of unusual globals.
_DEEPEST_SHAPE = 64
_LARGEST_NUMBER = 2**63


class Storage(NamedTuple):
    """Where the data of tensors is: its key, its data type and its length in elements."""

    key: str
    dtype: str
    elements: int


class _Mark:
    """Where a list of values on the stack begins."""


_MARK = _Mark()
_NOTHING = object()


@dataclass(slots=True)
class Walked:
    """What a pickle would make: tensors by the name they are first kept under, their storages by key, and what it
    would import that a file of weights has no need of. `value` is what it leaves: a text, a number, a list or a
    stand-in."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    storages: dict[str, Storage] = field(default_factory=dict)
    unusual: dict[str, None] = field(default_factory=dict)
    value: object = None


def walk(file: BinaryIO | BoundedFile) -> Walked:
    """Walk from where the file stands to the pickle's end, and leave it there. Raises `Damaged`."""
    walker = _Walker()
    try:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(file)):  # type: ignore[arg-type]
            if number > _MOST_OPCODES:
                raise BeyondLimits("its pickle is longer than that of any model")
            walker.step(opcode, argument)
    except Damaged:
        raise
    except (ValueError, IndexError, KeyError, OverflowError, DeprecationWarning) as error:
        # The warning is about escapes that no pickle has, and is raised where warnings are errors.
        reason = str(error) if type(error) is ValueError else "its opcodes do not fit together"
        raise Damaged(f"its pickle is damaged: {quoted(reason)}") from None
    return walker.walked


class _Walker:
    def __init__(self) -> None:
        self.walked = Walked()
        self._stack: list[object] = []
        self._memo: dict[int, object] = {}

    def step(self, opcode: pickletools.OpcodeInfo, argument: object) -> None:
        name = opcode.name
        action = _ACTIONS.get(name)
        if action is not None:
            action(self, argument)
        elif name in _VALUES:
            self._stack.append(argument)
        elif name in _PUTS:
            self._memo[cast(int, argument)] = self._stack[-1]
        elif name in _GETS:
            self._stack.append(self._memo[cast(int, argument)])
        else:
            self._pass(opcode)

    def _pass(self, opcode: pickletools.OpcodeInfo) -> None:
        """What an opcode that says nothing about tensors does to the stack, by the description of it."""
        if pickletools.markobject in opcode.stack_before:
            self._items()
        before = opcode.stack_before
        taken = before.index(pickletools.markobject) if pickletools.markobject in before else len(before)
        for _ in range(taken):
            self._stack.pop()
        self._stack.extend(_NOTHING for _ in opcode.stack_after)

    def _items(self) -> list[object]:
        items = []
        while (item := self._stack.pop()) is not _MARK:
            items.append(item)
        return items[::-1]

    def mark(self, _: object) -> None:
        self._stack.append(_MARK)

    def memoize(self, _: object) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def empty(self, _: object) -> None:
        self._stack.append(_NOTHING)

    def make_tuple(self, _: object) -> None:
        self._stack.append(tuple(self._items()))

    def make_empty_tuple(self, _: object) -> None:
        self._stack.append(())

    def make_tuple_of(self, count: int) -> None:
        if count > len(self._stack):
            raise IndexError
        self._stack[-count:] = [tuple(self._stack[-count:])]

    def make_empty_list(self, _: object) -> None:
        self._stack.append([])

    def append(self, _: object) -> None:
        self._extend([self._stack.pop()])

    def appends(self, _: object) -> None:
        self._extend(self._items())

    def _extend(self, items: list[object]) -> None:
        target = self._stack[-1]
        if isinstance(target, list):
            target.extend(items)

    def set_item(self, _: object) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._keep([key, value])

    def set_items(self, _: object) -> None:
        self._keep(self._items())

    def make_dict(self, _: object) -> None:
        items = self._items()
        self._stack.append(_NOTHING)
        self._keep(items)

    def _keep(self, items: list[object]) -> None:
        if _MARK is self._stack[-1]:
            raise IndexError
        for key, value in zip(items[::2], items[1::2], strict=False):
            if isinstance(value, Tensor):
                self._keep_tensor(str(key) if isinstance(key, str | int) else "", value)

    def _keep_tensor(self, name: str, tensor: Tensor) -> None:
        """Names come again where a file has weights twice, averaged ones beside the last, or holds whole modules."""
        tensors = self.walked.tensors
        if tensors.setdefault(name, tensor) is not tensor:
            tensors[f"{name}#{len(tensors)}"] = tensor

    def find_global(self, argument: object) -> None:
        module, _, name = str(argument).partition(" ")
        self._found(Global(module, name))

    def find_stacked_global(self, _: object) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if not (isinstance(module, str) and isinstance(name, str)):
            module, name = "?", "?"
        self._found(Global(module, name))

    def make_instance(self, argument: object) -> None:
        self._items()
        self.find_global(argument)
        self._stack[-1] = _NOTHING

    def extension(self, argument: object) -> None:
        self._found(Global("copyreg", f"extension {argument}"))

    def _found(self, found: Global) -> None:
        if not is_usual(found) and len(self.walked.unusual) < _MOST_NOTED:
            self.walked.unusual[f"{found.module}.{found.name}"] = None
        self._stack.append(found)

    def persistent(self, _: object) -> None:
        """PyTorch keeps the data of tensors apart: (`storage`, its class, its key, device, elements)."""
        identity = self._stack.pop()
        match identity:
            case ("storage", Global() as kind, str() as key, _, int() as elements, *_) if (
                0 <= elements < _LARGEST_NUMBER
            ):
                storage = Storage(key, dtype_named(kind), elements)
                self.walked.storages.setdefault(key, storage)
                self._stack.append(storage)
            case _:
                self._stack.append(_NOTHING)

    def reduce(self, _: object) -> None:
        arguments, function = self._stack.pop(), self._stack.pop()
        self._stack.append(_rebuilt(function, arguments))
        match function, arguments:  # Python 2 made ordered tables of lists of pairs.
            case Global("collections", "OrderedDict"), (list() as pairs,):
                self._keep(
                    [item for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2 for item in pair]
                )

    def stop(self, _: object) -> None:
        self.walked.value = self._stack.pop()


def _rebuilt(function: object, arguments: object) -> object:
    """The tensor that one of PyTorch's functions would make of these arguments, or a stand-in."""
    if not (isinstance(function, Global) and isinstance(arguments, tuple)):
        return _NOTHING
    match function.name, arguments:
        case ("_rebuild_tensor_v3", (Storage() as storage, _, tuple() as shape, _, _, _, Global() as dtype, *_)):
            return _tensor(dtype_named(dtype), shape, storage)
        case (
            "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_qtensor",
            (Storage() as storage, _, tuple() as shape, *_),
        ):
            return _tensor(storage.dtype, shape, storage)
        case ("_rebuild_parameter" | "_rebuild_parameter_with_state", (Tensor() as tensor, *_)):
            return tensor
        case ("_rebuild_from_type_v2", (Global() as inner, _, tuple() as inner_arguments, *_)):
            if inner.name != function.name:
                return _rebuilt(inner, inner_arguments)
    return _NOTHING


def _tensor(dtype: str, shape: tuple[object, ...], storage: Storage) -> object:
    sizes = tuple(size for size in shape if type(size) is int and 0 <= size < _LARGEST_NUMBER)
    if len(sizes) != len(shape) or len(sizes) > _DEEPEST_SHAPE:
        return _NOTHING
    elements = math.prod(sizes)
    return Tensor(dtype, sizes, elements) if elements < _LARGEST_NUMBER else _NOTHING


_ACTIONS = {
    "MARK": _Walker.mark,
    "MEMOIZE": _Walker.memoize,
    "EMPTY_DICT": _Walker.empty,
    "EMPTY_LIST": _Walker.make_empty_list,
    "EMPTY_TUPLE": _Walker.make_empty_tuple,
    "TUPLE": _Walker.make_tuple,
    "TUPLE1": lambda walker, _: walker.make_tuple_of(1),
    "TUPLE2": lambda walker, _: walker.make_tuple_of(2),
    "TUPLE3": lambda walker, _: walker.make_tuple_of(3),
    "APPEND": _Walker.append,
    "APPENDS": _Walker.appends,
    "SETITEM": _Walker.set_item,
    "SETITEMS": _Walker.set_items,
    "DICT": _Walker.make_dict,
    "GLOBAL": _Walker.find_global,
    "STACK_GLOBAL": _Walker.find_stacked_global,
    "INST": _Walker.make_instance,
    "EXT1": _Walker.extension,
    "EXT2": _Walker.extension,
    "EXT4": _Walker.extension,
    "BINPERSID": _Walker.persistent,
    "REDUCE": _Walker.reduce,
    "STOP": _Walker.stop,
}
_VALUES = {
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4",
    "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
}  # fmt: skip
_PUTS = {"PUT", "BINPUT", "LONG_BINPUT"}
_GETS = {"GET", "BINGET", "LONG_BINGET"}
