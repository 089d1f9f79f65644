"""Putting saved values and the inputs of a class beside each other when their numbers or types do not agree.

The cheapest way through both is taken, in order: a value that cannot be of its input's type costs most, leaving an
input to its default or a value without an input costs less.
"""

from comfydock_core.analyzers.workflows.budget import Budget
from comfydock_core.analyzers.workflows.widgets import CONTROLS, Widget
from comfydock_core.models.workflow.class_inputs import COMBO, ClassInput

_MISFIT = 20
_SKIP_INPUT = 3
_SKIP_VALUE = 4
_UNLIKELY = 2  # A text that is none of the choices written in the code: those of a newer version, maybe.
_MOST = 10_000  # Nodes have tens of widgets: with more, what is asked is not worth its time.
MOST_CELLS = 2_000_000  # Pairs of values and inputs that are compared for one workflow.


def align(widgets: list[Widget], values: list[object], budget: Budget) -> list[Widget | None]:
    """The widget that each value belongs to, `None` for a value without one; by order alone when there is too much."""
    pairs = len(widgets) * len(values)
    if pairs > _MOST or not budget.spend(pairs):
        return [widgets[at] if at < len(widgets) else None for at in range(len(values))]
    rows, columns = len(widgets), len(values)
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for column in range(columns - 1, -1, -1):
        best[rows][column] = best[rows][column + 1] + _without_input(values, column)
    for row in range(rows - 1, -1, -1):
        best[row][columns] = best[row + 1][columns] + _SKIP_INPUT
        for column in range(columns - 1, -1, -1):
            best[row][column] = min(
                best[row + 1][column + 1] + _cost(widgets[row], values, column),
                best[row + 1][column] + _SKIP_INPUT,
                best[row][column + 1] + _without_input(values, column),
            )
    return _walk(best, widgets, values)


def _walk(best: list[list[int]], widgets: list[Widget], values: list[object]) -> list[Widget | None]:
    found: list[Widget | None] = [None] * len(values)
    row = column = 0
    while row < len(widgets) and column < len(values):
        here = best[row][column]
        if here == best[row + 1][column + 1] + _cost(widgets[row], values, column):
            if _cost(widgets[row], values, column) < _MISFIT:
                found[column] = widgets[row]
            row, column = row + 1, column + 1
        elif here == best[row][column + 1] + _without_input(values, column):
            column += 1
        else:
            row += 1
    return found


def _without_input(values: list[object], at: int) -> int:
    """What it costs that a value has no input: nothing for what the editor saves behind a seed or for a button."""
    value = values[at]
    if value is None:
        return 1
    return 0 if at and _is_control(value) else _SKIP_VALUE


def _cost(widget: Widget, values: list[object], at: int) -> int:
    followed = at + 1 < len(values) and _is_control(values[at + 1])
    return _cost_of_type(widget.input, values[at]) + (0 if widget.controlled is followed else _UNLIKELY)


def _cost_of_type(one: ClassInput, value: object) -> int:
    kind = one.type
    if value is None:
        return 1
    if kind in ("INT", "FLOAT"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _MISFIT
        return _beyond(one, value) + (1 if kind == "INT" and isinstance(value, float) else 0)
    if kind == "STRING":
        return 0 if isinstance(value, str) else _MISFIT
    if kind == "BOOLEAN":
        return 0 if isinstance(value, bool) else _MISFIT
    if one.branches:
        return 0 if one.branch_for(value) is not None else _UNLIKELY if isinstance(value, str) else _MISFIT
    if kind == COMBO:
        return _cost_of_choice(one, value)
    return 1


def _cost_of_choice(one: ClassInput, value: object) -> int:
    if one.choices is not None and not one.folders:
        return 0 if value in one.choices else _UNLIKELY if isinstance(value, str) else _MISFIT
    if not isinstance(value, str):
        return _MISFIT
    return 1 if _is_control(value) else 0


def _is_control(value: object) -> bool:
    return isinstance(value, str) and value in CONTROLS


def _beyond(one: ClassInput, value: float) -> int:
    low, high = one.options.get("min"), one.options.get("max")
    below = isinstance(low, int | float) and value < low
    above = isinstance(high, int | float) and value > high
    return _UNLIKELY if below or above else 0
