"""A real HTTP server on loopback that answers as told and remembers what it was asked."""

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Reply:
    """One answer. A body that is not text or bytes is sent as JSON.

    One that `waits` stops in the middle until who asked goes away.
    """

    body: object = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    waits: bool = False

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass(slots=True)
class Server:
    """`replies` maps a path to one reply, or to several that are given in turn, the last one for good."""

    url: str
    replies: dict[str, Reply | list[Reply]]
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def reply(self, path: str) -> Reply:
        found = self.replies.get(path, Reply({"message": "Not Found"}, 404))
        if isinstance(found, Reply):
            return found
        return found.pop(0) if len(found) > 1 else found[0]


@contextlib.contextmanager
def serving(replies: dict[str, Reply | list[Reply]] | None = None) -> Iterator[Server]:
    """A server that runs while the block does."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            reply = server.reply(self.path)
            content = reply.content()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in reply.headers:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if reply.waits:
                self.wfile.write(content[: len(content) // 2])
                self.connection.recv(1)
                return
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = Server(f"http://127.0.0.1:{listener.server_address[1]}", replies if replies is not None else {})
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
