"""Files over real HTTP/1.1, with ranges, and with the faults of servers."""

import contextlib
import hashlib
import http.server
import re
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_PIECE = 1 << 16


@dataclass(slots=True)
class HostedFile:
    """One file. Lists of faults are used up, one element a request."""

    content: bytes
    etag: str | None = ""  # Empty: made of the content.
    modified: str | None = None
    kind: str = "application/octet-stream"
    disposition: str | None = None
    redirect: str | None = None
    needs: str | None = None  # The only `Authorization` that is let in.
    headers: Mapping[str, str] = field(default_factory=dict)
    ranges: bool = True
    heeds_if_range: bool = True
    first_answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)  # After so many bytes of the body the connection is cut.
    always_cut: int | None = None
    stalls: list[int] = field(default_factory=list)
    lie: str | None = None  # About ranges: `start`, `silent`, `size`.
    encoding: str | None = None
    length: int | None = None  # Instead of the right one.
    endless: bool = False  # Chunked, and the content again and again.
    chunked: bool = False
    speed: int | None = None  # Bytes a second, for each connection.
    most_at_once: int | None = None

    def tag(self) -> str | None:
        return f'"{hashlib.sha256(self.content).hexdigest()[:16]}"' if self.etag == "" else self.etag


@dataclass(slots=True)
class ModelHost:
    """Its address, its files by path, and what it was asked for and sent."""

    url: str
    files: dict[str, HostedFile] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sent: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    at_once: dict[str, int] = field(default_factory=dict)
    most_seen: dict[str, int] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, path: str, content: bytes, **options: object) -> str:
        """Offer a file; its address."""
        self.files[path] = HostedFile(content, **options)  # type: ignore[arg-type]
        return self.url + path

    def ranges(self, path: str) -> list[str | None]:
        """What was asked for of a file, in order."""
        return [headers.get("range") for asked, headers in self.requests if asked.partition("?")[0] == path]

    def bytes_sent(self, path: str) -> int:
        return sum(end - first for first, end in self.sent.get(path, []))


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host: ModelHost

    def do_GET(self) -> None:
        path = urllib.parse.unquote(self.path.partition("?")[0])
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.host.lock:
            self.host.requests.append((self.path, headers))
            file = self.host.files.get(path)
            now = self.host.at_once[path] = self.host.at_once.get(path, 0) + 1
            self.host.most_seen[path] = max(now, self.host.most_seen.get(path, 0))
        try:
            with contextlib.suppress(ConnectionError):
                self._answer(path, file, headers, now)
        finally:
            with self.host.lock:
                self.host.at_once[path] -= 1

    def _answer(self, path: str, file: HostedFile | None, headers: dict[str, str], now: int) -> None:
        if file is None:
            return self._refuse(404, {})
        if file.first_answers:
            return self._refuse(*file.first_answers.pop(0))
        if file.most_at_once is not None and now > file.most_at_once:
            return self._refuse(503, {})
        if file.needs is not None and headers.get("authorization") != file.needs:
            return self._refuse(401, {})
        if file.redirect is not None:
            return self._refuse(302, {"Location": file.redirect, **file.headers})
        return self._send_file(path, file, headers)

    def _refuse(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_file(self, path: str, file: HostedFile, headers: dict[str, str]) -> None:
        size = len(file.content)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
        condition = headers.get("if-range")
        same = condition is None or condition in (file.tag(), file.modified) or not file.heeds_if_range
        first, end, status = 0, size, 200
        if asked and file.ranges and same:
            first, end, status = int(asked[1]), min(int(asked[2] or size) + (1 if asked[2] else 0), size), 206
            if first >= size:
                return self._refuse(416, {"Content-Range": f"bytes */{size}"})
        self.send_response(status)
        for name, value in self._head(file, first, end, status).items():
            self.send_header(name, value)
        self.end_headers()
        return self._send_body(path, file, first, end)

    def _head(self, file: HostedFile, first: int, end: int, status: int) -> dict[str, str]:
        head = {"Content-Type": file.kind, **file.headers}
        if file.chunked or file.endless:
            head["Transfer-Encoding"] = "chunked"
        else:
            head["Content-Length"] = str(file.length if file.length is not None else end - first)
        if status == 206 and file.lie != "silent":
            moved = 1 if file.lie == "start" else 0
            size = len(file.content) - (1 if file.lie == "size" and first else 0)
            head["Content-Range"] = f"bytes {first + moved}-{min(end, size) - 1}/{size}"
        named = {"ETag": file.tag(), "Last-Modified": file.modified, "Content-Disposition": file.disposition,
                 "Content-Encoding": file.encoding}  # fmt: skip
        head |= {name: value for name, value in named.items() if value is not None}
        if file.ranges:
            head["Accept-Ranges"] = "bytes"
        return head

    def _send_body(self, path: str, file: HostedFile, first: int, end: int) -> None:
        cut = file.cuts.pop(0) if file.cuts else file.always_cut
        stall = file.stalls.pop(0) if file.stalls else None
        at, began = first, time.monotonic()
        while at < end or file.endless:
            stop = min(end, at + _PIECE)
            for limit in (cut, stall):
                if limit is not None:
                    stop = min(stop, first + limit)
            piece = file.content[at:stop] if at < end else file.content[:_PIECE]
            if piece:
                self._write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if self._is_chunked(file) else piece)
                with self.host.lock:
                    self.host.sent.setdefault(path, []).append((at, at + len(piece)))
            at += len(piece)
            if cut is not None and at - first >= cut:
                self.close_connection = True
                return
            if stall is not None and at - first >= stall:
                self.host.over.wait()
                self.close_connection = True
                return
            if file.speed is not None:
                wait = (at - first) / file.speed - (time.monotonic() - began)
                if wait > 0 and self.host.over.wait(wait):
                    return
        if self._is_chunked(file):
            self._write(b"0\r\n\r\n")
        elif file.length is not None:
            self.close_connection = True

    def _is_chunked(self, file: HostedFile) -> bool:
        return file.chunked or file.endless

    def _write(self, content: bytes) -> None:
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that break are what this is for."""


@contextlib.contextmanager
def model_host() -> Iterator[ModelHost]:
    """A host that runs while the block does."""
    handler = type("Handler", (_Handler,), {})
    listener = _Server(("127.0.0.1", 0), handler)
    host = ModelHost(f"http://127.0.0.1:{listener.server_address[1]}")
    handler.host = host  # type: ignore[attr-defined]
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield host
    finally:
        host.over.set()
        listener.shutdown()
        thread.join()
        listener.server_close()
