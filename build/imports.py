"""The modules that a text may import, read from its syntax."""

import ast
from collections.abc import Collection, Iterator


def imported(source: str, package: str, idle: Collection[str] = ()) -> Iterator[tuple[str, int]]:
    """Every module that a text may import, with its line; `package` is what relative imports begin from.

    A name that is taken from a module may be a module itself, so it is among them, whether there is one or not. What
    stands in functions of the names `idle` is left out.
    """
    for node in executed(ast.parse(source), idle):
        for name in names_in(node, package):
            parts = name.split(".")
            for count in range(1, len(parts) + 1):
                yield ".".join(parts[:count]), node.lineno  # type: ignore[attr-defined]


def executed(tree: ast.AST, idle: Collection[str] = ()) -> Iterator[ast.AST]:
    """All nodes but what stands there for type checkers, or for a module that is run as a program."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and (for_types_only(node.test) or as_program_only(node.test)):
            waiting += node.orelse
        elif not (isinstance(node, ast.FunctionDef) and node.name in idle):
            waiting += ast.iter_child_nodes(node)


def for_types_only(test: ast.expr) -> bool:
    """Whether a condition is `TYPE_CHECKING`, from wherever."""
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def as_program_only(test: ast.expr) -> bool:
    """Whether a condition is `__name__ == "__main__"`."""
    return ast.unparse(test) == "__name__ == '__main__'"


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
