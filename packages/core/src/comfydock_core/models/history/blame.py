"""Which commits set what a workflow has: its nodes, and the values and links of their inputs."""

from comfydock_core.models.commit import CommitInfo
from comfydock_core.models.workflow.prompt_view import NodeLink, NodeValue, WorkflowNode
from comfydock_core.records import record


@record
class BlamedValue:
    """What an input gets, and the commit that set it; `None` where no commit has it yet.

    `input` is `None` for a value of which it is not known which input it is for; it is the `number`-th of those, from 1
    on. Of a link, `origin` is the class of the node that it comes from.
    """

    input: str | None
    source: NodeValue | NodeLink
    commit: CommitInfo | None
    number: int | None = None
    origin: str | None = None

    @property
    def name(self) -> str:
        """As somebody names it: `steps`, or `#2`."""
        return f"#{self.number}" if self.input is None else self.input


@record
class BlamedNode:
    """A node with its values, and the commit that added it; `None` where no commit has it yet.

    When only a value was asked about, `is_followed` is false and nothing is known of the node itself.
    """

    node: WorkflowNode
    commit: CommitInfo | None
    values: tuple[BlamedValue, ...]
    is_followed: bool = True


@record
class Blame:
    """A workflow with who set what. `state` is `now` for what is saved, or the name of a commit.

    `unreadable` are the commits whose version of the file is no workflow, each with the reason; what they changed is
    put down to the next one. A `shallow` history was cut off, so its first commit stands for all earlier ones.
    """

    workflow: str
    state: str
    nodes: tuple[BlamedNode, ...]
    unreadable: tuple[tuple[CommitInfo, str], ...] = ()
    shallow: bool = False
