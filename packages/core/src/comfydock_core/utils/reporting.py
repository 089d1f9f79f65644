"""Reporters for nobody, and between others."""

from comfydock_core.models.protocols import Reporter


class SilentReporter:
    """Hears everything and tells nothing, for programs that use the library without watching."""

    def phase(self, text: str) -> None:
        """Pass over the step."""

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        """Pass over the count."""

    def line(self, text: str) -> None:
        """Pass over the line."""

    def warn(self, text: str) -> None:
        """Pass over the warning."""


class WarningReporter:
    """Passes everything on but warnings, which it keeps for somebody who tells them at another time."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self.warnings: list[str] = []

    def phase(self, text: str) -> None:
        self._reporter.phase(text)

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        self._reporter.progress(label, done, total, unit)

    def line(self, text: str) -> None:
        self._reporter.line(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)


class UnheardImport:
    """Hears what becomes of the parts of a definition, for nobody."""

    def on_pack(self, pack: str, error: str | None) -> None:
        """Pass over the node pack."""

    def on_model(self, path: str, error: str | None) -> None:
        """Pass over the model."""
