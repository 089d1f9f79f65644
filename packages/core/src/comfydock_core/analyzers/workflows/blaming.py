"""Following the nodes and values of a workflow back through its earlier versions, to where each was set."""

from collections.abc import Iterable
from typing import Generic, TypeVar

from comfydock_core.analyzers.workflows.comparing import Matching
from comfydock_core.models.workflow.differences import Source
from comfydock_core.models.workflow.prompt_view import PromptView, WorkflowNode

Who = TypeVar("Who")
# What of a node is followed: the node itself, an input by its name, or a value without one by its position.
Part = str | int | None


class _Followed:
    """A node of the workflow in the version that was reached, and what of it was the same in all of them so far."""

    def __init__(self, at: int, node: WorkflowNode, parts: Iterable[Part]) -> None:
        self.at = at
        self.node = node
        self.open = list(parts)


class Blaming(Generic[Who]):
    """Who set what a workflow has: `set_by`, by the position of the node in the view and the part of it.

    `step` takes the versions, newest first; after the last one `finish` settles what is left.
    """

    def __init__(self, view: PromptView, wanted: Iterable[tuple[int, Iterable[Part]]]) -> None:
        """`wanted` are the positions of the nodes to follow, each with the parts of it."""
        self.set_by: dict[tuple[int, Part], Who] = {}
        self._view = view
        self._followed = [_Followed(at, view.nodes[at], parts) for at, parts in wanted]

    @property
    def is_done(self) -> bool:
        return not self._followed

    def step(self, older: PromptView, who: Who) -> None:
        """Compare the version that was reached, which is from `who`, with the one before it, and go on from there."""
        if older is self._view:
            return
        both = Matching(older.nodes, self._view.nodes)
        earlier = {id(new): old for old, new in both.pairs}
        still = []
        for one in self._followed:
            old = earlier.get(id(one.node))
            if old is None:
                self._settle(one, one.open, who)
                continue
            news = [part for part in one.open if not both.agree(_part(old, part), _part(one.node, part))]
            self._settle(one, news, who)
            one.open = [part for part in one.open if part not in news]
            one.node = old
            if one.open:
                still.append(one)
        self._followed, self._view = still, older

    def finish(self, who: Who) -> None:
        """What is left was there from the beginning, which is from `who`."""
        for one in self._followed:
            self._settle(one, one.open, who)
        self._followed = []

    def _settle(self, one: _Followed, parts: Iterable[Part], who: Who) -> None:
        for part in parts:
            self.set_by[one.at, part] = who


def parts_of(node: WorkflowNode) -> list[Part]:
    """Everything of a node that can be followed."""
    return [None, *node.inputs, *range(len(node.unnamed))]


def _part(node: WorkflowNode, part: Part) -> Source | None:
    if isinstance(part, int):
        return node.unnamed[part] if part < len(node.unnamed) else None
    return None if part is None else node.inputs.get(part)
