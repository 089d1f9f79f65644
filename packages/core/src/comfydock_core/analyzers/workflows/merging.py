"""Merging two versions of a workflow by node and input.

Nodes are known by their numbers; what is linked to an input is a value of the input. Nodes that either side added under
a number that the other side gave to another one get new numbers. Where nodes are drawn, and which seed the last run
had, is nobody's question: what one side changed is taken, and ours where both did.
"""

from comfydock_core.analyzers.workflows.merging_graphs import GraphMerging
from comfydock_core.analyzers.workflows.merging_prompts import PromptMerging
from comfydock_core.analyzers.workflows.merging_values import Decide, Json, Unmergeable, same

__all__ = ["Unmergeable", "merge_workflows"]


def merge_workflows(base: Json, ours: Json, theirs: Json, decide: Decide) -> Json:
    """One workflow from two that were changed since `base`, empty where both added it. Raises `Unmergeable`."""
    try:
        if same(ours, theirs) or same(theirs, base):
            return ours
        if same(ours, base):
            return theirs
        if is_graph(ours) != is_graph(theirs):
            raise Unmergeable("one side is in the editor's format, the other in the server's")
        kind = GraphMerging if is_graph(ours) else PromptMerging
        return kind(decide, base if is_graph(base) == is_graph(ours) else {}, ours, theirs).merge()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise Unmergeable("one version is not a workflow as the editor writes it") from error


def is_graph(workflow: Json) -> bool:
    """Whether a workflow is in the editor's format."""
    return isinstance(workflow.get("nodes"), list)
