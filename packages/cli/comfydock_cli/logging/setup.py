"""The log of one command: rotating `full.log`, as ComfyDock 1.x keeps and reads it, for this user's eyes.

Only our own words go into it: those of libraries may hold signed addresses.
"""

import contextlib
import logging
import os
from collections.abc import Callable
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


class _Records(logging.Handler):
    """Keeps the records of one command."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(record)


def _private_file(path: str) -> _PrivateFile:
    """The file of a log, for our own records. Raises `OSError`."""
    handler = _PrivateFile(path, maxBytes=_BYTES, backupCount=_BACKUPS, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_CleanFormatter(_FORMAT))
    handler.addFilter(_is_ours)
    return handler


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.startswith("comfydock_")


class CommandLog:
    """While entered, everything that the program and the library log goes into the file.

    A log that cannot be written is a warning: it must not keep anybody from repairing what is wrong. `afterwards` gives
    the file again when the command has ended well; where that is another one by then, its records go there, too.
    """

    def __init__(self, path: str, console: Console, words: str, *, afterwards: Callable[[], str] | None = None) -> None:
        self._path = path
        self._afterwards = afterwards
        self._records = _Records()
        self._ended_well = False
        self._console = console
        self._words = words
        self._handler: logging.Handler | None = None
        self._logger = logging.getLogger("comfydock_cli")

    def __enter__(self) -> "CommandLog":
        root = logging.getLogger()
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            self._handler = _private_file(self._path)
        except OSError as error:
            self._console.note(f"warning: cannot write the log `{self._path}`: {error.strerror}")
            return self
        logging.raiseExceptions = False  # A full disk is reported once, by the command itself, not at every record.
        root.addHandler(self._handler)
        if self._afterwards is not None:
            self._records.addFilter(_is_ours)
            root.addHandler(self._records)
        root.setLevel(logging.DEBUG)
        self._logger.info("begin: %s", self._words)
        return self

    def note_end(self, code: int) -> int:
        self._ended_well = code == 0
        self._logger.info("end: exit code %d", code)
        return code

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._logger.error("failed: %s: %s", type(error).__name__, error)
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
            logging.getLogger().removeHandler(self._records)
            self._handler.close()
            self._repeat_elsewhere()

    def _repeat_elsewhere(self) -> None:
        path = self._path if self._afterwards is None or not self._ended_well else self._afterwards()
        if path == self._path:
            return
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            handler = _private_file(path)
        except OSError as error:
            self._console.note(f"warning: cannot write the log `{path}`: {error.strerror}")
            return
        with contextlib.closing(handler):
            for record in self._records.kept:
                handler.handle(record)
