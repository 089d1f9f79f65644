"""Workflows as text: lists, what they run, what they need."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence

from comfydock_cli.formatters.columns import aligned
from comfydock_cli.ui.console import clean
from comfydock_core.models.workflow.dependencies import ClassUse, ModelReference, WorkflowDependencies
from comfydock_core.models.workflow.prompt_view import EDITOR_ONLY, RUNS, NodeLink, NodeValue, WorkflowNode
from comfydock_core.models.workflow.status import NEEDS, NOT_CHECKED, WorkflowState
from comfydock_core.utils.text import counted, size_text, some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.usecases.workflows.analysing import AnalyzedWorkflow
    from comfydock_core.core.usecases.workflows.listing import ListedWorkflow
    from comfydock_core.core.usecases.workflows.showing import ShownWorkflow

_LONGEST_VALUE = 100
_IDLE = {"muted": "muted", "bypassed": "bypassed", "unused": "in a subgraph that is not used", EDITOR_ONLY: "editor"}


def listed_text(listed: Sequence[ListedWorkflow]) -> str:
    """One line a workflow."""
    return aligned([_listed_row(one) for one in listed], breaks=0)


def shown_text(shown: ShownWorkflow) -> str:
    """Every node that runs with its inputs, then those that do not, then what does not fit."""
    types = {node.id: node.type for node in shown.view.nodes}
    parts = [_node_text(node, types) for node in shown.view.nodes if node.state == RUNS]
    idle = [node for node in shown.view.nodes if node.state not in (RUNS, EDITOR_ONLY)]
    if idle:
        rows = [[f"  {node.id}", node.type, _IDLE[node.state]] for node in idle]
        parts.append("not run:\n" + aligned(rows))
    if shown.view.problems:
        rows = [[f"  {one.code}", one.place or "/", one.message] for one in shown.view.problems]
        parts.append("does not fit:\n" + aligned(rows))
    return "\n".join(parts)


def shown_data(shown: ShownWorkflow) -> dict[str, object]:
    """For `--json`."""
    return {
        "name": shown.found.name,
        "path": shown.found.path,
        "format": shown.view.format,
        "carrier": shown.carrier,
        "nodes": [_node_data(node) for node in shown.view.nodes],
        "problems": [
            {"code": one.code, "place": one.place, "node": one.node, "message": one.message}
            for one in shown.view.problems
        ],
    }


def analyzed_text(analyzed: Iterable[AnalyzedWorkflow]) -> str:
    """What each file needs."""
    return "\n".join(_analyzed(one) for one in analyzed)


def _listed_row(one: ListedWorkflow) -> list[str]:
    size = "" if one.size is None else size_text(one.size)
    when = "" if one.changed is None else _time_text(one.changed)
    return [one.name, size, when, one.state.state, _check_text(one.state)]


def _check_text(state: WorkflowState) -> str:
    if state.check == NEEDS:
        return f"needs {counted(state.things, 'thing')}: {', '.join(state.needs)}"
    if state.check != NOT_CHECKED:
        return state.check or ""
    if state.checked is None:
        return "not checked"
    return f"not checked since {_time_text(state.checked)}: {state.reason}"


def _time_text(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _node_text(node: WorkflowNode, types: dict[str, str]) -> str:
    title = f' "{clean(node.title)}"' if node.title else ""
    rows = [[f"  {name}", _source_text(source, types)] for name, source in node.inputs.items()]
    rows += [["  ?", f"{_value_text(one.value)} (which input it is for is not known)"] for one in node.unnamed]
    return f"{clean(node.id)}  {clean(node.type)}{title}\n{aligned(rows)}"


def _source_text(source: NodeValue | NodeLink, types: dict[str, str]) -> str:
    if isinstance(source, NodeLink):
        return f"<- {source.node} {types.get(source.node, '?')}, output {source.slot}"
    return _value_text(source.value) + ("" if source.places else " (default)")


def _value_text(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


def _node_data(node: WorkflowNode) -> dict[str, object]:
    return {
        "id": node.id,
        "type": node.type,
        "title": node.title,
        "state": node.state,
        "place": node.place,
        "cnr_id": node.cnr_id,
        "aux_id": node.aux_id,
        "version": node.version,
        "inputs": {name: _source_data(source) for name, source in node.inputs.items()},
        "unnamed": [_source_data(one) for one in node.unnamed],
    }


def _source_data(source: NodeValue | NodeLink) -> dict[str, object]:
    if isinstance(source, NodeLink):
        return {"node": source.node, "slot": source.slot}
    return {"value": source.value, "places": list(source.places), "found": source.found}


def _analyzed(one: AnalyzedWorkflow) -> str:
    if one.needs is None:
        return f"{clean(one.name)}: {clean(str(one.error))}\n"
    carried = ", with a lock" if one.is_locked else ""
    lines = [f"{clean(one.name)}: {counted(one.nodes, 'node')} to run{carried}\n"]
    for title, rows in (
        ("node classes", list(_class_rows(one.needs))),
        ("models", list(_model_rows(one.needs.models))),
        ("input files", [[f"    {file.value}", f"for {file.type} {file.node}"] for file in one.needs.files]),
        ("does not fit", [[f"    {problem.code}", problem.message] for problem in one.needs.problems]),
    ):
        if rows:
            lines.append(f"  {title}\n{aligned(rows)}")
    return "".join(lines)


def _class_rows(needs: WorkflowDependencies) -> Iterator[list[str]]:
    for use in sorted(needs.classes, key=lambda use: (not use.runs, use.cnr_id or "", use.type)):
        count = counted(len(use.running), "node") if use.runs else "not run"
        yield [f"    {use.type}", count, _origin(use)]


def _origin(use: ClassUse) -> str:
    version = f" {use.version}" if use.version else ""
    return f"{use.cnr_id or use.aux_id}{version}" if use.cnr_id or use.aux_id else ""


def _model_rows(models: Iterable[ModelReference]) -> Iterator[list[str]]:
    merged: dict[tuple[str, tuple[str, ...]], list[ModelReference]] = {}
    for model in models:
        merged.setdefault((model.value, model.folders), []).append(model)
    for (value, folders), users in merged.items():
        url = next((user.named.url for user in users if user.named is not None and user.named.url), "")
        state = "" if any(user.state == RUNS for user in users) else " (not run)"
        yield [f"    {value}", (some(list(folders), 2) if folders else "folder not known") + state, url]
