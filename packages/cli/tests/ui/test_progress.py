"""Amounts, and what the reporter without a terminal says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_cli.cli_utils import Context
from comfydock_cli.table.parser import parse
from comfydock_cli.ui import progress
from comfydock_cli.ui.console import Console
from comfydock_cli.ui.progress import LiveReporter, PlainReporter, amount, make_reporter


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [(0, "bytes", "0 B"), (999, "B", "999 B"), (1000, "B", "1.0 kB"), (58_400, "bytes", "58.4 kB"),
     (999_949, "B", "999.9 kB"), (999_950, "B", "1.0 MB"), (999_999, "B", "1.0 MB"), (2_500_000_000, "B", "2.5 GB"),
     (10**12, "B", "1.0 TB"), (10**16, "B", "10000.0 TB"), (3, "objects", "3 objects"),
     (1000, "packages", "1000 packages"), (7, "", "7")],
)  # fmt: skip
def test_amounts_are_for_people(number: int, unit: str, text: str):
    assert amount(number, unit) == text


@given(st.integers(0, 999 * 10**12))
def test_no_amount_of_bytes_shows_a_thousand(number: int):
    assert not amount(number, "bytes").startswith("1000")


def reporter(**options: bool) -> PlainReporter:
    return PlainReporter(Console(**options))


def test_a_step_is_one_plain_line(capsys: pytest.CaptureFixture[str]):
    with reporter() as plain:
        plain.phase("Cloning")
        plain.progress("Receiving", 1, 2, "objects")
        plain.line("from a child")
        plain.warn("slow")
    assert capsys.readouterr() == ("", "Cloning\nwarning: slow\n")


def test_lines_of_children_are_shown_when_more_is_wanted(capsys: pytest.CaptureFixture[str]):
    reporter(verbose=True).line("from a child")
    assert capsys.readouterr().err == "  from a child\n"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]):
    quiet = reporter(quiet=True, verbose=True)
    quiet.phase("Cloning")
    quiet.line("from a child")
    quiet.warn("slow")
    assert capsys.readouterr() == ("", "")


def test_a_long_step_says_now_and_then_that_it_lives(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    plain = reporter()
    plain.phase("Cloning")
    for now[0] in (105.0, 110.0, 115.0, 120.0):
        plain.progress("Receiving", int(now[0]), 200, "objects")
    assert capsys.readouterr().err.splitlines() == [
        "Cloning", "  Receiving: 110 objects of 200 objects", "  Receiving: 120 objects of 200 objects",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("terminal", "words", "variables", "kind"),
    [
        (True, [], {}, LiveReporter),
        (False, [], {}, PlainReporter),
        (True, ["--no-progress"], {}, PlainReporter),
        (True, ["-q"], {}, PlainReporter),
        (True, [], {"TERM": "dumb"}, PlainReporter),
        (True, [], {"CI": "true"}, PlainReporter),
    ],
)
def test_bars_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, words: list[str], variables: dict[str, str], kind: type
):
    monkeypatch.setattr(progress.system, "is_terminal", lambda descriptor: terminal)
    monkeypatch.setattr(progress.system, "getenv", variables.get)
    options = parse(["create", "x", *words]).options
    assert type(make_reporter(Context(options, Console(quiet=bool(options["quiet"]))))) is kind
