"""What the Nuitka artifact answers before the interpreter starts is what the sources say, however it is asked."""

import fcntl
import os
import pty
import resource
import struct
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from build.instructions import available, count
from build.measure import Start
from build.programs import MODULES_VARIABLE, Program, plain_environment
from comfydock_cli.generate.help import command_help, overview
from comfydock_cli.generate.snapshot import HELP_WIDTHS
from comfydock_cli.system import DEFAULT_WIDTH, MOST_WIDTH
from comfydock_cli.table import resolve
from tests.support import programs

WORDS = [(), *(row.path for row in resolve.all_commands())]
LINES = [("--version",), ("--help",), ("create", "--help")]

Outcome = tuple[int, str, str]


@pytest.fixture(scope="module")
def source() -> Program:
    return programs.program("source")


@pytest.fixture(scope="module")
def nuitka(pytestconfig: pytest.Config) -> Program:
    if pytestconfig.getoption("deselect_artifacts"):
        pytest.skip("artifacts are deselected")
    return programs.program("nuitka")


def live(path: tuple[str, ...], width: int) -> str:
    row = resolve.find(path) if path else None
    return command_help(row, width) if row is not None else overview(width)


def on_terminal(program: Program, words: tuple[str, ...], width: int) -> tuple[int, str]:
    """Run it on a terminal of that width; its exit code and what stands there."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {**plain_environment(), **program.environment}
    process = subprocess.Popen(
        [*program.command, *words], stdin=slave, stdout=slave, stderr=slave, env=environment, close_fds=True
    )
    os.close(slave)
    text = b""
    try:
        while chunk := os.read(master, 65536):
            text += chunk
    except OSError:
        pass  # Linux says so when the other end is closed.
    os.close(master)
    return process.wait(), text.decode("utf-8").replace("\r\n", "\n")


def test_the_ready_made_widths_are_the_usual_one_and_the_widest() -> None:
    assert HELP_WIDTHS == (DEFAULT_WIDTH, MOST_WIDTH)


@pytest.mark.parametrize("columns", [None, "", "60", "80", "100", "140", "x"])
def test_every_help_through_a_pipe_is_the_live_text(nuitka: Program, source: Program, columns: str | None) -> None:
    environment = {} if columns is None else {"COLUMNS": columns}
    width = min(int(columns), MOST_WIDTH) if columns and columns.isdecimal() else DEFAULT_WIDTH
    for path in WORDS:
        for program in (nuitka, source):
            done = program.run((*path, "--help"), environment)
            assert (done.returncode, done.stdout, done.stderr) == (0, live(path, width), ""), (program.form, path)


@pytest.mark.parametrize("width", [0, 20, 60, 80, 100, 140])
def test_every_help_on_a_terminal_is_the_live_text(nuitka: Program, source: Program, width: int) -> None:
    text_width = min(max(width or DEFAULT_WIDTH, 40), MOST_WIDTH)
    for path in WORDS:
        for program in (nuitka, source):
            found = on_terminal(program, (*path, "--help"), width)
            assert found == (0, live(path, text_width)), (program.form, path)


@pytest.mark.parametrize(
    "words",
    [*LINES, ("--help", "x"), ("create", "--json", "--help"), ("-h",), ("", "--help"), ("model index", "--help")],
)
def test_a_line_ends_as_from_source(nuitka: Program, source: Program, words: tuple[str, ...]) -> None:
    found = [program.run(words) for program in (nuitka, source)]
    assert outcome(found[0]) == outcome(found[1])
    assert on_terminal(nuitka, words, 100) == on_terminal(source, words, 100)


def outcome(done: "subprocess.CompletedProcess[str]") -> Outcome:
    return done.returncode, done.stdout, done.stderr


def written_to(program: Program, words: tuple[str, ...], output: int, limit: int | None = None) -> tuple[int, str]:
    """Run it with this standard output, a file of which may not grow over the limit; its exit code and errors."""

    def restrict() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    environment = {**plain_environment(), **program.environment}
    done = subprocess.run(
        [*program.command, *words],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
        preexec_fn=restrict,
    )
    return done.returncode, done.stderr


def full_device(program: Program, words: tuple[str, ...], scratch: Path) -> Outcome:
    with open("/dev/full", "wb") as device:
        return *written_to(program, words, device.fileno()), ""


def vanished_reader(program: Program, words: tuple[str, ...], scratch: Path) -> Outcome:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return *written_to(program, words, writer), ""
    finally:
        os.close(writer)


def output_only_for_reading(program: Program, words: tuple[str, ...], scratch: Path) -> Outcome:
    with open(os.devnull, "rb") as device:
        return *written_to(program, words, device.fileno()), ""


def file_that_may_not_grow(program: Program, words: tuple[str, ...], scratch: Path) -> Outcome:
    path = scratch / program.form
    with path.open("wb") as file:
        return *written_to(program, words, file.fileno(), limit=10), path.read_text("utf-8")


def full_pipe_that_does_not_wait(program: Program, words: tuple[str, ...], scratch: Path) -> Outcome:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x")
    except BlockingIOError:
        return *written_to(program, words, writer), ""
    finally:
        os.close(reader)
        os.close(writer)


def closed_output(program: Program, words: tuple[str, ...], scratch: Path) -> Outcome:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", *program.command, *words]
    environment = {**plain_environment(), **program.environment}
    return outcome(subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment))


@pytest.mark.parametrize("words", LINES, ids=" ".join)
@pytest.mark.parametrize(
    ("way", "code"),
    [
        (full_device, 6),
        (vanished_reader, 141),
        (output_only_for_reading, None),
        (file_that_may_not_grow, 6),
        (full_pipe_that_does_not_wait, 6),
        (closed_output, 6),
    ],
)
def test_a_failed_write_is_told_as_from_source(
    nuitka: Program,
    source: Program,
    way: Callable[[Program, tuple[str, ...], Path], Outcome],
    code: int | None,
    words: tuple[str, ...],
    tmp_path: Path,
) -> None:
    found = way(nuitka, words, tmp_path)
    assert found == way(source, words, tmp_path)
    assert code in (None, found[0])


def page_faults(program: Program, words: tuple[str, ...], environment: dict[str, str]) -> int:
    """How many pages of memory one run touches for the first time."""
    null = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)]
    environment = {**plain_environment(), **environment}
    process = os.posix_spawn(program.command[0], [*program.command, *words], environment, file_actions=null)
    _, status, usage = os.wait4(process, 0)
    assert status == 0
    return usage.ru_minflt


@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_the_interpreter_is_not_started(nuitka: Program, words: tuple[str, ...], tmp_path: Path) -> None:
    with_interpreter = page_faults(nuitka, words, {MODULES_VARIABLE: str(tmp_path / "modules.txt")})
    assert page_faults(nuitka, words, {}) * 3 < with_interpreter
    assert page_faults(nuitka, ("create", "--help"), {"COLUMNS": "60"}) > with_interpreter * 0.8


@pytest.mark.skipif(not available(), reason="needs valgrind")
@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_an_answer_takes_less_than_a_million_instructions(nuitka: Program, words: tuple[str, ...]) -> None:
    assert count(Start("nuitka", (*nuitka.command, *words), plain_environment())) < 1_000_000
