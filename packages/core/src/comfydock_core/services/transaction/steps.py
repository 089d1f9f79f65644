"""Carrying the steps of an operation out, forward or backward, from any point at which they were stopped.

There is no record of single steps: the names are the state. Of a swap there are at most three names, the live one,
the one that the new thing comes from, and `old/<n>` for what was there; which of them exist says what is left to do.
Everything else is a state that nobody but a stranger could have made, and then nothing is touched.
"""

import contextlib
import errno
import os
from collections.abc import Iterator

from comfydock_core.integrations.git import changes, queries
from comfydock_core.integrations.git.index_lock import index_locked, is_index
from comfydock_core.integrations.git.left_locks import remove_left_locks
from comfydock_core.models.exceptions import AcrossFileSystems, ChangedMeanwhile, OperationDamaged
from comfydock_core.models.operation import RefChange, Step, Swap
from comfydock_core.repositories.operation_log import OPS
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files import durable
from comfydock_core.utils.files.fingerprints import fingerprint
from comfydock_core.utils.files.renames import rename_to_new


class StepRunner:
    """Carries out the steps of one operation in a scope, which `was_stopped` in the middle or is fresh."""

    def __init__(self, scope: str, identifier: str, *, was_stopped: bool = False) -> None:
        self._scope = scope
        self._directory = f"{OPS}/{identifier}"
        self._touched: set[str] = set()
        self._moved_refs = False
        self._was_stopped = was_stopped

    def forward(self, steps: tuple[Step, ...]) -> None:
        """Do what is not done yet. Raises `OperationDamaged`, `ChangedMeanwhile`, `OSError`; all may be repeated."""
        for number, step in enumerate(steps):
            if isinstance(step, Swap):
                self._swap(number, step)
            else:
                self._move_ref(step, step.old, step.new)
        self._sync()

    def backward(self, steps: tuple[Step, ...]) -> None:
        """Take back what is done. Raises what `forward` raises."""
        for number, step in reversed(list(enumerate(steps))):
            if isinstance(step, Swap):
                self._swap_back(number, step)
            else:
                self._move_ref(step, step.new, step.old)
        self._sync()

    def source(self, number: int, step: Swap) -> str:
        """Where the new thing of a swap comes from."""
        return self._absolute(step.source or f"{self._directory}/new/{number}")

    def live(self, step: Swap) -> str:
        return self._absolute(step.path)

    def kept(self, number: int) -> str:
        """Where what a swap took away is kept."""
        return self._absolute(f"{self._directory}/old/{number}")

    def _swap(self, number: int, step: Swap) -> None:
        with self._git_kept_off(step):
            state = self._state(number, step)
            if state == "before":
                self._refuse_other_index(step)
            if state == "before" and step.has_old:
                self._rename(number, step, self.live(step), self.kept(number))
            if state in ("before", "half") and step.has_new:
                self._rename(number, step, self.source(number, step), self.live(step))

    def _swap_back(self, number: int, step: Swap) -> None:
        with self._git_kept_off(step):
            state = self._state(number, step)
            if state == "after" and step.has_new:
                self._rename(number, step, self.live(step), self.source(number, step))
            if state in ("after", "half") and step.has_old:
                self._rename(number, step, self.kept(number), self.live(step))

    @contextlib.contextmanager
    def _git_kept_off(self, step: Swap) -> Iterator[None]:
        """While a repository's index is swapped no git may change it. Raises `RepositoryBusy`."""
        if not is_index(step.path):
            yield
            return
        with index_locked(
            self.live(step), os.path.basename(self._directory), self._absolute(f"{self._directory}/work")
        ):
            yield

    def _refuse_other_index(self, step: Swap) -> None:
        """What another git put into the index before it was kept off is that git's, and not to be replaced."""
        if is_index(step.path) and fingerprint(self.live(step)) != step.before:
            raise ChangedMeanwhile(
                f"`{self.live(step)}` was changed by another git meanwhile",
                hint="run the command again: it commits what is there now",
                context={"path": self.live(step), "expected": step.before},
            )

    def _state(self, number: int, step: Swap) -> str:
        """`before`, `half` or `after`, by the names that exist. Raises `OperationDamaged` for any other combination."""
        live, kept = os.path.lexists(self.live(step)), os.path.lexists(self.kept(number))
        if not step.has_new:
            if live != kept:
                return "before" if live else "after"
        elif os.path.lexists(self.source(number, step)):
            if live == step.has_old and not kept:
                return "before"
            if step.has_old and kept and not live:
                return "half"
        elif live and kept == step.has_old:
            return "after"
        raise self._damaged(number, step)

    def _damaged(self, number: int, step: Swap) -> OperationDamaged:
        return OperationDamaged(
            f"`{self.live(step)}` was changed by another program while an operation was in progress",
            hint=f"nothing was overwritten; what the operation took away or was to put there is in"
            f" `{self._absolute(self._directory)}`",
            context={"path": self.live(step), "operation": self._absolute(self._directory), "step": number},
        )

    def _rename(self, number: int, step: Swap, source: str, target: str) -> None:
        fault("before rename")
        try:
            rename_to_new(source, target)
        except FileExistsError as error:
            raise self._damaged(number, step) from error
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            raise _across(source, target) from error
        self._touched.update((os.path.dirname(source), os.path.dirname(target)))
        fault("after rename")

    def _move_ref(self, step: RefChange, old: str | None, new: str | None) -> None:
        repository = self._absolute(step.repository)
        found = queries.ref_value(repository, step.name)
        if found == new:
            return
        if found != old:
            raise ChangedMeanwhile(
                f"`{step.name}` in `{repository}` points to {found}, not to {old}: another program moved it",
                hint="move it back, or to where the operation expects it, and run the command again",
                context={"repository": repository, "ref": step.name, "found": found, "expected": old, "new": new},
            )
        if self._was_stopped:
            remove_left_locks(repository, step.name, new)
        fault("before ref")
        changes.update_ref(repository, step.name, new, old)
        self._moved_refs = True
        fault("after ref")

    def _sync(self) -> None:
        """Make everything durable before it is recorded as done. How git stores references is its own matter."""
        for directory in sorted(self._touched):
            fault("sync directory")
            durable.sync_directory(directory)
        if self._moved_refs:
            durable.sync_file_system(self._scope)
        self._touched.clear()
        self._moved_refs = False

    def _absolute(self, path: str) -> str:
        return os.path.normpath(os.path.join(self._scope, path))


def _across(source: str, target: str) -> AcrossFileSystems:
    return AcrossFileSystems(
        f"the system cannot rename `{source}` to `{target}`: it treats them as on different file systems",
        hint="keep an environment on one file system, and out of the read-only layers of a container",
        context={"path": source, "target": target},
    )
