"""Which node of a workflow, or which input of it, somebody means."""

import re
from collections.abc import Sequence

from comfydock_core.models.exceptions import WorkflowNodeAmbiguous, WorkflowNodeNotFound
from comfydock_core.models.workflow.prompt_view import WorkflowNode
from comfydock_core.utils.text import folded, nearest, some

_SHOWN = 6
_NUMBER = re.compile(r"#([1-9][0-9]{0,5})", re.ASCII)


def find_part(nodes: Sequence[WorkflowNode], words: str) -> tuple[int, str | int | None]:
    """The position of the node that is named, and its input: a name, the position of a value without one (`#2` is
    the second), or `None` when the node alone is named.

    `12`, `base`, `KSampler`, `12.steps`: identifiers go before titles, titles before classes. Names may have points in
    them. Raises `WorkflowNodeNotFound` with what is near, `WorkflowNodeAmbiguous`.
    """
    found = _named(nodes, words)
    if found:
        return _only(nodes, found, words), None
    splits = [at for at, letter in enumerate(words) if letter == "." and 0 < at < len(words) - 1]
    split = next((at for at in reversed(splits) if _named(nodes, words[:at])), None)
    if split is None:
        raise _no_node(nodes, words if not splits else words[: splits[0]], words)
    node, name = words[:split], words[split + 1 :]
    at = _only(nodes, _named(nodes, node), node)
    return at, _input(nodes[at], name)


def _named(nodes: Sequence[WorkflowNode], word: str) -> list[int]:
    """By the first kind of name that fits, exactly or else whatever the case."""
    kinds = [[node.id for node in nodes], [node.title or "" for node in nodes], [node.type for node in nodes]]
    for names, meant in ((kinds, word), ([[folded(name) for name in names] for names in kinds], folded(word))):
        for one in names:
            found = [at for at, name in enumerate(one) if name == meant and name]
            if found:
                return found
    return []


def _only(nodes: Sequence[WorkflowNode], found: list[int], word: str) -> int:
    if len(found) == 1:
        return found[0]
    ids = list(dict.fromkeys(nodes[at].id for at in found))
    raise WorkflowNodeAmbiguous(
        f"{len(found)} nodes of the workflow are called `{word}`",
        hint=f"name one by its number: {some(ids, _SHOWN)}"
        if len(ids) > 1
        else "the file uses this number several times; name a node by its title or class",
        context={"node": word, "known": ids},
    )


def _input(node: WorkflowNode, name: str) -> str | int:
    if name in node.inputs:
        return name
    numbered = _NUMBER.fullmatch(name)
    if numbered is not None and int(numbered[1]) <= len(node.unnamed):
        return int(numbered[1]) - 1
    known = [*node.inputs, *(f"#{at + 1}" for at in range(len(node.unnamed)))]
    near = [one for one in known if folded(one) == folded(name)] or nearest(name, known, limit=1)
    if near:
        hint = f"did you mean `{node.id}.{near[0]}`?"
    else:
        hint = f"it has {some(known, _SHOWN)}" if known else "it has none"
    raise WorkflowNodeNotFound(
        f"the node {node.id} ({node.type}) has no input `{name}`", hint=hint, context={"input": name, "known": known}
    )


def _no_node(nodes: Sequence[WorkflowNode], word: str, words: str) -> WorkflowNodeNotFound:
    known = list(dict.fromkeys(name for node in nodes for name in (node.title, node.type, node.id) if name))
    near = nearest(word, known, limit=1)
    return WorkflowNodeNotFound(
        f"the workflow has no node `{word}`",
        hint=f"did you mean `{near[0]}{words[len(word) :]}`?"
        if near
        else "`comfydock workflow show WORKFLOW` shows the nodes with their inputs",
        context={"node": word, "known": known[:100]},
    )
