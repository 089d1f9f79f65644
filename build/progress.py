"""Showing that a build is alive: which step, how much of it is done, and how long it has taken.

Everything is read from what the freezer really does, its log and the files it makes. On a terminal it is one line
that changes; elsewhere a line for each step, and one now and then while a step takes long.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

_WIDTH = 79
_PLAIN_SECONDS = 30.0
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a freezer: it has begun when `sign` is in the log. `amount` says how much of it is done."""

    sign: str
    text: str
    amount: Callable[[Path], str] = lambda directory: ""


def _objects(directory: Path) -> str:
    """How many C files are compiled, counted by what lies in the build directory."""
    sources = {path.stem for path in directory.rglob("*.c")}
    done = sum(path.stem in sources for path in directory.rglob("*.o"))
    return f"{done} of {len(sources)} files" if sources else ""


NUITKA = (
    Step("", "preparing"),
    Step("Starting Python compilation", "reading the Python code"),
    Step("Completed Python level compilation", "writing C"),
    Step("Running C compilation via Scons", "compiling C", _objects),
    Step("Backend C linking", "linking"),
    Step("Creating single file", "packing one file"),
)
PYINSTALLER = (
    Step("", "preparing"),
    Step("Initializing module dependency graph", "following imports"),
    Step("Building PYZ", "packing the Python code"),
    Step("Building EXE", "making the executable"),
    Step("Building COLLECT", "collecting files"),
)


def current(steps: tuple[Step, ...], log: str) -> int:
    """The number of the step that a log has come to, from 0."""
    return max(number for number, step in enumerate(steps) if step.sign in log)


@dataclass(slots=True)
class Progress:
    """The display of one freezer's run, to be asked to `show` again and again, and to `end`."""

    form: str
    steps: tuple[Step, ...]
    directory: Path
    log: Path
    out: TextIO = field(default_factory=lambda: sys.stdout)
    clock: Callable[[], float] = time.monotonic
    _started: float = field(init=False)
    _shown: tuple[int, float] = field(init=False, default=(-1, 0.0))

    def __post_init__(self) -> None:
        self._started = self.clock()

    def show(self) -> None:
        """Look at where the freezer is, and say it if it is time to."""
        number = current(self.steps, self.log.read_text("utf-8", "replace") if self.log.exists() else "")
        now = self.clock()
        if self.out.isatty():
            self.out.write(f"\r{self._line(number, now):<{_WIDTH}}"[: _WIDTH + 1])
            self.out.flush()
        elif number != self._shown[0] or now - self._shown[1] >= _PLAIN_SECONDS:
            self._shown = (number, now)
            self.out.write(f"{self._line(number, now)}\n")
            self.out.flush()

    def end(self) -> None:
        """Take the changing line away."""
        if self.out.isatty():
            self.out.write(f"\r{'':{_WIDTH}}\r")
            self.out.flush()

    def _line(self, number: int, now: float) -> str:
        step = self.steps[number]
        amount = step.amount(self.directory)
        what = f"{step.text}, {amount}" if amount else step.text
        minutes, seconds = divmod(int(now - self._started), 60)
        return f"{self.form}: step {number + 1} of {len(self.steps)}, {what} ({minutes}:{seconds:02})"


def watched(
    command: Sequence[str], environ: Mapping[str, str], output: TextIO, progress: Progress, directory: Path
) -> int:
    """Run a command to its end, looking at it every second; it does not outlive an interrupted build."""
    with subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environ, cwd=directory) as run:
        try:
            while True:
                progress.show()
                try:
                    return run.wait(_LOOK_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        except BaseException:
            run.terminate()
            raise
        finally:
            progress.end()
