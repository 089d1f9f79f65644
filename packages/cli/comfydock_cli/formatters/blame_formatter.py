"""Who set what a workflow has, as text and as data."""

from collections.abc import Iterator

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.history_formatter import commit_data, local_time, one_line
from comfydock_cli.formatters.workflow_difference_formatter import source_data
from comfydock_core.models.commit import CommitInfo
from comfydock_core.models.history.blame import Blame, BlamedNode, BlamedValue
from comfydock_core.models.workflow.difference_words import node_text, source_text
from comfydock_core.models.workflow.prompt_view import DEFAULT, NodeValue

_NOT_YET = "(not committed yet)"


def blame_result(found: Blame) -> Result:
    """A line a node and one for each of its values: what it is, and the commit that set it."""
    data = {
        "workflow": found.workflow,
        "state": found.state,
        "nodes": [_node_data(one) for one in found.nodes],
        "unreadable": [{"commit": commit_data(commit), "reason": reason} for commit, reason in found.unreadable],
        "shallow": found.shallow,
    }
    text = aligned([row for one in found.nodes for row in _rows(one)], breaks=-1) or "it has no nodes\n"
    return Result(data, text, note="\n".join(_notes(found)))


def _rows(one: BlamedNode) -> Iterator[list[str]]:
    number = f" ({one.node.id})" if one.node.title else ""
    yield [f"{node_text(one.node)}{number}", *(_who(one.commit) if one.is_followed else [""] * 4)]
    for value in one.values:
        yield [f"  {value.name}: {_value(value)}", *_who(value.commit)]


def _value(one: BlamedValue) -> str:
    shown = source_text(one.source, one.origin)
    return f"{shown} by default" if _is_default(one) else shown


def _is_default(one: BlamedValue) -> bool:
    return isinstance(one.source, NodeValue) and one.source.found == DEFAULT


def _who(commit: CommitInfo | None) -> list[str]:
    if commit is None:
        return ["", "", "", _NOT_YET]
    about = f"{one_line(commit.author)}: {one_line(commit.subject)}"
    return [commit.label or "-", commit.short, local_time(commit.date), about]


def _notes(found: Blame) -> Iterator[str]:
    for commit, reason in found.unreadable:
        name = commit.label or commit.short
        yield f"! the workflow as of {name} cannot be read ({one_line(reason)}); what it changed is told of the next"
    if found.shallow:
        yield "the history was cut off when it was cloned; its first commit stands for all before it"


def _node_data(one: BlamedNode) -> dict[str, object]:
    node: dict[str, object] = {"id": one.node.id, "type": one.node.type, "title": one.node.title}
    added = {"commit": None if one.commit is None else commit_data(one.commit)} if one.is_followed else {}
    return {**node, **added, "values": [_value_data(value) for value in one.values]}


def _value_data(one: BlamedValue) -> dict[str, object]:
    return {
        "input": one.input,
        "name": one.name,
        "source": source_data(one.source),
        "default": _is_default(one),
        "commit": None if one.commit is None else commit_data(one.commit),
    }
