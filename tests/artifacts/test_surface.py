"""The outside of the program: the table, the snapshot in the artifacts and the reviewed list say the same."""

import sys
from pathlib import Path

import pytest

from build.paths import Layout
from build.programs import Program
from build.snapshot import surface, write_snapshot
from build.stage import copy_package
from comfydock_cli.generate.help import command_help, overview
from comfydock_cli.generate.snapshot import surface_text
from comfydock_cli.table import resolve

SURFACE = Path(__file__).with_name("surface.txt")

HELPS = {
    "": overview(80),
    **{" ".join(row.path): command_help(row, 80) for row in resolve.all_commands() if not row.hidden},
}


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The staged command with its snapshot."""
    place = tmp_path_factory.mktemp("staged")
    for package in Layout().packages:
        copy_package(package, place / package.name)
    write_snapshot(place, Path(sys.executable))
    return place


def test_the_table_is_the_reviewed_surface() -> None:
    assert surface_text() == SURFACE.read_text("utf-8"), "review the change, then run `python -m build surface`"


def test_the_snapshot_is_the_reviewed_surface(staged: Path) -> None:
    assert surface(staged, Path(sys.executable)) == SURFACE.read_text("utf-8")


def test_the_snapshot_is_what_answers_in_the_staged_tree(staged: Path) -> None:
    snapshot = staged / "comfydock_cli/table/_snapshot.py"
    kept = snapshot.read_text("utf-8")
    try:
        snapshot.write_text(kept.replace(r"u\x03\x00\x00\x00use", r"u\x04\x00\x00\x00used"), "utf-8")
        assert surface(staged, Path(sys.executable)) != SURFACE.read_text("utf-8")
    finally:
        snapshot.write_text(kept, "utf-8")


@pytest.mark.parametrize("path", HELPS, ids=lambda path: path or "overview")
def test_every_help_is_the_text_of_the_table(program: Program, path: str) -> None:
    done = program.run((*path.split(), "--help"))
    assert (done.returncode, done.stdout, done.stderr) == (0, HELPS[path], "")


@pytest.mark.parametrize("columns", ["40", "63", "100", "500"])
def test_help_of_every_width_is_the_live_text(program: Program, columns: str) -> None:
    width = min(int(columns), 100)
    done = program.run(("--help",), {"COLUMNS": columns})
    assert done.stdout == overview(width)
    row = resolve.find(("create",))
    assert row is not None
    done = program.run(("create", "--help"), {"COLUMNS": columns})
    assert done.stdout == command_help(row, width)
