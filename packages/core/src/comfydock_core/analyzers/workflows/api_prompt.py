"""The format that a server takes: node identifier to class and inputs. Read as a prompt view, and written from one."""

from comfydock_core.analyzers.workflows.saved_graph import Table, key_of, number_of, pointer_token, table_of, text_of
from comfydock_core.models.workflow.prompt_view import (
    NAMED,
    NodeLink,
    NodeValue,
    PromptView,
    WorkflowNode,
    WorkflowProblem,
)

_WRAPPED = "__value__"  # Lists are links in this format; a value that is a list stands in a mapping of this one key.


def is_api_prompt(raw: object) -> bool:
    return isinstance(raw, dict) and any(
        isinstance(node, dict) and text_of(node.get("class_type")) is not None for node in raw.values()
    )


def view_of_prompt(raw: Table, place: str = "") -> PromptView:
    """The prompt view of such a prompt. What is not a node in it is passed over, and said."""
    nodes: list[WorkflowNode] = []
    problems: list[WorkflowProblem] = []
    for key, node in raw.items():
        at = f"{place}/{pointer_token(key)}"
        kind = text_of(node.get("class_type")) if isinstance(node, dict) else None
        if kind is None or not isinstance(node, dict):
            if isinstance(node, dict):
                problems.append(WorkflowProblem("no-class", at, "a node names no class", key))
            continue
        inputs: dict[str, NodeValue | NodeLink] = {}
        for name, value in table_of(node.get("inputs")).items():
            pointer = f"{at}/inputs/{pointer_token(name)}"
            link = _link(value)
            if link is None:
                inputs[name] = NodeValue(_unwrapped(value), (pointer,), NAMED)
            else:
                inputs[name] = link
                if link.node not in raw:
                    words = f"input {name} of {kind} comes from node {link.node}, which is not there"
                    problems.append(WorkflowProblem("link-to-nowhere", pointer, words, key))
        title = text_of(table_of(node.get("_meta")).get("title"))
        nodes.append(WorkflowNode(key, kind, at, title, inputs=inputs))
    return PromptView("api", tuple(nodes), tuple(problems))


def prompt_of_view(view: PromptView) -> dict[str, object]:
    """The prompt that `POST /prompt` takes: the nodes that run, without inputs that come from those that do not."""
    running = {node.id for node in view.running}
    return {node.id: _node(node, running) for node in view.running}


def _node(node: WorkflowNode, running: set[str]) -> dict[str, object]:
    inputs: dict[str, object] = {}
    for name, source in node.inputs.items():
        if isinstance(source, NodeLink):
            if source.node in running:
                inputs[name] = [source.node, source.slot]
        else:
            inputs[name] = {_WRAPPED: source.value} if isinstance(source.value, list) else source.value
    made: dict[str, object] = {"class_type": node.type, "inputs": inputs}
    if node.title is not None:
        made["_meta"] = {"title": node.title}
    return made


def _link(value: object) -> NodeLink | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    node, slot = key_of(value[0]), number_of(value[1])
    return None if node is None or slot is None or isinstance(value[1], str) else NodeLink(node, slot)


def _unwrapped(value: object) -> object:
    return value[_WRAPPED] if isinstance(value, dict) and list(value) == [_WRAPPED] else value
