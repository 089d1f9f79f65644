"""A build shows that it is alive, by what the freezer really does."""

import io
from pathlib import Path

import pytest

from build.progress import NUITKA, Progress, current

LOG = "Nuitka: Starting Python compilation with:\nNuitka: Completed Python level compilation and optimization.\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def progress(place: Path, out: io.StringIO, clock: Clock) -> Progress:
    return Progress("nuitka", NUITKA, place / "build", place / "log.txt", out, clock)


@pytest.mark.parametrize(
    ("log", "step"), [("", 0), (LOG[:40], 1), (LOG, 2), (LOG + "Running C compilation via Scons", 3)]
)
def test_the_log_tells_the_step(log: str, step: int) -> None:
    assert current(NUITKA, log) == step


def test_a_step_is_one_line_however_often_it_is_looked_at(tmp_path: Path) -> None:
    out, clock = io.StringIO(), Clock()
    shown = progress(tmp_path, out, clock)
    for log in ("", "", LOG, LOG):
        (tmp_path / "log.txt").write_text(log)
        shown.show()
    assert out.getvalue().splitlines() == [
        "nuitka: step 1 of 6, preparing (0:00)",
        "nuitka: step 3 of 6, writing C (0:00)",
    ]


def test_a_long_step_is_heard_of_again(tmp_path: Path) -> None:
    out, clock = io.StringIO(), Clock()
    shown = progress(tmp_path, out, clock)
    shown.show()
    clock.now = 61
    shown.show()
    assert out.getvalue().splitlines()[-1] == "nuitka: step 1 of 6, preparing (1:01)"


def test_compiled_files_are_counted(tmp_path: Path) -> None:
    out = io.StringIO()
    (tmp_path / "build" / "static").mkdir(parents=True)
    for name in ("a.c", "b.c", "static/c.c", "a.o", "static/c.o", "stranger.o"):
        (tmp_path / "build" / name).touch()
    (tmp_path / "log.txt").write_text(LOG + "Running C compilation via Scons")
    progress(tmp_path, out, Clock()).show()
    assert "compiling C, 2 of 3 files" in out.getvalue()


def test_a_terminal_has_one_line_that_changes_and_goes(tmp_path: Path) -> None:
    out = Terminal()
    shown = progress(tmp_path, out, Clock())
    shown.show()
    shown.end()
    text = out.getvalue()
    assert "\n" not in text
    assert text.count("\r") == 3
    assert text.endswith(" \r")
