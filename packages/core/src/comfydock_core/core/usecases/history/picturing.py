"""`diff --picture`: the workflows that differ between two states, drawn side by side."""

from collections.abc import Callable, Iterable

from comfydock_core.analyzers.definitions.comparing import DefinitionState, KnownClasses
from comfydock_core.analyzers.workflows.drawing import ComparedWorkflow, draw_comparison
from comfydock_core.analyzers.workflows.opening import OpenedWorkflow, open_content
from comfydock_core.configs.environment_layout import WORKFLOWS
from comfydock_core.models.history.differences import RENAMED, WorkflowDifference
from comfydock_core.models.workflow.prompt_view import PromptView

_END = ".json"


def draw_differences(
    before: DefinitionState,
    after: DefinitionState,
    workflows: Iterable[WorkflowDifference],
    known: Callable[[], KnownClasses],
) -> str | None:
    """The SVG of the workflows in which something is to be seen; `None` when there are none.

    A workflow that only has another name, or other seeds, looks as before.
    """
    shown = [one for one in workflows if one.state != RENAMED and not _looks_the_same(one)]
    if not shown:
        return None
    compared = [_compared(one, before, after, known) for one in shown]
    return draw_comparison(before.label, after.label, compared)


def _looks_the_same(one: WorkflowDifference) -> bool:
    return one.is_quiet and one.view is not None and not one.view.moved


def _compared(
    one: WorkflowDifference, before: DefinitionState, after: DefinitionState, known: Callable[[], KnownClasses]
) -> ComparedWorkflow:
    path = f"{WORKFLOWS}{one.name}{_END}"
    if one.problem is not None or one.view is None:
        return ComparedWorkflow(one.name, None, None, None, one.problem)
    sides = [_opened(side.contents[path], known()) if path in side.identities else None for side in (before, after)]
    return ComparedWorkflow(one.name, sides[0], sides[1], one.view)


def _opened(content: bytes, known: KnownClasses) -> tuple[OpenedWorkflow, PromptView]:
    opened = open_content(content)
    return opened, opened.view(known.classes, known.editor_only)
