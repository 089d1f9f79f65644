"""Doing several things at once, in plain threads: for work whose time is the file system's or the network's.

`concurrent.futures` would bring `multiprocessing` into frozen programs.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from comfydock_core.utils import interruption

Item = TypeVar("Item")


def for_each(items: Iterable[Item], do: Callable[[Item], object], *, threads: int) -> None:
    """Do something with every item, in no particular order, and return when all is done.

    The first error is raised, and so is Ctrl-C; then what has not begun never does, and nothing is still at work when
    the caller goes on.
    """

    def do_one(item: Item) -> Sequence[Item]:
        do(item)
        return ()

    given = list(items)
    work_off(given, do_one, threads=min(threads, len(given)))


def work_off(items: Iterable[Item], do: Callable[[Item], Sequence[Item]], *, threads: int) -> None:
    """The same for work that brings up more of it: what `do` returns is done as well."""
    pile = _Pile(items)

    def work() -> None:
        for item in pile.taken():
            try:
                pile.put(do(item))
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that asked
                pile.give_up(error)

    crew = [threading.Thread(target=work) for _ in range(threads)]
    try:
        for thread in crew:
            thread.start()
        _join(crew)
    finally:
        with interruption.held():
            pile.give_up(None)
            _join(crew)
    if pile.errors:
        raise pile.errors[0]


class _Pile(Generic[Item]):
    """What is still to be done; the last item is the next, so that a tree is gone through branch by branch."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.errors: list[BaseException] = []
        self._waiting = list(items)
        self._unfinished = len(self._waiting)
        self._changed = threading.Condition()

    def taken(self) -> Iterator[Item]:
        """One item after the other, waiting while others at work may still bring some up."""
        while True:
            with self._changed:
                while not self._waiting and self._unfinished > 0:
                    self._changed.wait()
                if not self._waiting:
                    return
                item = self._waiting.pop()
            yield item

    def put(self, more: Sequence[Item]) -> None:
        """One item is done and brought up others."""
        with self._changed:
            if self._unfinished > 0:
                self._waiting += more
                self._unfinished += len(more) - 1
                self._changed.notify_all()

    def give_up(self, error: BaseException | None) -> None:
        """Nothing more is to be begun."""
        with self._changed:
            if error is not None:
                self.errors.append(error)
            self._waiting.clear()
            self._unfinished = 0
            self._changed.notify_all()


def _join(crew: list[threading.Thread]) -> None:
    for thread in crew:
        if thread.ident is not None:  # Ctrl-C may have come before it was started.
            thread.join()
