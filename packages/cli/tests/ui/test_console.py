"""What strangers wrote reaches a terminal as text alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_cli.ui.console import Console, clean


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain\tand\nsimple\n", "plain\tand\nsimple\n"),
        ("Große Ablage ☃ 日本 👩‍🔬", "Große Ablage ☃ 日本 👩‍🔬"),
        ("\x1b[2J\x1b]0;owned\x07", "\\x1b[2J\\x1b]0;owned\\x07"),
        ("over\rwritten\x08", "over\\x0dwritten\\x08"),
        ("\x9b31m", "\\x9b31m"),
        ("user\u202egnp.exe\u2066", "user\\u202egnp.exe\\u2066"),
    ],
)
def test_what_would_act_on_a_terminal_is_shown(written: str, shown: str) -> None:
    assert clean(written) == shown


@given(st.text())
def test_nothing_that_acts_is_left_and_the_rest_stays(text: str) -> None:
    cleaned = clean(text)
    assert not set(cleaned) & {*map(chr, range(9)), *map(chr, range(11, 32)), *map(chr, range(0x7F, 0xA0)), "\u202e"}
    assert clean(cleaned) == cleaned


def test_all_ways_to_a_stream_are_clean_but_the_one_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.data("\x1b\n")
    console.note("\x1b")
    console.error("\x1b")
    console.json("\x7f\n")
    assert capsys.readouterr() == ("\\x1b\n\x7f\n", "\\x1b\n\\x1b\n")
