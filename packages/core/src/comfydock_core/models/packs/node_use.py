"""A node class as a workflow uses it."""

from comfydock_core.records import record


@record
class NodeUse:
    """One node type that a workflow uses.

    `cnr_id` (an identifier of the registry), `aux_id` (`owner/repository` on GitHub) and `version` are what the nodes
    themselves say of their origin. `signatures` are those of the inputs that its nodes have.
    """

    type: str
    cnr_id: str | None = None
    aux_id: str | None = None
    version: str | None = None
    signatures: tuple[str, ...] = ()
