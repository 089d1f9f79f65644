"""`just house`: the largest files, functions and classes. Habits, not gates."""

import ast
import sys
from pathlib import Path

_ROOTS = ("packages/core/src", "packages/cli/comfydock_cli", "build")
_MOST = 12

Sized = tuple[int, str]


def main() -> int:
    """Print the three lists."""
    trees = {path: ast.parse(path.read_text("utf-8")) for root in _ROOTS for path in Path(root).rglob("*.py")}
    files = [(len(path.read_text("utf-8").splitlines()), str(path)) for path in trees]
    functions = [found for path, tree in trees.items() for found in sizes(path, tree, ast.FunctionDef)]
    classes = [found for path, tree in trees.items() for found in sizes(path, tree, ast.ClassDef)]
    for title, found in (("files", files), ("functions", functions), ("classes", classes)):
        print(f"\nlargest {title}, of {len(found)}")
        for size, name in sorted(found, reverse=True)[:_MOST]:
            print(f"{size:5}  {name}")
    return 0


def sizes(path: Path, tree: ast.Module, kind: type[ast.FunctionDef] | type[ast.ClassDef]) -> list[Sized]:
    """Length in lines and place of every definition of one kind."""
    return [
        ((node.end_lineno or node.lineno) - node.lineno + 1, f"{path}:{node.lineno} {node.name}")
        for node in ast.walk(tree)
        if isinstance(node, kind)
    ]


if __name__ == "__main__":
    sys.exit(main())
