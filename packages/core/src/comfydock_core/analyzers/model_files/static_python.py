"""Following the plain statements of Python modules, without running any of it.

Only what decides where models are looked for is meant to be followed: assignments, conditions, loops over what is
there, and calls of a module's own functions. Whatever else there is has no effect, and its values are unknown.
"""

import ast
from collections.abc import Callable

from comfydock_core.analyzers.model_files.static_expressions import DEEPEST, Evaluator, Frame
from comfydock_core.analyzers.model_files.static_values import (
    UNKNOWN,
    Foreign,
    Function,
    Namespace,
    attribute,
    is_known,
    method,
)


class _End(Exception):
    """A `return`, `break`, `continue` or `raise`."""

    def __init__(self, kind: str, value: object = None) -> None:
        self.kind = kind
        self.value = value


class Follower(Evaluator):
    """Follows modules."""

    def follow(self, module: ast.Module, home: Namespace) -> None:
        """All statements of a module. Raises `TooLong`."""
        try:
            self._block(module.body, Frame(home))
        except _End:
            return

    def call(self, function: object, arguments: list[object], named: dict[str, object] | None = None) -> object:
        """Call what a module defines. Raises `TooLong`."""
        if not isinstance(function, Function) or self.deep > DEEPEST:
            return UNKNOWN
        self.deep += 1
        try:
            self._block(function.node.body, Frame(function.home, self.bound(function, arguments, named or {})))
        except _End as end:
            return end.value if end.kind == "return" else UNKNOWN
        finally:
            self.deep -= 1
        return None

    def _block(self, statements: list[ast.stmt], frame: Frame) -> None:
        for statement in statements:
            self.step()
            self.seen.add(id(statement))
            handler = _STATEMENTS.get(type(statement))
            if handler is not None:
                handler(self, statement, frame)

    def _assign(self, node: ast.Assign, frame: Frame) -> None:
        value = self.value(node.value, frame)
        for target in node.targets:
            self.put(target, value, frame)

    def _assign_typed(self, node: ast.AnnAssign, frame: Frame) -> None:
        if node.value is not None:
            self.put(node.target, self.value(node.value, frame), frame)

    def _assign_more(self, node: ast.AugAssign, frame: Frame) -> None:
        old, new = self.value(node.target, frame), self.value(node.value, frame)
        if isinstance(old, list) and isinstance(node.op, ast.Add) and isinstance(new, list | tuple):
            method(old, "extend", [new], {})  # The same list, for everybody who has it.
        elif isinstance(old, set) and isinstance(node.op, ast.BitOr) and isinstance(new, set | frozenset):
            method(old, "update", [new], {})
        else:
            self.put(node.target, self.combined(node.op, old, new), frame)

    def _expression(self, node: ast.Expr, frame: Frame) -> None:
        self.value(node.value, frame)

    def _condition(self, node: ast.If, frame: Frame) -> None:
        test = self.value(node.test, frame)
        if not is_known(test):
            self._forget([*node.body, *node.orelse], frame)
            return
        self._leave_out(node.orelse if test else node.body)
        self._block(node.body if test else node.orelse, frame)

    @staticmethod
    def _forget(statements: list[ast.stmt], frame: Frame) -> None:
        """What is bound where it is not known whether anybody comes there is unknown afterwards."""
        for statement in statements:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    frame.bind(node.id, UNKNOWN)

    def _leave_out(self, statements: list[ast.stmt]) -> None:
        """What a known condition does not come to is as settled as what was followed."""
        for statement in statements:
            self.seen.update(id(node) for node in ast.walk(statement))

    def _loop(self, node: ast.For, frame: Frame) -> None:
        over = self.value(node.iter, frame)
        for item in self.items(over):
            self.put(node.target, item, frame)
            try:
                self._block(node.body, frame)
            except _End as end:
                if end.kind == "break":
                    return
                if end.kind != "continue":
                    raise
        if not isinstance(over, list | tuple | set | frozenset | dict):
            self._forget([node, *node.body], frame)
        elif not over:
            self._leave_out(node.body)
        self._block(node.orelse, frame)

    def _endless(self, node: ast.While, frame: Frame) -> None:
        self._forget(node.body, frame)

    def _try(self, node: ast.Try, frame: Frame) -> None:
        for handler in node.handlers:
            self._leave_out(handler.body)
        self._block(node.body, frame)
        self._block(node.orelse, frame)
        self._block(node.finalbody, frame)

    def _with(self, node: ast.With, frame: Frame) -> None:
        self._block(node.body, frame)

    def _function(self, node: ast.FunctionDef, frame: Frame) -> None:
        frame.bind(node.name, Function(node, frame.home))

    def _class(self, node: ast.ClassDef, frame: Frame) -> None:
        frame.bind(node.name, UNKNOWN)

    def _import(self, node: ast.Import, frame: Frame) -> None:
        for alias in node.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            frame.bind(alias.asname or name, self.modules.get(name) or Foreign(name))

    def _import_from(self, node: ast.ImportFrom, frame: Frame) -> None:
        for alias in node.names:
            holder = self.modules.get(node.module or "") if not node.level else None
            foreign = Foreign(f"{node.module}.{alias.name}") if not node.level else UNKNOWN
            whole = self.modules.get(f"{node.module}.{alias.name}", foreign)
            frame.bind(alias.asname or alias.name, whole if holder is None else attribute(holder, alias.name))

    def _global(self, node: ast.Global, frame: Frame) -> None:
        frame.global_names.update(node.names)

    def _return(self, node: ast.Return, frame: Frame) -> None:
        raise _End("return", None if node.value is None else self.value(node.value, frame))

    def _break(self, node: ast.Break, frame: Frame) -> None:
        raise _End("break")

    def _continue(self, node: ast.Continue, frame: Frame) -> None:
        raise _End("continue")

    def _raise(self, node: ast.Raise, frame: Frame) -> None:
        raise _End("raise")


_STATEMENTS: dict[type[ast.stmt], Callable[..., None]] = {
    ast.Assign: Follower._assign,
    ast.AnnAssign: Follower._assign_typed,
    ast.AugAssign: Follower._assign_more,
    ast.Expr: Follower._expression,
    ast.If: Follower._condition,
    ast.For: Follower._loop,
    ast.While: Follower._endless,
    ast.Try: Follower._try,
    ast.With: Follower._with,
    ast.FunctionDef: Follower._function,
    ast.ClassDef: Follower._class,
    ast.Import: Follower._import,
    ast.ImportFrom: Follower._import_from,
    ast.Global: Follower._global,
    ast.Return: Follower._return,
    ast.Break: Follower._break,
    ast.Continue: Follower._continue,
    ast.Raise: Follower._raise,
}
