"""What the library asks of its callers, as protocols."""

from typing import Protocol


class Reporter(Protocol):
    """Hears how long work goes on. The library calls it from the thread that does the work."""

    def phase(self, text: str) -> None:
        """A step begins, for example "Cloning ComfyUI v0.3.60"."""

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        """`done` of `total` units are done; `total` is `None` while it is unknown."""

    def line(self, text: str) -> None:
        """A line of a child's output, as the child wrote it."""

    def warn(self, text: str) -> None:
        """Something the user should know that does not stop the work."""
