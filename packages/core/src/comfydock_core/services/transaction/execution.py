"""One operation: everything new is staged aside, then the plan's names are swapped."""

import contextlib
import errno
import os
from collections.abc import Iterator

from comfydock_core.models.exceptions import ComfyDockError, FileSystemError
from comfydock_core.models.operation import ChangePlan, Initiator, Swap
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.services.transaction import keeping, planning
from comfydock_core.services.transaction.runs import runs_kept_away
from comfydock_core.services.transaction.scope import all_locked, at_work, discard, empty_trash
from comfydock_core.services.transaction.settling import remove_staged
from comfydock_core.services.transaction.steps import StepRunner
from comfydock_core.utils import interruption
from comfydock_core.utils.files import durable
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.fingerprints import fingerprint
from comfydock_core.utils.text import size_text


class Operation:
    """An operation under way. Whatever is staged is in directories of its own until `commit`."""

    def __init__(self, plan: ChangePlan, journal: Journal, reporter: Reporter) -> None:
        self.plan = plan
        self._journal = journal
        self._reporter = reporter
        self._runner = StepRunner(plan.scope, journal.id)
        self.committed = False
        self.taken_back = False

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

        Ctrl-C and termination are held back while names are swapped, and come too late then: the change is made. A step
        that the system refuses is an error as well (`OSError`, `AcrossFileSystems`, `OperationDamaged`, `GitFailed`),
        and what was done before it is taken back.
        """
        os.stat(self._journal.directory)  # The scope may have been renamed or removed under us.
        self._journal.plan(self.plan, self._after())
        durable.sync_file_system(self.plan.scope)
        planning.refuse_changed(self.plan)  # As late as can be: writing out may take a while.
        with interruption.held() as arrived:
            self._journal.apply()
            self.committed = True
            self._carry_out()
        if arrived:
            self._reporter.warn("the interruption came while the change was being committed; the change is made")

    def _carry_out(self) -> None:
        try:
            self._runner.forward(self.plan.steps)
        except (OSError, ComfyDockError):
            self._take_back()
            raise
        try:
            self._journal.end("done")
        except OSError as error:
            self._reporter.warn(f"the change is made, but not recorded: {error.strerror}; the next command does that")

    def _take_back(self) -> None:
        """Nothing stays half done. Where not even this goes, the next command finishes the operation, or tells why."""
        try:
            self._runner.backward(self.plan.steps)
            self._journal.end("undone")
        except (OSError, ComfyDockError) as error:
            self._reporter.warn(f"the operation {self.id} is half done, and reverting it failed, too: {error}")
        else:
            self.committed, self.taken_back = False, True

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
    `ScopeBusy`, `OperationUnfinished`, `EnvironmentInUse`, `ChangedMeanwhile`, `FileSystemError`.
    """
    scopes = (plan.scope, *sorted(plan.holds))
    with (
        disk_errors(f"carry out `{plan.command}`"),
        all_locked(scopes, initiator, reporter),
        at_work(scopes),
        runs_kept_away(plan.disturbs, initiator),
    ):
        planning.refuse_changed(plan)
        planning.refuse_impossible(plan)
        _refuse_full_disk(plan)
        operation_log.make_reserve(plan.scope)
        journal = Journal(plan.scope, operation_log.new_id(plan.scope, plan.command))
        under_way = Operation(plan, journal, reporter)
        try:
            with disk_errors(f"carry out `{plan.command}`"):
                journal.begin(initiator, plan.undoes)
                yield under_way
            if not under_way.committed:
                raise RuntimeError(f"the operation {journal.id} was neither committed nor given up")
        except BaseException as error:
            if not under_way.committed:
                _give_up(under_way, reporter)
                _say_if_full(plan, error)
            raise
        _tidy_up(plan.scope, journal.id, reporter)


def _give_up(under_way: Operation, reporter: Reporter) -> None:
    """Remove what was staged. Trouble with that is not the error that is reported; a later command tries again."""
    scope = under_way.plan.scope
    try:
        with interruption.deferred():
            operation_log.give_up_reserve(scope)
            if under_way.taken_back:
                keeping.drop_leftovers(scope, under_way.id)
            elif operation_log.exists(scope, under_way.id):
                remove_staged(scope, under_way.id)
        empty_trash(scope, reporter)
    except OSError as error:
        reporter.warn(f"what was prepared cannot be removed now, the next command tries again: {error.strerror}")


def _tidy_up(scope: str, identifier: str, reporter: Reporter) -> None:
    """Make room. The change is made, so whatever stops this is not an error; a later command does the rest."""
    try:
        keeping.drop_leftovers(scope, identifier)
        keeping.drop_old(scope, reporter)
    except OSError as error:
        reporter.warn(f"the change is made; what is kept of earlier ones cannot be removed now: {error.strerror}")
    except KeyboardInterrupt:
        reporter.warn("the change is made; what is kept of earlier ones is removed by the next command")


def _say_if_full(plan: ChangePlan, error: BaseException) -> None:
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
    needed = f"; at least {size_text(plan.disk_needed)} are needed" if plan.disk_needed else ""
    pruning = f", for example {size_text(freed)} with `comfydock operation prune`" if freed else ""
    error.hint = f"free some space there{pruning}, and run the command again{needed}"
