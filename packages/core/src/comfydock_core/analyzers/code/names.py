"""Which things the names in a module stand for, as far as that can be told without running it."""

import ast
from typing import TypeGuard

from comfydock_core.analyzers.code.subjects import CALLS

_DEPTH = 30
_ROUNDS = 4
_BUILTINS = frozenset({"exec", "eval", "compile", "getattr", "vars", "globals", "locals", "__import__", "bytes",
                       "bytearray"})  # fmt: skip
_NAMESPACES = frozenset({"builtins.globals", "builtins.locals", "builtins.vars"})


class Names:
    """The names of one module: everything that is bound anywhere in it counts everywhere."""

    def __init__(self, package: tuple[str, ...]) -> None:
        """`package` are the directories, from the pack's root, that the module lies in."""
        self._package = package
        self._paths: dict[str, str] = {}
        self._values: dict[str, list[tuple[str, ast.expr]]] = {}
        self._defined: set[str] = set()
        self._star: list[str] = []

    def define(self, name: str) -> None:
        """A function or class of the module itself, which hides what is built in."""
        self._defined.add(name)

    def add_import(self, node: ast.Import) -> None:
        for alias in node.names:
            path = alias.name if alias.asname else alias.name.partition(".")[0]
            self._paths[alias.asname or path] = path

    def add_import_from(self, node: ast.ImportFrom) -> None:
        start = self._start(node.level)
        for alias in node.names:
            module = ".".join(part for part in (start, node.module) if part)
            if alias.name == "*":
                self._star.append(module)
            else:
                self._paths[alias.asname or alias.name] = f"{module}.{alias.name}"

    def _start(self, level: int) -> str:
        """What relative imports begin at: `pack:` and the directories."""
        if level == 0:
            return ""
        kept = self._package[: len(self._package) - level + 1]
        return ".".join(["pack:", *kept])

    def add_assignment(self, target: ast.expr, value: ast.expr | None, where: str) -> None:
        """`name = value` in a function, and the same for tuples of equal length."""
        if value is None:
            return
        if isinstance(target, ast.Name):
            self._values.setdefault(target.id, []).append((where, value))
        elif _is_row(target) and _is_row(value) and len(target.elts) == len(value.elts):
            for each, its in zip(target.elts, value.elts, strict=True):
                self.add_assignment(each, its, where)

    def settle(self) -> None:
        """Follow assignments of one name to another."""
        for _ in range(_ROUNDS):
            found = {name: path for name, values in self._values.items() if name not in self._paths
                     for _, value in values if (path := self.path(value)) is not None}  # fmt: skip
            if not found:
                return
            self._paths |= found

    def of_pack(self) -> list[tuple[str, str]]:
        """The names that stand for something of the pack's other modules."""
        return [(name, path) for name, path in self._paths.items() if path.startswith("pack:")]

    def values(self, name: str, where: str) -> list[ast.expr]:
        """What is assigned to a name in a function, or else anywhere in the module."""
        everywhere = self._values.get(name, [])
        here = [value for place, value in everywhere if place == where]
        return here or [value for _, value in everywhere]

    def path(self, node: ast.expr, depth: int = 0) -> str | None:
        """The full name of what an expression stands for: `os.system` of `s` after `from os import system as s`."""
        if depth > _DEPTH:
            return None
        if isinstance(node, ast.Name):
            return self._path_of_name(node.id)
        if isinstance(node, ast.Attribute):
            return _joined(self.path(node.value, depth + 1), node.attr)
        if isinstance(node, ast.Subscript):
            return self._path_of_item(node, depth)
        if isinstance(node, ast.Call):
            return self._path_of_call(node, depth)
        return None

    def _path_of_name(self, name: str) -> str | None:
        if name in self._paths:
            return self._paths[name]
        if name == "__builtins__":
            return "builtins"
        if name in _BUILTINS and name not in self._defined:
            return f"builtins.{name}"
        if name in self._defined:
            return ".".join(["pack:", *self._package, name])
        everything = [f"{module}.{name}" for module in self._star]
        return next((path for path in everything if path in CALLS or path.startswith("pack:")), None)

    def _path_of_item(self, node: ast.Subscript, depth: int) -> str | None:
        """`sys.modules["os"]`, `os.__dict__["system"]`, `vars(os)["system"]`, `globals()["exec"]`."""
        key = text_of(node.slice)
        if key is None:
            return None
        holder = node.value
        if isinstance(holder, ast.Call) and self.path(holder.func, depth + 1) in _NAMESPACES:
            if holder.args:
                return _joined(self.path(holder.args[0], depth + 1), key)
            return self._path_of_name(key)
        path = self.path(holder, depth + 1)
        if path == "sys.modules":
            return key
        if path is not None and path.endswith(".__dict__"):
            return f"{path.removesuffix('.__dict__')}.{key}"
        return f"builtins.{key}" if path == "builtins" else None

    def _path_of_call(self, node: ast.Call, depth: int) -> str | None:
        """`getattr(os, "system")`, `__import__("os")`, `importlib.import_module("os")`."""
        called = self.path(node.func, depth + 1)
        if called == "builtins.getattr" and len(node.args) >= 2:
            key = text_of(node.args[1])
            return _joined(self.path(node.args[0], depth + 1), key) if key is not None else None
        if called in ("builtins.__import__", "importlib.import_module", "importlib.__import__") and node.args:
            name = text_of(node.args[0])
            return name.partition(".")[0] if name and called != "importlib.import_module" else name
        return None


def _is_row(node: ast.expr) -> TypeGuard[ast.Tuple | ast.List]:
    return isinstance(node, ast.Tuple | ast.List)


def _joined(path: str | None, attribute: str) -> str | None:
    return None if path is None else f"{path}.{attribute}"


def text_of(node: ast.expr, depth: int = 0) -> str | None:
    """The text that an expression of constants makes: sums, joins, f-strings, and texts written backwards."""
    if depth > _DEPTH:
        return None
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _together([node.left, node.right], depth)
    if isinstance(node, ast.JoinedStr):
        return _together([each.value if isinstance(each, ast.FormattedValue) else each for each in node.values], depth)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        text = text_of(node.value, depth + 1)
        return text[::-1] if text is not None and _is_backwards(node.slice) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
        between, parts = text_of(node.func.value, depth + 1), node.args[0] if len(node.args) == 1 else None
        if between == "" and isinstance(parts, ast.List | ast.Tuple):
            return _together(parts.elts, depth)
    return None


def _together(parts: list[ast.expr], depth: int) -> str | None:
    texts = [text_of(part, depth + 1) for part in parts]
    return None if None in texts else "".join(text for text in texts if text is not None)


def _is_backwards(part: ast.Slice) -> bool:
    step = part.step
    return (
        part.lower is None
        and part.upper is None
        and isinstance(step, ast.UnaryOp)
        and isinstance(step.op, ast.USub)
        and isinstance(step.operand, ast.Constant)
        and step.operand.value == 1
    )
