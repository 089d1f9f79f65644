"""Telling how long work goes on: bars on a terminal, plain lines elsewhere."""

import time

from comfydock_cli import system
from comfydock_cli.cli_utils import Context
from comfydock_cli.ui.console import Console, clean
from comfydock_core.utils import waiting
from comfydock_core.utils.text import size_text

# Without a terminal a long step still says that it lives, but not more often than this.
_PLAIN_SECONDS = 10.0


def make_reporter(context: Context) -> "PlainReporter":
    """The reporter that fits this run's output."""
    wants_bars = system.is_terminal(2) and not (
        context.options["no_progress"]
        or context.options["quiet"]
        or system.getenv("TERM") == "dumb"
        or system.getenv("CI")
    )
    reporter = LiveReporter(context.console) if wants_bars else PlainReporter(context.console)
    wait = context.options["wait"]
    waiting.told_to(reporter.note, patience=None if wait is None else float(wait))
    return reporter


class PlainReporter:
    """One line a step, and one now and then while a step goes on. Also a context: leaving it ends what is drawn."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said = self._began = time.monotonic()
        self._under_way = False

    def __enter__(self) -> "PlainReporter":
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    def phase(self, text: str) -> None:
        self._tell_time()
        self._said = self._began = time.monotonic()
        self._under_way = True
        self._console.note(text)

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        now = time.monotonic()
        if now - self._said >= _PLAIN_SECONDS:
            self._said = now
            self._console.note(f"  {label}: {amount(done, unit)}" + (f" of {amount(total, unit)}" if total else ""))

    def line(self, text: str) -> None:
        if self._console.verbose:
            self._console.note(f"  {text}")

    def warn(self, text: str) -> None:
        self._console.note(f"warning: {text}")

    def note(self, text: str) -> None:
        """What is reported beside the steps: whom the command waits for."""
        self._console.note(f"  {text}")

    def end(self) -> None:
        """Nothing more is coming."""
        self._tell_time()

    def _tell_time(self) -> None:
        """A step that took long says so when it is over."""
        seconds = time.monotonic() - self._began
        if self._under_way and seconds >= _PLAIN_SECONDS:
            self._console.note(f"  {seconds:.0f} s")
        self._under_way = False


class LiveReporter(PlainReporter):
    """The present step with its bar, drawn by `rich` at the bottom of the terminal."""

    def __init__(self, console: Console) -> None:
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        super().__init__(console)
        color = {"always": True, "never": False}.get(console.color)
        rich_console = RichConsole(stderr=True, force_terminal=color, no_color=color is False or None)
        columns = (SpinnerColumn("line"), TextColumn("{task.description}", markup=False), BarColumn(20),
                   TextColumn("{task.fields[amount]}", markup=False), TimeElapsedColumn())  # fmt: skip
        self._bars = Progress(*columns, console=rich_console, transient=True)
        self._task = self._bars.add_task("", total=None, amount="")
        self._started = time.monotonic()
        self._text = ""

    def phase(self, text: str) -> None:
        self._settle()
        self._text, self._started = text, time.monotonic()
        self._bars.start()
        self._bars.reset(self._task, description=clean(text), total=None, amount="")

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        shown = amount(done, unit) + (f"/{amount(total, unit)}" if total else "")
        self._bars.update(self._task, completed=done, total=total, amount=shown)

    def line(self, text: str) -> None:
        if self._console.verbose:
            self._bars.console.print(clean(f"  {text}"), markup=False, highlight=False)
        else:
            self._bars.update(self._task, amount=clean(text.strip()[:40]))

    def warn(self, text: str) -> None:
        self._bars.console.print(clean(f"warning: {text}"), markup=False, highlight=False)

    def note(self, text: str) -> None:
        if not self._console.quiet:
            self._bars.console.print(clean(f"  {text}"), markup=False, highlight=False)

    def __exit__(self, *exception: object) -> None:
        if exception[0] is not None:
            self._text = ""  # A step that failed is not left behind as one that was done; the error tells of it.
        self.end()

    def end(self) -> None:
        self._settle()
        self._bars.stop()

    def _settle(self) -> None:
        """Leave a finished step behind as a plain line with its time."""
        if self._text:
            seconds = time.monotonic() - self._started
            self._bars.console.print(clean(f"{self._text} ({seconds:.1f} s)"), markup=False, highlight=False)
            self._text = ""


def amount(number: int, unit: str) -> str:
    """A number for people: bytes in powers of 1000, everything else with its unit."""
    if unit not in ("B", "bytes"):
        return f"{number} {unit}".strip()
    return size_text(number)
