"""Modules of Python: where they are, and following them when they are imported."""

import ast
import os
import pathlib

from comfydock_core.analyzers.class_inputs.attributes import TooMuch
from comfydock_core.analyzers.class_inputs.comfyui_folders import MODULE as FOLDER_PATHS
from comfydock_core.analyzers.class_inputs.own_files import OwnFiles
from comfydock_core.analyzers.class_inputs.plain_calls import KNOWN_LIBRARIES
from comfydock_core.analyzers.class_inputs.statements import Statements
from comfydock_core.analyzers.class_inputs.values import Foreign, Frame, Later, Module, Place, Unknown
from comfydock_core.analyzers.code.python_syntax import parse
from comfydock_core.validation.requirement_lines import decoded

_LARGEST = 8 * 1024 * 1024
_ALL_STEPS = 10_000_000
_OF_COMFYUI = frozenset({
    "nodes", "folder_paths", "comfy", "comfy_extras", "comfy_api", "comfy_api_nodes", "comfy_execution", "server",
    "execution", "node_helpers", "latest_preview", "app", "api_server", "main", "comfyui_version",
})  # fmt: skip


class SourceTree:
    """The Python files below a directory. Each is parsed at most once while somebody has this."""

    def __init__(self, root: str, *, keep: bool = True) -> None:
        """Without `keep` a file that is asked for again is parsed again, which takes less memory."""
        self.root = os.path.normpath(root)
        self._keep = keep
        self._parsed: dict[str, ast.Module] = {}

    def syntax(self, path: str) -> ast.Module:
        """The syntax of a file. Raises `ValueError`, and `OSError`."""
        known = self._parsed.get(path)
        if known is None:
            if os.path.getsize(path) > _LARGEST:
                raise ValueError("the file is too large")
            with open(path, "rb") as file:
                known = parse(decoded(file.read()))
            if self._keep:
                self._parsed[path] = known
        return known

    def find(self, directory: str, dotted: str) -> tuple[str | None, str] | None:
        """The file and the directory of a module below a directory; a directory may have no file."""
        base = os.path.join(directory, *dotted.split(".")) if dotted else directory
        if base != self.root and not base.startswith(f"{self.root}{os.sep}"):
            return None
        if os.path.isfile(f"{base}/__init__.py"):
            return f"{base}/__init__.py", base
        if dotted and os.path.isfile(f"{base}.py"):
            return f"{base}.py", os.path.dirname(base)
        return (None, base) if os.path.isdir(base) else None


class Modules(Statements):
    """Follows modules below `tree`, and those of ComfyUI that they use."""

    def __init__(self, tree: SourceTree, comfyui: SourceTree | None) -> None:
        super().__init__(_ALL_STEPS, OwnFiles(tree.root))
        self._tree = tree
        self._comfyui = comfyui
        self._modules: dict[str, Module] = {}
        self.doubts: dict[str, None] = {}
        self.used: dict[str, None] = {}  # The files that were looked at.

    def module(self, path: str) -> Module:
        """The module of a file of what is read."""
        relative = os.path.relpath(path, self._tree.root)
        dotted = relative.removesuffix(".py").removesuffix("/__init__").replace(os.sep, ".")
        return self._module(self._tree, "" if relative == "__init__.py" else dotted, path, os.path.dirname(path))

    def _module(self, tree: SourceTree, dotted: str, path: str | None, directory: str) -> Module:
        place = path or directory
        known = self._modules.get(place)
        if known is None:
            shown = os.path.relpath(place, tree.root).replace(os.sep, "/")
            known = self._modules[place] = Module(dotted, path, shown, directory, own=tree is self._tree)
            known.names = {"__name__": dotted or os.path.basename(tree.root), "__file__": place, "__package__": dotted}
        return known

    def load(self, module: Module) -> None:
        if module.loaded or module.loading:
            return
        module.loaded = module.loading = True
        if module.path is not None:
            self._follow(module, module.path)
        module.loading = False

    def _follow(self, module: Module, path: str) -> None:
        tree = self._tree if module.own or self._comfyui is None else self._comfyui
        self.used[path] = None
        try:
            syntax = tree.syntax(path)
            with self.own_steps():
                end = self.block(syntax.body, Frame(module, module.names))
            if end is not None:
                module.is_open = True
                self._doubt(f"{module.shown}:1: it does not come to its end")
        except (ValueError, OSError) as error:
            module.is_open = True
            self._doubt(f"{module.shown}:1: {error}")
        except (TooMuch, RecursionError):
            module.is_open = True
            self._doubt(f"{module.shown}:1: it does too much to be followed")

    def _doubt(self, doubt: str) -> None:
        self.doubts[doubt.replace("\n", " ")] = None

    def submodule(self, module: Module, name: str) -> Module | None:
        if module.path is not None and not module.path.endswith("__init__.py"):
            return None
        tree = self._tree if module.own or self._comfyui is None else self._comfyui
        return self._found(tree, module.directory, name, f"{module.dotted}.{name}".lstrip("."))

    def _found(self, tree: SourceTree, directory: str, name: str, dotted: str) -> Module | None:
        found = tree.find(directory, name)
        return None if found is None else self._module(tree, dotted, *found)

    def _absolute(self, dotted: str) -> Module | None:
        """A module by its whole name: one of ComfyUI, else one of the pack, which may have put itself on the path."""
        first = dotted.partition(".")[0]
        if first == FOLDER_PATHS:
            return None
        if self._comfyui is not None and self._comfyui is not self._tree:
            found = self._found(self._comfyui, self._comfyui.root, dotted, dotted)
            if found is not None or first in _OF_COMFYUI:
                return found
        elif self._comfyui is None and first in _OF_COMFYUI:
            return None
        if first in KNOWN_LIBRARIES:
            return None
        return self._found(self._tree, self._tree.root, dotted, dotted)

    def _relative(self, module: Module, level: int, dotted: str) -> Module | None:
        directory = module.directory
        for _ in range(level - 1):
            directory = os.path.dirname(directory)
        tree = self._tree if module.own or self._comfyui is None else self._comfyui
        package = os.path.relpath(directory, tree.root).replace(os.sep, ".").removeprefix(".")
        return self._found(tree, directory, dotted, f"{package}.{dotted}".strip("."))

    def _settle(self, module: Module) -> None:
        """Modules of what is read are followed when they are imported: they may put something into others."""
        if module.own and self._tree is not self._comfyui:
            self.load(module)

    def _import(self, node: ast.Import, frame: Frame) -> None:
        for alias in node.names:
            whole = self._absolute(alias.name)
            if whole is not None:
                self._settle(whole)
            if alias.asname is not None:
                self.bind(alias.asname, whole or Foreign(alias.name), frame)
            else:
                first = alias.name.partition(".")[0]
                self.bind(first, self._absolute(first) or Foreign(first), frame)

    def _import_from(self, node: ast.ImportFrom, frame: Frame) -> None:
        name = node.module or ""
        if node.level:
            home = self._relative(frame.module, node.level, name)
        else:
            home = self._absolute(name)
        if home is not None:
            self._settle(home)
        for alias in node.names:
            if alias.name == "*":
                self._all_names(home, node, frame)
            elif home is not None:
                later = Later(home, alias.name)
                value = self.of_module(home, alias.name) if home.own and home.loaded and not home.loading else later
                if isinstance(value, Module):
                    self._settle(value)
                self.bind(alias.asname or alias.name, value, frame)
            elif node.level:
                at = self.place(node, frame)
                self.bind(alias.asname or alias.name, Unknown(f"{at}: `{name}` cannot be found"), frame)
            else:
                self.bind(alias.asname or alias.name, self._foreign_name(name, alias.name, frame.module), frame)

    def _foreign_name(self, name: str, inner: str, home: Module) -> object:
        return self.attribute(Foreign(name), inner, Place(home, 1))

    def _all_names(self, home: Module | None, node: ast.ImportFrom, frame: Frame) -> None:
        if home is None:
            frame.module.is_open = True  # Names of what is not looked at; those that are used cannot be found, then.
            return
        self.load(home)
        public = home.names.get("__all__")
        names = public if isinstance(public, list) else [name for name in home.names if not name.startswith("_")]
        for name in names:
            if isinstance(name, str):
                self.bind(name, Later(home, name) if home.loading else self.of_module(home, name), frame)

    def may_fail(self, statement: ast.stmt) -> bool:
        return any(self._may_fail(node) for node in ast.walk(statement))

    def _may_fail(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Import):
            return any(not self._is_there(alias.name) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            return not node.level and not self._is_there(node.module or "")
        return isinstance(node, ast.Call | ast.Subscript)

    def _is_there(self, name: str) -> bool:
        return name.partition(".")[0] in KNOWN_LIBRARIES or name == FOLDER_PATHS or self._absolute(name) is not None

    def called(
        self,
        node: ast.Call,
        function: Foreign,
        arguments: list[object],
        named: dict[str, object],
        at: Place,
        frame: Frame,
    ) -> object:
        if function.dotted in ("importlib.import_module", "__import__"):
            name = arguments[0] if arguments else None
            if not isinstance(name, str):
                return self.unknown(node, frame, "which module is imported", name)
            level = len(name) - len(name.lstrip("."))
            found = self._relative(frame.module, level, name.lstrip(".")) if level else self._absolute(name)
            if found is None:
                return Unknown(f"{at}: the module `{name}`")
            self._settle(found)
            return found
        if function.dotted == "importlib.util.spec_from_file_location":
            return self._by_file(arguments, at)
        if function.dotted == "importlib.util.module_from_spec":
            return arguments[0] if arguments else None  # The module stands for how to find it.
        return self.call(function, arguments, named, at)

    def _by_file(self, arguments: list[object], at: Place) -> object:
        """A module that a package imports by its file."""
        path = str(arguments[-1]) if isinstance(arguments[-1], str | pathlib.PurePath) else ""
        inside = path.startswith(f"{self._tree.root}{os.sep}") and path.endswith(".py")
        if not inside or not os.path.isfile(path):
            return Unknown(f"{at}: which module is imported")
        found = self.module(os.path.normpath(path))
        self._settle(found)
        return found
