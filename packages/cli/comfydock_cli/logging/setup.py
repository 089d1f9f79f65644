"""The log of one command: rotating `full.log`, as ComfyDock 1.x keeps and reads it."""

import logging
import os
from logging.handlers import RotatingFileHandler
from types import TracebackType

from comfydock_cli.ui.console import Console

_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(funcName)s:%(lineno)d - %(message)s"
_BYTES = 10 * 1024 * 1024
_BACKUPS = 5


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
            self._handler = RotatingFileHandler(self._path, maxBytes=_BYTES, backupCount=_BACKUPS, encoding="utf-8",
                                                errors="backslashreplace")  # fmt: skip
        except OSError as error:
            self._console.note(f"warning: cannot write the log `{self._path}`: {error.strerror}")
            return self
        self._handler.setFormatter(logging.Formatter(_FORMAT))
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
