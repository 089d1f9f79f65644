"""A server of one file on the loopback device: `model_server.py PATH [BYTES_A_SECOND]` prints its port, and serves.

It answers for ranges, and sends each connection no more than so much a second, as hosts of models do.
"""

import contextlib
import os
import re
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_PIECE = 1 << 17


class Handler(BaseHTTPRequestHandler):
    """Sends the file, or what is asked for of it."""

    protocol_version = "HTTP/1.1"
    path_served: ClassVar[str] = ""
    speed: ClassVar[int] = 0

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        size = os.path.getsize(self.path_served)
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        first, end = (int(asked[1]), int(asked[2] or size - 1) + 1) if asked else (0, size)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{end - 1}/{size}")
        self.send_header("Content-Length", str(end - first))
        self.send_header("ETag", f'"{size}"')
        self.end_headers()
        with open(self.path_served, "rb") as file, contextlib.suppress(ConnectionError):
            if not self.speed:
                self.connection.sendfile(file, first, end - first)
                return
            _send_slowly(self.connection, file.fileno(), first, end, self.speed)


def _send_slowly(line: socket.socket, file: int, first: int, end: int, speed: int) -> None:
    begun = time.monotonic()
    for at in range(first, end, _PIECE):
        line.sendall(os.pread(file, min(_PIECE, end - at), at))
        time.sleep(max(0.0, (at + _PIECE - first) / speed - (time.monotonic() - begun)))


if __name__ == "__main__":
    Handler.path_served = sys.argv[1]
    Handler.speed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
