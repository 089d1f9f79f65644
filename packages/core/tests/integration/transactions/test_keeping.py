"""How long operations are kept, and what removing them frees."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.services.transaction import freed_bytes, keeping, locked, make_plan, operation, plan_undo
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils import faults
from comfydock_core.utils.files.filesystem import freed_by_removing
from tests.support.reporters import RecordingReporter

from .conftest import INITIATOR, SILENT


@pytest.fixture
def scope(fast_directory: Path) -> Path:
    (fast_directory / "scope").mkdir()
    return fast_directory / "scope"


def put(scope: Path, name: str, build: Callable[[Path], object]) -> str:
    """An operation that puts something new under a name."""
    plan = make_plan(str(scope), "put", [swap(str(scope), name, has_new=True)])
    with operation(plan, INITIATOR, SILENT) as under_way:
        build(Path(under_way.place(name)))
        under_way.commit()
    return under_way.id


def large(scope: Path, name: str = "tree") -> str:
    """One that keeps a directory, once the name has one."""

    def build(place: Path) -> None:
        place.mkdir()
        (place / "content").write_bytes(os.urandom(20_000))

    return put(scope, name, build)


def small(scope: Path) -> str:
    return put(scope, "file", lambda place: place.write_text("x"))


def kept(scope: Path) -> list[str]:
    return operation_log.operation_ids(str(scope))


def on_disk(*paths: Path) -> int:
    if not paths:
        return 0
    done = subprocess.run(["du", "-s", "-B1", "-c", *paths], check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-2])


def test_the_last_large_operations_are_kept(scope: Path) -> None:
    made = [large(scope) for _ in range(8)]
    assert kept(scope) == made[-keeping.KEPT :]


def test_a_small_operation_never_pushes_a_large_one_out(scope: Path) -> None:
    made = [large(scope) for _ in range(keeping.KEPT + 1)][1:]
    some = [small(scope) for _ in range(70)]
    assert kept(scope) == [*made, *some[-50:]]
    with operation(plan_undo(Journal(str(scope), made[-1]).read()), INITIATOR, SILENT) as under_way:
        under_way.commit()


def test_small_operations_that_are_older_than_the_large_ones_go_with_those(scope: Path) -> None:
    large(scope)
    early = [small(scope) for _ in range(3)]
    first = large(scope)
    assert kept(scope) == ["000001-put", *early, first]
    later = [large(scope) for _ in range(keeping.KEPT)]
    assert kept(scope) == later


def test_what_an_undo_took_the_directory_back_from_is_small(scope: Path) -> None:
    made = [large(scope), large(scope)]
    with operation(plan_undo(Journal(str(scope), made[-1]).read()), INITIATOR, SILENT) as under_way:
        under_way.commit()
    assert len(kept(scope)) == 3
    assert keeping.beyond(str(scope), 1) == [made[1], made[0]]


def test_the_operation_that_is_undone_is_not_dropped_under_the_undo(scope: Path) -> None:
    """With as many undone as are kept, there is room for each undo only after it is done."""
    large(scope)
    made = [large(scope) for _ in range(keeping.KEPT)]
    for wanted in reversed(made):
        with operation(plan_undo(Journal(str(scope), wanted).read()), INITIATOR, SILENT) as under_way:
            under_way.commit()


def test_an_operation_that_fails_costs_nobody_the_undo_of_another(scope: Path) -> None:
    for _ in range(keeping.KEPT + 1):
        large(scope)
    before = kept(scope)
    with (
        pytest.raises(ValueError, match="no"),
        operation(make_plan(str(scope), "put", [swap(str(scope), "tree", has_new=True)]), INITIATOR, SILENT),
    ):
        raise ValueError("no")
    assert kept(scope) == before


@pytest.mark.parametrize("keep", [0, 1, 2, 3])
def test_pruning_frees_what_it_says(scope: Path, keep: int) -> None:
    for _ in range(keeping.KEPT + 1):
        small(scope)
        large(scope)
    directories = [scope / ".ops" / name for name in keeping.beyond(str(scope), keep)]
    told = freed_bytes(str(scope), keep)
    assert told == on_disk(*directories)
    used = on_disk(scope)
    with locked(str(scope), INITIATOR, SILENT):
        keeping.drop_old(str(scope), SILENT, keep)
    assert not any(directory.exists() for directory in directories)
    assert used - on_disk(scope) == pytest.approx(told, abs=8192)  # The trash is a directory of its own then.


def test_what_has_a_name_elsewhere_frees_nothing(scope: Path) -> None:
    outside = scope.parent / "cache"
    outside.write_bytes(os.urandom(500_000))

    def build(place: Path) -> None:
        place.mkdir()
        os.link(outside, place / "linked")
        (place / "own").write_bytes(os.urandom(10_000))
        os.link(place / "own", place / "own too")
        os.symlink(outside, place / "symbolic")

    put(scope, "tree", build)
    second = put(scope, "tree", build)
    told = keeping.kept_bytes(str(scope), second)
    assert 10_000 <= told < 60_000
    with locked(str(scope), INITIATOR, SILENT):
        keeping.drop_old(str(scope), SILENT, 0)
    assert outside.stat().st_nlink == 2


def test_files_shared_by_operations_only_are_freed_with_all_of_them(scope: Path) -> None:
    seed = scope / "seed"
    seed.write_bytes(os.urandom(300_000))

    def build(place: Path) -> None:
        place.mkdir()
        os.link(scope / "seed", place / "linked")

    for _ in range(3):
        put(scope, "tree", build)
    seed.unlink()
    (scope / "tree" / "linked").unlink()
    one, both = keeping.kept_bytes(str(scope), kept(scope)[-1]), freed_bytes(str(scope))
    assert one < 100_000
    assert 300_000 <= both < 400_000
    assert both == on_disk(*(scope / ".ops" / name for name in kept(scope)))


def test_removing_measures_like_du(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "inner").mkdir(parents=True)
    for number in range(20):
        (tree / "inner" / f"{number}").write_bytes(os.urandom(number * 997))
    with open(tree / "holes", "wb") as file:
        file.truncate(10_000_000)
    os.symlink("x" * 200, tree / "link")
    assert freed_by_removing(str(tree)) == on_disk(tree)
    assert freed_by_removing(str(tree / "holes")) == 0
    assert freed_by_removing(str(tree / "missing")) == 0
    assert freed_by_removing() == 0


def test_a_stop_while_room_is_made_is_told_and_the_next_command_goes_on(scope: Path) -> None:
    log = scope.parent / "log"
    for _ in range(keeping.KEPT + 1):
        large(scope)
    faults.arm("", str(log))
    large(scope)
    at = log.read_text().splitlines().index("after trash") + 1
    for action in ("raise", "eio"):
        faults.arm(f"{action}:{at}")
        reporter = RecordingReporter()
        plan = make_plan(str(scope), "put", [swap(str(scope), "tree", has_new=True)])
        with operation(plan, INITIATOR, reporter) as under_way:
            os.mkdir(under_way.place("tree"))
            under_way.commit()
        faults.arm("")
        assert len(reporter.warnings) == 1
        assert "the change is made" in reporter.warnings[0]
        assert os.listdir(scope / ".ops" / ".trash") != []
        large(scope)
        assert os.listdir(scope / ".ops" / ".trash") == []
        assert len(kept(scope)) == keeping.KEPT
