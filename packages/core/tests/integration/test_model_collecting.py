"""Taking away what nothing refers to: killed at every point, changed in between, in several places at once."""

import json
import os
from pathlib import Path

import pytest

from comfydock_core.core.models import Models
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import ChangedMeanwhile, EnvironmentChanging, ReferencesUnreadable
from comfydock_core.models.operation import Initiator
from comfydock_core.repositories.model_index.model_index import open_model_index
from comfydock_core.utils.files import file_locks
from comfydock_core.utils.reporting import SilentReporter
from tests.support.earlier_models import write_models_db
from tests.support.miniature import git

from .transactions.conftest import killed_in_child, points

SILENT = SilentReporter()
WHO = Initiator(("model", "gc"))
LARGE = 65 << 20  # Known by size, time and inode instead of by content.
FOLDERS = """\
import os
base_path = os.path.dirname(os.path.realpath(__file__))
models_dir = os.path.join(base_path, "models")
folder_names_and_paths = {
    "checkpoints": ([os.path.join(models_dir, "checkpoints")], {".safetensors"}),
    "loras": ([os.path.join(models_dir, "loras")], {".safetensors"}),
}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """With an environment that refers to one of three models."""
    made = Workspace.initialise(Workspace.plan_initialisation(str(tmp_path / "workspace")))
    environment = Path(made.layout.environment("work").root)
    write(environment / ".cec/pyproject.toml", "[tool.comfydock]\n")
    write(environment / ".cec/.complete", "")
    write(environment / "ComfyUI/folder_paths.py", FOLDERS)
    (environment / "ComfyUI/models").symlink_to(made.layout.models)
    git(environment / ".cec", "init", "-q")
    put(made, "checkpoints/used.safetensors", b"used")
    put(made, "checkpoints/spare.safetensors", b"spar", LARGE)
    put(made, "loras/other.safetensors", b"othe")
    save(made, "live", "used.safetensors")
    return made


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def put(workspace: Workspace, name: str, begins: bytes, size: int = 1000) -> Path:
    path = Path(workspace.layout.models) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(begins)
        file.truncate(size)
    return path


def save(workspace: Workspace, name: str, widget: str) -> None:
    workflows = Path(workspace.layout.environment("work").workflows)
    write(workflows / f"{name}.json", json.dumps({"nodes": [{"widgets_values": [widget]}]}))


def collect(models: Models) -> list[str]:
    return models.collect(models.plan_collection(None, 0, SILENT), WHO, SILENT)


def going(workspace: Workspace, age: float = 0) -> list[str]:
    return sorted(Path(one.path).name for one in workspace.models.plan_collection(None, age, SILENT).files)


def state(workspace: Workspace) -> dict[str, tuple[int, bytes]]:
    """The names with size and beginning of each file."""
    found: dict[str, tuple[int, bytes]] = {}
    for path in Path(workspace.layout.models).glob("*/*.safetensors"):
        if ".ops" not in path.parts:
            with path.open("rb") as file:
                found[path.name] = (path.stat().st_size, file.read(4))
    return found


def undo(workspace: Workspace) -> None:
    operations = workspace.operations(None)
    operations.undo(operations.plan_undo(None), WHO, SILENT)


def test_killed_anywhere_all_files_are_there_or_all_are_in_the_trash(workspace: Workspace) -> None:
    def work() -> None:
        collect(workspace.models)

    old = state(workspace)
    total = points(work)
    new = state(workspace)
    assert (sorted(old), sorted(new)) == (["other.safetensors", "spare.safetensors", "used.safetensors"],
                                          ["used.safetensors"])  # fmt: skip
    undo(workspace)
    assert state(workspace) == old
    ended: list[bool] = []
    for at in range(1, total + 1):
        assert killed_in_child(work, at), at
        # What any writing command does first: an unfinished operation is settled.
        workspace.operations(None).prune(99, WHO, SILENT)
        assert state(workspace) in (old, new), at
        ended.append(state(workspace) == new)
        if ended[-1]:
            undo(workspace)
            assert state(workspace) == old, at
    assert ended == sorted(ended)
    assert set(ended) == {False, True}


@pytest.mark.parametrize("widget", ["other.safetensors", "sub/OTHER.safetensors", "other"])
def test_what_is_referred_to_since_it_was_planned_stops_everything(workspace: Workspace, widget: str) -> None:
    plan = workspace.models.plan_collection(None, 0, SILENT)
    before = state(workspace)
    save(workspace, "late", widget)
    with pytest.raises(ChangedMeanwhile, match=r"late\.json"):
        workspace.models.collect(plan, WHO, SILENT)
    assert state(workspace) == before


def test_a_file_that_changed_since_it_was_planned_stays(workspace: Workspace) -> None:
    plan = workspace.models.plan_collection(None, 0, SILENT)
    put(workspace, "loras/other.safetensors", b"more")
    before = state(workspace)
    with pytest.raises(ChangedMeanwhile):
        workspace.models.collect(plan, WHO, SILENT)
    assert state(workspace) == before


def test_the_copy_that_lets_another_go_must_still_be_there(workspace: Workspace) -> None:
    copy = put(workspace, "loras/copy.safetensors", b"othe")
    workspace.models.sync(SILENT, hash_files=True)
    digest = workspace.models.show("copy.safetensors", SILENT).places[0].blake3
    save(workspace, "digest", str(digest))
    plan = workspace.models.plan_collection(None, 0, SILENT)
    assert [Path(one.path).name for one in plan.files] == ["spare.safetensors", "other.safetensors"]
    copy.unlink()
    before = state(workspace)
    with pytest.raises(ChangedMeanwhile, match=r"copy\.safetensors"):
        workspace.models.collect(plan, WHO, SILENT)
    assert state(workspace) == before


def test_an_environment_that_somebody_works_on_stops_the_plan(workspace: Workspace) -> None:
    scope = workspace.layout.environment("work").root
    os.makedirs(f"{scope}/.ops")
    lock = file_locks.take(f"{scope}/.ops/lock")
    assert lock is not None
    try:
        with pytest.raises(EnvironmentChanging, match="work"):
            going(workspace)
    finally:
        os.close(lock)


def test_each_directory_that_keeps_what_goes_has_an_operation(workspace: Workspace, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere/loras"
    write(elsewhere / "far.safetensors", "far")
    comfyui = Path(workspace.layout.environment("work").comfyui)
    write(comfyui / "extra_model_paths.yaml", f"far:\n    base_path: {elsewhere.parent}\n    loras: loras\n")
    write(comfyui / "main.py", "")
    before = state(workspace)
    names = collect(workspace.models)
    assert len(names) == 2
    assert not (elsewhere / "far.safetensors").exists()
    operations = workspace.operations(None)
    for name in names:
        operations.undo(operations.plan_undo(name), WHO, SILENT)
    assert (elsewhere / "far.safetensors").exists()
    assert state(workspace) == before


def test_a_hash_of_a_predecessor_in_a_manifest_keeps_a_file_of_that_size(workspace: Workspace) -> None:
    spare = Path(workspace.layout.models) / "checkpoints/spare.safetensors"
    database = Path(workspace.layout.cache) / "models.db"
    database.parent.mkdir(exist_ok=True)
    write_models_db(database, spare, Path(workspace.layout.models), short="fdee4978c05f1401")
    spare.rename(spare.with_name("renamed.safetensors"))
    manifest = Path(workspace.layout.environment("work").manifest)
    assert going(workspace) == ["other.safetensors", "renamed.safetensors"]
    write(manifest, "[tool.comfydock.models]\nfdee4978c05f1401 = { size = 1 }\n")
    assert going(workspace) == ["other.safetensors"]


def test_a_choice_of_the_user_keeps_a_file(workspace: Workspace) -> None:
    workspace.models.sync(SILENT)
    with open_model_index(workspace.layout.model_index) as index:
        index._connection.execute("INSERT INTO choices VALUES ('importance other.safetensors', 'high')")
    assert going(workspace) == ["spare.safetensors"]


def test_what_was_seen_first_not_long_ago_stays(workspace: Workspace) -> None:
    """A content that was read for the first time counts from then on, whatever the file says."""
    assert going(workspace) == ["other.safetensors", "spare.safetensors"]
    other = workspace.models.show("other.safetensors", SILENT).places[0].blake3
    with open_model_index(workspace.layout.model_index) as index:
        index._connection.execute("UPDATE contents SET first_seen = first_seen + 9000000 WHERE blake3 = ?", (other,))
    assert going(workspace) == ["spare.safetensors"]
    assert going(workspace, 3600) == []


def test_reading_a_file_before_it_goes_is_no_first_sight(workspace: Workspace) -> None:
    """Or a second plan would keep it. The past cannot be had for a file made now, so the limit is in the future."""
    other = Path(workspace.layout.models) / "loras/other.safetensors"
    moment = int(other.stat().st_mtime) + 7200
    os.utime(other, (moment, moment))
    assert "other.safetensors" in going(workspace, -9000)
    digest = workspace.models.show("other.safetensors", SILENT).places[0].blake3
    with open_model_index(workspace.layout.model_index) as index:
        assert index.first_seen()[str(digest)] == moment


def test_a_directory_of_models_that_was_not_looked_through_stops_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link in it may lead to any of the others. The superuser may read everything, so the system refuses here."""
    (Path(workspace.layout.models) / "loras/shut").mkdir()
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("loras/shut"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(ReferencesUnreadable, match="loras/shut"):
        going(workspace)


def test_a_hundred_files_of_one_directory_are_one_operation(workspace: Workspace) -> None:
    for number in range(100):
        put(workspace, f"loras/many{number:03}.safetensors", b"%4d" % number)
    (identifier,) = collect(workspace.models)
    assert sorted(state(workspace)) == ["used.safetensors"]
    record = workspace.operations(None).find(identifier)
    assert len(record.steps) == 102
    undo(workspace)
    assert len(state(workspace)) == 103
