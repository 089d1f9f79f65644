"""A scope: a directory whose changes are operations, one at a time."""

import contextlib
import os
import secrets
import threading
from collections.abc import Iterator

from comfydock_core.models.operation import Initiator
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import operation_log
from comfydock_core.services.transaction.settling import refuse_unfinished, settle
from comfydock_core.utils import locks
from comfydock_core.utils.faults import fault
from comfydock_core.utils.filesystem import remove_tree

_TRASH = ".trash"


class _Held:
    """A scope that this process holds: who took it, whether it was settled, and whether an operation is under way."""

    __slots__ = ("at_work", "holder", "settled")

    def __init__(self) -> None:
        self.holder = _holder()
        self.settled = False
        self.at_work = False


_held: dict[str, _Held] = {}  # By the scope's real path.


@contextlib.contextmanager
def locked(scope: str, initiator: Initiator, reporter: Reporter, *, settled: bool = True) -> Iterator[None]:
    """Hold the scope's lock while inside, with nothing unfinished left in it.

    Who holds it already, in the same thread, goes on holding it. Raises `ScopeBusy`, `OperationUnfinished` (with
    `--no-settle`), `OperationDamaged`, `OSError`. Without `settled` an unfinished operation is left as it is, for those
    who deal with it themselves.
    """
    held = _held_here(scope)
    with _taken(scope, initiator) if held is None else contextlib.nullcontext(held) as held:
        if settled and not held.settled:
            _settle(scope, initiator, reporter)
            held.settled = True
        yield


@contextlib.contextmanager
def at_work(scopes: tuple[str, ...]) -> Iterator[None]:
    """While inside an operation is under way in these scopes, which are held. Raises `RuntimeError` when one is."""
    here = {scope: _held[os.path.realpath(scope)] for scope in scopes}
    for scope, held in here.items():
        if held.at_work:
            raise RuntimeError(f"an operation is under way in `{scope}` already; another one has to follow it")
    for held in here.values():
        held.at_work = True
    try:
        yield
    finally:
        for held in here.values():
            held.at_work = False


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


@contextlib.contextmanager
def _taken(scope: str, initiator: Initiator) -> Iterator[_Held]:
    """The scope's lock, noted as held by this thread."""
    operations = operation_log.operations_directory(scope)
    os.makedirs(operations, exist_ok=True)
    words = " ".join(("comfydock", *initiator.words))
    place = os.path.realpath(scope)
    with locks.acquire(f"{operations}/lock", _described(scope), words, wait=initiator.wait):
        held = _held[place] = _Held()
        try:
            yield held
        finally:
            if _held.get(place) is held:
                del _held[place]


def _settle(scope: str, initiator: Initiator, reporter: Reporter) -> None:
    if not initiator.settle:
        refuse_unfinished(scope)
    settle(scope, reporter)
    empty_trash(scope, reporter)


def _held_here(scope: str) -> _Held | None:
    """The scope as this thread holds it; what was taken before a fork is held by the parent alone."""
    held = _held.get(os.path.realpath(scope))
    return held if held is not None and held.holder == _holder() else None


def _holder() -> tuple[int, int]:
    return os.getpid(), threading.get_ident()


def _described(scope: str) -> str:
    name = os.path.basename(scope)
    is_environment = os.path.isdir(f"{scope}/.cec")
    return f"the environment `{name}`" if is_environment else "the workspace"
