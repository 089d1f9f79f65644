"""Changes of model files, killed at every point: no byte is lost, and everything is as before or as after."""

from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.core.models import Models
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.operation import Initiator
from comfydock_core.utils.reporting import SilentReporter

from .transactions.conftest import killed_in_child, points

SILENT = SilentReporter()
WHO = Initiator(("model",))
LARGE = 65 << 20  # Known by size, time and inode instead of by content.


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.initialise(Workspace.plan_initialisation(str(tmp_path / "workspace")))


@pytest.fixture(params=[1000, LARGE], ids=["small", "large"])
def models(workspace: Workspace, request: pytest.FixtureRequest) -> Path:
    """Two equal files, one by itself and one that is damaged."""
    directory = Path(workspace.layout.models)
    for name in ("again", "big"):
        put(directory / f"checkpoints/{name}.safetensors", b"same", request.param)
    put(directory / "loras/only.safetensors", b"only", request.param)
    workspace.models.sync(SILENT, hash_files=True)
    return directory


def put(path: Path, begins: bytes, size: int) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        file.write(begins)
        file.truncate(size)


def deduplicate(models: Models) -> None:
    for plan in models.plan_deduplication(None, SILENT):
        models.deduplicate(plan, WHO, SILENT)


def delete(models: Models) -> None:
    models.delete(models.plan_deletion("loras/only.safetensors", SILENT), WHO, SILENT)


def quarantine(models: Models) -> None:
    (verdict,) = models.verify(["loras/only.safetensors"], SILENT)
    models.quarantine(models.plan_quarantine(verdict), verdict, WHO, SILENT)


def state(directory: Path) -> tuple[dict[str, tuple[int, bytes]], bool]:
    """The names with size and beginning of each file, and whether two of them are one file."""
    found: dict[str, tuple[int, bytes]] = {}
    files: list[int] = []
    for path in directory.rglob("*.safetensors*"):
        with path.open("rb") as file:
            found[str(path.relative_to(directory))] = (path.stat().st_size, file.read(4))
        files.append(path.stat().st_ino)
    return found, len(set(files)) < len(files)


@pytest.mark.parametrize("change", [deduplicate, delete, quarantine])
def test_killed_anywhere_it_is_as_before_or_as_after(
    workspace: Workspace, models: Path, change: Callable[[Models], None]
) -> None:
    def work() -> None:
        change(workspace.models)

    old = state(models)
    total = points(work)
    new = state(models)
    if old == new:
        pytest.skip("files share their bytes as clones here, which names do not show")
    undo(workspace)
    ended: list[bool] = []
    for at in range(1, total + 1):
        assert killed_in_child(work, at), at
        # What any writing command does first: an unfinished operation is settled.
        workspace.operations(None).prune(99, WHO, SILENT)
        assert state(models) in (old, new), at
        ended.append(state(models) == new)
        if ended[-1]:
            undo(workspace)
            assert state(models) == old
        workspace.models.sync(SILENT, hash_files=True)
    assert ended == sorted(ended)
    assert set(ended) == {False, True}


def undo(workspace: Workspace) -> None:
    operations = workspace.operations(None)
    operations.undo(operations.plan_undo(None), WHO, SILENT)
    workspace.models.sync(SILENT, hash_files=True)
