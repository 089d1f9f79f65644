"""Subgraphs as graphs like any other: their edges are nodes while they are merged."""

import copy

from comfydock_core.analyzers.workflows.merging_values import Json

# The numbers that the editor gives the edges.
_INPUTS, _OUTPUTS = -10, -20


def opened(subgraph: Json) -> Json:
    """The subgraph with a node whose outputs are its inputs, and one whose inputs are its outputs."""
    graph = copy.deepcopy(subgraph)
    inputs, outputs = graph.pop("inputs", None) or [], graph.pop("outputs", None) or []
    leading = [_given(slot, "linkIds", "links", slot.get("linkIds") or []) for slot in inputs]
    last = {link["target_slot"]: link["id"] for link in graph.get("links") or [] if link["target_id"] == _OUTPUTS}
    arriving = [_given(slot, "linkIds", "link", last.get(at)) for at, slot in enumerate(outputs)]
    graph["nodes"] = [
        *graph["nodes"],
        {"id": _INPUTS, "type": "", "title": "the inputs", "inputs": [], "outputs": leading},
        {"id": _OUTPUTS, "type": "", "title": "the outputs", "inputs": arriving, "outputs": []},
    ]
    return graph


def closed(graph: Json) -> Json:
    """The subgraph again."""
    edges = {node["id"]: node for node in graph["nodes"] if node["id"] in (_INPUTS, _OUTPUTS)}
    nodes = [node for node in graph["nodes"] if node["id"] not in edges]
    inputs = [_given(slot, "links", "linkIds", slot.get("links") or []) for slot in edges[_INPUTS]["outputs"]]
    arriving = edges[_OUTPUTS]["inputs"]
    outputs = [_given(slot, "link", "linkIds", [] if slot["link"] is None else [slot["link"]]) for slot in arriving]
    return {**graph, "inputs": inputs, "outputs": outputs, "nodes": nodes}


def _given(slot: Json, gone: str, key: str, value: object) -> Json:
    return {**{name: one for name, one in slot.items() if name != gone}, key: value}
