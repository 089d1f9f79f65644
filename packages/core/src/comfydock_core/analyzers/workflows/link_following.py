"""What an input really gets: links followed through reroutes, bypassed nodes and the edges of subgraphs.

Every step is a move from one slot to the next, so a chain of any length is a loop here, never a recursion. Long
chains are remembered, since many inputs may hang on one.
"""

from collections.abc import Callable

from comfydock_core.analyzers.workflows.budget import Budget
from comfydock_core.analyzers.workflows.editor_nodes_rules import Setters, handed_on, is_editor_only
from comfydock_core.analyzers.workflows.frames import Frame
from comfydock_core.analyzers.workflows.saved_graph import INPUT_NODE, MODE_BYPASSED, MODE_MUTED, SavedLink, SavedNode
from comfydock_core.models.workflow.prompt_view import NodeLink, NodeValue, WorkflowProblem
from comfydock_core.records import record


class Promoted:
    """The input is one of the subgraph around, to which nothing is linked: it has the value of that instance."""

    __slots__ = ("frame", "slot")

    def __init__(self, frame: Frame, slot: int) -> None:
        self.frame = frame
        self.slot = slot


class Gone:
    """A link leads here, but what it comes from does not run."""

    __slots__ = ()


Source = NodeLink | NodeValue | Promoted | Gone | None

_SHORT = 8  # Steps that are not worth to be remembered, or to be counted.
_MOST_STEPS = 1_000_000  # All long chains of one workflow together.
_LONGEST_TYPE = 500  # Types of more names than this have are the same or not at all.


@record
class _Slot:
    """Where the way has come to: an input of a node (`entering`) or an output."""

    frame: Frame
    node: SavedNode
    at: int
    entering: bool


class LinkFollower:
    """Follows links in the frames of one workflow."""

    def __init__(
        self,
        inside: Callable[[Frame, SavedNode], Frame | None],
        note: Callable[[WorkflowProblem], None],
        editor_only: frozenset[str],
    ) -> None:
        """`inside` gives the frame of an instance, `note` hears of links that lead nowhere or in circles.

        `editor_only` are the classes that scripts of packs define for the editor alone.
        """
        self._editor_only = editor_only
        self._inside = inside
        self._note = note
        self._setters = Setters()
        self._budget = Budget(_MOST_STEPS)
        self._known: dict[tuple[_Slot, str], Source] = {}

    def source(self, frame: Frame, node: SavedNode, slot: int) -> Source:
        """What the input of a node gets; `None` when nothing comes that way."""
        first = _Slot(frame, node, slot, entering=True)
        wanted = node.inputs[slot].type
        seen: dict[_Slot, None] = {}
        here: _Slot | Source = first
        while isinstance(here, _Slot):
            if here in seen:
                self._problem("link-cycle", first, "leads in a circle")
                here = None
                break
            seen[here] = None
            if len(seen) > _SHORT:
                if (here, wanted) in self._known:
                    here = self._known[here, wanted]
                    break
                if not self._budget.spend(1 + len(here.node.inputs)):
                    self._problem("too-many-links", first, "is at the end of too many others")
                    return None
            here = self._up_the_link(here, first) if here.entering else self._behind_output(here, first, wanted)
        if len(seen) > _SHORT:
            self._known.update(dict.fromkeys(((step, wanted) for step in seen), here))
        return here

    def _up_the_link(self, here: _Slot, first: _Slot) -> _Slot | Source:
        """From an input to the output that is linked to it."""
        inputs = here.node.inputs
        key = inputs[here.at].link if here.at < len(inputs) else None
        if key is None:
            return None
        link = here.frame.graph.links.get(key)
        if link is None:
            self._problem("link-to-nowhere", first, f"has link {key}, which is not there")
            return None
        return self._origin(here.frame, link, first)

    def _behind_output(self, here: _Slot, first: _Slot, wanted: str) -> _Slot | Source:
        """From an output to what it stands for: itself, unless its node is bypassed, an instance or no real node."""
        frame, node, at = here.frame, here.node, here.at
        if node.mode == MODE_MUTED:
            return Gone()
        if node.mode == MODE_BYPASSED:
            passing = _through_bypassed(node, at, wanted)
            return None if passing is None else _Slot(frame, node, passing, entering=True)
        inner = self._inside(frame, node)
        if inner is not None:
            link = inner.graph.into_outputs.get(at)
            return None if link is None else self._origin(inner, link, first)
        if not is_editor_only(node.type, self._editor_only):
            return NodeLink(frame.scoped(node.id), at)
        handed = handed_on(frame, node, at, self._setters)
        if handed is None or isinstance(handed, NodeValue):
            return handed
        return _Slot(frame, handed[0], handed[1], entering=True)

    def _origin(self, frame: Frame, link: SavedLink, first: _Slot) -> _Slot | Source:
        if link.origin == INPUT_NODE:
            outer = _outside(frame, link.origin_slot)
            return Promoted(frame, link.origin_slot) if outer is None else outer
        origin = frame.graph.nodes.get(link.origin)
        if origin is None:
            self._problem("link-to-nowhere", first, f"comes from node {link.origin}, which is not there")
            return None
        return _Slot(frame, origin, link.origin_slot, entering=False)

    def _problem(self, code: str, first: _Slot, message: str) -> None:
        node = first.node
        words = f"input {node.inputs[first.at].name} of {node.type} {message}"
        self._note(WorkflowProblem(code, f"{node.place}/inputs/{first.at}", words, first.frame.scoped(node.id)))


def _outside(frame: Frame, slot: int) -> _Slot | None:
    """The linked input of the instance that an input of its definition stands for."""
    if frame.parent is None or frame.instance is None or slot >= len(frame.graph.inputs):
        return None
    outer = frame.instance.inputs
    if frame.graph.positional:
        at = slot if slot < len(outer) and outer[slot].link is not None else None
    else:
        at = frame.instance.linked_input(frame.graph.inputs[slot].name)
    return None if at is None else _Slot(frame.parent, frame.instance, at, entering=True)


def _through_bypassed(node: SavedNode, slot: int, wanted: str) -> int | None:
    """The input that the output of a bypassed node stands for: the same slot if its type fits, else the first that
    has the very type, else the first that fits."""
    inputs = node.inputs
    if not inputs:
        return None
    if wanted in ("*", ""):
        return slot if slot < len(inputs) else 0
    given = node.outputs[slot].type if slot < len(node.outputs) else wanted
    if slot < len(inputs) and _agree(inputs[slot].type, given) and _agree(inputs[slot].type, wanted):
        return slot
    for at, one in enumerate(inputs):
        if one.type == wanted:
            return at
    for at, one in enumerate(inputs):
        if _agree(one.type, given) and _agree(one.type, wanted):
            return at
    return None


def _agree(one: str, other: str) -> bool:
    if "*" in (one, other) or "" in (one, other):
        return True
    if one == other or max(len(one), len(other)) > _LONGEST_TYPE:
        return one == other
    return not {part.strip().lower() for part in one.split(",")}.isdisjoint(
        part.strip().lower() for part in other.split(",")
    )
