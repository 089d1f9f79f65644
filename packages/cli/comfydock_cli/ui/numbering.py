"""Saying which of how many node packs a step belongs to."""

from comfydock_core.models.protocols import Reporter


class NumberedReporter:
    """A reporter, and `NodeInstallCallbacks`, that puts `(2/15)` before the steps of a pack where there are several."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._position = ""

    def on_node_start(self, pack: str, number: int, total: int) -> None:
        self._position = f"({number}/{total}) " if total > 1 else ""

    def on_node_complete(self, pack: str, error: str | None) -> None:
        self._position = ""

    def phase(self, text: str) -> None:
        self._reporter.phase(f"{self._position}{text}")

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        self._reporter.progress(label, done, total, unit)

    def line(self, text: str) -> None:
        self._reporter.line(text)

    def warn(self, text: str) -> None:
        self._reporter.warn(text)
