"""What expressions come to, as far as that can be told without running any of it."""

import ast
from collections.abc import Callable

from comfydock_core.analyzers.class_inputs.attributes import TooMuch
from comfydock_core.analyzers.class_inputs.calling import Calling
from comfydock_core.analyzers.class_inputs.changing import merge, put
from comfydock_core.analyzers.class_inputs.operations import TROUBLE, combined, compared, subscript
from comfydock_core.analyzers.class_inputs.plain_calls import DEEP, EFFECTLESS, SHALLOW
from comfydock_core.analyzers.class_inputs.values import (
    LONGEST,
    MISSING,
    Class,
    Foreign,
    Frame,
    Function,
    Instance,
    Later,
    Maybe,
    Member,
    Place,
    Unknown,
    is_known,
    joined,
    reason_of,
    size_of,
    sources_of,
    truth,
)
from comfydock_core.analyzers.code.python_syntax import method_name

_NAMES = frozenset(
    name for name in (*SHALLOW, *DEEP, *EFFECTLESS) if "." not in name
) | {
    "super", "getattr", "hasattr", "setattr", "isinstance", "issubclass", "type", "len", "map", "filter", "next",
    "object",
    "callable", "vars", "classmethod", "staticmethod", "property", "open", "globals", "locals", "id", "eval", "exec",
    "__import__", "Exception", "ValueError", "NotImplementedError", "RuntimeError", "bytes", "slice", "input", "dir",
    "format", "hex", "bin", "pow", "complex", "delattr", "ImportError", "KeyError", "TypeError", "NotImplemented",
    "Ellipsis", "IndexError", "AttributeError", "bytearray",
}  # fmt: skip
_BUILTINS = {name: Foreign(name) for name in _NAMES}


class Expressions(Calling):
    """Evaluates expressions, and puts values where targets are."""

    def value(self, node: ast.expr, frame: Frame) -> object:
        kind = type(node)
        if kind is ast.Constant:
            return node.value  # type: ignore[attr-defined]
        self.left -= 1
        evaluate = _EXPRESSIONS.get(kind)
        if evaluate is None:
            return self.unknown(node, frame, "an expression that is not worked out")
        try:
            return evaluate(self, node, frame)
        except TROUBLE as error:
            return self.unknown(node, frame, str(error))

    def look_up(self, name: str, frame: Frame) -> object:
        at: Frame | None = frame
        while at is not None:
            found = at.names.get(name, MISSING)
            if found is not MISSING:
                return self.of_module(at.module, name) if isinstance(found, Later) else found
            at = at.outer
        found = frame.module.names.get(name, MISSING)
        if isinstance(found, Later):
            return self.of_module(frame.module, name)
        if found is not MISSING:
            return found
        if name in _BUILTINS:
            return _BUILTINS[name]
        return Unknown(f"{frame.module.shown}:1: `{name}` cannot be found")

    def bind(self, name: str, value: object, frame: Frame) -> None:
        names = frame.names
        if name in frame.shared:
            names = frame.module.names
            if self.uncertain:
                value = joined(names.get(name, MISSING), value, None)
        names[name] = value

    def put(self, target: ast.expr, value: object, frame: Frame) -> None:
        if isinstance(target, ast.Name):
            if frame.shared:
                self.bind(target.id, value, frame)
            else:
                frame.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target.elts, value, frame)
        elif isinstance(target, ast.Starred):
            self.put(target.value, value, frame)
        elif isinstance(target, ast.Subscript):
            key = self._key(target.slice, frame)
            put(self.value(target.value, frame), key, value, self.place(target, frame), perhaps=self.uncertain > 0)
        elif isinstance(target, ast.Attribute):
            self.put_attribute(self.settled(self.value(target.value, frame)), target.attr, value)

    def _unpack(self, targets: list[ast.expr], value: object, frame: Frame) -> None:
        if type(value) is tuple and len(value) == len(targets) and not any(type(one) is ast.Starred for one in targets):
            for one, part in zip(targets, value, strict=True):
                self.put(one, part, frame)
            return
        parts = (
            list(value)
            if isinstance(value, list | tuple) and not any(isinstance(one, Maybe) for one in value)
            else None
        )
        stars = [place for place, one in enumerate(targets) if isinstance(one, ast.Starred)]
        if parts is not None and len(stars) == 1 and len(parts) >= len(targets) - 1:
            after = len(targets) - stars[0] - 1
            middle = parts[stars[0] : len(parts) - after]
            parts = [*parts[: stars[0]], middle, *parts[len(parts) - after :]]
        fits = parts is not None and len(parts) == len(targets)
        if parts is not None and fits:
            for one, part in zip(targets, parts, strict=True):
                self.put(one, part, frame)
            return
        sources = sources_of(value)
        reason = reason_of(value)
        lost = Unknown(reason if reason or sources else "what a value is made of is not known", sources)
        for one in targets:
            self.put(one, lost, frame)

    def _key(self, node: ast.expr, frame: Frame) -> object:
        if not isinstance(node, ast.Slice):
            return self.value(node, frame)
        ends = [None if one is None else self.value(one, frame) for one in (node.lower, node.upper, node.step)]
        bad = next((one for one in ends if one is not None and not isinstance(one, int)), None)
        return (
            slice(*ends) if bad is None else Unknown(reason_of(bad) or "what a slice is is not known", sources_of(bad))
        )

    def _name(self, node: ast.Name, frame: Frame) -> object:
        found = frame.names.get(node.id, MISSING)
        if found is not MISSING and type(found) is not Later:
            return found
        return self.look_up(node.id, frame)

    def _attribute(self, node: ast.Attribute, frame: Frame) -> object:
        holder = self.value(node.value, frame)
        if type(holder) is Instance:
            found = holder.names.get(node.attr, MISSING)
            if found is not MISSING and type(found) is not Maybe:
                return found
        at = self.place(node, frame)
        found = self.attribute(holder, node.attr, at)
        return Unknown(f"{at}: there is no `{node.attr}`") if found is MISSING else self.settled(found)

    def subscript(self, node: ast.Subscript, frame: Frame) -> object:
        holder = self.value(node.value, frame)
        if isinstance(holder, Foreign):
            if holder.dotted.startswith(("typing.", "collections.abc.")) or holder.dotted in (
                "list",
                "dict",
                "tuple",
                "type",
            ):
                return holder
            return Unknown(f"{self.place(node, frame)}: `{holder.dotted}` is not looked at")
        key = self._key(node.slice, frame)
        if isinstance(holder, Class):
            if holder.members is not None and isinstance(key, str):
                return holder.members.get(key, Unknown(f"{self.place(node, frame)}: no such member"))
            return holder
        if isinstance(holder, Instance):
            getting = self.attribute(holder, "__getitem__", self.place(node, frame))
            return self.call(getting, [key], {}, self.place(node, frame))
        return subscript(holder, key, self.place(node, frame))

    def _elements(self, node: ast.List | ast.Tuple | ast.Set, frame: Frame) -> list[object]:
        self.step(1 + len(node.elts) // 4)
        found: list[object] = []
        for element in node.elts:
            if isinstance(element, ast.Starred):
                found += self.items(self.value(element.value, frame))
                self.step(1 + len(found) // 4)
            else:
                found.append(self.value(element, frame))
        return found

    def _list(self, node: ast.List, frame: Frame) -> object:
        return self._elements(node, frame)

    def _tuple(self, node: ast.Tuple, frame: Frame) -> object:
        return tuple(self._elements(node, frame))

    def _set(self, node: ast.Set, frame: Frame) -> object:
        elements = self._elements(node, frame)
        if is_known(elements):
            return set(elements)
        return self.unknown(node, frame, "a set of what is not known", elements)

    def _dict(self, node: ast.Dict, frame: Frame) -> object:
        self.step(1 + len(node.keys) // 4)
        found: dict[object, object] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            made = self.value(value, frame)
            if key is None:
                merge(self, found, made, self.place(value, frame), perhaps=False)
            else:
                put(found, self.value(key, frame), made, self.place(key, frame), perhaps=False)
        return found

    def _binary(self, node: ast.BinOp, frame: Frame) -> object:
        left, right = self.value(node.left, frame), self.value(node.right, frame)
        for one, other, name in ((left, right, _SPECIAL.get(type(node.op))), (right, left, None)):
            if isinstance(one, Instance) and name is not None:
                return self.call(
                    self.attribute(one, name, self.place(node, frame)), [other], {}, self.place(node, frame)
                )
        self.left -= size_of(left, right)
        made = combined(node.op, left, right, self.place(node, frame))
        self.left -= size_of(made)
        return made

    def _either(self, node: ast.BoolOp, frame: Frame) -> object:
        wanted = isinstance(node.op, ast.Or)
        whole: object = MISSING
        for place, part in enumerate(node.values):
            value = self.value(part, frame)
            holds = truth(value) if place + 1 < len(node.values) else wanted
            if holds is None or (holds == wanted):
                whole = (
                    joined(whole, value, f"{self.place(part, frame)}: only a run would tell")
                    if whole is not MISSING
                    else value
                )
            if holds == wanted:
                return whole
        return whole

    def _unary(self, node: ast.UnaryOp, frame: Frame) -> object:
        value = self.value(node.operand, frame)
        if isinstance(node.op, ast.Not):
            holds = truth(value)
            return self.unknown(node, frame, "only a run would tell", value) if holds is None else not holds
        if isinstance(value, int | float):
            return -value if isinstance(node.op, ast.USub) else +value if isinstance(node.op, ast.UAdd) else ~int(value)
        return self.unknown(node, frame, "only a run would tell", value)

    def _compare(self, node: ast.Compare, frame: Frame) -> object:
        left = self.value(node.left, frame)
        answer: object = True
        for op, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part, frame)
            self.left -= size_of(left, right)
            answer = compared(op, left, right, self.place(node, frame))
            if answer is not True:
                return answer
            left = right
        return answer

    def _choice(self, node: ast.IfExp, frame: Frame) -> object:
        holds = truth(self.value(node.test, frame))
        if holds is None:
            at = self.place(node, frame)
            return joined(self.value(node.body, frame), self.value(node.orelse, frame), f"{at}: only a run would tell")
        return self.value(node.body if holds else node.orelse, frame)

    def _joined(self, node: ast.JoinedStr, frame: Frame) -> object:
        texts: list[str] = []
        for part in node.values:
            value = self.value(part, frame)
            if not isinstance(value, str):
                return self.unknown(node, frame, "a text that only a run would tell", value)
            texts.append(value)
        whole = "".join(texts)
        self.left -= len(whole) // 8
        return whole if len(whole) <= LONGEST else self.unknown(node, frame, "a text that is too long")

    def _formatted(self, node: ast.FormattedValue, frame: Frame) -> object:
        value = self.value(node.value, frame)
        if isinstance(value, Member):
            return (
                value.value
                if value.cls.derives_from("enum.StrEnum")
                else self.unknown(node, frame, "the text of a member")
            )
        spec = "" if node.format_spec is None else self.value(node.format_spec, frame)
        plain = isinstance(value, str | int | float) or (
            isinstance(value, list | tuple | dict) and is_known(value) and not spec
        )
        if not plain or not isinstance(spec, str) or len(spec) > 5:
            return self.unknown(node, frame, "a text that only a run would tell", value, spec)
        text = repr(value) if node.conversion == ord("r") else str(value) if node.conversion == ord("s") else value
        return combined(ast.Mod(), "%s", (_with_spec(text, spec),), self.place(node, frame))

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, frame: Frame
    ) -> object:
        if isinstance(node, ast.DictComp) and (pruned := self._without_none(node, frame)) is not None:
            return pruned
        inner = Frame(frame.module, {}, frame, frame.owner, frame.receiver)
        found: list[object] = []
        self._generate(node, 0, inner, found)
        if isinstance(node, ast.DictComp):
            made: dict[object, object] = {}
            for one in found:
                pair = one.value if isinstance(one, Maybe) else one
                put(made, *_pair(pair), self.place(node, frame), perhaps=isinstance(one, Maybe))
            return made
        if not isinstance(node, ast.SetComp):
            return found
        return set(found) if is_known(found) else Unknown(reason_of(found), sources_of(found), True)

    def _without_none(self, node: ast.DictComp, frame: Frame) -> dict[object, object] | None:
        """`{key: value for key, value in given.items() if value is not None}`, which schemas do for each input.

        `None` when it is another comprehension, or when some of the values are not known.
        """
        (each, *others) = node.generators
        given = _items_of(each.iter)
        if given is None or others or len(each.ifs) != 1 or not isinstance(each.target, ast.Tuple):
            return None
        names = [part.id if isinstance(part, ast.Name) else None for part in (*each.target.elts, node.key, node.value)]
        if len(names) != 4 or names[:2] != names[2:] or None in names or not _is_not_none(each.ifs[0], names[1]):
            return None
        whole = self.look_up(given, frame)
        if not isinstance(whole, dict) or any(isinstance(one, Unknown | Foreign | Maybe) for one in whole.values()):
            return None
        self.step(len(whole))
        return {key: value for key, value in whole.items() if value is not None}

    def _generate(self, node: ast.expr, level: int, frame: Frame, found: list[object]) -> None:
        """Fill in what a comprehension gives."""
        each = node.generators[level]  # type: ignore[attr-defined]
        over = self.settled(self.value(each.iter, frame if level else _outer(frame)))
        for item in self.items(over):
            self.step(2)
            perhaps = item if isinstance(item, Maybe) else None
            self.put(each.target, item.value if isinstance(item, Maybe) else item, frame)
            holds = True
            for test in each.ifs:
                answer = self.value(test, frame)
                kept = truth(answer)
                if kept is None and perhaps is None:
                    perhaps = Maybe(None, reason_of(answer))
                elif kept is None and perhaps is not None and perhaps.reason is None:
                    perhaps = type(perhaps)(None, reason_of(answer))
                holds = holds and kept is not False
            if holds:
                self._element(node, level, frame, found, perhaps)

    def _element(self, node: ast.expr, level: int, frame: Frame, found: list[object], perhaps: Maybe | None) -> None:
        before = len(found)
        if level + 1 < len(node.generators):  # type: ignore[attr-defined]
            self._generate(node, level + 1, frame, found)
        elif isinstance(node, ast.DictComp):
            found.append((self.value(node.key, frame), self.value(node.value, frame)))
        else:
            found.append(self.value(node.elt, frame))  # type: ignore[attr-defined]
        if perhaps is not None:
            found[before:] = [one if isinstance(one, Maybe) else perhaps.of(one) for one in found[before:]]

    def _lambda(self, node: ast.Lambda, frame: Frame) -> object:
        return self.function(node, frame)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, frame: Frame) -> Function:
        """A function as its definition makes it, its decorators aside."""
        spec = node.args
        named = [one.arg for one in (*spec.posonlyargs, *spec.args)]
        defaults: dict[str, object] = {}
        if spec.defaults:
            for name, default in zip(named[len(named) - len(spec.defaults) :], spec.defaults, strict=True):
                defaults[name] = self.value(default, frame)
        for one, default_or_none in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
            if default_or_none is not None:
                defaults[one.arg] = self.value(default_or_none, frame)
        is_class = frame.owner is not None and frame.names is frame.owner.names
        outer = frame.outer if is_class else None if frame.names is frame.module.names else frame
        return Function(node, frame.module, outer, frame.owner, "", defaults)

    def _walrus(self, node: ast.NamedExpr, frame: Frame) -> object:
        value = self.value(node.value, frame)
        self.put(node.target, value, frame)
        return value

    def _awaited(self, node: ast.Await, frame: Frame) -> object:
        return self.value(node.value, frame)

    def _yield(self, node: ast.Yield, frame: Frame) -> object:
        value = None if node.value is None else self.value(node.value, frame)
        frame.yielded = [*(frame.yielded or []), Maybe(value, None) if self.uncertain else value]
        self.step(1 + len(frame.yielded) // 8)
        return None

    def _yield_from(self, node: ast.YieldFrom, frame: Frame) -> object:
        frame.yielded = [*(frame.yielded or []), *self.items(self.value(node.value, frame))]
        self.step(1 + len(frame.yielded) // 8)
        return None

    def _call(self, node: ast.Call, frame: Frame) -> object:
        self.left -= 1
        if self.left <= 0:
            raise TooMuch
        at = self.place(node, frame)
        function = self.value(node.func, frame)
        if isinstance(function, Foreign) and function.dotted in _OF_FRAMES:
            return self._of_frame(function.dotted, node, frame, at)
        arguments: list[object] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                inner = self.items(self.value(argument.value, frame))
                if any(isinstance(one, Maybe) for one in inner):
                    return Unknown(reason_of(inner) or f"{at}: arguments that are not known", sources_of(inner))
                arguments += inner
                self.step(len(arguments))
            else:
                arguments.append(self.value(argument, frame))
        named: dict[str, object] = {}
        for word in node.keywords:
            value = self.value(word.value, frame)
            if word.arg is not None:
                named[word.arg] = value
            else:
                merge(self, named, value, at, perhaps=False)  # type: ignore[arg-type]
        if isinstance(function, Foreign):
            return self.called(node, function, arguments, named, at, frame)
        return self.call(function, arguments, named, at)

    def called(
        self,
        node: ast.Call,
        function: Foreign,
        arguments: list[object],
        named: dict[str, object],
        at: Place,
        frame: Frame,
    ) -> object:
        """What a call gives of a name that is not looked at; imports by name are for those who know modules."""
        return self.call(function, arguments, named, at)

    def _of_frame(self, name: str, node: ast.Call, frame: Frame, at: Place) -> object:
        """What depends on where it is asked."""
        if name == "super" and not node.args:
            around: Frame | None = frame
            while (
                around is not None and around.owner is not None and around.receiver is None and around.outer is not None
            ):
                around = around.outer
            if around is None or around.owner is None:
                return Unknown(f"{at}: `super()` of what is not looked at")
            return self.call(Foreign("super"), [around.owner, around.receiver], {}, at)
        if name == "globals":
            return frame.module.names
        if name == "locals":
            return dict(frame.names)
        return self.call(Foreign(name), [self.value(one, frame) for one in node.args], {}, at)


_OF_FRAMES = frozenset({"super", "globals", "locals"})
_SPECIAL: dict[type[ast.operator], str] = {
    ast.Add: "__add__", ast.BitOr: "__or__", ast.Mult: "__mul__", ast.Sub: "__sub__", ast.Mod: "__mod__",
    ast.Div: "__truediv__",
}  # fmt: skip


def _items_of(node: ast.expr) -> str | None:
    """The name that `name.items()` has."""
    if method_name(node) != "items" or node.args:  # type: ignore[attr-defined]
        return None
    holder = node.func.value  # type: ignore[attr-defined]
    return holder.id if isinstance(holder, ast.Name) else None


def _is_not_none(test: ast.expr, name: str | None) -> bool:
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.IsNot) or len(test.ops) != 1:
        return False
    (other,) = test.comparators
    return (
        isinstance(test.left, ast.Name)
        and test.left.id == name
        and isinstance(other, ast.Constant)
        and other.value is None
    )


def _pair(pair: object) -> tuple[object, object]:
    return (pair[0], pair[1]) if isinstance(pair, tuple) else (pair, pair)


def _outer(frame: Frame) -> Frame:
    return frame if frame.outer is None else frame.outer


def _with_spec(value: object, spec: str) -> object:
    try:
        return format(value, spec)
    except ValueError:
        return Unknown("a text that is not worked out")


_EXPRESSIONS: dict[type[ast.expr], Callable[..., object]] = {
    ast.Name: Expressions._name,
    ast.Attribute: Expressions._attribute,
    ast.Subscript: Expressions.subscript,
    ast.List: Expressions._list,
    ast.Tuple: Expressions._tuple,
    ast.Set: Expressions._set,
    ast.Dict: Expressions._dict,
    ast.BinOp: Expressions._binary,
    ast.BoolOp: Expressions._either,
    ast.UnaryOp: Expressions._unary,
    ast.Compare: Expressions._compare,
    ast.IfExp: Expressions._choice,
    ast.JoinedStr: Expressions._joined,
    ast.FormattedValue: Expressions._formatted,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.DictComp: Expressions._comprehension,
    ast.Lambda: Expressions._lambda,
    ast.NamedExpr: Expressions._walrus,
    ast.Await: Expressions._awaited,
    ast.Yield: Expressions._yield,
    ast.YieldFrom: Expressions._yield_from,
    ast.Call: Expressions._call,
}
