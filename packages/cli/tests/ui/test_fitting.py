"""Columns that a text takes, and lines that are broken between words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_cli.ui.fitting import broken, cells, cut, fitted, folded, padded

SCIENTIST = "👩\u200d🔬"


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("plain", 5), ("日本", 4), ("e\u0301te\u0301", 3), ("🎨", 2), (SCIENTIST, 2), (f"a{SCIENTIST}b", 4),
     ("ﾊﾝ", 2), ("\u1100\u1161\u11a8", 2), ("soft\u00adhyphen", 11), ("zero\u200bwidth", 9)],
)  # fmt: skip
def test_a_text_takes_the_columns_that_terminals_give_it(text: str, columns: int) -> None:
    assert cells(text) == columns
    assert padded(text, 20) == text + " " * (20 - columns)


def test_what_is_too_long_is_cut_with_a_sign_and_between_letters() -> None:
    assert cut("fits", 4) == "fits"
    assert cut("日本語ノード", 8) == "日本語…"
    assert cut(f"ab{SCIENTIST}cdef", 5) == f"ab{SCIENTIST}…"
    assert cut(f"ab{SCIENTIST}cdef", 4) == "ab…"


@given(st.text(), st.integers(1, 40))
def test_what_was_cut_fits(text: str, width: int) -> None:
    assert cells(cut(text, width)) <= width


def test_lines_are_broken_between_words_and_never_within() -> None:
    assert broken("one two three", 7) == ["one two", "three"]
    assert broken("a /very/long/path/that/is/one b", 10) == ["a", "/very/long/path/that/is/one", "b"]
    assert broken("日本 日本 日本", 9) == ["日本 日本", "日本"]
    assert broken("", 5) == [""]


def test_what_is_quoted_stays_on_a_line_to_be_copied() -> None:
    text = "try `comfydock node add x` then"
    assert broken(text, 16) == ["try", "`comfydock node add x`", "then"]


@given(st.lists(st.text("ab`日é", min_size=1), min_size=1), st.integers(1, 30))
def test_breaking_loses_nothing_and_adds_nothing(words: list[str], width: int) -> None:
    assert " ".join(broken(" ".join(words), width)) == " ".join(words)


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("fits as it is", ["fits as it is"]),
        ("  ok      a sentence too long", ["  ok      a sentence", "          too long"]),
        ("  ~ one: two, three, four, five", ["  ~ one: two, three,", "    four, five"]),
        ("1  name  a column and more of it", ["1  name  a column", "         and more of", "         it"]),
    ],
)
def test_further_lines_stand_below_the_last_column(line: str, lines: list[str]) -> None:
    assert folded(line, 20) == lines


def test_every_line_of_a_text_is_folded_for_itself() -> None:
    assert fitted("short\n\nlonger than ten\n", 10) == "short\n\nlonger\n  than ten\n"
