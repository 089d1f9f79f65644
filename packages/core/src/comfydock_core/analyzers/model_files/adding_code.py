"""The places in Python code that add to ComfyUI's folders of models."""

import ast
from collections.abc import Iterator

from comfydock_core.records import record

ADDING = "add_model_folder_path"
TABLE = "folder_names_and_paths"
_SIGNS = (ADDING.encode(), TABLE.encode())
_CHANGING = ("add", "append", "extend", "insert", "setdefault", "update")


@record
class AddingPlace:
    """A call or a target of an assignment, by its node and the node that says whether it was come to."""

    node: ast.AST
    reached: ast.AST
    line: int


def may_add(code: bytes) -> bool:
    """Whether a file names what it would have to."""
    return any(sign in code for sign in _SIGNS)


def adding_places(module: ast.Module) -> Iterator[AddingPlace]:
    """Every place of a module, wherever it stands; what only reads the folders is none."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and _adds(node):
            yield AddingPlace(node, node, node.lineno)
        elif isinstance(node, ast.Assign | ast.AugAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Subscript) and _names_table(target.value):
                    yield AddingPlace(target, node, node.lineno)


def called_name(node: ast.Call) -> str | None:
    """The last word of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)


def _adds(node: ast.Call) -> bool:
    if called_name(node) == ADDING:
        return True
    return isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING and _names_table(node.func.value)


def _names_table(node: ast.expr) -> bool:
    """`folder_names_and_paths` itself, or something taken out of it."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return getattr(node, "attr", getattr(node, "id", None)) == TABLE
