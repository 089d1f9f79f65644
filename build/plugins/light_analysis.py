"""Nuitka user plugin: what stays bytecode is asked for its imports and nothing else.

Nuitka analyses a module as if it became C, and only then lets go of all but the imports that it found. Nearly all of a
program stays bytecode, so that was most of a build. Nuitka remembers those imports from one build to the next and
then skips the analysis; this plugin gives it the same answer, read from the syntax, so that a first build skips it as
well, and every build finds the same.
"""

import ast
from collections.abc import Iterator
from typing import Any

from nuitka.plugins.PluginBase import NuitkaPluginBase  # type: ignore[import-not-found]


class LightAnalysisPlugin(NuitkaPluginBase):  # type: ignore[misc]
    """Replaces two functions where Nuitka looks for what it remembers, one more reason for the pin."""

    plugin_name = __file__

    def onCompilationStartChecks(self) -> None:
        """Once the options are read, the modules that build the tree can be imported."""
        from nuitka.importing import Importing  # type: ignore[import-not-found]
        from nuitka.tree import Building  # type: ignore[import-not-found]
        from nuitka.utils.ModuleNames import ModuleName  # type: ignore[import-not-found]

        names = ("hasCachedImportedModuleUsageAttempts", "getCachedImportedModuleUsageAttempts")
        if not all(hasattr(Building, name) for name in names):
            self.sysexit(f"Nuitka remembers imports otherwise now, review {__file__}")

        def usages(module_name: Any, source_code: str, source_ref: Any) -> tuple[Any, tuple[()]]:
            """What Nuitka's own memory answers: the modules that are used, and how long the passes took."""
            is_package = source_ref.getFilename().endswith("__init__.py")
            package = str(module_name) if is_package else str(module_name).rpartition(".")[0]
            found = dict.fromkeys(imported(source_code, package))
            attempts = (usage(name, line, source_ref) for name, line in found)
            return Importing.OrderedSet(attempt for attempt in attempts if attempt is not None), ()

        def usage(name: str, line: int, source_ref: Any) -> Any:
            _, filename, kind, finding = Importing.locateModule(ModuleName(name), None, 0)
            if finding == "not-found":
                return None
            return Importing.makeModuleUsageAttempt(
                module_name=ModuleName(name),
                filename=filename,
                module_kind=kind,
                finding=finding,
                level=0,
                source_ref=source_ref.atLineNumber(line),
                reason="import",
            )

        Building.hasCachedImportedModuleUsageAttempts = lambda **_: True
        Building.getCachedImportedModuleUsageAttempts = usages


def imported(source: str, package: str) -> Iterator[tuple[str, int]]:
    """Every module that a text may import, with its line; `package` is what relative imports begin from.

    A name that is taken from a module may be a module itself, so it is among them, whether there is one or not.
    """
    for node in executed(ast.parse(source)):
        for name in names_in(node, package):
            parts = name.split(".")
            for count in range(1, len(parts) + 1):
                yield ".".join(parts[:count]), node.lineno  # type: ignore[attr-defined]


def executed(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but what stands there for type checkers only."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and for_types_only(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def for_types_only(test: ast.expr) -> bool:
    """Whether a condition is `TYPE_CHECKING`, from wherever."""
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def names_in(node: ast.AST, package: str) -> Iterator[str]:
    """The modules that one statement or call imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        name = node.args[0].value
        if called in ("__import__", "import_module") and isinstance(name, str) and name and name[0] != ".":
            yield name
