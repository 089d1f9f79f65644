"""One operation: everything new is staged aside, then the plan's names are swapped."""

import contextlib
import errno
import os
from collections.abc import Iterator

from comfydock_core.models.exceptions import FileSystemError
from comfydock_core.models.operation import ChangePlan, Initiator, Swap
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.services.transaction import keeping, planning
from comfydock_core.services.transaction.scope import all_locked, at_work, discard, empty_trash
from comfydock_core.services.transaction.settling import remove_staged
from comfydock_core.services.transaction.steps import StepRunner
from comfydock_core.utils import durable, interruption
from comfydock_core.utils.disk_errors import disk_errors
from comfydock_core.utils.fingerprints import fingerprint


class Operation:
    """An operation under way. Whatever is staged is in directories of its own until `commit`."""

    def __init__(self, plan: ChangePlan, journal: Journal, reporter: Reporter) -> None:
        self.plan = plan
        self._journal = journal
        self._reporter = reporter
        self._runner = StepRunner(plan.scope, journal.id)
        self.committed = False

    @property
    def id(self) -> str:
        return self._journal.id

    @property
    def work(self) -> str:
        """A directory for anything that is needed on the way and put nowhere."""
        return f"{self._journal.directory}/work"

    def place(self, path: str) -> str:
        """Where the new thing for the plan's name `path` is to be built."""
        return f"{self._journal.directory}/new/{self.plan.index(path)}"

    def commit(self) -> None:
        """Make the change, all of it. Raises `ChangedMeanwhile` and `OSError` before anything was touched.

        Ctrl-C and termination are held back while names are swapped, and come too late then: the change is made.
        """
        planning.refuse_changed(self.plan)
        self._journal.plan(self.plan, self._after())
        durable.sync_file_system(self.plan.scope)
        with interruption.held() as arrived:
            self._journal.apply()
            self.committed = True
            self._runner.forward(self.plan.steps)
            self._journal.end("done")
        if arrived:
            self._reporter.warn("the change was being made when it was to be stopped; it is made")

    def purge(self) -> None:
        """Remove for good what the committed operation took away; it cannot be undone afterwards."""
        discard(self.plan.scope, self._journal.directory, self._reporter)

    def _after(self) -> list[str | None]:
        """The fingerprints of what the swaps will put in place."""
        after: list[str | None] = []
        for number, step in enumerate(self.plan.steps):
            is_swap = isinstance(step, Swap) and step.has_new
            after.append(fingerprint(self._runner.source(number, step)) if is_swap else None)  # type: ignore[arg-type]
            if is_swap and after[-1] is None:
                raise RuntimeError(f"nothing was staged for `{step.path}`")  # type: ignore[union-attr]
        return after


@contextlib.contextmanager
def operation(plan: ChangePlan, initiator: Initiator, reporter: Reporter) -> Iterator[Operation]:
    """Carry out a plan: lock, settle, check that it still holds, stage (the block), and end with `commit` inside.

    What ends before `commit`, by an error or an interrupt, never happened, and what was staged is removed. Raises
    `ScopeBusy`, `OperationUnfinished`, `ChangedMeanwhile`, `FileSystemError`.
    """
    scopes = (plan.scope, *sorted(plan.holds))
    with disk_errors(f"carry out `{plan.command}`"), all_locked(scopes, initiator, reporter), at_work(scopes):
        planning.refuse_changed(plan)
        _refuse_full_disk(plan)
        keeping.drop_old(plan.scope, reporter)
        operation_log.make_reserve(plan.scope)
        journal = Journal(plan.scope, operation_log.new_id(plan.scope, plan.command))
        under_way = Operation(plan, journal, reporter)
        try:
            journal.begin(initiator, plan.undoes)
            yield under_way
        except BaseException as error:
            if not under_way.committed:
                _remove(plan, journal, reporter, error)
            raise
        if not under_way.committed:
            raise RuntimeError(f"the operation {journal.id} was neither committed nor given up")


def _remove(plan: ChangePlan, journal: Journal, reporter: Reporter, error: BaseException) -> None:
    """Remove what was staged; a disk that is full is told with what could be freed."""
    with interruption.deferred():
        operation_log.give_up_reserve(plan.scope)
        if os.path.isdir(journal.directory):
            remove_staged(plan.scope, journal.id)
    empty_trash(plan.scope, reporter)
    if isinstance(error, FileSystemError) and error.context.get("errno") in ("ENOSPC", "EDQUOT"):
        _say_what_helps(plan, error)


def _refuse_full_disk(plan: ChangePlan) -> None:
    if plan.disk_needed is not None and plan.disk_needed > plan.disk_free:
        error = FileSystemError(
            f"there is not enough space at `{plan.scope}` for this",
            context={"path": plan.scope, "errno": errno.errorcode[errno.ENOSPC]},
        )
        _say_what_helps(plan, error)
        raise error


def _say_what_helps(plan: ChangePlan, error: FileSystemError) -> None:
    freed = keeping.freed_bytes(plan.scope)
    error.context |= {"needed": plan.disk_needed, "free": plan.disk_free, "prunable": freed}
    needed = f"; {plan.disk_needed / 1e6:.0f} MB are needed" if plan.disk_needed else ""
    pruning = f", for example {freed / 1e6:.0f} MB with `comfydock operation prune`" if freed else ""
    error.hint = f"free some space there{pruning}, and run the command again{needed}"
