"""How two versions of a workflow differ, by what they run: nodes, values and links, never lines of text."""

from comfydock_core.models.workflow.prompt_view import NodeLink, NodeValue, WorkflowNode
from comfydock_core.records import record

Source = NodeValue | NodeLink


@record
class InputChange:
    """An input that gets something else now; `None` for nothing.

    `input` is `None` for a value of which it is not known which input it is for. Of links, `before_class` and
    `after_class` are the classes of the nodes that they come from.
    """

    input: str | None
    before: Source | None
    after: Source | None
    before_class: str | None = None
    after_class: str | None = None


@record
class NodeChange:
    """A node that is in both versions, with what is different of it: inputs, title or state."""

    before: WorkflowNode
    after: WorkflowNode
    inputs: tuple[InputChange, ...] = ()

    @property
    def retitled(self) -> bool:
        return self.before.title != self.after.title

    @property
    def state_changed(self) -> bool:
        """Whether it was muted, bypassed, or made to run again."""
        return self.before.state != self.after.state


@record
class ViewDifference:
    """What of a workflow's prompt view differs from another one.

    `moved` counts the nodes that are only drawn elsewhere. `models` and `packs` are what the nodes name.
    """

    added: tuple[WorkflowNode, ...] = ()
    removed: tuple[WorkflowNode, ...] = ()
    changed: tuple[NodeChange, ...] = ()
    moved: int = 0
    models_added: tuple[str, ...] = ()
    models_removed: tuple[str, ...] = ()
    packs_added: tuple[str, ...] = ()
    packs_removed: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both run the same: positions, and seeds that the editor sets anew for each run, do not count."""
        return not (self.added or self.removed or self.changed or self.models_added or self.models_removed)
