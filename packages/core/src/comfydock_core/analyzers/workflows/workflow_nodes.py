"""Which node types workflows use: those the editor saves, with subgraphs and group nodes, and those of the API.

Workflows come from anywhere: what has an unexpected type in them is passed over, as ComfyUI's editor does.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from comfydock_core.analyzers.workflows.json_reading import read_json, read_json_file
from comfydock_core.analyzers.workflows.refusals import NoWorkflow
from comfydock_core.analyzers.workflows.signatures import input_signature
from comfydock_core.models.packs.node_use import NodeUse
from comfydock_core.models.packs.pack_needs import UnreadWorkflow, WorkflowNodes

_END = ".json"
_DEEPEST = 20  # Subgraphs within definitions of subgraphs.
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_GROUPS = ("workflow>", "workflow/")  # How types of group nodes begin, in newer and older editors.
_WRAPPERS = ("workflow", "prompt")  # What is saved beside pictures has the workflow under one of these.

Table = dict[str, object]


def read_workflows(directory: str) -> tuple[tuple[WorkflowNodes, ...], tuple[UnreadWorkflow, ...]]:
    """Every workflow in a directory and below it, sorted by name, and those that could not be read."""
    read: list[WorkflowNodes] = []
    unread: list[UnreadWorkflow] = []
    for path in _workflow_files(directory, unread):
        name = os.path.relpath(path, directory).removesuffix(_END).replace(os.sep, "/")
        try:
            read.append(WorkflowNodes(name, path, _read_file(path)))
        except OSError as error:
            unread.append(UnreadWorkflow(name, path, f"it cannot be read: {error.strerror or error}"))
        except NoWorkflow as error:
            unread.append(UnreadWorkflow(name, path, str(error)))
    return tuple(read), tuple(unread)


def _workflow_files(directory: str, unread: list[UnreadWorkflow]) -> Iterator[str]:
    """Hidden files are the editor's own notes."""

    def note(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            path = str(error.filename)
            unread.append(
                UnreadWorkflow(os.path.relpath(path, directory), path, f"it cannot be read: {error.strerror}")
            )

    for place, directories, names in os.walk(directory, onerror=note):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith(_END) and not name.startswith("."):
                yield os.path.join(place, name)


def _read_file(path: str) -> tuple[NodeUse, ...]:
    return _uses_in(read_json_file(path))


def node_uses(content: bytes) -> tuple[NodeUse, ...]:
    """The node types of a workflow, sorted, without the instances of its own subgraphs. Raises `NoWorkflow`."""
    return _uses_in(read_json(content))


def _uses_in(whole: object) -> tuple[NodeUse, ...]:
    nodes = _nodes_of(whole)
    if nodes is None:
        raise NoWorkflow("it holds no nodes")
    merged: dict[str, _Merged] = {}
    for node in nodes:
        _merge(merged, node)
    return tuple(merged[kind].use(kind) for kind in sorted(merged))


@dataclass(slots=True)
class _Merged:
    """What all nodes of one type say; the first that names an origin is believed."""

    cnr_id: str | None = None
    aux_id: str | None = None
    version: str | None = None
    signatures: dict[str, None] = field(default_factory=dict)

    def use(self, kind: str) -> NodeUse:
        return NodeUse(kind, self.cnr_id, self.aux_id, self.version, tuple(self.signatures))


def _merge(merged: dict[str, _Merged], node: Table) -> None:
    kind = _text(node, "type") or _text(node, "class_type")
    if kind is None or _UUID.fullmatch(kind) or kind.startswith(_GROUPS):
        return
    found = merged.setdefault(kind, _Merged())
    properties = node.get("properties")
    if isinstance(properties, dict) and found.cnr_id is None and found.aux_id is None:
        found.cnr_id, found.aux_id = _text(properties, "cnr_id"), _text(properties, "aux_id")
        found.version = _text(properties, "ver")
    signature = input_signature(node.get("inputs"))
    if signature:
        found.signatures[signature] = None


def _nodes_of(whole: object) -> list[Table] | None:
    """Every node, those of subgraphs and group nodes too; `None` when this is not a workflow of any kind."""
    if not isinstance(whole, dict):
        return None
    if isinstance(whole.get("nodes"), list | dict):
        return list(_saved(whole, 0))
    of_api = [node for node in whole.values() if isinstance(node, dict) and _text(node, "class_type")]
    if of_api:
        return of_api
    for wrapper in _WRAPPERS:
        inner = whole.get(wrapper)
        if isinstance(inner, dict) and not any(name in inner for name in _WRAPPERS):
            return _nodes_of(inner)
    return None


def _saved(graph: Table, deep: int) -> Iterator[Table]:
    """The nodes of a graph as the editor saves it; of its own subgraphs each counts once, used or not."""
    own = {identifier for subgraph in _subgraphs(graph) if (identifier := _text(subgraph, "id")) is not None}
    for node in _tables(graph.get("nodes")):
        if _text(node, "type") not in own:
            yield node
    extra = graph.get("extra")
    groups = extra.get("groupNodes") if isinstance(extra, dict) else None
    for inner in [*_subgraphs(graph), *_tables(groups)]:
        if deep < _DEEPEST:
            yield from (node for node in _saved(inner, deep + 1) if _text(node, "type") not in own)


def _subgraphs(graph: Table) -> list[Table]:
    definitions = graph.get("definitions")
    return _tables(definitions.get("subgraphs")) if isinstance(definitions, dict) else []


def _tables(value: object) -> list[Table]:
    items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return [item for item in items if isinstance(item, dict)]


def _text(table: Table, key: str) -> str | None:
    value = table.get(key)
    return value if isinstance(value, str) and value else None
