"""What documentation is made of, whatever it is written in: a page is a list of these blocks.

Texts quote what is typed or read literally in backquotes, as the help does; `pieces` takes them apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that others link to by its anchor; level 1 is the page's own. With `code` all of it is literal."""

    level: int
    text: str
    code: bool = False

    @property
    def anchor(self) -> str:
        """As GitHub makes it of a heading in Markdown, so that links work there, too."""
        kept = (letter for letter in self.text.lower() if letter.isalnum() or letter in " -_")
        return "".join(kept).replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Label:
    """A small heading within a section, which nobody links to."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Synopsis:
    """How commands are written: of each the words that are typed as they are, and what follows them."""

    commands: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines to be kept as they are: examples."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """Literal terms, each with a text that explains it."""

    rows: tuple[tuple[str, str], ...]


Block = Heading | Label | Paragraph | Synopsis | Lines | Terms


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text in order, each with whether it was quoted. Raises `ValueError` for a quote left open."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        raise ValueError(f"a backquote is left open: {text!r}")
    for number, part in enumerate(parts):
        if part:
            yield part, number % 2 == 1
