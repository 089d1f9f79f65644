"""Models on disks of all kinds, behind links, with odd names, and changing while they are looked at."""

import contextlib
import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from comfydock_core.core.usecases.models.deduplicating import Deduplication
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import open_workspace
from comfydock_core.models.exceptions import BusyError, ComfyDockError, FileSystemError
from comfydock_core.models.model_files.location import ModelLocation
from comfydock_core.models.operation import Initiator
from comfydock_core.repositories.model_index import index_reader
from comfydock_core.utils.reporting import SilentReporter
from tests.support.model_files import safetensors_header
from tests.support.reporters import RecordingReporter

SILENT = SilentReporter()
WHO = Initiator(("model",))
Disk = Callable[[str], Path]


@pytest.fixture
def loop_disk(tmp_path: Path) -> Iterator[Disk]:
    """Mount a file as a disk: `exfat`, which has neither links nor lasting numbers and compares names without case."""
    mounted: list[tuple[Path, str]] = []

    def run(*command: str) -> str:
        if shutil.which(command[0]) is None:
            pytest.skip(f"there is no {command[0]}")
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"mounting a file system is not allowed here: {done.stderr.strip()}")
        return done.stdout.strip()

    def mount(name: str) -> Path:
        image, place = tmp_path / f"{name}.image", tmp_path / name
        if not image.exists():
            place.mkdir()
            with image.open("wb") as file:
                file.truncate(16 << 20)
            run("mkfs.exfat", str(image))
        device = run("losetup", "--find", "--show", str(image))
        mounted.append((place, device))
        run("mount.exfat-fuse", device, str(place))
        return place

    yield mount
    for place, device in mounted:
        subprocess.run(["umount", str(place)], capture_output=True)
        subprocess.run(["losetup", "--detach", device], capture_output=True)


def workspace_of(place: Path, models: Path | None = None) -> Workspace:
    made = Workspace.initialise(Workspace.plan_initialisation(str(place), None if models is None else str(models)))
    return open_workspace(made.layout)


@pytest.fixture
def own(tmp_path: Path) -> Workspace:
    """A workspace with its models in it."""
    return workspace_of(tmp_path / "workspace")


def root_of(workspace: Workspace) -> Path:
    return Path(workspace.models.state().directory)


def write(path: Path, content: bytes = b"a", size: int = 100_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    header = safetensors_header({"weight": (size,)}, "U8")
    path.write_bytes(header + (content * (size // len(content) + 1))[:size])
    return path


def read(workspace: Workspace, reporter: RecordingReporter | None = None) -> dict[str, ModelLocation]:
    """Everything indexed and read, by path below its root."""
    sync = workspace.models.sync(reporter or RecordingReporter(), hash_files=True, eager=True)
    assert sync.failed == ()
    return indexed(workspace)


def indexed(workspace: Workspace) -> dict[str, ModelLocation]:
    return {one.path: one for one in workspace.models.all(SILENT)}


def delete(workspace: Workspace, name: str) -> tuple[str, ...]:
    """Delete one file and return the others that hold the same."""
    plan = workspace.models.plan_deletion(name, SILENT)
    workspace.models.delete(plan, WHO, SILENT)
    return plan.others


def dedupe(workspace: Workspace) -> list[Deduplication]:
    plans = workspace.models.plan_deduplication(None, SILENT, eager=True)
    for plan in plans:
        workspace.models.deduplicate(plan, WHO, SILENT)
    return plans


def quarantine(workspace: Workspace, path: Path) -> None:
    os.truncate(path, 50_000)
    workspace.models.sync(SILENT)
    (damaged,) = [one for one in workspace.models.verify((), SILENT) if one.verdict == "damaged"]
    workspace.models.quarantine(workspace.models.plan_quarantine(damaged), damaged, WHO, SILENT)


def undo(workspace: Workspace) -> None:
    operations = workspace.operations(None)
    operations.undo(operations.plan_undo(None), WHO, SILENT)


def contents(root: Path) -> dict[str, bytes]:
    """Every file below a directory but what operations keep."""
    paths = [path for path in sorted(root.rglob("*")) if path.is_file() and ".ops" not in path.parts]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def test_what_is_changed_on_another_disk_stays_there_and_comes_back(tmp_path: Path, small_disk: Disk) -> None:
    disk = small_disk("size=8m")
    write(disk / "loras/a.safetensors"), write(disk / "loras/b.safetensors")
    workspace = workspace_of(tmp_path / "workspace", disk)
    read(workspace)
    before = contents(disk)
    dedupe(workspace)
    assert (disk / "loras/a.safetensors").samefile(disk / "loras/b.safetensors")
    undo(workspace)
    assert not (disk / "loras/a.safetensors").samefile(disk / "loras/b.safetensors")
    delete(workspace, "loras/a.safetensors")
    assert list(contents(disk)) == ["loras/b.safetensors"]
    undo(workspace)
    assert contents(disk) == before
    quarantine(workspace, disk / "loras/a.safetensors")
    assert (disk / "loras/a.safetensors.damaged").exists()
    undo(workspace)
    assert (disk / "loras/a.safetensors").stat().st_size == 50_000
    assert not (workspace.layout.environments + "/.ops").startswith(str(disk))


def test_a_folder_that_leads_to_another_disk_keeps_what_is_changed_there(own: Workspace, small_disk: Disk) -> None:
    disk, root = small_disk("size=8m"), root_of(own)
    for folder in ("loras", "vae"):
        write(disk / folder / f"{folder}.safetensors")
        (root / folder).symlink_to(disk / folder)
    write(root / "checkpoints/here.safetensors")
    read(own)
    before = contents(disk)
    (plan,) = dedupe(own)
    assert {Path(twin.path).parent.name for twin in plan.twins} < {"loras", "vae"}
    assert (disk / "loras/loras.safetensors").samefile(disk / "vae/vae.safetensors")
    assert not (disk / "loras/loras.safetensors").samefile(root / "checkpoints/here.safetensors")
    undo(own)
    delete(own, "loras/loras.safetensors")
    assert not (disk / "loras/loras.safetensors").exists()
    undo(own)
    assert contents(disk) == before
    quarantine(own, disk / "vae/vae.safetensors")
    assert (disk / "vae/vae.safetensors.damaged").exists()
    undo(own)
    assert list(contents(disk)) == list(before)


def test_a_disk_that_was_unmounted_loses_no_digests(tmp_path: Path, small_disk: Disk) -> None:
    """What is left where it was is an empty directory."""
    disk, place = small_disk("size=8m"), tmp_path / "models"
    place.mkdir()
    write(disk / "loras/a.safetensors")
    subprocess.run(["mount", "--bind", str(disk), str(place)], check=True)
    try:
        workspace = workspace_of(tmp_path / "workspace", place)
        digest = read(workspace)["loras/a.safetensors"].blake3
    finally:
        subprocess.run(["umount", str(place)], check=True)
    change = workspace.models.sync(SILENT).changes[0]
    assert (change.present, change.gone) == (False, ())
    assert [one.absent for one in indexed(workspace).values()] == [True]
    place.rmdir()
    place.symlink_to(disk)
    workspace.models.sync(SILENT)
    assert [(one.absent, one.blake3) for one in indexed(workspace).values()] == [(False, digest)]


def test_a_folder_whose_disk_was_unmounted_loses_no_digests(own: Workspace, small_disk: Disk) -> None:
    disk, root = small_disk("size=8m"), root_of(own)
    write(disk / "a.safetensors"), write(root / "vae/here.safetensors", b"b")
    (root / "mounted").mkdir()
    subprocess.run(["mount", "--bind", str(disk), str(root / "mounted")], check=True)
    try:
        before = {path: one.blake3 for path, one in read(own).items()}
    finally:
        subprocess.run(["umount", str(root / "mounted")], check=True)
    assert set(before) == {"mounted/a.safetensors", "vae/here.safetensors"}
    sync = own.models.sync(SILENT)
    assert [path for path, _ in sync.changes[0].problems] == ["mounted"]
    assert {path: one.blake3 for path, one in indexed(own).items()} == before


def test_a_folder_that_was_emptied_is_empty(own: Workspace) -> None:
    root = root_of(own)
    write(root / "loras/a.safetensors"), write(root / "vae/b.safetensors")
    read(own)
    (root / "loras/a.safetensors").unlink()
    assert own.models.sync(SILENT).changes[0].gone == ("loras/a.safetensors",)


def test_a_folder_behind_a_link_that_leads_nowhere_keeps_what_is_known(own: Workspace, tmp_path: Path) -> None:
    write(tmp_path / "store/a.safetensors")
    (root_of(own) / "loras").symlink_to(tmp_path / "store")
    read(own)
    (tmp_path / "store").rename(tmp_path / "unplugged")
    change = own.models.sync(SILENT).changes[0]
    assert [path for path, _ in change.problems] == ["loras"]
    assert change.gone == ()


def test_digests_last_on_a_disk_whose_files_have_no_numbers(tmp_path: Path, loop_disk: Disk) -> None:
    disk = loop_disk("exfat")
    write(disk / "loras/a.safetensors"), write(disk / "loras/b.safetensors", b"b")
    workspace = workspace_of(tmp_path / "workspace", disk)
    before = {path: one.blake3 for path, one in read(workspace).items()}
    numbers = {path: one.state.inode for path, one in indexed(workspace).items()}
    subprocess.run(["umount", str(disk)], check=True)
    loop_disk("exfat")
    # The order in which files are asked for decides which numbers they get.
    assert os.stat(disk / "loras/b.safetensors").st_ino
    assert workspace.models.sync(SILENT).changes[0].nothing_changed
    after = indexed(workspace)
    assert {path: one.state.inode for path, one in after.items()} != numbers
    assert {path: one.blake3 for path, one in after.items()} == before


def test_a_disk_without_links_refuses_to_share_and_keeps_the_rest(tmp_path: Path, loop_disk: Disk) -> None:
    disk = loop_disk("exfat")
    write(disk / "loras/a.safetensors"), write(disk / "loras/b.safetensors")
    workspace = workspace_of(tmp_path / "workspace", disk)
    read(workspace)
    before = contents(disk)
    with pytest.raises(FileSystemError, match="the disk has neither clones nor hard links"):
        dedupe(workspace)
    assert contents(disk) == before
    delete(workspace, "loras/a.safetensors")
    undo(workspace)
    assert contents(disk) == before


def test_names_without_case_mean_what_the_disk_says(tmp_path: Path, loop_disk: Disk) -> None:
    disk = loop_disk("exfat")
    write(disk / "loras/Detail.safetensors")
    workspace = workspace_of(tmp_path / "workspace", disk)
    digest = read(workspace)["loras/Detail.safetensors"].blake3
    assert workspace.models.show("LORAS/detail.SAFETENSORS", SILENT).places[0].path == "loras/Detail.safetensors"
    (disk / "loras/Detail.safetensors").rename(disk / "loras/detail.safetensors")
    workspace.models.sync(SILENT)
    assert {path: one.blake3 for path, one in indexed(workspace).items()} == {"loras/detail.safetensors": digest}
    delete(workspace, "loras/detail.safetensors")
    undo(workspace)
    assert list(contents(disk)) == ["loras/detail.safetensors"]


def test_another_way_to_the_same_file_is_no_other_copy(own: Workspace) -> None:
    """Through a folder that leads to the other one, and through a link to the file."""
    root = root_of(own)
    write(root / "loras/a.safetensors")
    (root / "more").symlink_to(root / "loras")
    (root / "link.safetensors").symlink_to(root / "loras/a.safetensors")
    read(own)
    plan = own.models.plan_deletion("loras/a.safetensors", SILENT)
    assert plan.others == ()
    assert plan.is_last
    os.link(root / "loras/a.safetensors", root / "hard.safetensors")
    own.models.sync(SILENT)
    others = own.models.plan_deletion("loras/a.safetensors", SILENT).others
    assert [os.path.basename(path) for path in others] == ["hard.safetensors"]


def test_a_link_and_what_it_leads_to_in_a_store_are_one_model(own: Workspace, tmp_path: Path) -> None:
    store = write(tmp_path / "store/0123abcd.safetensors")
    root = root_of(own)
    for name in ("loras/a.safetensors", "vae/b.safetensors"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).symlink_to(store)
    places = read(own)
    assert len({one.blake3 for one in places.values()}) == 1
    assert own.models.duplicates() == []
    assert own.models.plan_deduplication(None, SILENT) == []
    assert len(delete(own, "loras/a.safetensors")) == 1
    assert (store.exists(), (root / "loras/a.safetensors").is_symlink()) == (True, False)
    undo(own)
    assert (root / "loras/a.safetensors").readlink() == store


def test_five_thousand_files_of_one_folder_are_all_there(own: Workspace) -> None:
    folder = root_of(own) / "loras"
    folder.mkdir()
    for number in range(5000):
        (folder / f"detail {number}.safetensors").write_bytes(b"")
    assert len(own.models.sync(SILENT).changes[0].added) == 5000
    assert own.models.sync(SILENT).changes[0].nothing_changed
    assert [one.path for one in own.models.search(("detail", "4711"))] == ["loras/detail 4711.safetensors"]


def test_a_directory_a_thousand_levels_deep_is_looked_through(own: Workspace) -> None:
    deep = str(root_of(own))
    for _ in range(1100):
        deep += "/d"
        os.mkdir(deep)
    with open(f"{deep}/a.safetensors", "wb"):
        pass
    (change,) = own.models.sync(SILENT).changes
    subprocess.run(["rm", "-r", str(root_of(own) / "d")], check=True)  # Python's own removal is not up to it.
    assert (change.files, change.problems) == (1, ())


def test_two_spellings_of_one_text_are_two_files(own: Workspace) -> None:
    composed, decomposed = "loras/\u00e4.safetensors", "loras/a\u0308.safetensors"
    write(root_of(own) / composed, b"1"), write(root_of(own) / decomposed, b"2")
    if len(list((root_of(own) / "loras").iterdir())) == 1:
        pytest.skip("this file system takes both spellings for one name")
    assert len({one.blake3 for one in read(own).values()}) == 2
    for name in (composed, decomposed):
        assert [one.path for one in own.models.show(name, SILENT).places] == [name]
        assert {one.path for one in own.models.search((os.path.basename(name),))} == {composed, decomposed}


def test_a_file_that_grows_while_it_is_read_is_named_and_not_noted(own: Workspace) -> None:
    path = write(root_of(own) / "loras/a.safetensors")

    def grow(_: int, said: str) -> None:
        if said.startswith("Reading"):  # After the look at all files, before the first is opened.
            with path.open("ab") as file:
                file.write(b"more")

    sync = own.models.sync(RecordingReporter(grow), hash_files=True)
    assert sync.failed == ((str(path), "it changed since the index was brought up to date"),)
    assert (sync.hashed, indexed(own)["loras/a.safetensors"].blake3) == (0, None)
    assert read(own)["loras/a.safetensors"].blake3 is not None


def test_a_file_that_vanishes_while_others_are_read_is_named_and_the_others_are_noted(own: Workspace) -> None:
    root = root_of(own)
    write(root / "loras/a.safetensors", b"a"), write(root / "loras/b.safetensors", b"b")

    def take_away(_: int, said: str) -> None:
        if said == "reading":
            (root / "loras/b.safetensors").unlink(missing_ok=True)

    sync = own.models.sync(RecordingReporter(take_away), hash_files=True)
    assert [(os.path.basename(path), reason) for path, reason in sync.failed] == [
        ("b.safetensors", os.strerror(errno.ENOENT))
    ]
    assert sync.hashed == 1


@pytest.mark.parametrize("work", [dedupe, lambda one: delete(one, "loras/a.safetensors")], ids=["dedupe", "delete"])
def test_a_read_only_disk_is_told_and_nothing_changes(
    tmp_path: Path, small_disk: Disk, work: Callable[[Workspace], object]
) -> None:
    disk = small_disk("size=8m")
    write(disk / "loras/a.safetensors"), write(disk / "loras/b.safetensors")
    workspace = workspace_of(tmp_path / "workspace", disk)
    read(workspace)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    before, known = contents(disk), {path: one.as_dict() for path, one in indexed(workspace).items()}
    with pytest.raises(FileSystemError, match="Read-only file system"):
        work(workspace)
    assert contents(disk) == before
    assert {path: one.as_dict() for path, one in indexed(workspace).items()} == known


def test_a_damaged_file_on_a_read_only_disk_is_found_and_cannot_be_renamed(tmp_path: Path, small_disk: Disk) -> None:
    disk = small_disk("size=8m")
    workspace = workspace_of(tmp_path / "workspace", disk)
    path = write(disk / "loras/a.safetensors")
    os.truncate(path, 50_000)
    read(workspace)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(FileSystemError, match="Read-only file system"):
        quarantine_only(workspace)
    assert path.exists()


def quarantine_only(workspace: Workspace) -> None:
    (damaged,) = [one for one in workspace.models.verify((), SILENT) if one.verdict == "damaged"]
    workspace.models.quarantine(workspace.models.plan_quarantine(damaged), damaged, WHO, SILENT)


def test_a_full_disk_leaves_the_old_index(tmp_path: Path, small_disk: Disk) -> None:
    disk = small_disk("size=2m")
    workspace = workspace_of(disk / "workspace", tmp_path)
    write(tmp_path / "loras/a.safetensors")
    before = {path: one.as_dict() for path, one in read(workspace).items()}
    for number in range(2000):
        (tmp_path / f"loras/another model {number}.safetensors").write_bytes(b"")
    with contextlib.suppress(OSError), (disk / "filling").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    with pytest.raises(FileSystemError) as told:
        workspace.models.sync(SILENT)
    assert "free space" in (told.value.hint or "")
    (disk / "filling").unlink()
    assert {path: one.as_dict() for path, one in indexed(workspace).items()} == before
    assert len(workspace.models.sync(SILENT).changes[0].added) == 2000


def test_an_index_that_another_process_changes_is_waited_for(own: Workspace) -> None:
    write(root_of(own) / "loras/a.safetensors")
    own.models.sync(SILENT)
    holder = sqlite3.connect(own.layout.model_index, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    write(root_of(own) / "loras/b.safetensors")
    begun, done = threading.Event(), threading.Event()

    def sync() -> None:
        own.models.sync(RecordingReporter(lambda *_: begun.set()))
        done.set()

    other = threading.Thread(target=sync)
    other.start()
    assert begun.wait(60)
    assert set(indexed(own)) == {"loras/a.safetensors"}, "readers wait for nobody"
    holder.execute("COMMIT")
    other.join()
    holder.close()
    assert done.is_set()
    assert set(indexed(own)) == {"loras/a.safetensors", "loras/b.safetensors"}


def test_an_index_that_stays_locked_is_said_to_be_in_use(own: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    own.models.sync(SILENT)
    monkeypatch.setattr(index_reader, "BUSY_SECONDS", 0.1)
    holder = sqlite3.connect(own.layout.model_index, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(BusyError) as told:
        own.models.sync(SILENT)
    holder.close()
    assert told.value.hint


# Run in a process of its own: reads all files, and ends itself with a signal at a chosen step.
READING = """
import os, sys
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.factories.workspace_factory import open_workspace
from tests.support.reporters import RecordingReporter

left = int(sys.argv[2])
def heard(_, said):
    global left
    if said == "reading":
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
sync = open_workspace(WorkspaceLayout(sys.argv[1])).models.sync(RecordingReporter(heard), hash_files=True)
print(sync.hashed, sync.unhashed, len(sync.failed))
"""


def reading(workspace: Workspace, steps: int = -1) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", READING, workspace.layout.root, str(steps)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def test_what_was_read_before_a_kill_is_not_read_again(own: Workspace) -> None:
    for number in range(5):
        write(root_of(own) / f"loras/{number}.safetensors", str(number).encode())
    killed = reading(own, 3)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    known = [path for path, one in indexed(own).items() if one.blake3 is not None]
    assert len(known) == 2
    reporter = RecordingReporter()
    assert all(one.blake3 for one in read(own, reporter).values())
    assert "Reading 3 files" in reporter.phases


def test_two_that_read_at_once_both_end_well(own: Workspace) -> None:
    for number in range(8):
        write(root_of(own) / f"loras/{number}.safetensors", str(number).encode())
    both = [reading(own), reading(own)]
    said = [one.communicate()[0].split() for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert [words[1:] for words in said] == [["0", "0"], ["0", "0"]]
    assert [one.blake3 is not None for one in indexed(own).values()] == [True] * 8


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser gives files away")
def test_files_of_different_owners_are_not_shared(own: Workspace) -> None:
    root = root_of(own)
    write(root / "loras/a.safetensors"), write(root / "loras/b.safetensors")
    os.chown(root / "loras/b.safetensors", 12345, 12345)
    read(own)
    (plan,) = dedupe(own)
    assert plan.twins == ()
    assert "another owner" in plan.skipped[0][1]
    assert (root / "loras/b.safetensors").stat().st_uid == 12345


def test_what_cannot_be_opened_is_named_with_its_reason(own: Workspace) -> None:
    write(root_of(own) / "loras/a.safetensors")
    os.mkfifo(root_of(own) / "loras/pipe.safetensors")
    (root_of(own) / "loras/itself.safetensors").symlink_to("itself.safetensors")
    sync = own.models.sync(SILENT, hash_files=True)
    assert sync.hashed == 1
    assert [(path, reason) for path, reason in sync.changes[0].problems] == [
        ("loras/itself.safetensors", os.strerror(errno.ELOOP))
    ]
    with pytest.raises(ComfyDockError):
        own.models.show("pipe.safetensors", SILENT)
