"""A scope: a directory whose changes are operations, one at a time."""

import contextlib
import os
import threading
from collections.abc import Iterator

from comfydock_core.models.exceptions import ChangedMeanwhile
from comfydock_core.models.operation import Initiator
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import operation_log
from comfydock_core.services.transaction.settling import refuse_unfinished, settle
from comfydock_core.services.transaction.trash import discard, empty_trash
from comfydock_core.utils.files import locks

__all__ = ["all_locked", "at_work", "discard", "empty_trash", "locked"]


class _Held:
    """A scope that this process holds: who took it, whether it was settled, and whether an operation is under way."""

    __slots__ = ("at_work", "holder", "settled")

    def __init__(self) -> None:
        self.holder = _holder()
        self.settled = False
        self.at_work = False


_held: dict[tuple[int, int], _Held] = {}  # By what the lock file is, whatever the scope is called by now.


@contextlib.contextmanager
def locked(scope: str, initiator: Initiator, reporter: Reporter, *, settled: bool = True) -> Iterator[None]:
    """Hold the scope's lock while inside, with nothing unfinished left in it.

    Who holds it already, in the same thread, goes on holding it. Raises `ScopeBusy`, `OperationUnfinished` (with
    `--no-settle`), `OperationDamaged`, `ChangedMeanwhile` when the scope is not there, `OSError`. Without `settled` an
    unfinished operation is left as it is, for those who deal with it themselves.
    """
    held = _held_here(scope)
    with _taken(scope, initiator) if held is None else contextlib.nullcontext(held) as held:
        if settled and not held.settled:
            _settle(scope, initiator, reporter)
            held.settled = True
        yield


@contextlib.contextmanager
def all_locked(scopes: tuple[str, ...], initiator: Initiator, reporter: Reporter) -> Iterator[None]:
    """Hold several scopes, in the order given: the workspace first, then environments by name."""
    with contextlib.ExitStack() as held:
        for scope in scopes:
            held.enter_context(locked(scope, initiator, reporter))
        yield


@contextlib.contextmanager
def at_work(scopes: tuple[str, ...]) -> Iterator[None]:
    """While inside an operation is under way in these scopes, which are held. Raises `RuntimeError` when one is."""
    here = {scope: _held[_identity(scope)] for scope in scopes}
    for scope, held in here.items():
        if held.at_work:
            raise RuntimeError(f"an operation is already in progress in `{scope}`; wait until it ends")
    for held in here.values():
        held.at_work = True
    try:
        yield
    finally:
        for held in here.values():
            held.at_work = False


@contextlib.contextmanager
def _taken(scope: str, initiator: Initiator) -> Iterator[_Held]:
    """The scope's lock, noted as held by this thread."""
    words = " ".join(("comfydock", *initiator.words))
    with contextlib.ExitStack() as stack:
        try:
            operation_log.make_directory(scope)
            stack.enter_context(locks.acquire(_lock(scope), _described(scope), words, wait=initiator.wait))
        except FileNotFoundError as error:
            raise _vanished(scope) from error
        identity = _identity(scope)
        held = _held[identity] = _Held()
        stack.callback(_no_longer_held, identity, held)
        yield held


def _no_longer_held(identity: tuple[int, int], held: _Held) -> None:
    if _held.get(identity) is held:  # Otherwise a forked child took it for itself.
        del _held[identity]


def _settle(scope: str, initiator: Initiator, reporter: Reporter) -> None:
    if not initiator.settle:
        refuse_unfinished(scope)
    settle(scope, reporter)
    empty_trash(scope, reporter)


def _held_here(scope: str) -> _Held | None:
    """The scope as this thread holds it; what was taken before a fork is held by the parent alone."""
    try:
        held = _held.get(_identity(scope))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return held if held is not None and held.holder == _holder() else None


def _identity(scope: str) -> tuple[int, int]:
    found = os.stat(_lock(scope))
    return found.st_dev, found.st_ino


def _holder() -> tuple[int, int]:
    return os.getpid(), threading.get_ident()


def _lock(scope: str) -> str:
    return f"{operation_log.operations_directory(scope)}/lock"


def _vanished(scope: str) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"`{scope}` is no longer there; nothing was done",
        hint="it was renamed or removed; `comfydock list` shows the environments",
        context={"path": scope, "expected": "a directory", "found": None},
    )


def _described(scope: str) -> str:
    name = os.path.basename(scope)
    is_environment = os.path.isdir(f"{scope}/.cec")
    return f"the environment `{name}`" if is_environment else "the workspace"
