"""What progress draws on a terminal, seen by the terminal."""

import os
import pty
import subprocess
import sys

import pytest

from tests.support.source import clean_environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")

_WORK = """
import sys, time
from comfydock_cli.ui.console import Console
from comfydock_cli.ui.progress import LiveReporter

began = time.monotonic()
with LiveReporter(Console()) as reporter:
    {work}
print(time.monotonic() - began)
"""
_BUSY = """
    reporter.phase("Fetching what takes a while to arrive here")
    done = 0
    while time.monotonic() - began < 3:
        done += 1
        reporter.progress("Fetching", done, 10**9, "bytes")
"""


def drawn(work: str) -> tuple[bytes, list[bytes]]:
    """What some work draws, and the lines of its standard output: the last is the seconds that it took."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", _WORK.format(work=work)]
    process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
                               env=clean_environment(TERM="xterm-256color", COLUMNS="100"))  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += os.read(ours, 100_000)
        except OSError:  # Nobody is left on the other side.
            break
    out, _ = process.communicate()
    os.close(ours)
    assert process.returncode == 0, shown
    return shown, out.splitlines()


def test_a_terminal_that_takes_a_kilobyte_a_second_is_not_left_behind() -> None:
    shown, (seconds,) = drawn(_BUSY)
    assert b"Fetching what takes a while to arrive here" in shown
    assert len(shown) < 1000 * float(seconds)


def test_a_name_is_not_taken_for_marks_or_pictures() -> None:
    shown, _ = drawn('reporter.phase("Fetching [bold]:smile:[/bold] /a/b"); reporter.warn("x:b:y [red]")')
    assert b"Fetching [bold]:smile:[/bold] /a/b (0." in shown
    assert b"warning: x:b:y [red]\r\n" in shown


def test_the_data_of_a_command_is_not_drawn() -> None:
    """Standard output may be a file or a pipe, whatever is drawn meanwhile."""
    shown, (data, _) = drawn('reporter.phase("Working"); print("data")')
    assert (data, b"Working (0." in shown, b"data" in shown) == (b"data", True, False)


def test_every_step_stays_as_a_line_with_its_time_and_one_that_failed_does_not() -> None:
    shown, _ = drawn('reporter.phase("One"); reporter.phase("Two")')
    assert shown.index(b"One (0.") < shown.index(b"Two (0.")
    shown, _ = drawn('reporter.phase("One"); reporter.phase("Two"); reporter.__exit__(ValueError)')
    assert (b"One (0." in shown, b"Two (0." in shown) == (True, False)
