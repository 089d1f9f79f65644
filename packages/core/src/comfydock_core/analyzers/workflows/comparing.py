"""Comparing two versions of a workflow by node and input.

Nodes are the same when identifier and class are; those that are left over, when class and title are, because the editor
numbers nodes anew when they are pasted or a subgraph is made of them. What the editor itself sets for each run, such as
a seed under `randomize`, is no change.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from comfydock_core.analyzers.workflows.model_values import ModelValues
from comfydock_core.analyzers.workflows.prompt_view import Classes
from comfydock_core.models.workflow.differences import InputChange, NodeChange, Source, ViewDifference
from comfydock_core.models.workflow.prompt_view import EDITOR_ONLY, NodeLink, NodeValue, PromptView, WorkflowNode

_FIXED = "fixed"
_Pair = tuple[WorkflowNode, WorkflowNode]
_Key = Callable[[WorkflowNode], Hashable]


def compare_views(before: PromptView, after: PromptView, classes: Classes | None = None) -> ViewDifference:
    """What differs. `classes`, where they are known, tell which values name models."""
    both = Matching(before.nodes, after.nodes)
    changes = [_change(old, new, both) for old, new in both.pairs]
    moved = sum(1 for old, new in both.pairs if old.position != new.position)
    models = [_models(view, classes or {}) for view in (before, after)]
    packs = [_packs(view) for view in (before, after)]
    return ViewDifference(
        tuple(both.added),
        tuple(both.removed),
        tuple(change for change in changes if change is not None),
        moved,
        tuple(name for name in models[1] if name not in models[0]),
        tuple(name for name in models[0] if name not in models[1]),
        tuple(name for name in packs[1] if name not in packs[0]),
        tuple(name for name in packs[0] if name not in packs[1]),
    )


def matched(
    before: Sequence[WorkflowNode], after: Sequence[WorkflowNode]
) -> tuple[list[_Pair], list[WorkflowNode], list[WorkflowNode]]:
    """The pairs of nodes that are the same in both, in the order of the second; then those of either alone."""
    partner: dict[int, WorkflowNode] = {}
    olds, news = list(before), list(after)
    for key in _KEYS:
        olds, news = _match(olds, news, key, partner)
    return [(partner[id(new)], new) for new in after if id(new) in partner], olds, news


def _match(
    olds: list[WorkflowNode], news: list[WorkflowNode], key: _Key, partner: dict[int, WorkflowNode]
) -> tuple[list[WorkflowNode], list[WorkflowNode]]:
    """Pair nodes of equal keys, the first with the first; what is left of both."""
    waiting: dict[Hashable, deque[WorkflowNode]] = defaultdict(deque)
    for old in olds:
        waiting[key(old)].append(old)
    left = []
    for new in news:
        others = waiting[key(new)]
        if others:
            partner[id(new)] = others.popleft()
        else:
            left.append(new)
    taken = {id(old) for old in partner.values()}
    return [old for old in olds if id(old) not in taken], left


def _by_values(node: WorkflowNode) -> Hashable:
    values = ((name, _plain(source)) for name, source in sorted(node.inputs.items()) if isinstance(source, NodeValue))
    return node.type, node.title, tuple(values), tuple(map(_plain, node.unnamed))


_KEYS: tuple[_Key, ...] = (
    lambda node: (node.id, node.type, node.title),  # Files may use an identifier twice.
    lambda node: (node.id, node.type),
    _by_values,
    lambda node: (node.type, node.title),
)


class Matching:
    """Which nodes of two versions are the same: `pairs`; `removed` and `added` are those of either version alone."""

    def __init__(self, before: Sequence[WorkflowNode], after: Sequence[WorkflowNode]) -> None:
        self.pairs, self.removed, self.added = matched(before, after)
        self._before = {node.id: node.type for node in before}
        self._after = {node.id: node.type for node in after}
        self._same = frozenset((old.id, new.id) for old, new in self.pairs)

    def change(self, name: str | None, before: Source | None, after: Source | None) -> InputChange:
        old = self._before.get(before.node) if isinstance(before, NodeLink) else None
        new = self._after.get(after.node) if isinstance(after, NodeLink) else None
        return InputChange(name, before, after, old, new)

    def agree(self, before: Source | None, after: Source | None) -> bool:
        """Whether an input gets the same: a value, or what the same node gives."""
        if isinstance(before, NodeLink) and isinstance(after, NodeLink):
            return before.slot == after.slot and self._lead_to_one(before.node, after.node)
        if isinstance(before, NodeValue) and isinstance(after, NodeValue):
            return _plain(before) == _plain(after)
        return before is after

    def _lead_to_one(self, old: str, new: str) -> bool:
        """A node that is gone is not one of the same number that came; links to nowhere are told by their numbers."""
        return (old, new) in self._same or (old == new and old not in self._before and new not in self._after)


def _change(old: WorkflowNode, new: WorkflowNode, both: Matching) -> NodeChange | None:
    change = NodeChange(old, new, tuple(_inputs(old, new, both)))
    return change if change.inputs or change.retitled or change.state_changed else None


def _inputs(old: WorkflowNode, new: WorkflowNode, both: Matching) -> Iterator[InputChange]:
    for name in dict.fromkeys([*old.inputs, *new.inputs]):
        before, after = old.inputs.get(name), new.inputs.get(name)
        if not both.agree(before, after):
            yield both.change(name, before, after)
    for at in range(max(len(old.unnamed), len(new.unnamed))):
        first, second = _at(old.unnamed, at), _at(new.unnamed, at)
        if not both.agree(first, second):
            yield both.change(None, first, second)


def _plain(source: NodeValue) -> Hashable:
    """What of a value counts: not what the editor puts there after each run by itself. `1` and `1.0` are one number,
    `1` and `true` are not one value."""
    if source.control is not None and source.control != _FIXED:
        return ("control", source.control)
    return _hashable(source.value)


def _hashable(value: object) -> Hashable:
    if isinstance(value, dict):
        return ("object", tuple((key, _hashable(value[key])) for key in sorted(value)))
    if isinstance(value, list):
        return ("list", tuple(map(_hashable, value)))
    if isinstance(value, bool):
        return ("truth", value)
    return value if isinstance(value, Hashable) else repr(value)


def _at(values: Sequence[NodeValue], at: int) -> NodeValue | None:
    return values[at] if at < len(values) else None


def _models(view: PromptView, classes: Classes) -> dict[str, None]:
    return dict.fromkeys(reference.value for reference in ModelValues(classes).of(view))


def _packs(view: PromptView) -> dict[str, None]:
    return dict.fromkeys(_named(node for node in view.nodes if node.state != EDITOR_ONLY))


def _named(nodes: Iterable[WorkflowNode]) -> Iterator[str]:
    """The packs that nodes say they are from; ComfyUI itself is none."""
    for node in nodes:
        name = node.cnr_id or node.aux_id
        if name and name != "comfy-core":
            yield name
