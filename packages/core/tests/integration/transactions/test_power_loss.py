"""The power is cut: whatever of an operation reached the disk, after settling it is the old state or the new one."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from comfydock_core.models.exceptions import FileSystemError
from comfydock_core.models.operation import RefChange
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.services.transaction import locked, make_plan, operation, plan_undo
from comfydock_core.services.transaction.planning import swap
from comfydock_core.services.transaction.settling import unfinished
from comfydock_core.utils import faults

from .conftest import INITIATOR, SILENT, carry_out, fill, git, killed_in_child, plan_everything, points, snapshot
from .power_loss import Disk, Recording, disks, record, scattered_disks


def change(scope: Path) -> None:
    carry_out(plan_everything(scope))


def undo(scope: Path) -> None:
    record = Journal(str(scope), operation_log.operation_ids(str(scope))[-1]).read()
    with operation(plan_undo(record), INITIATOR, SILENT) as under_way:
        under_way.commit()


def prepare_change(scope: Path) -> None:
    fill(scope)


def prepare_undo(scope: Path) -> None:
    fill(scope)
    change(scope)


def prepare_refs(scope: Path) -> None:
    (scope / "file").parent.mkdir()
    (scope / "file").write_text("old")
    git(scope, "init", "--quiet", "--template=", "--initial-branch=main")
    for message in ("one", "two"):
        git(scope, "commit", "--quiet", "--allow-empty", "-m", message)
    git(scope, "branch", "--force", "wanted", "HEAD~1")


def move_refs(scope: Path) -> None:
    old, new = git(scope, "rev-parse", "main"), git(scope, "rev-parse", "wanted")
    refs = [RefChange(".", "refs/heads/main", old, new), RefChange(".", "refs/heads/made", None, new)]
    plan = make_plan(str(scope), "refs", [swap(str(scope), "file", has_new=True), *refs])
    with operation(plan, INITIATOR, SILENT) as under_way:
        Path(under_way.place("file")).write_text("new")
        under_way.commit()


def state(scope: Path) -> dict[str, str]:
    """The names, and the references where there are some."""
    found = snapshot(scope)
    return found | {"references": git(scope, "show-ref")} if (scope / ".git").exists() else found


STORIES = [
    pytest.param(prepare_change, change, id="change"),
    pytest.param(prepare_undo, undo, id="undo"),
    pytest.param(prepare_refs, move_refs, id="references"),
]
Story = Callable[[Path], None]


def check(recording: Recording, made: Iterable[Disk], old: dict[str, str], new: dict[str, str]) -> tuple[int, int]:
    """Settle every disk; how many there were, and how many were neither old nor new before."""
    runs = mixed = 0
    scope = recording.scope.parent / "after"
    for disk in made:
        disk.make(scope)
        told = f"cut after {disk.at} ({recording.moments[disk.at].call}), names of {disk.names_at}"
        mixed += state(scope) not in (old, new)
        with locked(str(scope), INITIATOR, SILENT):
            assert unfinished(str(scope)) is None
        found = state(scope)
        assert found in (old, new), told
        assert disk.at < recording.durable_from or found == new, f"lost: {told}"
        assert disk.at >= recording.begun_at or found == old, f"too early: {told}"
        change_again(scope, found)
        runs += 1
    return runs, mixed


def change_again(scope: Path, found: dict[str, str]) -> None:
    """Whatever happened, the scope can be changed, and that undone."""
    with operation(make_plan(str(scope), "x", [swap(str(scope), "more", has_new=True)]), INITIATOR, SILENT) as again:
        Path(again.place("more")).write_text("more")
        again.commit()
    assert state(scope) == {**found, "more": "file more"}
    undo(scope)
    assert state(scope) == found


@pytest.mark.parametrize(("prepare", "work"), STORIES)
@pytest.mark.parametrize("kind", ["ordered", "lax", "scattered"])
def test_whatever_reached_the_disk_it_is_old_or_new_once_settled(
    fast_directory: Path, kind: str, prepare: Story, work: Story
) -> None:
    scope = fast_directory / "scope"
    prepare(scope)
    old = state(scope)
    recording = record(scope, lambda: work(scope))
    made = scattered_disks(recording, tries=12, seed=1) if kind == "scattered" else disks(recording, kind)
    runs, mixed = check(recording, made, old, state(scope))
    calls = len(recording.moments)
    print(f"\n{work.__name__}, {kind}: {calls} calls, {runs} disks, {mixed} mixed before they were settled")
    assert mixed > 0


@pytest.mark.parametrize("kind", ["ordered", "lax"])
def test_a_change_that_was_taken_back_does_not_come_after_all(fast_directory: Path, kind: str) -> None:
    """The command said that it failed; from then on it is the old state, whatever is cut."""
    scope = fast_directory / "scope"
    prepare_change(scope)
    log = fast_directory / "log"
    faults.arm("", str(log))
    change(scope)
    new, names = snapshot(scope), log.read_text().splitlines()
    last = max(at for at, name in enumerate(names, 1) if name == "before rename")
    shutil.rmtree(scope)
    prepare_change(scope)
    old = snapshot(scope)

    def fail() -> None:
        faults.arm(f"eio:{last}")
        with pytest.raises(FileSystemError):
            change(scope)
        faults.arm("")

    recording = record(scope, fail)
    assert snapshot(scope) == old
    recording.durable_from = max(at for at, moment in enumerate(recording.moments) if moment.call == "fdatasync")
    ends: list[bool] = []
    for disk in disks(recording, kind):
        found_scope = scope.parent / "after"
        disk.make(found_scope)
        with locked(str(found_scope), INITIATOR, SILENT):
            assert unfinished(str(found_scope)) is None
        assert snapshot(found_scope) in (old, new)
        ends.append(disk.at >= recording.durable_from)
        assert not ends[-1] or snapshot(found_scope) == old
    print(f"\ntaken back, {kind}: {len(ends)} disks, {sum(ends)} after it was told")
    assert any(ends)


@pytest.fixture
def real_disk(tmp_path: Path):  # type: ignore[no-untyped-def]
    """An ext4 file system in a file, and the same as it would be found after a power cut now."""
    image, place, after = tmp_path / "image", tmp_path / "disk", tmp_path / "after"
    place.mkdir(), after.mkdir()
    mounted: set[Path] = set()

    def mount(source: Path, target: Path) -> None:
        command = ["mount", "-o", "loop", str(source), str(target)]
        if subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip("mounting a file system is not allowed here")
        mounted.add(target)

    def unmount(target: Path) -> None:
        if target in mounted:
            subprocess.run(["umount", str(target)], check=True)
            mounted.remove(target)

    def fresh() -> Path:
        unmount(place)
        with open(image, "wb") as file:
            file.truncate(8 * 1024 * 1024)
        if shutil.which("mkfs.ext4") is None:
            pytest.skip("there is no mkfs.ext4")
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
        mount(image, place)
        return place / "scope"

    def cut() -> Path:
        unmount(after)
        shutil.copy(image, tmp_path / "copy")
        mount(tmp_path / "copy", after)
        return after / "scope"

    yield fresh, cut
    unmount(place)
    unmount(after)


@pytest.mark.parametrize(("prepare", "work"), STORIES)
def test_on_a_real_file_system_a_cut_anywhere_leaves_old_or_new(real_disk, prepare: Story, work: Story) -> None:  # type: ignore[no-untyped-def]
    fresh, cut = real_disk
    scope = fresh()
    prepare(scope)
    old = state(scope)
    total = points(lambda: work(scope))
    new = state(scope)
    ended: list[bool] = []
    for at in range(1, total + 2):
        scope = fresh()
        prepare(scope)
        os.sync()
        assert killed_in_child(lambda: work(scope), at) == (at <= total)  # noqa: B023
        found_scope = cut()
        with locked(str(found_scope), INITIATOR, SILENT):
            assert unfinished(str(found_scope)) is None
        found = state(found_scope)
        assert found in (old, new), at
        change_again(found_scope, found)
        ended.append(found == new)
    print(f"\n{work.__name__}: cut at {len(ended)} points, new from point {ended.index(True) + 1} on")
    assert ended == sorted(ended)
    assert set(ended) == {True, False}
