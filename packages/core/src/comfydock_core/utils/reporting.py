"""A reporter for nobody."""


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
