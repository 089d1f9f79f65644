"""Tables at every width: aligned in cells, broken between words, and a row a line where nobody looks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_cli.formatters.columns import aligned, lines_of
from comfydock_cli.ui.fitting import cells

PACKS = [
    ("impact-pack", "1.0.0", "registry", "present, changed: README.md, nodes.py"),
    ("日本語ノード", "4d66b4c111", "git", "present"),
    ("🎨-painter", "dev", "development", "missing"),
]
LONG = "a-name-that-goes-on-and-on-and-on-and-on-and-on-and-on"


def test_columns_line_up_by_the_columns_of_the_terminal() -> None:
    assert lines_of(PACKS, None) == [
        "impact-pack   1.0.0       registry     present, changed: README.md, nodes.py",
        "日本語ノード  4d66b4c111  git          present",
        "🎨-painter    dev         development  missing",
    ]


def test_the_last_column_goes_on_below_itself() -> None:
    assert lines_of(PACKS, 62) == [
        "impact-pack   1.0.0       registry     present, changed:",
        "                                       README.md, nodes.py",
        "日本語ノード  4d66b4c111  git          present",
        "🎨-painter    dev         development  missing",
    ]


def test_a_column_in_the_middle_may_be_the_one_that_breaks() -> None:
    rows = [("work", "in sync, changed files", "1.0 kB"), ("b", "in sync", "-")]
    assert lines_of(rows, 30, breaks=1) == [
        "work  in sync, changed  1.0 kB",
        "      files",
        "b     in sync           -",
    ]


def test_a_name_that_is_too_long_stands_on_a_line_of_its_own() -> None:
    assert lines_of([*PACKS, (LONG, "1.0", "git", "present")], 62) == [
        "impact-pack   1.0.0       registry     present, changed:",
        "                                       README.md, nodes.py",
        "日本語ノード  4d66b4c111  git          present",
        "🎨-painter    dev         development  missing",
        LONG,
        "              1.0         git          present",
    ]


def test_without_room_for_columns_a_row_is_a_paragraph() -> None:
    assert lines_of(PACKS[:2], 30) == [
        "impact-pack  1.0.0  registry",
        "    present, changed:",
        "    README.md, nodes.py",
        "日本語ノード  4d66b4c111  git",
        "    present",
    ]


WORDS = st.lists(st.text("ab日e\u0301", min_size=1, max_size=9), min_size=1, max_size=6).map(" ".join)


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=5), st.integers(40, 100))
def test_no_line_is_longer_than_the_terminal_but_for_a_word_or_a_name(rows: list[tuple[str, ...]], width: int) -> None:
    alone = tuple(cell for row in rows for cell in row)
    for line in lines_of(rows, width):
        assert cells(line) <= width or line.endswith(alone)


def test_controls_and_ends_of_lines_in_a_cell_do_not_break_the_row() -> None:
    assert lines_of([("a\nb", "\x1b[1m", "x"), ("1234", "5", "y")], None) == ["a b   \\x1b[1m  x", "1234  5        y"]


def test_where_nobody_looks_a_row_is_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    assert len(aligned(PACKS).splitlines()) == len(PACKS)
    assert aligned([]) == ""
