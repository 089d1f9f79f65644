"""One workspace in a known state, doubled for every run, and the program from source to be killed in it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import miniature as support
from tests.support import programs
from tests.support.miniature import Miniature
from tests.support.sessions import Session, copy_workspace, new_session


@pytest.fixture(scope="session")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> Miniature:
    return support.build(tmp_path_factory.mktemp("miniature") / "all")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> Session:
    """A workspace with the environments `work` (active) and `spare`, and warm caches."""
    made = new_session(programs.program("source"), tmp_path_factory.mktemp("prepared"), miniature)
    made.ok("init")
    made.ok("create", "work", "--torch-backend", "cpu", "--use")
    made.ok("clone", "work", "spare")
    made.ok("backend", "lock", "cu128", "-e", "work")
    made.ok("operation", "prune")
    made.ok("operation", "prune", "-e", "work")
    return made


class Field:
    """The workspace, put back into its first state before every run, always at the same place."""

    def __init__(self, prepared: Session, place: Path) -> None:
        self._first = prepared.workspace
        self.session = Session(prepared.program, place / "workspace", prepared.variables)
        self._caches = {"UV_CACHE_DIR": str(prepared.workspace / "uv_cache")}
        self.reset()

    def reset(self) -> None:
        workspace = self.session.workspace
        if workspace.exists():
            shutil.rmtree(workspace)
        copy_workspace(self._first, workspace)

    def run(self, *words: str, fault: str = "", log: Path | None = None, allowed: tuple[int, ...] = (0, -9)) -> int:
        """Run a command, killed where `fault` says; returns the exit code, negative for a signal."""
        more = {"COMFYDOCK_FAULT": fault, "COMFYDOCK_FAULT_LOG": str(log) if log else ""}
        done = subprocess.run(
            [*self.session.program.command, *words],
            env=self.session.environment(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        assert done.returncode in allowed, done.stderr.decode()
        return done.returncode

    def points(self, *words: str) -> list[str]:
        """The names of the fault points that a command passes."""
        self.reset()
        log = self.session.workspace.parent / "points"
        log.unlink(missing_ok=True)
        assert self.run(*words, log=log) == 0
        return log.read_text().splitlines()

    def state(self) -> dict[str, object]:
        """Everything that counts: the environments without their operations, and the settings."""
        found: dict[str, object] = {}
        for root in (self.session.environments, self.session.workspace / ".metadata"):
            for directory, names, files in os.walk(root):
                names[:] = [name for name in names if name != ".ops"]
                for name in [*names, *files]:
                    path = Path(directory, name)
                    if not str(path).endswith(_VOLATILE):
                        found[str(path.relative_to(self.session.workspace))] = _content(path)
        return found


# What git and Python write anew whenever somebody looks.
_VOLATILE = (".git/index", ".pyc", "__pycache__")


def _content(path: Path) -> object:
    if path.is_symlink():
        return f"link {path.readlink()}"
    return path.read_bytes() if path.is_file() else None


@pytest.fixture
def field(prepared: Session, tmp_path: Path) -> Field:
    return Field(prepared, tmp_path)
