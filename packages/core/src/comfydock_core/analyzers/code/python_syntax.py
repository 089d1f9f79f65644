"""The syntax of Python files that others wrote: parsing it, walking through it, telling what an expression is."""

import ast
import bisect
import re
import warnings
from collections import deque
from collections.abc import Iterator

_LINE_END = re.compile("\r\n|\r|\n")


def parse(text: str) -> ast.Module:
    """The syntax of a file. Raises `ValueError` for what is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # What its author is warned of is not for our user.
            return ast.parse(text)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"it is not Python: {error}") from error


def lines_with(sign: re.Pattern[str], text: str) -> list[int]:
    """The numbers of the lines that a sign is in, as Python counts lines."""
    return [number for number, line in enumerate(_LINE_END.split(text), 1) if sign.search(line)]


def walk(tree: ast.Module, lines: list[int]) -> Iterator[ast.AST]:
    """Everything but the insides of functions that none of these lines is in: of a large file that is most."""
    ahead: deque[ast.AST] = deque([tree])
    while ahead:
        node = ahead.popleft()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            at = bisect.bisect_left(lines, node.lineno)
            if at == len(lines) or lines[at] > (node.end_lineno or node.lineno):
                continue
        ahead.extend(ast.iter_child_nodes(node))


def target_names(node: ast.Assign | ast.AnnAssign) -> list[str]:
    """The plain names that something is assigned to."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def is_called(function: ast.expr, *names: str) -> bool:
    """Whether what is called has one of these names, whatever it is called on."""
    called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", None)
    return called in names


def method_name(node: ast.AST) -> str | None:
    """The name of the method that an expression calls, `None` when it calls none."""
    return node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None


def text_of(node: ast.AST) -> str | None:
    """A text that stands there as such."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
