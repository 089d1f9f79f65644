"""Which node classes a workflow uses, and what the file says of their origin."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from comfydock_core.analyzers.workflows.signatures import input_signature
from comfydock_core.models.workflow.dependencies import ClassUse
from comfydock_core.models.workflow.prompt_view import EDITOR_ONLY, WorkflowNode


def uses_of_classes(nodes: Iterable[WorkflowNode]) -> tuple[ClassUse, ...]:
    """The classes of the nodes that a server would know, in the order of the nodes."""
    gathered: dict[str, _Gathered] = {}
    for node in nodes:
        if node.state != EDITOR_ONLY:
            gathered.setdefault(node.type, _Gathered()).add(node)
    return tuple(found.use(kind) for kind, found in gathered.items())


@dataclass(slots=True)
class _Gathered:
    """The nodes of one class; the first of them that names an origin is believed."""

    running: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    cnr_id: str | None = None
    aux_id: str | None = None
    version: str | None = None
    signatures: dict[str, None] = field(default_factory=dict)

    def add(self, node: WorkflowNode) -> None:
        (self.running if node.runs else self.idle).append(node.id)
        if self.cnr_id is None and self.aux_id is None:
            self.cnr_id, self.aux_id, self.version = node.cnr_id, node.aux_id, node.version
        signature = input_signature([{"name": name, "type": kind} for name, kind in node.slots])
        if signature:
            self.signatures[signature] = None

    def use(self, kind: str) -> ClassUse:
        return ClassUse(
            kind,
            tuple(self.running),
            tuple(self.idle),
            self.cnr_id,
            self.aux_id,
            self.version,
            tuple(self.signatures),
        )
