"""Following the statements of functions, classes and modules without running any of them.

Where only a run would tell which way is taken, every way is followed, and what they leave behind is brought together:
what is the same on all of them is known, what is there on some of them is `Maybe`.
"""

import ast
from collections.abc import Callable

from comfydock_core.analyzers.class_inputs.attributes import TooMuch
from comfydock_core.analyzers.class_inputs.calling import new_class
from comfydock_core.analyzers.class_inputs.expressions import Expressions
from comfydock_core.analyzers.class_inputs.operations import TROUBLE, combined
from comfydock_core.analyzers.class_inputs.values import (
    MISSING,
    Class,
    Foreign,
    Frame,
    Maybe,
    Unknown,
    joined,
    reason_of,
    sources_of,
    truth,
)
from comfydock_core.records import record

RETURN, BREAK, CONTINUE, RAISE = "return", "break", "continue", "raise"
_MOST_ROUNDS = 2000


@record
class End:
    """A `return`, `break`, `continue` or `raise`."""

    kind: str
    value: object = None


class Statements(Expressions):
    """Follows statements. Imports are for those who know modules."""

    def body(self, statements: list[ast.stmt], frame: Frame) -> object:
        before = self.uncertain
        end = self.block(statements, frame)
        self.uncertain = before
        if frame.yielded is not None:
            return frame.yielded
        if end is not None and end.kind == RAISE:
            result: object = (
                Unknown(f"{frame.module.shown}:{statements[-1].lineno}: it raises an error")
                if not frame.results
                else MISSING
            )
        else:
            result = None if end is None else end.value
        for other in frame.results:
            result = joined(
                other, result, f"{frame.module.shown}:{statements[0].lineno}: only a run would tell which is returned"
            )
        return result

    def block(self, statements: list[ast.stmt], frame: Frame) -> End | None:
        for statement in statements:
            self.left -= 1
            follow = _STATEMENTS.get(type(statement))
            if follow is None:
                continue
            try:
                end: End | None = follow(self, statement, frame)
            except TROUBLE:  # A run would fail as well: what stands there cannot be done.
                return End(RAISE)
            if end is not None:
                return end
        return None

    def _assign(self, node: ast.Assign, frame: Frame) -> None:
        value = self.value(node.value, frame)
        for target in node.targets:
            self.put(target, value, frame)

    def _assign_typed(self, node: ast.AnnAssign, frame: Frame) -> None:
        if frame.owner is not None and frame.names is frame.owner.names and isinstance(node.target, ast.Name):
            frame.owner.annotated = (*frame.owner.annotated, node.target.id)
        if node.value is not None:
            self.put(node.target, self.value(node.value, frame), frame)

    def _assign_more(self, node: ast.AugAssign, frame: Frame) -> None:
        target: ast.expr = node.target
        old = self.look_up(target.id, frame) if isinstance(target, ast.Name) else self.value(target, frame)
        new, at = self.value(node.value, frame), self.place(node, frame)
        if isinstance(old, list) and isinstance(node.op, ast.Add) and not isinstance(new, Unknown):
            self.call(self.attribute(old, "extend", at), [new], {}, at)  # The same list, for everybody who has it.
        elif isinstance(old, dict | set) and isinstance(node.op, ast.BitOr):
            self.call(self.attribute(old, "update", at), [new], {}, at)
        else:
            self.put(target, combined(node.op, old, new, at), frame)

    def _expression(self, node: ast.Expr, frame: Frame) -> None:
        if not isinstance(node.value, ast.Constant):
            self.value(node.value, frame)

    def _condition(self, node: ast.If, frame: Frame) -> End | None:
        test = self.value(node.test, frame)
        holds = truth(test)
        if holds is None:
            reason = reason_of(test)
            if reason is None and not sources_of(test):
                reason = f"{self.place(node, frame)}: only a run would tell"
            return self.fork([node.body, node.orelse], frame, reason)
        return self.block(node.body if holds else node.orelse, frame)

    def fork(self, ways: list[list[ast.stmt]], frame: Frame, reason: str | None) -> End | None:
        """Follow ways of which one is taken, and bring together what they leave behind.

        Without a reason which one depends on files alone.
        """
        names, before = frame.names, dict(frame.names)
        held, left = self.uncertain, frame.ended + frame.skipped
        self.step(1 + len(before) // 8)
        states: list[tuple[dict[str, object], End | None]] = []
        for way in ways:
            names.clear()
            names.update(before)
            self.uncertain = held + 1
            self.by_files += reason is None
            end = self.block(way, frame)
            self.by_files -= reason is None
            if end is None or end.kind != RAISE:
                states.append((dict(names), end))
        self.uncertain = held + frame.ended + frame.skipped - left
        if not states:
            return End(RAISE)
        going = [state for state, end in states if end is None]
        ends = [end for _, end in states if end is not None]
        names.clear()
        names.update(_together(going or [state for state, _ in states], reason))
        return self._ended(ends, frame, reason, all_of_them=not going)

    def _ended(self, ends: list[End], frame: Frame, reason: str | None, *, all_of_them: bool) -> End | None:
        if not ends:
            return None
        last = ends.pop() if all_of_them else None
        for end in ends:
            if last is not None and end.kind == last.kind:
                last = End(last.kind, joined(end.value, last.value, reason))
            else:
                self._later(end, frame)
        return last

    def _loop(self, node: ast.For | ast.AsyncFor, frame: Frame) -> End | None:
        over = self.value(node.iter, frame)
        at, (held, ended, skipped) = self.place(node, frame), (self.uncertain, frame.ended, frame.skipped)
        before, unclear = dict(frame.names), False
        for item in self.items(over):
            self.step(2)
            perhaps = isinstance(item, Maybe)
            by_files = isinstance(item, Maybe) and item.reason is None
            self.uncertain += perhaps
            self.by_files += by_files
            self.put(node.target, item.value if isinstance(item, Maybe) else item, frame)
            end = self.block(node.body, frame)
            self.uncertain -= perhaps
            self.by_files -= by_files
            unclear = unclear or perhaps
            if end is not None and (perhaps or frame.skipped > skipped) and end.kind in (RETURN, RAISE):
                self._later(end, frame)
                end = None
            if end is not None and end.kind in (RETURN, RAISE):
                return end
            if end is not None and end.kind == BREAK:
                unclear = unclear or perhaps
                break
        else:
            if frame.skipped == skipped:
                final = self.block(node.orelse, frame)
                if final is not None:
                    return final
        if unclear or frame.skipped > skipped:
            frame.names.update(
                _together([before, dict(frame.names)], f"{at}: only a run would tell how far a loop goes")
            )
        frame.skipped = skipped
        self.uncertain = held + frame.ended - ended
        return None

    def _while(self, node: ast.While, frame: Frame) -> End | None:
        held, ended, skipped = self.uncertain, frame.ended, frame.skipped
        for _ in range(_MOST_ROUNDS):
            test = self.value(node.test, frame)
            holds = truth(test)
            if holds is None:
                self.fork([node.body, []], frame, reason_of(test))
                self._forget(node.body, frame, reason_of(test) or f"{self.place(node, frame)}: how far a loop goes")
                break
            if not holds:
                break
            end = self.block(node.body, frame)
            if end is not None and end.kind in (RETURN, RAISE):
                return end
            if end is not None and end.kind == BREAK:
                break
            if frame.skipped > skipped:
                self._forget(node.body, frame, f"{self.place(node, frame)}: how far a loop goes")
                break
        else:
            raise TooMuch
        frame.skipped = skipped
        self.uncertain = held + frame.ended - ended
        return None

    def _forget(self, statements: list[ast.stmt], frame: Frame, reason: str) -> None:
        for statement in statements:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    frame.names[node.id] = Unknown(reason, sources_of(frame.names.get(node.id)))

    def _try(self, node: ast.Try, frame: Frame) -> End | None:
        before = dict(frame.names)
        end = self.block(node.body, frame)
        reason = f"{self.place(node, frame)}: only a run would tell whether it fails"
        handlers = [handler.body for handler in node.handlers]
        if end is not None and end.kind == RAISE:
            end = self.fork(handlers, frame, reason) if handlers else end
        elif handlers and any(map(self.may_fail, node.body)):
            end = self._perhaps_handled(handlers, before, end, frame, reason)
        if end is None:
            end = self.block(node.orelse, frame)
        return self.block(node.finalbody, frame) or end

    def _perhaps_handled(
        self, handlers: list[list[ast.stmt]], before: dict[str, object], end: End | None, frame: Frame, reason: str
    ) -> End | None:
        """Bring together what is left behind where nothing fails, where `end` was, and what handlers leave behind."""
        after = dict(frame.names)
        frame.names.clear()
        frame.names.update(before)
        handled = self.fork(handlers, frame, reason)
        if handled is not None:
            frame.names.clear()
            frame.names.update(after)
            self._later(handled, frame)
            return end
        if end is not None:
            self._later(end, frame)
            return None
        frame.names.update(_together([dict(frame.names), after], reason))
        return None

    def _later(self, end: End, frame: Frame) -> None:
        """Note a way that may have ended."""
        if end.kind == RETURN:
            frame.results.append(end.value)
            frame.ended += 1
            self.uncertain += 1
        elif end.kind != RAISE:
            frame.skipped += 1
            self.uncertain += 1

    def may_fail(self, statement: ast.stmt) -> bool:
        """Whether a run may end up in the handlers of a `try` because of a statement."""
        return any(
            isinstance(node, ast.Call | ast.Import | ast.ImportFrom | ast.Subscript) for node in ast.walk(statement)
        )

    def _with(self, node: ast.With | ast.AsyncWith, frame: Frame) -> End | None:
        for item in node.items:
            value = self.value(item.context_expr, frame)
            if item.optional_vars is not None:
                self.put(item.optional_vars, self.unknown(node, frame, "what is opened is not looked at", value), frame)
        return self.block(node.body, frame)

    def _match(self, node: ast.Match, frame: Frame) -> End | None:
        subject = self.value(node.subject, frame)
        reason = reason_of(subject) or f"{self.place(node, frame)}: only a run would tell"
        for case in node.cases:
            for inner in ast.walk(case.pattern):
                if isinstance(inner, ast.MatchAs | ast.MatchStar) and inner.name is not None:
                    frame.names[inner.name] = Unknown(reason)
        return self.fork([*(case.body for case in node.cases), []], frame, reason)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> None:
        made: object = self.function(node, frame)
        for decorator in reversed(node.decorator_list):
            made = self._decorate(decorator, made, frame)
        self.bind(node.name, made, frame)

    def _decorate(self, node: ast.expr, made: object, frame: Frame) -> object:
        if isinstance(node, ast.Attribute) and node.attr in ("setter", "getter", "deleter"):
            return self.value(node.value, frame)
        at = self.place(node, frame)
        if isinstance(node, ast.Call):
            function = self.value(node.func, frame)
            if self.decorator_call(function):
                return (
                    _data_class(made, self)
                    if isinstance(function, Foreign) and "dataclass" in function.dotted
                    else made
                )
        decorator = self.value(node, frame)
        if isinstance(decorator, Foreign) and decorator.dotted == "dataclasses.dataclass":
            return _data_class(made, self)
        return self.decorated(decorator, made, at)

    def _class(self, node: ast.ClassDef, frame: Frame) -> None:
        bases = tuple(self.settled(self.value(base, frame)) for base in node.bases)
        home = Class(node.name, bases, {}, frame.module, node.lineno)
        is_class = frame.owner is not None and frame.names is frame.owner.names
        outer = frame.outer if is_class else None if frame.names is frame.module.names else frame
        inner = Frame(frame.module, home.names, outer, home)
        self.block(node.body, inner)
        made = new_class(node.name, bases, home.names, frame.module, node.lineno)
        if node.keywords and not all(_is_plain_keyword(word) for word in node.keywords):
            made.order = (*made.order, self.unknown(node, frame, "a class that is made by another"))
        home.order, home.fields, home.members = made.order, made.fields, made.members
        home.order = (home, *made.order[1:])
        if home.members is not None:
            for member in home.members.values():
                member.cls = home
        if home.derives_from("typing.NamedTuple"):
            _data_class(home, self)
        whole: object = home
        for decorator in reversed(node.decorator_list):
            whole = self._decorate(decorator, whole, frame)
        self.bind(node.name, whole, frame)

    def _import(self, node: ast.Import, frame: Frame) -> None:
        raise NotImplementedError

    def _import_from(self, node: ast.ImportFrom, frame: Frame) -> None:
        raise NotImplementedError

    def _global(self, node: ast.Global | ast.Nonlocal, frame: Frame) -> None:
        if isinstance(node, ast.Global):
            frame.shared |= frozenset(node.names)

    def _delete(self, node: ast.Delete, frame: Frame) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                if not self.uncertain:
                    frame.names.pop(target.id, None)
            elif isinstance(target, ast.Subscript):
                holder, at = self.value(target.value, frame), self.place(target, frame)
                if isinstance(holder, dict | list):
                    self.call(self.attribute(holder, "pop", at), [self._key(target.slice, frame)], {}, at)

    def _return(self, node: ast.Return, frame: Frame) -> End:
        return End(RETURN, None if node.value is None else self.value(node.value, frame))

    def _break(self, node: ast.Break, frame: Frame) -> End:
        return End(BREAK)

    def _continue(self, node: ast.Continue, frame: Frame) -> End:
        return End(CONTINUE)

    def _raise(self, node: ast.Raise, frame: Frame) -> End:
        return End(RAISE)


def _together(states: list[dict[str, object]], reason: str | None) -> dict[str, object]:
    """The names after several ways, of which one was taken."""
    whole = dict(states[0])
    for state in states[1:]:
        for name, value in state.items():
            old = whole.get(name, MISSING)
            if old is not value:
                whole[name] = joined(old, value, reason)
    return whole


def _is_plain_keyword(word: ast.keyword) -> bool:
    return word.arg == "metaclass" and getattr(word.value, "id", getattr(word.value, "attr", "")) in (
        "ABCMeta",
        "EnumMeta",
    )


def _data_class(made: object, run: Statements) -> object:
    """A data class has its annotated names for fields."""
    if not isinstance(made, Class):
        return made
    fields: dict[str, object] = {}
    for base in reversed(made.order):
        if isinstance(base, Class) and base.fields is not None and base is not made:
            fields.update(base.fields)
    for name in made.annotated:
        default = made.names.get(name, MISSING)
        fields[name] = default
    made.fields = fields
    return made


_STATEMENTS: dict[type[ast.stmt], Callable[..., End | None]] = {
    ast.Assign: Statements._assign,
    ast.AnnAssign: Statements._assign_typed,
    ast.AugAssign: Statements._assign_more,
    ast.Expr: Statements._expression,
    ast.If: Statements._condition,
    ast.For: Statements._loop,
    ast.AsyncFor: Statements._loop,
    ast.While: Statements._while,
    ast.Try: Statements._try,
    ast.With: Statements._with,
    ast.AsyncWith: Statements._with,
    ast.Match: Statements._match,
    ast.FunctionDef: Statements._function,
    ast.AsyncFunctionDef: Statements._function,
    ast.ClassDef: Statements._class,
    ast.Import: lambda run, node, frame: run._import(node, frame),
    ast.ImportFrom: lambda run, node, frame: run._import_from(node, frame),
    ast.Global: Statements._global,
    ast.Nonlocal: Statements._global,
    ast.Delete: Statements._delete,
    ast.Return: Statements._return,
    ast.Break: Statements._break,
    ast.Continue: Statements._continue,
    ast.Raise: Statements._raise,
}
