"""Files of this machine for a program that takes files by HTTP only: served on loopback while a block runs."""

import contextlib
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote


class FileServer(ThreadingHTTPServer):
    """Serves the given files by their names, and nothing else. `asked` are the names that it does not have."""

    daemon_threads = True

    def __init__(self, files: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.asked: set[str] = set()

    def address(self, name: str) -> str:
        """Where a file of that name is, or would be."""
        return f"http://127.0.0.1:{self.server_address[1]}/{quote(name)}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away says itself why; everything else is a defect of ours, and shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        name = unquote(self.path.removeprefix("/"))
        path = self.server.files.get(name)
        if path is None:
            self.server.asked.add(name)
            self.send_error(404)
            return
        with open(path, "rb") as file:
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            # Who keeps the file need not ask for it again: nobody will be here to answer.
            self.send_header("Cache-Control", "public, max-age=365000000, immutable")
            self.end_headers()
            shutil.copyfileobj(file, self.wfile, 1 << 20)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: the client's own lines are shown."""


@contextlib.contextmanager
def serving_files(files: Mapping[str, str]) -> Iterator[FileServer]:
    """Serve files on a free port of this machine. Raises `OSError`."""
    with FileServer(files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
