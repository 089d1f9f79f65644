"""The only writer. Data goes to standard output, everything else to standard error."""

import sys

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import TextIO


class Console:
    """Both output streams, as the options of this run want them."""

    __slots__ = ("color", "quiet", "verbose")

    def __init__(self, quiet: bool = False, verbose: bool = False, color: str = "auto") -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.color = color

    def data(self, text: str) -> None:
        """Results, complete with their newline. Raises `OSError` when standard output does not take them."""
        if sys.stdout is None and text:
            raise OSError(9, "standard output is closed")
        _write(sys.stdout, text)

    def note(self, text: str) -> None:
        """A line for the person at the terminal; silent with `--quiet`."""
        if not self.quiet:
            _write(sys.stderr, text + "\n")

    def error(self, text: str) -> None:
        """What went wrong; always said."""
        _write(sys.stderr, text + "\n")


def _write(stream: "TextIO | None", text: str) -> None:
    if stream is None:  # It came closed: there is nobody to write to.
        return
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, f"cannot write the output: {error.strerror}") from error
