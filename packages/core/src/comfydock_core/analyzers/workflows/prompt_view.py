"""A saved graph as the editor would send it to the server: subgraphs opened, links followed, values in their inputs."""

import re
from collections.abc import Mapping

from comfydock_core.analyzers.workflows.budget import Budget
from comfydock_core.analyzers.workflows.editor_nodes_rules import is_editor_only
from comfydock_core.analyzers.workflows.frames import Edges, Frame, open_instance, state_within
from comfydock_core.analyzers.workflows.group_nodes import group_name, groups_of, read_group, with_values
from comfydock_core.analyzers.workflows.link_following import Gone, LinkFollower, Promoted
from comfydock_core.analyzers.workflows.node_facts import controlled, models_of, position_of, title_of
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
from comfydock_core.analyzers.workflows.value_alignment import MOST_CELLS
from comfydock_core.analyzers.workflows.widget_values import ReadValues, read_values
from comfydock_core.models.workflow.class_inputs import NodeClass, all_inputs
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

_DEEPEST = 50  # Instances within instances, and definitions within definitions.
_MOST_NODES = 50_000  # A large real workflow has some hundreds.
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

Classes = Mapping[str, NodeClass]


def view_of_graph(raw: Table, classes: Classes, editor_only: frozenset[str] = frozenset()) -> PromptView:
    """The prompt view of a graph, which must have `nodes`.

    `classes` are the node classes that are known, `editor_only` those that scripts of packs define for the editor
    alone.
    """
    return _Reader(raw, classes, editor_only).read()


class _Reader:
    def __init__(self, raw: Table, classes: Classes, editor_only: frozenset[str]) -> None:
        self._raw = raw
        self._editor_only = editor_only
        self._classes = classes
        self._definitions: dict[str, SavedGraph] = {}
        self._problems: dict[tuple[str, str], WorkflowProblem] = {}
        self._groups: dict[str, SavedGraph] = {}
        self._edges: dict[SavedGraph, Edges] = {}
        self._values: dict[SavedNode, ReadValues] = {}
        self._promoted_values: dict[tuple[Frame, int], NodeValue | None] = {}
        self._inputs_of: dict[str, frozenset[str]] = {}
        self._nodes: list[WorkflowNode] = []
        self._opened: set[SavedGraph] = set()
        self._budget = Budget()
        self._aligning = Budget(MOST_CELLS)
        self._follower = LinkFollower(self._inside, self._note, editor_only)

    def read(self) -> PromptView:
        self._gather_definitions()
        top = read_graph(self._raw, "")
        self._expand(Frame(top))
        for graph in (*self._definitions.values(), *self._groups.values()):
            if graph not in self._opened:
                self._list_unused(graph)
        return PromptView("graph", tuple(self._nodes), tuple(self._problems.values()), models_of(self._raw, ""))

    def _gather_definitions(self) -> None:
        waiting = [(self._raw, "", 0)]
        while waiting:
            raw, place, deep = waiting.pop()
            for pointer, inner in definitions_of(raw, place):
                if deep >= _DEEPEST:
                    self._note(WorkflowProblem("too-deep", pointer, f"subgraphs are nested more than {_DEEPEST} deep"))
                    break
                identifier = text_of(inner.get("id"))
                if identifier is not None and identifier not in self._definitions:
                    self._definitions[identifier] = read_graph(inner, pointer)
                    waiting.append((inner, pointer, deep + 1))
        for name, (pointer, group) in groups_of(self._raw).items():
            self._groups[name] = read_group(group, pointer)

    def _expand(self, top: Frame) -> None:
        """Every node of a frame and of the instances in it, in the order of the file."""
        waiting: list[tuple[Frame, SavedNode]] = [(top, node) for node in reversed(self._all_nodes(top.graph))]
        while waiting:
            frame, node = waiting.pop()
            if not self._is_worth_it(frame, node):
                return
            inner = self._inside(frame, node)
            if inner is not None:
                self._opened.add(self._definition_of(node) or inner.graph)
                waiting.extend((inner, one) for one in reversed(self._all_nodes(inner.graph)))
            elif self._definition_of(node) is None:
                self._nodes.append(self._read_node(frame, node))

    def _is_worth_it(self, frame: Frame, node: SavedNode) -> bool:
        """Whether there is room for one more node, which costs more the more instances it is in have to say."""
        if len(self._nodes) < _MOST_NODES and (
            frame.depth == 0 or self._budget.spend(1 + len(node.values) + len(node.inputs), len(frame.path))
        ):
            return True
        self._note(WorkflowProblem("too-many-nodes", node.place, "nodes from here on are too many to be read"))
        return False

    def _all_nodes(self, graph: SavedGraph) -> list[SavedNode]:
        """The nodes of a graph in the order of the file."""
        for node in graph.repeated:
            self._note(WorkflowProblem("repeated-id", node.place, "another node has its identifier in the file, too"))
        return [*graph.nodes.values(), *graph.repeated]

    def _inside(self, frame: Frame, node: SavedNode) -> Frame | None:
        """The frame of an instance, `None` for any other node and for one that contains itself."""
        definition = self._definition_of(node)
        if definition is None:
            return None
        if node not in frame.opened:
            frame.opened[node] = self._open(frame, node, definition)
        return frame.opened[node]

    def _definition_of(self, node: SavedNode) -> SavedGraph | None:
        """What an instance of a subgraph or of a group is an instance of."""
        definition = self._definitions.get(node.type)
        if definition is None and self._groups:
            definition = self._groups.get(group_name(node.type) or "")
        return definition

    def _open(self, frame: Frame, node: SavedNode, definition: SavedGraph) -> Frame | None:
        outer: Frame | None = frame
        while outer is not None:
            if outer.graph is definition or (outer.instance is not None and outer.instance.type == node.type):
                self._note(WorkflowProblem("definition-cycle", node.place, "a subgraph contains itself"))
                return None
            outer = outer.parent
        if frame.depth >= _DEEPEST:
            self._note(WorkflowProblem("too-deep", node.place, f"subgraphs are nested more than {_DEEPEST} deep"))
            return None
        state = state_within(frame, self._own_state(node))
        if definition.positional:
            return self._open_group(frame, node, definition, state)
        if definition not in self._edges:
            self._edges[definition] = Edges(definition)
        return open_instance(frame, node, definition, self._edges[definition], state)

    def _open_group(self, frame: Frame, node: SavedNode, group: SavedGraph, state: str) -> Frame:
        valued = with_values(group, node, self._names_of_values) if node.values else group
        if valued is None:
            words = f"it cannot be told which nodes of the group {node.type} its values are for"
            self._note(WorkflowProblem("group-values", node.place, words, frame.scoped(node.id)))
        return Frame(valued or group, frame.scoped(node.id), frame, node, state, frame.depth + 1)

    def _names_of_values(self, node: SavedNode) -> dict[int, str]:
        """The inputs of a node by the positions of its own values."""
        places = {node.value_place(at): at for at in range(len(node.values))}
        values = read_values(node, self._classes.get(node.type), self._aligning).values
        return {places[one.places[0]]: name for name, one in values.items() if one.places and one.places[0] in places}

    def _list_unused(self, graph: SavedGraph) -> None:
        frame = Frame(graph, graph.place, state=UNUSED)
        for node in self._all_nodes(graph):
            if self._definition_of(node) is None and self._is_worth_it(frame, node):
                self._nodes.append(self._read_node(frame, node))

    def _read_node(self, frame: Frame, node: SavedNode) -> WorkflowNode:
        state = state_within(frame, self._own_state(node))
        properties = node.properties
        read = self._own_values(frame, node)
        inputs: dict[str, NodeValue | NodeLink] = {}
        unnamed = [*read.unnamed]
        if state != EDITOR_ONLY:
            inputs.update(read.values)
            self._set_links(frame, node, inputs, unnamed)
            self._note_lost_definition(frame, node)
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
            tuple(unnamed),
            tuple((slot.name, slot.type) for slot in node.inputs),
            models_of(properties, f"{node.place}/properties"),
            position_of(node.raw),
        )

    def _own_values(self, frame: Frame, node: SavedNode) -> ReadValues:
        """The values of a node's own widgets, with those that an instance around it sets by name."""
        read = self._values.get(node)
        if read is None:
            read = read_values(node, self._classes.get(node.type), self._aligning)
            for problem in read.problems:
                self._note(problem)
            self._values[node] = read
        here = frame.inside.get(node.id)
        if not here:
            return read
        set_here = {name: controlled(here[name], read.values[name]) for name in here if name in read.values}
        return ReadValues({**read.values, **set_here}, read.unnamed)

    def _set_links(
        self, frame: Frame, node: SavedNode, inputs: dict[str, NodeValue | NodeLink], unnamed: list[NodeValue]
    ) -> None:
        """Links go before own values. A value that is handed to an input which the class has lost belongs to none."""
        for at, slot in enumerate(node.inputs):
            if slot.link is None or not slot.name:
                continue
            source = self._follower.source(frame, node, at)
            if isinstance(source, Promoted):
                source = self._promoted(source)
            if isinstance(source, Gone):
                inputs.pop(slot.name, None)
            elif isinstance(source, NodeValue) and self._has_lost(node.type, slot.name):
                unnamed.append(source)
            elif source is not None:
                inputs[slot.name] = controlled(source, inputs.get(slot.name))

    def _has_lost(self, kind: str, name: str) -> bool:
        """Whether it is certain that a class has no input of a name."""
        known = self._classes.get(kind)
        if known is None or known.doubts:
            return False
        if kind not in self._inputs_of:
            self._inputs_of[kind] = frozenset(all_inputs(known.inputs))
        return name not in self._inputs_of[kind]

    def _promoted(self, promoted: Promoted) -> NodeValue | None:
        """The value of an instance's input: its own, or that of the first widget inside that it stands for."""
        first = (promoted.frame, promoted.slot)
        if first not in self._promoted_values:
            self._promoted_values[first] = self._find_promoted(*first)
        return self._promoted_values[first]

    def _find_promoted(self, frame: Frame, slot: int) -> NodeValue | None:
        while slot not in frame.handed:
            first = frame.graph.first_inside(slot)
            if first is None:
                return None
            target, name = first[0], first[1].name
            inner = self._inside(frame, target)
            if inner is None:
                return self._own_values(frame, target).values.get(name)
            edges = self._edges.get(inner.graph)
            deeper = None if edges is None else edges.named(name)
            if deeper is None:
                return None
            frame, slot = inner, deeper
        return frame.handed[slot]

    def _note_lost_definition(self, frame: Frame, node: SavedNode) -> None:
        if _UUID.fullmatch(node.type) or group_name(node.type) is not None:
            words = f"it stands for {node.type}, which the file does not describe"
            self._note(WorkflowProblem("no-definition", node.place, words, frame.scoped(node.id)))

    def _own_state(self, node: SavedNode) -> str:
        if is_editor_only(node.type, self._editor_only):
            return EDITOR_ONLY
        return {MODE_MUTED: MUTED, MODE_BYPASSED: BYPASSED}.get(node.mode, RUNS)

    def _note(self, problem: WorkflowProblem) -> None:
        self._problems.setdefault((problem.code, problem.place), problem)
