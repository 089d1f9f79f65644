"""ComfyDock in its forms, ready to be started: from source, and as each artifact."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from build.paths import Layout

MODULES_VARIABLE = "COMFYDOCK_MODULES_FILE"

# Runs the sources as they lie in the repository in the barest interpreter, so that only what they load is seen.
_FROM_SOURCE = "import sys; sys.path[:0] = {paths!r}; from comfydock_cli.__main__ import run; run()"


@dataclass(frozen=True, slots=True)
class Program:
    """One form of the program: how it is started."""

    form: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    def run(
        self, words: tuple[str, ...], environment: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run it to its end with a plain environment; nothing to read on standard input."""
        return subprocess.run(
            [*self.command, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            env={**plain_environment(), **self.environment, **(environment or {})},
            cwd=cwd,
        )

    def modules(self, words: tuple[str, ...], environment: Mapping[str, str], note: Path) -> frozenset[str]:
        """The modules that one start loads. Raises `RuntimeError` when it does not tell."""
        note.unlink(missing_ok=True)
        done = self.run(words, {**environment, MODULES_VARIABLE: str(note)})
        if not note.exists():
            raise RuntimeError(f"{self.form} {' '.join(words)} names no modules:\n{done.stdout}{done.stderr}")
        return frozenset(note.read_text("utf-8").split())


def plain_environment() -> dict[str, str]:
    """What a program is started with: nothing that one machine has and another has not."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }


def source_program(layout: Layout, python: str = sys.executable, libraries: tuple[str, ...] | None = None) -> Program:
    """The sources, in an interpreter without `site`; `libraries` is where third-party packages lie."""
    if libraries is None:
        libraries = tuple(path for path in sys.path if path.endswith("site-packages"))
    paths = [*(str(package.parent) for package in layout.packages), *libraries]
    return Program("source", (python, "-I", "-S", "-c", _FROM_SOURCE.format(paths=paths)))


def artifact_program(layout: Layout, form: str) -> Program:
    """An artifact where the build put it."""
    return Program(form, (str(layout.artifact(form) / "comfydock"),))


def installed_copy(layout: Layout, form: str, place: Path) -> Program:
    """An artifact as installed: copied, which also makes it start faster than where the linker left it."""
    target = place / form / "comfydock"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(layout.artifact(form), target, symlinks=True)
    return Program(form, (str(target / "comfydock"),))
