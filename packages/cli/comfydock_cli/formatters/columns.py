"""Rows of cells as lines of text."""

from comfydock_cli import system
from comfydock_cli.ui.console import clean
from comfydock_cli.ui.fitting import broken, cells, padded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = "  "
_INDENT = 4
# Columns that a column keeps when it is broken, and the least that a long name may be given beside the others.
_LEAST_BROKEN = 16
_LEAST_NAME = 8


def aligned(rows: "Sequence[Sequence[str]]", *, breaks: int = -1) -> str:
    """A line a row, each column as wide as its widest cell; all rows have as many cells as the first.

    On a terminal that is narrower the cells of the column `breaks` go on in further lines. Everywhere else, such as in
    a pipe, a row stays one line.
    """
    return "".join(f"{line}\n" for line in lines_of(rows, system.open_width(1), breaks))


def lines_of(rows: "Sequence[Sequence[str]]", width: int | None, breaks: int = -1) -> list[str]:
    """The lines of a table that is to fit into `width` columns; `None` is as wide as it takes."""
    shown = [[clean(cell).replace("\n", " ") for cell in row] for row in rows]
    if not shown:
        return []
    widths = _widths(shown, width, breaks % len(shown[0]))
    if widths is None:
        return [line for row in shown for line in _paragraph(row, width or 0)]
    return [line for row in shown for line in _row(row, widths, breaks % len(row))]


def _widths(rows: list[list[str]], width: int | None, breaks: int) -> list[int] | None:
    """How wide each column is; `None` where there is no room for columns at all.

    The broken column shrinks first, then the widest of the others, whose longer cells stand on lines of their own; what
    that leaves free the broken one gets back.
    """
    natural = [max(cells(row[at]) for row in rows) for at in range(len(rows[0]))]
    widths = list(natural)
    excess = 0 if width is None else sum(widths) + len(_GAP) * (len(widths) - 1) - width
    if excess <= 0:
        return widths
    given = min(excess, max(widths[breaks] - _LEAST_BROKEN, 0))
    widths[breaks] -= given
    if given == excess:
        return widths
    longest = max((at for at in range(len(widths)) if at != breaks), key=lambda at: widths[at], default=breaks)
    limit = widths[longest] - (excess - given)
    if longest == breaks or limit < _LEAST_NAME:
        return None
    widths[longest] = max((each for row in rows if (each := cells(row[longest])) <= limit), default=_LEAST_NAME)
    widths[breaks] = min(natural[breaks], widths[breaks] + limit - widths[longest])
    return widths


def _paragraph(row: list[str], width: int) -> list[str]:
    """A row whose cells follow each other."""
    first, *others = broken(_GAP.join(cell for cell in row if cell), width - _INDENT, _INDENT)
    return [first, *(" " * _INDENT + other for other in others)]


def _row(row: list[str], widths: list[int], breaks: int) -> list[str]:
    """The lines of one row."""
    lines, line, later, place = [], "", [], 0
    for at, (cell, width) in enumerate(zip(row, widths, strict=True)):
        if at == breaks and cells(cell) > width:
            cell, *others = broken(cell, width)
            later = [" " * place + other for other in others]
        elif cells(cell) > width:
            lines.append(line + cell)
            line, cell = " " * place, ""
        line += padded(cell, width) + _GAP
        place += width + len(_GAP)
    return [*lines, line.rstrip(), *later]
