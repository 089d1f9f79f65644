"""What can go wrong around an operation: it is reported clearly, and everything is as it was."""

import errno
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from comfydock_core.core.usecases.workspace.operations import operations
from comfydock_core.models.exceptions import (
    AcrossFileSystems,
    ChangedMeanwhile,
    ComfyDockError,
    FileSystemError,
    NotUndoable,
    OperationDamaged,
)
from comfydock_core.models.operation import ChangePlan, RefChange
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.services.transaction import locked, make_plan, operation, plan_undo, settle
from comfydock_core.services.transaction.execution import Operation
from comfydock_core.services.transaction.keeping import drop_old
from comfydock_core.services.transaction.planning import swap
from comfydock_core.services.transaction.settling import unfinished
from comfydock_core.utils import faults
from comfydock_core.utils.files.renames import rename_to_new
from tests.support.children import Child, Side, open_directory, without_privileges
from tests.support.reporters import RecordingReporter

from .conftest import INITIATOR, SILENT, carry_out, fill, git, killed_in_child, plan_everything, snapshot


@pytest.fixture
def scope(fast_directory: Path) -> Path:
    fill(fast_directory / "scope")
    return fast_directory / "scope"


@pytest.fixture
def bind() -> Iterator[Callable[[Path, Path], None]]:
    """Mount one directory onto another; skips where that is not allowed."""
    mounted: list[Path] = []

    def mount(source: Path, target: Path) -> None:
        if subprocess.run(["mount", "--bind", str(source), str(target)], capture_output=True).returncode != 0:
            pytest.skip("mounting is not allowed here")
        mounted.append(target)

    yield mount
    for target in mounted:
        subprocess.run(["umount", str(target)], capture_output=True)


def replace(scope: Path, *names: str) -> ChangePlan:
    return make_plan(str(scope), "replace", [swap(str(scope), name, has_new=True) for name in names])


def perform(plan: ChangePlan, before_commit: Callable[[Operation], None] = lambda under_way: None) -> RecordingReporter:
    """Replace everything in the plan by new files."""
    reporter = RecordingReporter()
    with operation(plan, INITIATOR, reporter) as under_way:
        for step in plan.steps:
            if not isinstance(step, RefChange) and step.has_new:
                Path(under_way.place(step.path)).write_bytes(os.fsencode(f"new {step.path}"))
        before_commit(under_way)
        under_way.commit()
    return reporter


def undo_last(scope: Path) -> None:
    record = Journal(str(scope), operation_log.operation_ids(str(scope))[-1]).read()
    with operation(plan_undo(record), INITIATOR, SILENT) as under_way:
        under_way.commit()


def leftovers(scope: Path) -> list[str]:
    """What is in the operations' directory besides what is always there."""
    found = set(os.listdir(scope / ".ops")) - {"lock", "number", "reserve"}
    if ".trash" in found and not os.listdir(scope / ".ops" / ".trash"):
        found.remove(".trash")
    return sorted(found)


# Before the commit point.


@pytest.mark.parametrize("action", ["raise", "enospc", "eio"])
def test_what_fails_while_an_operation_begins_leaves_nothing(scope: Path, action: str) -> None:
    before, plan = snapshot(scope), plan_everything(scope)
    ended = set()
    for at in range(1, 12):
        faults.arm(f"{action}:{at}")
        try:
            begun = False
            with operation(plan, INITIATOR, SILENT):
                begun = True
                raise Begun
        except (KeyboardInterrupt, FileSystemError, Begun):
            ended.add(begun)
        finally:
            faults.arm("")
        if begun:  # What fails now is the removal, and that is for the next command.
            with locked(str(scope), INITIATOR, SILENT):
                pass
        assert snapshot(scope) == before
        assert leftovers(scope) == []
    assert ended == {True, False}


class Begun(Exception):
    """The operation came as far as its block."""


def test_a_block_that_neither_commits_nor_fails_is_a_mistake_and_leaves_nothing(scope: Path) -> None:
    with pytest.raises(RuntimeError, match="neither committed"), operation(plan_everything(scope), INITIATOR, SILENT):
        pass
    assert leftovers(scope) == []


def test_an_error_is_told_even_when_what_was_staged_cannot_be_removed(scope: Path) -> None:
    reporter = RecordingReporter()
    with pytest.raises(ValueError, match="the cause"), operation(replace(scope, "file"), INITIATOR, reporter):
        (scope / ".ops" / ".trash").write_text("in the way")
        raise ValueError("the cause")
    assert len(reporter.warnings) == 1
    (scope / ".ops" / ".trash").unlink()
    perform(replace(scope, "file"))
    assert operation_log.operation_ids(str(scope)) == ["000002-replace"]


def test_what_an_input_says_must_not_change_meanwhile(scope: Path, tmp_path: Path) -> None:
    decisive, before = tmp_path / "decisive", snapshot(scope)
    decisive.write_text("so")
    for changes in (lambda: decisive.write_text("otherwise"), decisive.unlink, lambda: decisive.mkdir()):
        plan = make_plan(str(scope), "x", [swap(str(scope), "file", has_new=True)], inputs=[str(decisive)])
        with pytest.raises(ChangedMeanwhile, match="decisive"):
            perform(plan, lambda under_way, change=changes: change() and None)  # type: ignore[misc]
        assert (snapshot(scope), leftovers(scope)) == (before, [])
        with pytest.raises(ChangedMeanwhile, match="decisive"):
            perform(plan, pytest.fail)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["file", "replaced", "link", "added"])
def test_what_is_replaced_must_not_change_meanwhile(scope: Path, name: str) -> None:
    plan = replace(scope, name)

    def change(under_way: Operation) -> None:
        if (scope / name).exists() or (scope / name).is_symlink():
            (scope / name).rename(scope / "away")
        (scope / name).write_text("a stranger's")

    with pytest.raises(ChangedMeanwhile, match=name):
        perform(plan, change)
    assert (scope / name).read_text() == "a stranger's"
    assert leftovers(scope) == []


def test_what_an_undo_needs_may_be_pruned_meanwhile(scope: Path) -> None:
    perform(replace(scope, "file"))
    plan = plan_undo(Journal(str(scope), "000001-replace").read())
    subprocess.run(["rm", "-r", str(scope / ".ops" / "000001-replace")], check=True)
    with pytest.raises(ChangedMeanwhile, match="000001-replace"):
        perform(plan)
    assert (scope / "file").read_text() == "new file"


def test_what_is_to_be_removed_must_be_there(scope: Path) -> None:
    with pytest.raises(ChangedMeanwhile, match="missing"):
        make_plan(str(scope), "x", [swap(str(scope), "missing", has_new=False)])


@pytest.mark.parametrize(
    "names", [("file", "file"), ("replaced", "replaced/content"), ("replaced/content", "./replaced")]
)
def test_steps_that_touch_the_same_name_are_a_mistake(scope: Path, names: tuple[str, str]) -> None:
    with pytest.raises(RuntimeError, match="two steps"):
        replace(scope, *names)


def test_a_move_onto_something_is_a_mistake(scope: Path) -> None:
    with pytest.raises(RuntimeError, match="onto"):
        make_plan(str(scope), "x", [swap(str(scope), "file", has_new=True, source="dropped")])


def test_a_step_into_a_directory_that_is_not_there_fails_before_anything_is_staged(scope: Path) -> None:
    with pytest.raises(FileSystemError) as caught:
        perform(replace(scope, "nowhere/file"), pytest.fail)  # type: ignore[arg-type]
    assert caught.value.context == {"path": f"{scope}/nowhere", "errno": "ENOENT"}
    assert leftovers(scope) == []


@pytest.mark.parametrize("locked_name", [".", "replaced"], ids=["parent", "directory itself"])
def test_a_name_that_may_not_be_moved_fails_before_anything_is_staged(locked_name: str) -> None:
    with open_directory() as place:
        scope = place / "scope"
        fill(scope)
        (scope / ".ops").mkdir()
        for path in (scope, scope / ".ops", *scope.iterdir()):
            os.chown(path, 65534, 65534, follow_symlinks=False) if os.geteuid() == 0 else None
        (scope / locked_name).chmod(0o555)

        def attempt() -> None:
            with pytest.raises(FileSystemError) as caught:
                perform(replace(scope, "replaced"), pytest.fail)  # type: ignore[arg-type]
            assert caught.value.context["errno"] == "EACCES"
            assert leftovers(scope) == []

        without_privileges(attempt)
        (scope / locked_name).chmod(0o755)


def test_an_operations_directory_that_may_not_be_written_to_is_told() -> None:
    with open_directory() as place:
        scope = place / "scope"
        fill(scope)
        (scope / ".ops").mkdir(mode=0o555)

        def attempt() -> None:
            with pytest.raises(FileSystemError) as caught:
                perform(replace(scope, "file"))
            assert caught.value.context["errno"] == "EACCES"
            assert caught.value.hint is not None

        without_privileges(attempt)


def test_an_operation_inside_another_one_that_holds_its_scope_is_refused(scope: Path) -> None:
    inner = scope / "replaced"
    outer = make_plan(str(scope), "x", [swap(str(scope), "replaced", has_new=False)], holds=[str(inner)])
    with pytest.raises(RuntimeError, match="already in progress"), operation(outer, INITIATOR, SILENT):
        perform(replace(inner, "content"))
    assert (inner / "content").read_text() == "old replaced"


def test_operations_of_different_scopes_go_on_inside_each_other_and_in_threads(scope: Path) -> None:
    others = [scope / name for name in ("replaced", "removed", "moved")]
    perform(replace(scope, "file"), lambda under_way: perform(replace(others[0], "content")) and None)
    threads = [threading.Thread(target=perform, args=(replace(other, "content"),)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (scope / "file").read_text() == "new file"
    assert [(other / "content").read_text() for other in others] == ["new content"] * 3
    assert len(operation_log.operation_ids(str(others[0]))) == 2


# Names.


@pytest.mark.parametrize(
    "name",
    ["with space", "new\nline", os.fsdecode(b"not\xffutf-8"), "ünï-日本", "-rf", "x" * 255, "'\"\\$(x)", ".hidden"],
)
def test_any_name_is_swapped_undone_and_settled(scope: Path, name: str) -> None:
    (scope / name).mkdir()
    before = snapshot(scope)
    perform(replace(scope, name))
    assert (scope / name).read_bytes() == os.fsencode(f"new {name}")
    undo_last(scope)
    assert snapshot(scope) == before
    faults.arm("")
    total = count_points(lambda: perform(replace(scope, name)))
    undo_last(scope)
    for at in range(1, total + 1):
        killed_in_child(lambda: perform(replace(scope, name)) and None, at)
        with locked(str(scope), INITIATOR, SILENT):
            pass
        if (scope / name).is_file():
            undo_last(scope)
        assert snapshot(scope) == before


def count_points(work: Callable[[], object]) -> int:
    faults.arm("")
    work()
    return faults.passed()


def test_the_words_of_a_command_may_be_long_and_odd(scope: Path) -> None:
    for number, command in enumerate(("Node ADD ünï/日本 " * 40, "/", "--"), 1):
        perform(make_plan(str(scope), command, [swap(str(scope), "file", has_new=True)]))
        (identifier,) = operation_log.operation_ids(str(scope))[number - 1 :]
        assert len(identifier) < 60
        assert identifier.startswith(f"00000{number}-")


def test_a_link_to_a_directory_is_swapped_itself(scope: Path) -> None:
    os.symlink("replaced", scope / "shortcut")
    perform(replace(scope, "shortcut"))
    assert (scope / "shortcut").read_text() == "new shortcut"
    assert (scope / "replaced" / "content").read_text() == "old replaced"
    undo_last(scope)
    assert os.readlink(scope / "shortcut") == "replaced"


def test_read_only_files_are_swapped_and_their_trees_dropped() -> None:
    with open_directory() as place:
        scope = place / "scope"

        def attempt() -> None:
            fill(scope)
            (scope / "replaced" / "inner").mkdir()
            (scope / "replaced" / "inner" / "deep").write_text("x")
            for path in ("replaced/inner/deep", "replaced/content", "file", "replaced/inner"):
                (scope / path).chmod(0o555 if (scope / path).is_dir() else 0o444)
            for _ in range(4):
                reporter = perform(replace(scope, "file", "replaced"))
                assert reporter.warnings == []
                os.unlink(scope / "replaced")
                (scope / "replaced").mkdir()
            assert "000001-replace" not in operation_log.operation_ids(str(scope))
            assert leftovers(scope)[-3:] == operation_log.operation_ids(str(scope))

        without_privileges(attempt)


def test_no_number_comes_twice(scope: Path) -> None:
    """What was started for an operation may outlive it, and write below its name."""
    numbers = []
    for ends in ("killed", "failed", "made", "pruned"):
        if ends == "killed":
            killed_in_child(lambda: perform(replace(scope, "file")) and None, 8)
        elif ends == "failed":
            with pytest.raises(ValueError, match="no"), operation(replace(scope, "file"), INITIATOR, SILENT):
                raise ValueError("no")
        else:
            perform(replace(scope, "file"))
            with locked(str(scope), INITIATOR, SILENT):
                drop_old(str(scope), SILENT, 0 if ends == "pruned" else 3)
        with operation(replace(scope, "file"), INITIATOR, SILENT) as under_way:
            Path(under_way.place("file")).write_text(ends)
            under_way.commit()
        numbers.append(int(under_way.id.partition("-")[0]))
    assert numbers == [2, 4, 6, 8]


@pytest.mark.parametrize("note", [b"", b"x", b"\0\0\0\0\0\0\n", b"-5\n", b"9" * 5000, "٣".encode()])
def test_a_note_of_the_last_number_that_makes_no_sense_is_none(scope: Path, note: bytes) -> None:
    perform(replace(scope, "file"))
    (scope / ".ops" / "number").write_bytes(note)
    perform(replace(scope, "file"))
    assert len(operation_log.operation_ids(str(scope))) == 2


def test_what_a_child_makes_again_under_a_removed_name_is_listed_as_no_operation(scope: Path) -> None:
    perform(replace(scope, "file"))
    perform(replace(scope, "file"))
    (scope / ".ops" / "000001-ghost" / "new" / "0" / ".venv").mkdir(parents=True)
    assert [record.state for record in operations((str(scope),))] == ["done", "done"]


def test_what_a_child_makes_again_under_a_removed_name_is_removed(scope: Path) -> None:
    perform(replace(scope, "file"))
    perform(replace(scope, "file"))
    ghost = scope / ".ops" / "000001-ghost"
    (ghost / "new" / "0" / ".venv").mkdir(parents=True)
    perform(replace(scope, "file"))
    assert not ghost.exists()
    assert [name.partition("-")[0] for name in operation_log.operation_ids(str(scope))] == [
        "000001",
        "000002",
        "000003",
    ]


# After the commit point.


def test_a_step_that_the_system_refuses_takes_the_others_back() -> None:
    with open_directory() as place:
        scope = place / "scope"

        def attempt() -> None:
            fill(scope)
            before = snapshot(scope)

            def lock_in(under_way: Operation) -> None:
                (scope / "removed").chmod(0o555)

            with pytest.raises(FileSystemError) as caught:
                perform(replace(scope, "file", "replaced", "removed"), lock_in)
            assert caught.value.context["errno"] == "EACCES"
            assert snapshot(scope) == before
            assert unfinished(str(scope)) is None
            assert Journal(str(scope), "000001-replace").read().state == "undone"
            assert sorted(os.listdir(scope / ".ops" / "000001-replace")) == ["journal", "old", "work"]
            (scope / "removed").chmod(0o755)
            perform(replace(scope, "file", "replaced", "removed"))
            assert (scope / "removed").read_text() == "new removed"

        without_privileges(attempt)


def test_a_mount_made_meanwhile_is_told_and_taken_back(
    scope: Path, tmp_path: Path, bind: Callable[[Path, Path], None]
) -> None:
    before = snapshot(scope)
    (scope / "elsewhere").mkdir()

    def mount(under_way: Operation) -> None:
        bind(scope / "elsewhere", scope / "removed")

    plan = make_plan(
        str(scope), "x", [swap(str(scope), "file", has_new=True), swap(str(scope), "removed/content", has_new=False)]
    )
    (scope / "elsewhere" / "content").write_text("old removed")
    with pytest.raises(AcrossFileSystems):
        perform(plan, mount)
    subprocess.run(["umount", str(scope / "removed")], check=True)
    subprocess.run(["rm", "-r", str(scope / "elsewhere")], check=True)
    assert snapshot(scope) == before
    assert unfinished(str(scope)) is None


def test_a_reference_that_somebody_else_moved_in_the_last_moment_takes_the_names_back(scope: Path) -> None:
    """Another git holds the reference when it is to be moved."""
    git(scope, "init", "--quiet", "--initial-branch=main")
    for message in ("one", "two"):
        git(scope, "commit", "--quiet", "--allow-empty", "-m", message)
    old, new, before = git(scope, "rev-parse", "HEAD~1"), git(scope, "rev-parse", "HEAD"), snapshot(scope)
    held = scope / ".git" / "refs" / "heads" / "main.lock"
    held.touch()
    plan = make_plan(
        str(scope), "x", [swap(str(scope), "file", has_new=True), RefChange(".", "refs/heads/main", new, old)]
    )
    with pytest.raises(ComfyDockError, match="refs/heads/main"):
        perform(plan)
    assert snapshot(scope) == before
    assert git(scope, "rev-parse", "main") == new
    assert unfinished(str(scope)) is None


def test_a_change_whose_end_cannot_be_recorded_is_made_and_recorded_later(scope: Path) -> None:
    plan, log = replace(scope, "file"), scope.parent / "log"
    faults.arm("", str(log))
    perform(plan)
    undo_last(scope)
    at = log.read_text().splitlines().index("done line") + 1
    faults.arm(f"eio:{at}")
    try:
        reporter = perform(replace(scope, "file"))
    finally:
        faults.arm("")
    assert ["not recorded" in text for text in reporter.warnings] == [True]
    assert (scope / "file").read_text() == "new file"
    with locked(str(scope), INITIATOR, SILENT):
        assert unfinished(str(scope)) is None


def test_what_somebody_puts_in_the_place_of_a_name_in_between_is_not_overwritten(scope: Path) -> None:
    """The operation is stopped when it has taken the old file away, and goes on when there is a stranger's."""
    log = scope.parent / "log"
    faults.arm("", str(log))
    perform(replace(scope, "file"))
    undo_last(scope)
    at = log.read_text().splitlines().index("after rename") + 1

    def go_on(side: Side) -> None:
        faults.arm(f"stop:{at}")
        with pytest.raises(OperationDamaged, match="file"):
            perform(replace(scope, "file"))

    with Child(go_on) as child:
        assert os.WIFSTOPPED(os.waitpid(child.pid, os.WUNTRACED)[1])
        (scope / "file").write_text("a stranger's")
        os.kill(child.pid, signal.SIGCONT)
    assert (scope / "file").read_text() == "a stranger's"
    with pytest.raises(OperationDamaged), locked(str(scope), INITIATOR, SILENT):
        pass
    (scope / "file").unlink()
    with locked(str(scope), INITIATOR, SILENT):
        assert (scope / "file").read_text() == "new file"


def test_nothing_is_ever_renamed_onto_something(scope: Path) -> None:
    (scope / "empty").mkdir()
    for source, target in (("file", "dropped"), ("replaced", "empty"), ("file", "link"), ("link", "file")):
        with pytest.raises(FileExistsError):
            rename_to_new(str(scope / source), str(scope / target))
    with pytest.raises(FileNotFoundError):
        rename_to_new(str(scope / "missing"), str(scope / "new"))


# Undoing.


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda scope: (scope / "file").write_text("again"), "has changed since"),
        (lambda scope: (scope / "file").unlink(), "is no longer there"),
        (lambda scope: (scope / "dropped").write_text("again"), "exists again"),
        (lambda scope: (scope / ".ops/000001-test/old/3").unlink(), "pruned since"),
        (lambda scope: (scope / ".ops/000001-test/old/3").write_text("x"), "changed"),
        (lambda scope: (scope / "moved").mkdir(), "exists again"),
    ],
)
def test_an_undo_that_would_cost_somebody_something_is_refused(
    scope: Path, change: Callable[[Path], object], reason: str
) -> None:
    carry_out(plan_everything(scope))
    change(scope)
    with pytest.raises(NotUndoable, match=reason):
        plan_undo(Journal(str(scope), "000001-test").read())


def test_an_undo_of_a_reference_that_moved_on_is_refused(scope: Path) -> None:
    git(scope, "init", "--quiet", "--initial-branch=main")
    for message in ("one", "two"):
        git(scope, "commit", "--quiet", "--allow-empty", "-m", message)
    old, new = git(scope, "rev-parse", "HEAD~1"), git(scope, "rev-parse", "HEAD")
    plan = make_plan(str(scope), "test", [RefChange(".", "refs/heads/side", None, old)])
    with operation(plan, INITIATOR, SILENT) as under_way:
        under_way.commit()
    record = Journal(str(scope), under_way.id).read()
    undo = plan_undo(record)
    git(scope, "branch", "--force", "side", new)
    with pytest.raises(NotUndoable, match="refs/heads/side"):
        plan_undo(record)
    with pytest.raises(ChangedMeanwhile, match="refs/heads/side"), operation(undo, INITIATOR, SILENT):
        pass
    assert git(scope, "rev-parse", "side") == new


# Journals.


def test_a_torn_end_is_cut_off_when_the_operation_is_finished(scope: Path) -> None:
    perform(replace(scope, "file"))
    journal = scope / ".ops" / "000001-replace" / "journal"
    whole = journal.read_bytes()
    applied = whole.index(b'{"line":"apply"}\n') + len(b'{"line":"apply"}\n')
    for cut in range(applied, len(whole)):
        for tail in (b"", b"\0" * 600, b"\xff\n\n"):
            journal.write_bytes(whole[:cut] + tail)
            reporter = RecordingReporter()
            with locked(str(scope), INITIATOR, reporter):
                pass
            assert len(reporter.warnings) == 1
            assert unfinished(str(scope)) is None
            assert Journal(str(scope), "000001-replace").read().state == "done"


@pytest.mark.parametrize("damage", [b"", b"\0" * 300, b"[]\n", b"not json\n"])
def test_an_operation_that_took_something_away_is_never_removed_for_its_damaged_journal(
    scope: Path, damage: bytes
) -> None:
    perform(replace(scope, "file"))
    directory = scope / ".ops" / "000001-replace"
    (directory / "journal").write_bytes(damage)
    with pytest.raises(OperationDamaged, match="damaged") as caught:
        perform(replace(scope, "file"))
    assert (directory / "old" / "0").read_text() == "old file"
    assert f"remove `{directory}`" in (caught.value.hint or "")
    subprocess.run(["rm", "-r", str(directory)], check=True)
    perform(replace(scope, "dropped"))


def test_what_a_newer_program_was_doing_is_left_alone(scope: Path) -> None:
    perform(replace(scope, "file"))
    journal = scope / ".ops" / "000001-replace" / "journal"
    lines = journal.read_text().replace('"v":1', '"v":2').splitlines(keepends=True)
    for kept in (1, 2, 3):
        journal.write_text("".join(lines[:kept]))
        with pytest.raises(OperationDamaged, match="version is 2"), locked(str(scope), INITIATOR, SILENT):
            pass
    journal.write_text("".join(lines))
    undo_last(scope)
    assert (scope / "file").read_text() == "old file"


# The scope.


def test_a_scope_that_is_gone_is_told_and_not_made_again(scope: Path) -> None:
    plan = replace(scope, "file")
    scope.rename(scope.parent / "elsewhere")
    with pytest.raises(ChangedMeanwhile, match="no longer there"):
        perform(plan)
    assert not scope.exists()


def test_a_scope_that_vanishes_in_the_middle_is_told(scope: Path) -> None:
    away = scope.parent / "away"
    with pytest.raises(FileSystemError):
        perform(replace(scope, "file"), lambda under_way: scope.rename(away) and None)
    assert not scope.exists()
    assert (away / "file").read_text() == "old file"
    with locked(str(away), INITIATOR, SILENT):
        assert operation_log.operation_ids(str(away)) == []


def test_a_scope_stays_held_under_its_new_name(scope: Path) -> None:
    new = scope.parent / "new"
    with locked(str(scope), INITIATOR, SILENT):
        scope.rename(new)
        perform(replace(new, "file"))
        fill(scope)
        perform(replace(scope, "file"))


# The trash.


def test_what_is_mounted_in_the_trash_is_not_removed_but_told(
    scope: Path, tmp_path: Path, bind: Callable[[Path, Path], None]
) -> None:
    (tmp_path / "precious").write_text("precious")
    perform(replace(scope, "replaced"))
    kept = scope / ".ops" / "000001-replace" / "old" / "0"
    (kept / "inner").mkdir()
    bind(tmp_path, kept / "inner")
    os.rename(scope / ".ops" / "000001-replace", scope / ".ops" / ".trash-in-the-making")
    (scope / ".ops" / ".trash").mkdir()
    os.rename(scope / ".ops" / ".trash-in-the-making", scope / ".ops" / ".trash" / "thing")
    reporter = perform(replace(scope, "file"))
    assert any("mounted" in text for text in reporter.warnings)
    assert (tmp_path / "precious").read_text() == "precious"
    subprocess.run(["umount", str(scope / ".ops" / ".trash" / "thing" / "old" / "0" / "inner")], check=True)
    assert perform(replace(scope, "dropped")).warnings == []
    assert os.listdir(scope / ".ops" / ".trash") == []
    assert (tmp_path / "precious").read_text() == "precious"


def test_files_and_links_in_the_trash_are_removed_too(scope: Path) -> None:
    (scope / ".ops" / ".trash").mkdir(parents=True)
    (scope / ".ops" / ".trash" / "a file").write_text("x")
    os.symlink(scope / "replaced", scope / ".ops" / ".trash" / "link")
    assert perform(replace(scope, "file")).warnings == []
    assert os.listdir(scope / ".ops" / ".trash") == []
    assert (scope / "replaced" / "content").exists()


def test_scratch_is_dropped_when_the_change_is_made(scope: Path) -> None:
    perform(replace(scope, "file"), lambda under_way: Path(under_way.work, "big").write_text("x") and None)
    assert sorted(os.listdir(scope / ".ops" / "000001-replace")) == ["journal", "new", "old"]
    assert leftovers(scope) == ["000001-replace"]


# Full disks.


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_with_what_pruning_would_free(scope: Path, number: int) -> None:
    (scope / "replaced" / "content").write_bytes(bytes(3_000_000))
    perform(replace(scope, "replaced"))

    def fill_up(under_way: Operation) -> None:
        raise OSError(number, os.strerror(number), under_way.work)

    with pytest.raises(FileSystemError) as caught:
        perform(replace(scope, "file"), fill_up)
    assert "comfydock operation prune" in (caught.value.hint or "")
    assert 3_000_000 <= caught.value.context["prunable"] < 3_100_000  # type: ignore[operator]


def test_settling_that_the_system_refuses_says_how_to_choose() -> None:
    with open_directory() as place:
        scope = place / "scope"

        def attempt() -> None:
            fill(scope)
            at = count_points(lambda: carry_out(plan_everything(scope)))
            undo_last(scope)
            while not killed_half_way(scope, at):
                at -= 1
            (scope / "removed").chmod(0o555)
            with (
                pytest.raises(FileSystemError, match="finish operation") as caught,
                locked(str(scope), INITIATOR, SILENT),
            ):
                pass
            assert "operation resume|undo" in (caught.value.hint or "")
            (scope / "removed").chmod(0o755)
            with locked(str(scope), INITIATOR, SILENT):
                assert settle(str(scope), SILENT) is None

        without_privileges(attempt)


def killed_half_way(scope: Path, at: int) -> bool:
    """Kill an operation there; whether it had begun to swap names, but not come to `removed`."""
    killed_in_child(lambda: carry_out(plan_everything(scope)), at)
    record = unfinished(str(scope))
    if record is not None and record.state == "applying" and (scope / "removed").exists():
        return True
    with locked(str(scope), INITIATOR, SILENT):
        pass
    if not (scope / "removed").exists():
        undo_last(scope)
    return False
