"""A server on loopback that talks as no server should: slowly, without end, or not at all."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_PAUSE_SECONDS = 0.05


@dataclass(slots=True)
class LyingServer:
    """Its address, how many connections it had, and whether its block was left."""

    port: int
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


Talk = Callable[[LyingServer, socket.socket], None]


def silence(server: LyingServer, line: socket.socket) -> None:
    """Accept, and never say a word."""
    server.over.wait()


def over_and_over(piece: bytes, *, after: bytes = b"") -> Talk:
    """Say the same again and again, a piece every twentieth of a second."""

    def talk(server: LyingServer, line: socket.socket) -> None:
        line.sendall(after)
        while not server.over.wait(_PAUSE_SECONDS):
            line.sendall(piece)

    return talk


@contextlib.contextmanager
def lying(talk: Talk) -> Iterator[LyingServer]:
    """A server that runs while the block does, and treats each connection so."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = LyingServer(listener.getsockname()[1])
    lines: list[socket.socket] = []
    talks: list[threading.Thread] = []

    def entertain(line: socket.socket) -> None:
        with contextlib.suppress(OSError):  # Who asked has gone.
            line.recv(1 << 16)
            talk(server, line)

    def accept() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            server.connections += 1
            lines.append(line)
            talks.append(threading.Thread(target=entertain, args=(line,)))
            talks[-1].start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for line in lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for one in talks:
            one.join()
        for line in lines:
            line.close()
