"""One try to fetch what is missing of a file: its pieces, and who is at work on them."""

import threading
from dataclasses import dataclass

from comfydock_core.clients.watching import Stopped

_LOOK_SECONDS = 0.2

Piece = tuple[int, int | None]  # From the first byte to the one behind the last; `None` for all there is.


@dataclass(slots=True)
class Reached:
    """How far one piece has come."""

    at: int
    end: int | None


class Round:
    """One try to fetch all that is missing, by one leading connection and its helpers."""

    def __init__(self) -> None:
        self.halt = threading.Event()
        self.pieces: list[Piece] = []
        self.helpers: list[threading.Thread] = []
        self.direct: str | None = None
        self.without_ranges = False
        self.limit: int | None = None
        self.error: BaseException | None = None
        self._at_work = 0
        self._changed = threading.Condition()

    def take(self) -> Piece | None:
        """The first piece, if there is one."""
        with self._changed:
            return self.pieces.pop(0) if self.pieces and not self.halt.is_set() else None

    def take_when_there_is(self) -> Piece | None:
        """The same, waiting for helpers, who may yet put one back. Raises `Stopped`, and what a helper failed with."""
        with self._changed:
            while not self.pieces and self._at_work and not self.halt.is_set():
                self._changed.wait(_LOOK_SECONDS)
            if self.error is not None:
                raise self.error
            if self.halt.is_set():
                raise Stopped
            return self.pieces.pop(0) if self.pieces else None

    def put_back(self, reached: Reached, *, known_size: int | None) -> None:
        """What is missing of a piece is to be fetched again; with an unknown end only from the beginning on."""
        self.put(reached.at if known_size is not None else 0, reached.end)

    def put(self, first: int, end: int | None) -> None:
        """A piece is to be fetched, unless it is empty."""
        if end is not None and first >= end:
            return
        with self._changed:
            self.pieces.insert(0, (first, end))
            self._changed.notify_all()

    def helped_by(self, helper: threading.Thread) -> None:
        with self._changed:
            self._at_work += 1
            self.helpers.append(helper)
        helper.start()

    def helper_left(self) -> None:
        with self._changed:
            self._at_work -= 1
            self._changed.notify_all()

    def wait_for_helpers(self) -> bool:
        """Leave the work to the helpers until they have ended; whether there were any."""
        if not any(helper.is_alive() for helper in self.helpers):
            return False
        self.join()
        return True

    def fail(self, error: BaseException) -> None:
        """Something went wrong that ends the round."""
        with self._changed:
            self.error = self.error or error
            self.halt.set()

    def join(self) -> None:
        for helper in self.helpers:
            helper.join()
