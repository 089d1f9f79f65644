"""The log of one command: rotating `full.log`, as ComfyDock 1.x keeps and reads it, for this user's eyes.

Only our own words go into it: those of libraries may hold signed addresses.
"""

import contextlib
import logging
import os
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from types import TracebackType
from typing import Any

from comfydock_cli.ui.console import Console, clean

_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(funcName)s:%(lineno)d - %(message)s"
_BYTES = 10 * 1024 * 1024
_BACKUPS = 5


class _PrivateFile(RotatingFileHandler):
    """A file that other users cannot read, also after it was put aside and begun anew."""

    def _open(self) -> "TextIOWrapper[Any]":
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.baseFilename, os.O_CREAT | os.O_EXCL, 0o600))
        return super()._open()


class _CleanFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.startswith("comfydock_")


class CommandLog:
    """While entered, everything that the program and the library log goes into the file.

    A log that cannot be written is a warning: it must not keep anybody from repairing what is wrong.
    """

    def __init__(self, path: str, console: Console, words: str) -> None:
        self._path = path
        self._console = console
        self._words = words
        self._handler: logging.Handler | None = None
        self._logger = logging.getLogger("comfydock_cli")

    def __enter__(self) -> "CommandLog":
        root = logging.getLogger()
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            self._handler = _PrivateFile(self._path, maxBytes=_BYTES, backupCount=_BACKUPS, encoding="utf-8",
                                                errors="backslashreplace")  # fmt: skip
        except OSError as error:
            self._console.note(f"warning: cannot write the log `{self._path}`: {error.strerror}")
            return self
        self._handler.setFormatter(_CleanFormatter(_FORMAT))
        self._handler.addFilter(_is_ours)
        logging.raiseExceptions = False  # A full disk is told once, by the command itself, not at every record.
        root.addHandler(self._handler)
        root.setLevel(logging.DEBUG)
        self._logger.info("begin: %s", self._words)
        return self

    def note_end(self, code: int) -> int:
        self._logger.info("end: exit code %d", code)
        return code

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._logger.error("failed: %s: %s", type(error).__name__, error)
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
            self._handler.close()
