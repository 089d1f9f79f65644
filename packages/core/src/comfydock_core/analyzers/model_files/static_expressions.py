"""What expressions of Python code come to, as far as that can be told without running any of it."""

import ast
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from comfydock_core.analyzers.model_files.static_values import (
    FUNCTIONS,
    TROUBLE,
    UNKNOWN,
    Foreign,
    Function,
    Namespace,
    attribute,
    bounded,
    call,
    is_known,
    method,
)

DEEPEST = 40
_STEPS = 200_000
_BUILTINS = frozenset(name for name in FUNCTIONS if "." not in name) | {"isinstance", "next"}
_COMPARED: dict[type[ast.cmpop], Callable[[object, object], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, other: one in other,  # type: ignore[operator]
    ast.NotIn: lambda one, other: one not in other,  # type: ignore[operator]
}
_COMBINED: dict[type[ast.operator], Callable[[object, object], object]] = {
    ast.Add: operator.add,
    ast.BitOr: operator.or_,
    ast.Sub: operator.sub,
    ast.Div: operator.truediv,
}

# Called with a call and its arguments before it is followed; what it returns, unless `None`, is the call's value.
Watch = Callable[[ast.Call, object, list[object], dict[str, object]], object]


class TooLong(Exception):
    """The code does more than it may."""


@dataclass(slots=True)
class Frame:
    """The names that statements see: those of a call before those of the module."""

    home: Namespace
    own: dict[str, object] | None = None
    global_names: set[str] = field(default_factory=set)

    def look_up(self, name: str) -> object:
        if self.own is not None and name in self.own:
            return self.own[name]
        if name in self.home.names:
            return self.home.names[name]
        return Foreign(name) if name in _BUILTINS else UNKNOWN

    def bind(self, name: str, value: object) -> None:
        names = self.home.names if self.own is None or name in self.global_names else self.own
        names[name] = value


class Evaluator:
    """Evaluates expressions, and puts values where targets are. What functions do is for those who follow statements.

    `modules` are those that may be imported by name; `watch` sees every call.
    """

    def __init__(self, modules: dict[str, Namespace], watch: Watch, steps: int = _STEPS) -> None:
        self.modules = modules
        self._watch = watch
        self._steps = steps
        self.deep = 0
        self.seen: set[int] = set()  # The nodes that were reached, or that a known condition left out.
        self.lost: set[int] = set()  # Of these the targets where nothing could be put.

    def call(self, function: object, arguments: list[object], named: dict[str, object] | None = None) -> object:
        """Call what a module defines."""
        raise NotImplementedError

    def step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise TooLong

    def put(self, target: ast.expr, value: object, frame: Frame) -> None:
        if isinstance(target, ast.Name):
            frame.bind(target.id, value)
        elif isinstance(target, ast.Tuple | ast.List):
            parts = list(value) if isinstance(value, list | tuple) else []
            fits = len(parts) == len(target.elts)
            for number, element in enumerate(target.elts):
                self.put(element, parts[number] if fits else UNKNOWN, frame)
        elif isinstance(target, ast.Subscript):
            holder, key = self.value(target.value, frame), self.value(target.slice, frame)
            if isinstance(holder, dict) and is_known(key):
                holder[key] = value
            else:
                self.lost.add(id(target))
        elif isinstance(target, ast.Attribute):
            holder = self.value(target.value, frame)
            if isinstance(holder, Namespace):
                holder.names[target.attr] = value

    def bound(self, function: Function, arguments: list[object], named: dict[str, object]) -> dict[str, object]:
        spec = function.node.args
        names = [argument.arg for argument in (*spec.posonlyargs, *spec.args)]
        frame = Frame(function.home)
        defaults = zip(names[len(names) - len(spec.defaults) :], spec.defaults, strict=True)
        bound = {name: self.value(default, frame) for name, default in defaults}
        for argument, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
            bound[argument.arg] = UNKNOWN if default is None else self.value(default, frame)
        bound |= dict(zip(names, arguments, strict=False))
        if spec.vararg is not None:
            bound[spec.vararg.arg] = tuple(arguments[len(names) :])
        return {**dict.fromkeys(names, UNKNOWN), **bound, **named}

    def items(self, over: object) -> Iterator[object]:
        for item in list(over) if isinstance(over, list | tuple | set | frozenset | dict) else ():
            self.step()
            yield item

    def value(self, node: ast.expr, frame: Frame) -> object:
        self.step()
        evaluate = _EXPRESSIONS.get(type(node))
        if evaluate is None or self.deep > DEEPEST:
            return UNKNOWN
        self.deep += 1
        try:
            return evaluate(self, node, frame)
        except TROUBLE:
            return UNKNOWN
        finally:
            self.deep -= 1

    def _constant(self, node: ast.Constant, frame: Frame) -> object:
        return node.value

    def _name(self, node: ast.Name, frame: Frame) -> object:
        return frame.look_up(node.id)

    def _attribute(self, node: ast.Attribute, frame: Frame) -> object:
        return attribute(self.value(node.value, frame), node.attr)

    def _subscript(self, node: ast.Subscript, frame: Frame) -> object:
        holder = self.value(node.value, frame)
        if isinstance(node.slice, ast.Slice):
            return list(holder) if isinstance(holder, list) and ast.unparse(node.slice) == ":" else UNKNOWN
        key = self.value(node.slice, frame)
        return holder[key] if isinstance(holder, dict | list | tuple) and is_known(key) else UNKNOWN  # type: ignore[call-overload]

    def _elements(self, node: ast.List | ast.Tuple | ast.Set, frame: Frame) -> list[object]:
        found: list[object] = []
        for element in node.elts:
            if isinstance(element, ast.Starred):
                found += self.items(self.value(element.value, frame))
            else:
                found.append(self.value(element, frame))
        return found

    def _list(self, node: ast.List, frame: Frame) -> object:
        return self._elements(node, frame)

    def _tuple(self, node: ast.Tuple, frame: Frame) -> object:
        return tuple(self._elements(node, frame))

    def _set(self, node: ast.Set, frame: Frame) -> object:
        elements = self._elements(node, frame)
        return set(elements) if is_known(elements) else UNKNOWN

    def _dict(self, node: ast.Dict, frame: Frame) -> object:
        found: dict[object, object] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            made = self.value(value, frame)
            name = UNKNOWN if key is None else self.value(key, frame)
            if is_known(name):
                found[name] = made
            elif isinstance(made, dict):
                found |= made
        return found

    def _binary(self, node: ast.BinOp, frame: Frame) -> object:
        return self.combined(node.op, self.value(node.left, frame), self.value(node.right, frame))

    @staticmethod
    def combined(op: ast.operator, left: object, right: object) -> object:
        combine = _COMBINED.get(type(op))
        if combine is None or not is_known(left) or not is_known(right):
            return UNKNOWN
        try:
            return bounded(combine(left, right))
        except TROUBLE:
            return UNKNOWN

    def _either(self, node: ast.BoolOp, frame: Frame) -> object:
        value: object = UNKNOWN
        for part in node.values:
            value = self.value(part, frame)
            if not is_known(value) or bool(value) == isinstance(node.op, ast.Or):
                return value
        return value

    def _not(self, node: ast.UnaryOp, frame: Frame) -> object:
        value = self.value(node.operand, frame)
        return not value if isinstance(node.op, ast.Not) and is_known(value) else UNKNOWN

    def _compare(self, node: ast.Compare, frame: Frame) -> object:
        left, right = self.value(node.left, frame), self.value(node.comparators[0], frame)
        compare = _COMPARED.get(type(node.ops[0]))
        if compare is None or len(node.ops) > 1 or not is_known(left):
            return UNKNOWN
        if not is_known(right) and not (isinstance(right, dict) and isinstance(node.ops[0], ast.In | ast.NotIn)):
            return UNKNOWN
        return compare(left, right)

    def _choice(self, node: ast.IfExp, frame: Frame) -> object:
        test = self.value(node.test, frame)
        return self.value(node.body if test else node.orelse, frame) if is_known(test) else UNKNOWN

    def _joined(self, node: ast.JoinedStr, frame: Frame) -> object:
        parts = [
            self.value(part.value if isinstance(part, ast.FormattedValue) else part, frame) for part in node.values
        ]
        plain = all(not isinstance(part, ast.FormattedValue) or part.format_spec is None for part in node.values)
        return bounded("".join(map(str, parts))) if plain and all(map(is_known, parts)) else UNKNOWN

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, frame: Frame) -> object:
        (each,) = node.generators
        over = self.value(each.iter, frame)
        if not isinstance(over, list | tuple | set | frozenset | dict):
            return UNKNOWN
        inner = Frame(frame.home, dict(frame.own or {}))
        found: list[object] = []
        for item in self.items(over):
            self.put(each.target, item, inner)
            tests = [self.value(test, inner) for test in each.ifs]
            if not all(map(is_known, tests)):
                return UNKNOWN
            if all(tests):
                found.append(self.value(node.elt, inner))
        if not isinstance(node, ast.SetComp):
            return found
        return set(found) if is_known(found) else UNKNOWN

    def _call(self, node: ast.Call, frame: Frame) -> object:
        self.seen.add(id(node))
        arguments: list[object] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                arguments += self.items(self.value(argument.value, frame))
            else:
                arguments.append(self.value(argument, frame))
        named = {word.arg: self.value(word.value, frame) for word in node.keywords if word.arg is not None}
        holder = self.value(node.func.value, frame) if isinstance(node.func, ast.Attribute) else None
        function = (
            attribute(holder, node.func.attr) if isinstance(node.func, ast.Attribute) else self.value(node.func, frame)
        )
        answer = self._watch(node, function, arguments, named)
        if answer is not None:
            return answer
        if isinstance(function, Function):
            return self.call(function, arguments, named)
        if isinstance(function, Foreign):
            return call(function.dotted, arguments, named)
        if isinstance(node.func, ast.Attribute):
            return method(holder, node.func.attr, arguments, named)
        return UNKNOWN


_EXPRESSIONS: dict[type[ast.expr], Callable[..., object]] = {
    ast.Constant: Evaluator._constant,
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Subscript: Evaluator._subscript,
    ast.List: Evaluator._list,
    ast.Tuple: Evaluator._tuple,
    ast.Set: Evaluator._set,
    ast.Dict: Evaluator._dict,
    ast.BinOp: Evaluator._binary,
    ast.BoolOp: Evaluator._either,
    ast.UnaryOp: Evaluator._not,
    ast.Compare: Evaluator._compare,
    ast.IfExp: Evaluator._choice,
    ast.JoinedStr: Evaluator._joined,
    ast.ListComp: Evaluator._comprehension,
    ast.SetComp: Evaluator._comprehension,
    ast.GeneratorExp: Evaluator._comprehension,
    ast.Call: Evaluator._call,
}
