"""Doing several things at once, in plain threads: for work whose time is the file system's or the network's.

`concurrent.futures` would bring `multiprocessing` into frozen programs.
"""

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from comfydock_core.utils import interruption

Item = TypeVar("Item")


def for_each(items: Iterable[Item], do: Callable[[Item], object], *, threads: int) -> None:
    """Do something with every item, in no particular order, and return when all is done.

    The first error is raised, and so is Ctrl-C; then what has not begun never does, and nothing is still at work when
    the caller goes on.
    """
    waiting = list(items)
    errors: list[BaseException] = []

    def work() -> None:
        while True:
            try:
                item = waiting.pop()
            except IndexError:
                return
            try:
                do(item)
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that asked
                errors.append(error)
                waiting.clear()

    crew = [threading.Thread(target=work) for _ in range(min(threads, len(waiting)))]
    try:
        for thread in crew:
            thread.start()
        _join(crew)
    finally:
        waiting.clear()
        with interruption.held():
            _join(crew)
    if errors:
        raise errors[0]


def _join(crew: list[threading.Thread]) -> None:
    for thread in crew:
        if thread.ident is not None:  # Ctrl-C may have come before it was started.
            thread.join()
