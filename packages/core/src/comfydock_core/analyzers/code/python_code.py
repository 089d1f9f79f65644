"""Findings in one module of Python, by its syntax tree."""

import ast
import re
from collections.abc import Iterator
from dataclasses import field

from comfydock_core.analyzers.code.names import Names, text_of
from comfydock_core.analyzers.code.subjects import CALLS, DECODING, EVALUATING, SENSITIVE, WHEN_TOLD, Seen
from comfydock_core.records import record

_BLOCK = 1000
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_PIP = re.compile(r"(?:^|[\s/\\])(?:pip3?|easy_install)(?:\.exe)?\s+(?:[^;&|]{0,200}\s)?install\b|^easy_install$")
_REACHES_OUT = re.compile(r"\bimport\b|__|\b(?:exec|eval|open|getattr)\b|\bos\b|system|decode")
_PIP_WORDS = frozenset({"pip", "pip3", "pip.exe"})
_LEAVES = (ast.Name, ast.Constant, ast.Pass, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.expr_context,
           ast.operator, ast.cmpop, ast.boolop, ast.unaryop)  # fmt: skip
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.NamedExpr)
_NOT_IMPORTED = frozenset({"install.py", "setup.py", "uninstall.py"})
_MAIN = ast.dump(ast.parse('__name__ == "__main__"', mode="eval").body)
_ARGUMENTS_SEEN = 300
_PARTS_SEEN = 300_000  # Of a whole module.


@record
class Code:
    """What a module's code shows.

    `calls` maps a function of the pack to those of the pack that it calls; the module's own level has the name of the
    `module`. `imported` is whether ComfyUI may load it. `installing` are the findings of `installs-packages`, each with
    the function it is in.
    """

    seen: list[Seen] = field(default_factory=list)
    module: str = ""
    imported: bool = True
    calls: dict[str, set[str]] = field(default_factory=dict)
    installing: list[tuple[str, Seen]] = field(default_factory=list)


def look_at_module(tree: ast.Module, text: str, file: str) -> Code:
    """Everything worth a look in a module. `file` is relative to the pack, with `/`."""
    return _Look(text, file).look(tree)


def module_path(file: str) -> tuple[str, ...]:
    """The module's parts below the pack's root: `a`, `b` of `a/b.py`, `a` of `a/__init__.py`."""
    parts = file.removesuffix(".py").split("/")
    return tuple(parts[:-1] if parts[-1] == "__init__" else parts)


class _Look:
    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._lines = text.encode("utf-8", "replace").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._parts_left = _PARTS_SEEN
        path = module_path(file)
        package = path if file.endswith("__init__.py") else path[:-1]
        self._module = ".".join(["pack:", *path])
        self._names = Names(package)
        self._code = Code(module=self._module, imported=_may_be_imported(file))
        self._calls: list[tuple[ast.Call, str]] = []
        self._constants: list[ast.Constant] = []
        self._owners: dict[ast.AST, str] = {}

    def look(self, tree: ast.Module) -> Code:
        self._gather(tree)
        self._names.settle()
        for name, path in self._names.of_pack():
            self._code.calls.setdefault(f"{self._module}.{name}", set()).add(path)
        for call, where in self._calls:
            self._look_at_call(call, where)
        for constant in self._constants:
            self._look_at_constant(constant)
        return self._code

    def _gather(self, tree: ast.Module) -> None:
        """Walk the tree once, without recursion, and note what is bound and called, and in which function."""
        for statement in tree.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self._names.define(statement.name)
        waiting: list[tuple[ast.AST, str]] = [(tree, self._module)]
        while waiting:
            node, where = waiting.pop()
            if isinstance(node, ast.Call):
                self._calls.append((node, where))
            elif isinstance(node, _ASSIGNMENTS):
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    self._names.add_assignment(target, node.value, where)
            waiting.extend(self._inside(node, where))

    def _inside(self, node: ast.AST, where: str) -> Iterator[tuple[ast.AST, str]]:
        """The nodes below one, each with the function whose call runs it."""
        inner = self._name_inside(node, where)
        for name in node._fields:
            value = getattr(node, name, None)
            below = inner if name == "body" else where
            for each in value if isinstance(value, list) else (value,):
                if isinstance(each, _LEAVES):
                    self._note_leaf(each)
                elif isinstance(each, ast.AST):
                    yield each, below

    def _text_of(self, node: ast.expr) -> str:
        """The source of an expression; its offsets are those of bytes."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        lines = self._lines[first : last + 1]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"\n".join(lines).decode("utf-8", "replace")

    def _name_inside(self, node: ast.AST, where: str) -> str:
        """The function that the body of a node belongs to. A class runs its `__init__` when it is called."""
        if isinstance(node, ast.If):
            return f"{self._module}.<main>" if _asks_for_main(node.test) else where
        if isinstance(node, ast.ClassDef):
            self._owners |= {each: node.name for each in node.body
                             if isinstance(each, ast.FunctionDef) and each.name == "__init__"}  # fmt: skip
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return f"{self._module}.{self._owners.get(node, node.name)}"
        elif isinstance(node, ast.Lambda):
            return f"{self._module}.<lambda>"
        return where

    def _note_leaf(self, node: ast.AST) -> None:
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str | bytes) and len(node.value) >= _BLOCK:
                self._constants.append(node)
        elif isinstance(node, ast.Import):
            self._names.add_import(node)
        elif isinstance(node, ast.ImportFrom):
            self._names.add_import_from(node)

    def _look_at_call(self, call: ast.Call, where: str) -> None:
        path = self._names.path(call.func)
        if path is None:
            self._look_at_method(call, where)
            return
        if path.startswith("pack:"):
            self._code.calls.setdefault(where, set()).add(path)
        elif path in EVALUATING:
            self._look_at_evaluation(call, path, where)
        elif (kind := CALLS.get(path)) is not None:
            if kind == "runs-program" and self._runs_pip(call, where):
                kind = "installs-packages"
            self._see(kind, call, path, where)
        elif path in WHEN_TOLD:
            self._look_at_loading(call, path)
        elif path == "builtins.getattr":
            self._look_at_getattr(call)
        if path in ("builtins.bytes", "builtins.bytearray"):
            self._look_at_numbers(call)

    def _look_at_method(self, call: ast.Call, where: str) -> None:
        """`self.install()`: a method of any class in the module."""
        function = call.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            self._code.calls.setdefault(where, set()).add(f"{self._module}.{function.attr}")

    def _look_at_getattr(self, call: ast.Call) -> None:
        """A name of a module such as `os`, computed so that nobody reads it."""
        of = self._names.path(call.args[0]) if call.args else None
        if of in SENSITIVE and len(call.args) > 1 and text_of(call.args[1]) is None:
            self._see("evaluates-code", call, f"a computed name of `{of}`")

    def _look_at_evaluation(self, call: ast.Call, path: str, where: str) -> None:
        if not call.args or _is_harmless(call.args[0]):
            return
        decoded = any(self._names.path(inner.func) in DECODING for inner in self._calls_in(call.args[0], where))
        self._see("runs-decoded-code" if decoded else "evaluates-code", call, path.removeprefix("builtins."))

    def _look_at_loading(self, call: ast.Call, path: str) -> None:
        option, dangerous = WHEN_TOLD[path]
        for keyword in call.keywords:
            if keyword.arg == option and isinstance(keyword.value, ast.Constant) and keyword.value.value is dangerous:
                self._see("unpickles", call, f"{path} with {option}={dangerous}")

    def _look_at_numbers(self, call: ast.Call) -> None:
        numbers = call.args[0] if call.args else None
        if isinstance(numbers, ast.List | ast.Tuple) and len(numbers.elts) >= _BLOCK:
            self._see("hidden-data", call, f"{len(numbers.elts)} numbers")

    def _look_at_constant(self, node: ast.Constant) -> None:
        how = _encoding_of(node.value)
        if how is not None:
            assert isinstance(node.value, str | bytes)
            self._see("hidden-data", node, f"{len(node.value)} characters, {how}")

    def _calls_in(self, node: ast.expr, where: str) -> Iterator[ast.Call]:
        """Every call that takes part in a value, also in those that its names were assigned."""
        for each in self._parts(node, where):
            if isinstance(each, ast.Call):
                yield each

    def _runs_pip(self, call: ast.Call, where: str) -> bool:
        texts = [
            each.value
            for argument in [*call.args, *(keyword.value for keyword in call.keywords)]
            for each in self._parts(argument, where)
            if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        if any(_PIP.search(text[:2000]) for text in texts):
            return True
        words = {word.rpartition("/")[2].lower() for word in texts}
        return bool(words & _PIP_WORDS) and not words & {"list", "freeze", "show", "--version"}

    def _parts(self, node: ast.expr, where: str) -> Iterator[ast.AST]:
        """The nodes of an expression, and of what its names were assigned."""
        waiting: list[ast.AST] = [node]
        followed: set[str] = set()
        for _ in range(_ARGUMENTS_SEEN):
            if not waiting or self._parts_left <= 0:
                return
            self._parts_left -= 1
            each = waiting.pop()
            yield each
            if isinstance(each, ast.Name) and each.id not in followed:
                followed.add(each.id)
                waiting.extend(self._names.values(each.id, where))
            waiting.extend(ast.iter_child_nodes(each))

    def _see(self, kind: str, node: ast.expr, detail: str, where: str = "") -> None:
        about = " ".join(self._text_of(node).split())
        seen = Seen(kind, self._file, node.lineno, about, detail)
        if kind == "installs-packages":
            self._code.installing.append((where, seen))
        else:
            self._code.seen.append(seen)


def _may_be_imported(file: str) -> bool:
    return file not in _NOT_IMPORTED and not any(part.startswith(".") for part in file.split("/"))


def _asks_for_main(test: ast.expr) -> bool:
    """`__name__ == "__main__"`, which does not hold when a module is imported."""
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and ast.dump(test) == _MAIN


def _is_harmless(node: ast.expr) -> bool:
    """A constant that calls nothing by its name."""
    text = text_of(node)
    return not _REACHES_OUT.search(text) if text is not None else isinstance(node, ast.Constant)


def _encoding_of(value: object) -> str | None:
    """How a long constant is encoded, `None` for what people write."""
    if isinstance(value, bytes):
        if sum(byte >= 127 or byte < 9 for byte in value) > 0.1 * len(value):
            return "binary"
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return None
    text = value.replace("\n", "").replace("\r", "")
    if len(text) < _BLOCK:
        return None
    if _HEX.fullmatch(text):
        return "hexadecimal"
    mixed = any(map(str.islower, text)) and any(map(str.isupper, text)) and any(map(str.isdigit, text))
    return "base64" if mixed and _BASE64.fullmatch(text) else None
