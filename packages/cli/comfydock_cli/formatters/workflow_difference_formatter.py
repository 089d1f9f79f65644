"""How two versions of a workflow differ, as text and as data."""

from collections.abc import Iterator

from comfydock_core.models.history.differences import ADDED, REMOVED, RENAMED, WorkflowDifference
from comfydock_core.models.workflow.difference_words import change_lines, node_text, shortened
from comfydock_core.models.workflow.differences import InputChange, NodeChange, Source, ViewDifference
from comfydock_core.models.workflow.prompt_view import NodeValue, WorkflowNode
from comfydock_core.utils.text import counted

_MOST = 60


def workflow_lines(one: WorkflowDifference) -> list[str]:
    """A line for the workflow, and one for each node and value."""
    view = one.view
    if one.problem is not None:
        return [f"  {_sign(one.state)} {one.name}: {one.problem}"]
    if one.state == RENAMED:
        return [f"  > {one.previous} → {one.name}"]
    if view is None or one.state in (ADDED, REMOVED):
        nodes = counted(len(view.added) + len(view.removed), "node") if view is not None else ""
        return [f"  {_sign(one.state)} {one.name}" + (f" ({nodes})" if nodes else "")]
    if view.is_empty:
        return [f"  ~ {one.name}: {_quiet(view)}"]
    lines = list(_view(view))
    more = len(lines) - _MOST
    rest = [f"      and {counted(more, 'other line')}"] if more > 0 else []
    return [f"  ~ {one.name}", *lines[:_MOST], *rest]


def workflow_data(one: WorkflowDifference) -> dict[str, object]:
    """The same for `--json`."""
    view = one.view
    return {
        "workflow": one.name,
        "state": one.state,
        "previous": one.previous,
        "problem": one.problem,
        "same_prompt": one.is_quiet,
        "nodes": None if view is None else {
            "added": [_node_data(node) for node in view.added],
            "removed": [_node_data(node) for node in view.removed],
            "changed": [_change_data(change) for change in view.changed],
            "moved": view.moved,
        },
        "models": None if view is None else {"added": list(view.models_added), "removed": list(view.models_removed)},
        "packs": None if view is None else {"added": list(view.packs_added), "removed": list(view.packs_removed)},
    }  # fmt: skip


def _sign(state: str) -> str:
    return {ADDED: "+", REMOVED: "-"}.get(state, "~")


def _quiet(view: ViewDifference) -> str:
    if view.moved:
        return f"{counted(view.moved, 'node')} moved, nothing else"
    return "nothing that it runs; at most looks, or seeds that are random anyway"


def _view(view: ViewDifference) -> Iterator[str]:
    yield from (f"      + {node_text(node)}" for node in view.added)
    yield from (f"      - {node_text(node)}" for node in view.removed)
    for change in view.changed:
        told = list(change_lines(change))
        yield f"      ~ {node_text(change.before)}: {told[0]}"
        yield from (f"          {line}" for line in told[1:])
    if view.moved:
        yield f"      {counted(view.moved, 'node')} moved"
    for sign, what, names in (
        ("+", "model", view.models_added),
        ("-", "model", view.models_removed),
        ("+", "pack", view.packs_added),
        ("-", "pack", view.packs_removed),
    ):
        yield from (f"      {sign} {what} {shortened(name)}" for name in names)


def _node_data(node: WorkflowNode) -> dict[str, object]:
    return {"id": node.id, "type": node.type, "title": node.title, "state": node.state}


def _change_data(change: NodeChange) -> dict[str, object]:
    return {
        "before": _node_data(change.before),
        "after": _node_data(change.after),
        "inputs": [_input_data(one) for one in change.inputs],
    }


def _input_data(one: InputChange) -> dict[str, object]:
    return {"input": one.input, "before": source_data(one.before), "after": source_data(one.after)}


def source_data(source: Source | None) -> dict[str, object] | None:
    """The same for `--json`."""
    if isinstance(source, NodeValue):
        return {"value": source.value, "control": source.control}
    return None if source is None else {"node": source.node, "slot": source.slot}
