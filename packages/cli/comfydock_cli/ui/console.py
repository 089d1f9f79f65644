"""The only writer. Data goes to standard output, everything else to standard error.

Names, commit subjects and the like are written by others. What in them would act on a terminal is shown instead.
"""

import sys

from comfydock_cli import system

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

    def data(self, text: str, *, verbatim: bool = False) -> None:
        """Results, complete with their newline; on a terminal long lines are broken between words, unless `verbatim`.

        Raises `OSError` when standard output does not take them.
        """
        text = clean(text)
        self.json(text if verbatim else _fitted(text, 1))

    def json(self, text: str) -> None:
        """Results that programs read, which are written as they are. Raises what `data` raises."""
        if sys.stdout is None and text:
            raise OSError(9, "standard output is closed")
        _write(sys.stdout, text)

    def progress(self, text: str) -> None:
        """The same on the way: whoever reads it has it at once."""
        self.json(text)
        if sys.stdout is not None:
            sys.stdout.flush()

    def note(self, text: str) -> None:
        """A line for the person at the terminal; silent with `--quiet`."""
        if not self.quiet:
            _write(sys.stderr, _fitted(clean(text), 2) + "\n")

    def error(self, text: str) -> None:
        """What went wrong; always said."""
        _write(sys.stderr, _fitted(clean(text), 2) + "\n")


def _fitted(text: str, descriptor: int) -> str:
    """The text as it fits on the terminal behind the descriptor. Most does, and then nothing is loaded."""
    width = system.open_width(descriptor)
    if width is None or all(len(line) * (1 if line.isascii() else 2) <= width for line in text.split("\n")):
        return text
    from comfydock_cli.ui import fitting

    return fitting.fitted(text, width)


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


def clean(text: str) -> str:
    """The text with control characters and marks that turn its direction shown as `\\x1b` and the like.

    Lines and tabs stay. Everything that is not a usual letter is looked at only where there is some.
    """
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    controls = [code for code in (*range(32), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A)]
    turning = [0x061C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    shown = {code: f"\\x{code:02x}" for code in controls} | {code: f"\\u{code:04x}" for code in turning}
    return text.translate(shown)
