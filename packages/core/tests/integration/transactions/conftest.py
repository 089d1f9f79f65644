"""A small scope with everything that can be swapped, and ways to be stopped in the middle of changing it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from comfydock_core.models.operation import ChangePlan, Initiator, RefChange
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils import faults
from comfydock_core.utils.reporting import SilentReporter

SILENT = SilentReporter()
INITIATOR = Initiator(("test",), "tests")


@pytest.fixture(autouse=True)
def no_faults() -> Iterator[None]:
    """No test leaves a wish for faults to the next one."""
    yield
    faults.arm("")


@pytest.fixture
def fast_directory() -> Iterator[Path]:
    """A directory in memory where there is one: thousands of durable writes need not reach a disk."""
    place = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
    directory = Path(tempfile.mkdtemp(prefix="comfydock-tests-", dir=place))
    yield directory
    shutil.rmtree(directory)


def fill(scope: Path) -> None:
    """Names of every kind: directories, files, a link."""
    for name in ("replaced", "removed", "moved"):
        (scope / name).mkdir(parents=True)
        (scope / name / "content").write_text(f"old {name}")
    (scope / "file").write_text("old file")
    (scope / "dropped").write_text("old dropped")
    os.symlink("old target", scope / "link")


def plan_everything(scope: Path, refs: tuple[RefChange, ...] = ()) -> ChangePlan:
    """A change with every kind of swap."""
    place = str(scope)
    swaps = [
        swap(place, "replaced", has_new=True),
        swap(place, "removed", has_new=False),
        swap(place, "added", has_new=True),
        swap(place, "file", has_new=True),
        swap(place, "dropped", has_new=False),
        swap(place, "link", has_new=True),
        swap(place, "arrived", has_new=True, source="moved"),
    ]
    return make_plan(place, "test", [*swaps, *refs])


def carry_out(plan: ChangePlan) -> None:
    with operation(plan, INITIATOR, SILENT) as under_way:
        for name in ("replaced", "added"):
            os.mkdir(under_way.place(name))
            Path(under_way.place(name), "content").write_text(f"new {name}")
        Path(under_way.place("file")).write_text("new file")
        os.symlink("new target", under_way.place("link"))
        under_way.commit()


def snapshot(scope: Path) -> dict[str, str]:
    """Path, kind and content of everything but the operations themselves."""
    found: dict[str, str] = {}
    for directory, names, files in os.walk(scope):
        names[:] = sorted(name for name in names if name not in (".ops", ".git"))
        for name in [*files, *names]:
            path = Path(directory, name)
            relative = str(path.relative_to(scope))
            if path.is_symlink():
                found[relative] = f"link {os.readlink(path)}"
            else:
                found[relative] = "directory" if path.is_dir() else f"file {path.read_text()}"
    return found


def killed_in_child(work: Callable[[], None], at: int) -> bool:
    """Do the work in a process of its own that is killed at the given fault point; whether it came that far."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            faults.arm(f"kill:{at}")
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) == 0, "the work failed by itself"
    return False


def points(work: Callable[[], None]) -> int:
    """How many fault points some work passes."""
    faults.arm("")
    work()
    return faults.passed()


def git(directory: Path, *words: str) -> str:
    options = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"]
    command = ["git", "-C", str(directory), *options, *words]
    dates = {"GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **dates})
    return done.stdout.strip()
