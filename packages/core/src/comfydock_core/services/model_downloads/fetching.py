"""One file on its way, by several connections at once.

The first connection finds out what there is to fetch; others help as soon as the server has answered with a range. They
take the file's pieces in order. A server that refuses helpers is left to the first connection alone.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping

from comfydock_core.clients.answers import Answer, length_of, shown
from comfydock_core.clients.downloads import OpenStream
from comfydock_core.clients.transport import Transport
from comfydock_core.clients.watching import Stopped
from comfydock_core.models.exceptions import ComfyDockError, ModelNotOffered, NetworkUnavailable, RemoteError
from comfydock_core.records import record
from comfydock_core.services.model_downloads import judging
from comfydock_core.services.model_downloads.digesting import Digesting
from comfydock_core.services.model_downloads.heads import is_other, known_of, range_of
from comfydock_core.services.model_downloads.pacing import Pace
from comfydock_core.services.model_downloads.part import Known, Part
from comfydock_core.services.model_downloads.rounds import Piece, Reached, Round
from comfydock_core.services.model_downloads.spans import Spans
from comfydock_core.utils.files.digests import Digests
from comfydock_core.utils.files.disk_errors import disk_errors

Credentials = Callable[[str], Mapping[str, str]]

PIECE = 8 << 20  # The first piece, and the least that a helper is sent for.
_LARGEST_PIECE = 64 << 20
_FAILURES = 3  # In a row, without a byte more.
_RESTARTS = 2
_PAUSE_SECONDS = 0.5
_SAVE_SECONDS = 0.5
_CROWDED = frozenset({403, 429, 503})
_EXPIRED = frozenset({400, 401, 403, 404, 410})


class _Changed(Exception):
    """The file on the server is no longer the one that a part of is here."""


@record
class Ways:
    """What all downloads of a command share: the network, its limits, and who we are to whom."""

    transport: Transport
    pace: Pace
    credentials: Credentials
    connections: int


class Fetching:
    """Fetches one part in threads of its own, from `start` on until `is_over`.

    `notes` are sentences for the user that have not been told yet.
    """

    def __init__(self, part: Part, ways: Ways) -> None:
        self.part = part
        self.notes: list[str] = []
        self.carried = 0
        self.error: BaseException | None = None
        self.digests: Digests | None = None
        self._ways = ways
        self._counting = threading.Lock()
        self._stopped = False
        self._over = threading.Event()
        self._round = Round()
        self._url = part.request.urls[0]
        self._digesting: Digesting | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def wait(self, seconds: float) -> None:
        """Return when it is over, or so late."""
        self._over.wait(seconds)

    def stop(self) -> None:
        """Come to an end soon; what came is kept. `join` waits for that."""
        self._stopped = True
        self._round.halt.set()

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        digesting = self._digesting = Digesting(self.part)
        saver = threading.Thread(target=self._save_now_and_then, daemon=True)
        saver.start()
        try:
            with disk_errors(f"write `{self.part.request.name}`", self.part.request.folder):
                self._fetch_from_some_address()
                if self.part.frontier != self.part.known.size:
                    raise RuntimeError(f"{self.part.frontier} of {self.part.known.size} bytes are there")
                self.digests = digesting.result()
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that asked
            self.error = error
        finally:
            digesting.close()
            self._over.set()
            saver.join()
            self._save_for_good()

    def _save_for_good(self) -> None:
        try:
            with disk_errors("keep what was downloaded", self.part.request.folder):
                self.part.save()
        except ComfyDockError as error:
            self.error = self.error or error

    def _save_now_and_then(self) -> None:
        """Not all the time on a slow disk: saving takes a sixth of it at most."""
        pause = _SAVE_SECONDS
        while not self._over.wait(pause):
            began = time.monotonic()
            try:
                self.part.save()
            except OSError:
                return  # Who writes hears the same, or who saves in the end.
            pause = max(_SAVE_SECONDS, 5 * (time.monotonic() - began))

    def _fetch_from_some_address(self) -> None:
        *others, last = self.part.request.urls
        for url in others:
            self._url = url
            try:
                return self._fetch_all()
            except (RemoteError, ModelNotOffered) as error:
                self.notes.append(f"{error.message}; trying the next address")
        self._url = last
        return self._fetch_all()

    def _fetch_all(self) -> None:
        if self.part.there and self._may_not_resume():
            self.notes.append("the server gives no means to tell whether the file is the same: starting from scratch")
            self._restart(Known())
        for restarts in range(_RESTARTS + 1):
            try:
                self._round = Round()
                if self._stopped:
                    raise Stopped
                return self._fetch_round()
            except _Changed:
                if restarts == _RESTARTS:
                    raise NetworkUnavailable(
                        f"`{shown(self._url)}` keeps changing while it is downloaded",
                        hint="try again later, or use another address of the file",
                        context={"url": shown(self._url)},
                    ) from None
                self.notes.append("the file changed on the server: starting from scratch")
                self._restart(Known())
        return None

    def _may_not_resume(self) -> bool:
        request, known = self.part.request, self.part.known
        return known.size is None or (known.validator is None and request.sha256 is None and request.blake3 is None)

    def _restart(self, known: Known) -> None:
        self.part.restart(known)
        if self._digesting is not None:
            self._digesting.restart()

    def _fetch_round(self) -> None:
        present = self._round
        self._plan_pieces()
        try:
            self._lead(present)
        except Stopped:
            if present.error is None:
                raise
        finally:
            present.halt.set()
            present.join()
        if present.error is not None:
            raise present.error

    def _plan_pieces(self) -> None:
        size = self.part.known.size
        hint = size or self.part.request.size
        piece = PIECE if hint is None else _piece_size(hint, self._ways.connections)
        if self.part.there and size is not None:
            self._round.pieces = list(self.part.done.missing(size, piece))
            return
        alone = self._ways.connections == 1
        self._round.pieces = [(0, None if alone else min(piece, hint or piece))]

    def _lead(self, present: Round) -> None:
        """Fetch piece after piece until there is nothing left to do, neither here nor for a helper."""
        while (piece := present.take_when_there_is()) is not None:
            try:
                self._fetch_with_retries(present, piece, leads=True)
            except RemoteError as error:
                # Some servers refuse one connection too many, whichever that is.
                if error.context.get("status") not in _CROWDED or not present.wait_for_helpers():
                    raise

    def _help(self, present: Round) -> None:
        try:
            while (piece := present.take()) is not None:
                self._fetch_with_retries(present, piece, leads=False)
        except (Stopped, RemoteError, ModelNotOffered):
            pass  # Its piece lies with the others again; a server that is really in trouble tells the first connection.
        except BaseException as error:  # noqa: BLE001 - raised again by the first connection's thread
            present.fail(error)
        finally:
            present.helper_left()

    def _fetch_with_retries(self, present: Round, piece: Piece, *, leads: bool) -> None:
        """Fetch one piece, taking up what is left of it, or another one, when the connection breaks."""
        failures = 0
        left: Piece | None = piece
        while left is not None:
            before = self.part.there
            try:
                return self._fetch(present, left, leads=leads)
            except NetworkUnavailable:
                failures = 1 if self.part.there > before else failures + 1
                if failures > _FAILURES:
                    raise
                if present.halt.wait(_PAUSE_SECONDS * 2 ** (failures - 1)):
                    raise Stopped from None
            left = present.take()
        return None

    def _send_helpers(self, present: Round) -> None:
        for _ in range(min(self._ways.connections - 1, len(present.pieces))):
            present.helped_by(threading.Thread(target=self._help, args=(present,), daemon=True))

    def _fetch(self, present: Round, piece: Piece, *, leads: bool) -> None:
        """Fetch one piece; what is missing of it afterwards lies with the other pieces again."""
        reached = Reached(piece[0], piece[1])
        try:
            with self._opened(present, piece) as stream:
                self._settle(present, stream, piece, reached, leads=leads)
                self._pour(present, stream, reached)
        finally:
            present.put_back(reached, known_size=self.part.known.size)

    @contextlib.contextmanager
    def _opened(self, present: Round, piece: Piece) -> Iterator[OpenStream]:
        url = present.direct or self._url
        headers = {**self._ways.credentials(url), **self._range_headers(present, piece)}
        transport, pace = self._ways.transport, self._ways.pace
        with pace.connection(url, present.halt), transport.opened(url, headers, stop=present.halt) as stream:
            if present.direct is not None and stream.answer.status in _EXPIRED:
                present.direct = None
                raise NetworkUnavailable(f"`{shown(url)}` is no longer valid", context={"url": shown(url)})
            yield stream

    def _range_headers(self, present: Round, piece: Piece) -> dict[str, str]:
        first, end = piece
        if present.without_ranges:
            return {}
        headers = {"Range": f"bytes={first}-{'' if end is None else end - 1}"}
        validator = self.part.known.validator
        return {**headers, "If-Range": validator} if validator else headers

    def _settle(self, present: Round, stream: OpenStream, piece: Piece, reached: Reached, *, leads: bool) -> None:
        """Understand the head of an answer: what comes, from where to where, and whether it is the same file."""
        answer = stream.answer
        if answer.status == 416:
            self._ask_without_ranges(present)
        if answer.status not in (200, 206):
            raise judging.refusal(answer)
        if judging.is_page(answer, self.part.request.name):
            raise judging.page_of(answer, stream.chunks())
        judging.refuse_encoded(answer)
        if answer.status == 206:
            self._settle_part(present, answer, piece, reached)
        elif leads and not present.helpers:
            self._settle_whole(present, answer, reached)
        else:
            raise _Changed
        if answer.url != self._url:
            present.direct = answer.url
        if leads and answer.status == 206 and not present.helpers:
            self._send_helpers(present)

    def _settle_part(self, present: Round, answer: Answer, piece: Piece, reached: Reached) -> None:
        """The part comes that was asked for, or its beginning."""
        first, end, found = range_of(answer)
        if first != piece[0] or (piece[1] is not None and end > piece[1]):
            raise judging.other_part(answer)
        if found.size is None:
            self._ask_without_ranges(present)
        reached.end = end
        if self.part.known == Known():
            self._begin(present, answer, found, reached)
        elif is_other(self.part.known, found):
            raise _Changed
        else:
            present.put(end, found.size if piece[1] is None else piece[1])

    def _ask_without_ranges(self, present: Round) -> None:
        """A server cannot answer for a range: the file is empty, has no known length, or is shorter than it was."""
        if self.part.known != Known() or present.without_ranges:
            raise _Changed
        present.without_ranges = True
        raise NetworkUnavailable(f"`{shown(self._url)}` has no range", context={"url": shown(self._url)})

    def _settle_whole(self, present: Round, answer: Answer, reached: Reached) -> None:
        """The whole file comes from its beginning on, whatever was asked for."""
        found, before = known_of(answer, length_of(answer)), self.part.known
        if self.part.there:
            same = before.size is None or (found.validator is not None and found == before)
            why = "the server sends no part of the file" if same else "the file changed on the server"
            self.notes.append(f"{why}: starting from scratch")
        present.pieces.clear()
        reached.at, reached.end = 0, found.size
        self._begin(present, answer, found, reached)

    def _begin(self, present: Round, answer: Answer, found: Known, reached: Reached) -> None:
        """The first bytes of a file come: it has to be the expected one, and to fit."""
        judging.refuse_other_size(self.part.request, found.size)
        self._restart(found)
        present.limit = judging.room_for(self.part.request.folder, found.size)
        if found.size is not None and reached.end is not None and reached.end < found.size:
            piece = _piece_size(found.size, self._ways.connections)
            present.pieces = list(Spans([(0, reached.end)]).missing(found.size, piece))

    def _pour(self, present: Round, stream: OpenStream, reached: Reached) -> None:
        limit = reached.end if reached.end is not None else (self.part.request.size or present.limit)
        for chunk in stream.chunks():
            if present.halt.is_set():
                raise Stopped
            if limit is not None and reached.at + len(chunk) > limit:
                raise judging.too_much(stream.answer, limit)
            if reached.at == 0 and judging.looks_like_page(chunk) and not self.part.request.name.endswith(".html"):
                raise judging.page_instead(stream.answer, chunk)
            self._ways.pace.take(len(chunk), present.halt)
            self.part.write(reached.at, chunk)
            if self._digesting is not None:
                self._digesting.came(reached.at, chunk)
            reached.at += len(chunk)
            with self._counting:
                self.carried += len(chunk)
        if reached.end is None:  # Nobody said how long it is: it ends where the body ends.
            reached.end = reached.at
            self.part.note_size(reached.at)
        if reached.at < reached.end:
            raise NetworkUnavailable(
                f"`{shown(stream.answer.url)}` sends less than it said", context={"url": shown(stream.answer.url)}
            )


def _piece_size(size: int, connections: int) -> int:
    return size if connections == 1 else max(PIECE, min(_LARGEST_PIECE, size // (4 * connections)))
