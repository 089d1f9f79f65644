"""`Operations`: what was done to some scopes, one short method for each use case."""

from comfydock_core.core.usecases.workspace import operations
from comfydock_core.models.operation import ChangePlan, Initiator, OperationRecord
from comfydock_core.models.protocols import Reporter


class Operations:
    """The operations of some scopes: the workspace, an environment, or both."""

    def __init__(self, scopes: tuple[str, ...]) -> None:
        self.scopes = scopes

    def all(self) -> list[OperationRecord]:
        """Every operation that is kept, oldest first. Raises `OperationDamaged`, `FileSystemError`."""
        return operations.operations(self.scopes)

    def find(self, wanted: str) -> OperationRecord:
        """The operation of that number or identifier. Raises `OperationNotFound`, `ConflictError`."""
        return operations.find_operation(self.scopes, wanted)

    def kept_bytes(self, record: OperationRecord) -> int:
        """What removing what the operation took away would free."""
        return operations.kept_bytes(record)

    def plan_undo(self, wanted: str | None) -> ChangePlan:
        """What undoing an operation takes, by default the last one. Raises `OperationNotFound`, `NotUndoable`."""
        return operations.plan_undo_of(self.scopes, wanted)

    def undo(self, plan: ChangePlan, initiator: Initiator, reporter: Reporter) -> str:
        """Undo, as an operation that can be undone itself; returns its identifier."""
        return operations.undo(plan, initiator, reporter)

    def unfinished(self) -> list[OperationRecord]:
        """What was interrupted. Nothing is locked or settled."""
        return [record for record in self.all() if not record.finished_by_itself]

    def take_back(self, record: OperationRecord, initiator: Initiator, reporter: Reporter) -> OperationRecord | None:
        """Take back what was interrupted; `None` when somebody settled it meanwhile."""
        return operations.take_back_unfinished(record.scope, initiator, reporter)

    def finish(self, record: OperationRecord, initiator: Initiator, reporter: Reporter) -> OperationRecord | None:
        """Finish what was stopped after its commit point, or remove what it had prepared (`state` is `staging`)."""
        return operations.finish_unfinished(record.scope, initiator, reporter)

    def plan_pruning(self, keep: int) -> list[tuple[OperationRecord, int]]:
        """What pruning to `keep` operations a scope removes, with the bytes freed."""
        return operations.plan_pruning(self.scopes, keep)

    def prune(self, keep: int, initiator: Initiator, reporter: Reporter) -> None:
        """Remove for good what operations beyond `keep` hold."""
        for scope in self.scopes:
            operations.prune(scope, keep, initiator, reporter)
