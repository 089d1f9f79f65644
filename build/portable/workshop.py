"""Running the commands of a long build: one log, a line that says where it is, and an error that says what failed."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from build.progress import Progress, watched

# What a build must not inherit: it would be compiled otherwise than the recipe says.
_NOT_INHERITED = ("CC", "CXX", "CPP", "CFLAGS", "CPPFLAGS", "CXXFLAGS", "LDFLAGS", "LIBS", "MAKEFLAGS", "DESTDIR")


class PortableError(Exception):
    """The portable interpreter cannot be made."""


def sign(step: str) -> str:
    """The line of the log that says that a step has begun."""
    return f"== {step} =="


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where a build runs its commands."""

    log: TextIO
    progress: Progress

    def begin(self, step: str) -> None:
        """Say that a step has begun."""
        self.log.write(f"{sign(step)}\n")
        self.log.flush()
        self.progress.show()

    def run(self, command: Sequence[str], directory: Path, environment: Mapping[str, str] | None = None) -> None:
        """Run one command to its end. Raises `PortableError` with the end of the log."""
        self.log.write(f"$ {' '.join(command)}\n")
        self.log.flush()
        environ = {
            name: value
            for name, value in os.environ.items()
            if name not in _NOT_INHERITED and not name.startswith(("PYTHON", "LD_"))
        }
        environ |= {"LC_ALL": "C", **(environment or {})}
        try:
            code = watched(command, environ, self.log, self.progress, directory)
        except OSError as error:
            raise PortableError(f"`{command[0]}` cannot be run: {error}") from error
        if code != 0:
            end = self.progress.log.read_text("utf-8", "replace")[-3000:]
            raise PortableError(f"`{' '.join(command)}` failed with {code}, see {self.progress.log}:\n{end}")


def jobs() -> str:
    """How many compilers run at a time."""
    return os.environ.get("COMFYDOCK_BUILD_JOBS", "2")
