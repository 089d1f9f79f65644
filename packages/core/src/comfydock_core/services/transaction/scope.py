"""A scope: a directory whose changes are operations, one at a time."""

import contextlib
import os
import secrets
from collections.abc import Iterator

from comfydock_core.models.operation import Initiator
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import operation_log
from comfydock_core.services.transaction.settling import refuse_unfinished, settle
from comfydock_core.utils import locks
from comfydock_core.utils.faults import fault
from comfydock_core.utils.filesystem import remove_tree

_TRASH = ".trash"


@contextlib.contextmanager
def locked(scope: str, initiator: Initiator, reporter: Reporter, *, settled: bool = True) -> Iterator[None]:
    """Hold the scope's lock while inside, with nothing unfinished left in it.

    Raises `ScopeBusy`, `OperationUnfinished` (with `--no-settle`), `OperationDamaged`, `OSError`. Without `settled`
    an unfinished operation is left as it is, for those who deal with it themselves.
    """
    operations = operation_log.operations_directory(scope)
    os.makedirs(operations, exist_ok=True)
    words = " ".join(("comfydock", *initiator.words))
    with locks.acquire(f"{operations}/lock", _described(scope), words, wait=initiator.wait):
        if settled:
            if not initiator.settle:
                refuse_unfinished(scope)
            settle(scope, reporter)
            empty_trash(scope, reporter)
        yield


@contextlib.contextmanager
def all_locked(scopes: tuple[str, ...], initiator: Initiator, reporter: Reporter) -> Iterator[None]:
    """Hold several scopes, in the order given: the workspace first, then environments by name."""
    with contextlib.ExitStack() as held:
        for scope in scopes:
            held.enter_context(locked(scope, initiator, reporter))
        yield


def discard(scope: str, path: str, reporter: Reporter) -> None:
    """Take a directory out of sight by one rename, then remove it. What cannot be removed now is removed later."""
    trash = f"{operation_log.operations_directory(scope)}/{_TRASH}"
    os.makedirs(trash, exist_ok=True)
    fault("before trash")
    os.rename(path, f"{trash}/{os.path.basename(path)}-{secrets.token_hex(4)}")
    fault("after trash")
    empty_trash(scope, reporter)


def empty_trash(scope: str, reporter: Reporter) -> None:
    """Remove what earlier commands put away. An orphan may still write there; then a later command has the rest."""
    trash = f"{operation_log.operations_directory(scope)}/{_TRASH}"
    try:
        names = os.listdir(trash)
    except FileNotFoundError:
        return
    for name in names:
        try:
            remove_tree(f"{trash}/{name}")
        except OSError as error:
            reporter.warn(f"cannot remove `{trash}/{name}` now, the next command tries again: {error.strerror}")


def _described(scope: str) -> str:
    name = os.path.basename(scope)
    is_environment = os.path.isdir(f"{scope}/.cec")
    return f"the environment `{name}`" if is_environment else "the workspace"
