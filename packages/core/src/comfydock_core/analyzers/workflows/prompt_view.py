"""A saved graph as the editor would send it to the server: subgraphs opened, links followed, values in their inputs."""

from collections.abc import Mapping

from comfydock_core.analyzers.workflows.editor_nodes_rules import is_editor_only
from comfydock_core.analyzers.workflows.frames import Frame, open_instance, state_within
from comfydock_core.analyzers.workflows.link_following import Gone, LinkFollower, Promoted
from comfydock_core.analyzers.workflows.node_facts import models_of, title_of
from comfydock_core.analyzers.workflows.saved_graph import (
    MODE_BYPASSED,
    MODE_MUTED,
    SavedGraph,
    SavedNode,
    Table,
    definitions_of,
    read_graph,
    text_of,
)
from comfydock_core.analyzers.workflows.widget_values import ReadValues, read_values
from comfydock_core.models.workflow.class_inputs import NodeClass
from comfydock_core.models.workflow.prompt_view import (
    BYPASSED,
    EDITOR_ONLY,
    MUTED,
    RUNS,
    UNUSED,
    NodeLink,
    NodeValue,
    PromptView,
    WorkflowNode,
    WorkflowProblem,
)

_DEEPEST = 50  # Instances within instances.
_MOST_NODES = 200_000  # Instances of instances multiply.

Classes = Mapping[str, NodeClass]


def view_of_graph(raw: Table, classes: Classes) -> PromptView:
    """The prompt view of a graph, which must have `nodes`. `classes` are the node classes that are known."""
    return _Reader(raw, classes).read()


class _Reader:
    def __init__(self, raw: Table, classes: Classes) -> None:
        self._raw = raw
        self._classes = classes
        self._definitions: dict[str, SavedGraph] = {}
        self._problems: dict[tuple[str, str], WorkflowProblem] = {}
        self._frames: dict[str, Frame | None] = {}
        self._values: dict[str, ReadValues] = {}
        self._nodes: list[WorkflowNode] = []
        self._opened: set[str] = set()
        self._follower = LinkFollower(self._inside, self._note)

    def read(self) -> PromptView:
        self._gather_definitions()
        top = read_graph(self._raw, "")
        self._expand(Frame(top))
        for identifier, graph in self._definitions.items():
            if identifier not in self._opened:
                self._list_unused(graph)
        return PromptView("graph", tuple(self._nodes), tuple(self._problems.values()), models_of(self._raw, ""))

    def _gather_definitions(self) -> None:
        waiting = [(self._raw, "")]
        while waiting:
            raw, place = waiting.pop()
            for pointer, inner in definitions_of(raw, place):
                identifier = text_of(inner.get("id"))
                if identifier is not None and identifier not in self._definitions:
                    self._definitions[identifier] = read_graph(inner, pointer)
                    waiting.append((inner, pointer))

    def _expand(self, top: Frame) -> None:
        """Every node of a frame and of the instances in it, in the order of the file."""
        waiting: list[tuple[Frame, SavedNode]] = [(top, node) for node in reversed(self._all_nodes(top.graph))]
        while waiting:
            frame, node = waiting.pop()
            if len(self._nodes) >= _MOST_NODES:
                self._note(WorkflowProblem("too-many-nodes", node.place, f"more than {_MOST_NODES:,} nodes"))
                return
            inner = self._inside(frame, node)
            if inner is not None:
                waiting.extend((inner, one) for one in reversed(self._all_nodes(inner.graph)))
            elif node.type not in self._definitions:
                self._nodes.append(self._read_node(frame, node))

    def _all_nodes(self, graph: SavedGraph) -> list[SavedNode]:
        """The nodes of a graph in the order of the file."""
        for node in graph.repeated:
            self._note(WorkflowProblem("repeated-id", node.place, "another node has its identifier in the file, too"))
        return [*graph.nodes.values(), *graph.repeated]

    def _inside(self, frame: Frame, node: SavedNode) -> Frame | None:
        """The frame of an instance, `None` for any other node and for one that contains itself."""
        definition = self._definitions.get(node.type)
        if definition is None:
            return None
        path = frame.scoped(node.id)
        if path not in self._frames:
            self._opened.add(node.type)
            self._frames[path] = self._open(frame, node, definition)
        return self._frames[path]

    def _open(self, frame: Frame, node: SavedNode, definition: SavedGraph) -> Frame | None:
        outer: Frame | None = frame
        while outer is not None:
            if outer.graph is definition:
                self._note(WorkflowProblem("definition-cycle", node.place, "a subgraph contains itself"))
                return None
            outer = outer.parent
        if frame.depth >= _DEEPEST:
            self._note(WorkflowProblem("too-deep", node.place, f"subgraphs are nested more than {_DEEPEST} deep"))
            return None
        return open_instance(frame, node, definition, state_within(frame, _own_state(node)))

    def _list_unused(self, graph: SavedGraph) -> None:
        frame = Frame(graph, graph.place, state=UNUSED)
        for node in self._all_nodes(graph):
            if node.type not in self._definitions:
                self._nodes.append(self._read_node(frame, node))

    def _read_node(self, frame: Frame, node: SavedNode) -> WorkflowNode:
        state = state_within(frame, _own_state(node))
        properties = node.properties
        read = self._own_values(frame, node)
        inputs: dict[str, NodeValue | NodeLink] = {} if state == EDITOR_ONLY else {**read.values}
        if state != EDITOR_ONLY:
            self._set_links(frame, node, inputs)
        return WorkflowNode(
            frame.scoped(node.id),
            node.type,
            node.place,
            title_of(node.raw),
            state,
            text_of(properties.get("cnr_id")),
            text_of(properties.get("aux_id")),
            text_of(properties.get("ver")),
            inputs,
            tuple(read.unnamed),
            tuple((slot.name, slot.type) for slot in node.inputs),
            models_of(properties, f"{node.place}/properties"),
        )

    def _own_values(self, frame: Frame, node: SavedNode) -> ReadValues:
        """The values of a node's own widgets, with those that an instance around it sets by name."""
        read = self._values.get(node.place)
        if read is None:
            read = read_values(node, self._classes.get(node.type))
            for problem in read.problems:
                self._note(problem)
            self._values[node.place] = read
        here = {name: value for (target, name), value in frame.inside.items() if target == node.id}
        if not here:
            return read
        return ReadValues({**read.values, **{name: here[name] for name in here if name in read.values}}, read.unnamed)

    def _set_links(self, frame: Frame, node: SavedNode, inputs: dict[str, NodeValue | NodeLink]) -> None:
        for at, slot in enumerate(node.inputs):
            if slot.link is None or not slot.name:
                continue
            source = self._follower.source(frame, node, at)
            if isinstance(source, Promoted):
                source = self._promoted(source)
            if isinstance(source, Gone):
                inputs.pop(slot.name, None)
            elif source is not None:
                inputs[slot.name] = source

    def _promoted(self, promoted: Promoted) -> NodeValue | None:
        """The value of an instance's input: its own, or that of the first widget inside that it stands for."""
        frame, slot = promoted.frame, promoted.slot
        while True:
            if slot in frame.handed:
                return frame.handed[slot]
            for link in frame.graph.from_inputs.get(slot, ()):
                target = frame.graph.nodes.get(link.target)
                if target is not None and link.target_slot < len(target.inputs):
                    break
            else:
                return None
            inner = self._inside(frame, target)
            if inner is None:
                name = target.inputs[link.target_slot].name
                return self._own_values(frame, target).values.get(name)
            name = target.inputs[link.target_slot].name
            slots = [at for at, one in enumerate(inner.graph.inputs) if one.name == name]
            override = frame.inside.get((target.id, name))
            if override is not None:
                return override
            if not slots:
                return None
            frame, slot = inner, slots[0]

    def _note(self, problem: WorkflowProblem) -> None:
        self._problems.setdefault((problem.code, problem.place), problem)


def _own_state(node: SavedNode) -> str:
    if is_editor_only(node.type):
        return EDITOR_ONLY
    return {MODE_MUTED: MUTED, MODE_BYPASSED: BYPASSED}.get(node.mode, RUNS)
