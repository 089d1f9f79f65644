"""Telling how long work goes on: bars on a terminal, plain lines elsewhere."""

import time

from comfydock_cli import system
from comfydock_cli.cli_utils import Context
from comfydock_cli.ui.console import Console, clean
from comfydock_cli.ui.fitting import cells, cut, fitted
from comfydock_core.utils import waiting
from comfydock_core.utils.text import size_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.text import Text

# Without a terminal a long step still says that it lives, but not more often than this.
_PLAIN_SECONDS = 10.0
# A terminal behind a slow line takes a kilobyte a second; a line that is drawn is up to 200 bytes with its colours.
_FRAMES = 4
_SPINNER = "-\\|/"
_BAR = 20
# How long a line that is drawn may be, the least that is shown of its words, and the most of a child's output.
_WIDEST = 120
_LEAST = 12
_MOST_OF_LINE = 40
_BYTES = ("B", "bytes")


def make_reporter(context: Context) -> "PlainReporter":
    """The reporter that fits this run's output."""
    wants_bars = system.is_terminal(2) and not (
        context.options["no_progress"]
        or context.options["quiet"]
        or system.getenv("TERM") in ("dumb", "unknown")
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
    """The present step with its bar, drawn by `rich` as the last line of the terminal.

    It is drawn some times a second, by a thread, however often the work reports: a terminal that takes little does not
    slow the work down. What stays, a line a step, is written when it happens.
    """

    def __init__(self, console: Console) -> None:
        from rich.console import Console as RichConsole
        from rich.live import Live
        from rich.text import Text

        from comfydock_core.utils.interruption import deferred

        super().__init__(console)
        no_color = {"always": False, "never": True}.get(console.color)
        self._screen = RichConsole(
            stderr=True, force_terminal=True, no_color=no_color, markup=False, emoji=False, highlight=False
        )
        self._assemble = Text.assemble
        self._deferred = deferred
        self._text = self._amount = ""
        self._share: float | None = None
        self._first = 0
        self._started = self._measured = time.monotonic()
        # Standard output is not the terminal's alone, so that it is left as it is; what others say on the error stream,
        # such as a warning of the log, is to stand above the line.
        self._live = Live(
            console=self._screen,
            get_renderable=self._frame,
            refresh_per_second=_FRAMES,
            transient=True,
            redirect_stdout=False,
        )

    def phase(self, text: str) -> None:
        done, self._text = self._done(), clean(text).replace("\n", " ")
        self._amount, self._share = "", None
        self._started = self._measured = time.monotonic()
        if done:
            self._keep(done)
        self._live.start()

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        now = time.monotonic()
        if self._amount == "" or done == 0:
            self._measured, self._first = now, done
        self._share = min(done / total, 1.0) if total else None
        self._amount = amount(done, unit) + (f"/{amount(total, unit)}" if total else "")
        seconds = now - self._measured
        if unit in _BYTES and done > self._first and seconds >= 1:
            rate = (done - self._first) / seconds
            self._amount += f", {size_text(rate)}/s"
            self._amount += f", {_clock((total - done) / rate)} left" if total and total > done else ""

    def line(self, text: str) -> None:
        if self._console.verbose:
            self._keep(f"  {text}")
        else:
            self._amount = cut(clean(text.strip()), _MOST_OF_LINE)

    def warn(self, text: str) -> None:
        self._keep(f"warning: {text}")

    def note(self, text: str) -> None:
        if not self._console.quiet:
            self._keep(f"  {text}")

    def __exit__(self, *exception: object) -> None:
        if exception[0] is not None:
            self._text = ""  # A step that failed is not left behind as one that was done; the error tells of it.
        self.end()

    def end(self) -> None:
        with self._deferred():  # A second Ctrl-C must not leave the cursor hidden.
            done, self._text = self._done(), ""
            if done:
                self._keep(done)
            self._live.stop()

    def _done(self) -> str:
        """The step that is over, with its time."""
        return f"{self._text} ({time.monotonic() - self._started:.1f} s)" if self._text else ""

    def _keep(self, text: str) -> None:
        """Write what stays above the line that is drawn."""
        self._screen.print(fitted(clean(text), self._width()), soft_wrap=True)

    def _width(self) -> int:
        return system.open_width(2) or system.DEFAULT_WIDTH

    def _frame(self) -> "Text":
        """One line, never longer than the terminal: the step's words are cut, and without room the bar is left out."""
        if not self._text:
            return self._assemble("")
        seconds = time.monotonic() - self._started
        parts = [part for part in (self._amount, _clock(seconds)) if part]
        room = min(self._width(), _WIDEST) - 1
        left = room - 2 - sum(cells(part) + 2 for part in parts)
        bar, rest = self._bar() if self._share is not None and left >= _BAR + _LEAST else ("", "")
        words = cut(self._text, max(left - (cells(bar + rest) + 2 if bar + rest else 0), _LEAST))
        line = self._assemble(
            (_SPINNER[int(seconds * _FRAMES) % len(_SPINNER)], "green"), f" {words}", "  " if bar + rest else "",
            (bar, "cyan"), (rest, "dim"), *(f"  {part}" for part in parts),
        )  # fmt: skip
        line.no_wrap = True
        line.truncate(room, overflow="ellipsis")
        return line

    def _bar(self) -> tuple[str, str]:
        full, empty = "#." if self._screen.options.ascii_only else "━─"
        filled = int((self._share or 0) * _BAR)
        return full * filled, empty * (_BAR - filled)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def amount(number: int, unit: str) -> str:
    """A number for people: bytes in powers of 1000, everything else with its unit."""
    if unit not in _BYTES:
        return f"{number} {unit}".strip()
    return size_text(number)
