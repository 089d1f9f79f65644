"""Standard error of a child goes to ours, and is heard on the way."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

PROGRAM = """
import subprocess, sys
from comfydock_core.integrations.stderr_tap import stderr_tapped
heard = []
with stderr_tapped(heard.append) as stderr:
    code = subprocess.run([sys.executable, "-c", sys.argv[1]], stderr=stderr).returncode
print("heard", heard, "code", code, flush=True)
"""


def tapped(child: str, **options: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", PROGRAM, child]
    return subprocess.run(command, capture_output=True, text=True, check=True, **options)  # type: ignore[call-overload, no-any-return]


def test_everything_is_passed_on_and_heard_line_by_line() -> None:
    done = tapped("import sys; sys.stderr.write('one\\ntwö ☃\\nhalf'); sys.stderr.flush()")
    assert done.stderr == "one\ntwö ☃\nhalf"
    assert done.stdout == "heard ['one', 'twö ☃', 'half'] code 0\n"


def test_much_output_is_passed_on_whole() -> None:
    done = tapped("import sys; sys.stderr.write('x' * 3_000_000 + '\\nend\\n')")
    assert len(done.stderr) == 3_000_005
    assert done.stdout.endswith("'end'] code 0\n")


def test_what_a_grandchild_holds_open_keeps_nobody_waiting() -> None:
    child = "import subprocess, sys; subprocess.Popen(['sleep', '600']); print('left', file=sys.stderr)"
    command = [sys.executable, "-c", PROGRAM, child]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "heard ['left'] code 0\n"
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def test_a_child_learns_that_nobody_reads_any_more(tmp_path: Path) -> None:
    child = "import sys\nwhile True: sys.stderr.write('x' * 1000); sys.stderr.flush()"
    command = [sys.executable, "-c", PROGRAM, child]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        process.stderr.read(10)
        process.stderr.close()
        assert process.stdout.read().endswith("code 1\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
def test_on_a_terminal_the_child_has_one_of_the_same_size() -> None:
    child = (
        "import os, sys; s = os.get_terminal_size(2); print(sys.stderr.isatty(), s.columns, s.lines, file=sys.stderr)"
    )
    terminal = pexpect.spawn(sys.executable, ["-c", PROGRAM, child], dimensions=(33, 101), encoding="utf-8", timeout=60)
    terminal.expect(pexpect.EOF)
    assert terminal.before == "True 101 33\r\nheard ['True 101 33'] code 0\r\n"


def test_where_standard_error_is_closed_the_child_inherits_that() -> None:
    script = f'exec 2>&-; exec {sys.executable} -c "$0" "$1"'
    done = subprocess.run(["sh", "-c", script, PROGRAM, "pass"], capture_output=True, text=True)
    assert done.stdout == "heard [] code 0\n"


FAILING = """
import subprocess, sys
from comfydock_core.integrations.stderr_tap import stderr_tapped
def listen(line):
    raise ValueError(f"cannot listen to {line}")
try:
    with stderr_tapped(listen) as stderr:
        print("code", subprocess.run([sys.executable, "-c", sys.argv[1]], stderr=stderr).returncode, flush=True)
except ValueError as error:
    print(error)
"""


def test_a_listener_that_fails_stops_neither_the_child_nor_its_output() -> None:
    child = "import sys; sys.stderr.write('first\\n' + 'x' * 3_000_000 + '\\nend\\n'); sys.exit(7)"
    done = subprocess.run([sys.executable, "-c", FAILING, child], capture_output=True, text=True, check=True)
    assert len(done.stderr) == 3_000_011
    assert done.stdout == "code 7\ncannot listen to first\n"


MANY_FILES = """
import os, resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (4096 if hard == resource.RLIM_INFINITY else min(4096, hard), hard))
while os.open(os.devnull, os.O_RDONLY) < 1200:
    pass
"""


def test_it_works_in_a_program_with_many_open_files() -> None:
    child = "import sys; sys.stderr.write('one\\n')"
    command = [sys.executable, "-c", MANY_FILES + PROGRAM, child]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stderr, done.stdout) == ("one\n", "heard ['one'] code 0\n")
