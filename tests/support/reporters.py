"""Reporters that remember, and that do something at a chosen moment."""

from collections.abc import Callable


class RecordingReporter:
    """Remembers everything it hears; `then` is called after each event with the number of events so far."""

    def __init__(self, then: Callable[[int, str], None] | None = None) -> None:
        self.phases: list[str] = []
        self.lines: list[str] = []
        self.warnings: list[str] = []
        self.steps: list[tuple[str, int, int | None, str]] = []
        self._events = 0
        self._then = then

    def phase(self, text: str) -> None:
        self.phases.append(text)
        self._heard(text)

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        self.steps.append((label, done, total, unit))
        self._heard(label)

    def line(self, text: str) -> None:
        self.lines.append(text)
        self._heard(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)
        self._heard(text)

    def _heard(self, text: str) -> None:
        self._events += 1
        if self._then is not None:
            self._then(self._events, text)
