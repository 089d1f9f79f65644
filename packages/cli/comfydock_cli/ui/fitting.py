"""Fitting text to a terminal: the columns that it takes, and lines that are broken between words.

Words that are longer than a line are left to the terminal, which breaks them so that they can still be copied.
"""

import unicodedata

_JOINER = "\u200d"
_SOFT_HYPHEN = "\u00ad"
# Letters of a Korean syllable after its first one, which they are drawn into.
_JAMO = range(0x1160, 0x1200)


def cells(text: str) -> int:
    """The columns of a terminal that a text takes: wide letters two, marks none, a joined emoji those of its first."""
    if text.isascii():
        return len(text)
    before = ("", *text)
    return sum(_cells_of(letter) for letter, last in zip(text, before, strict=False) if last != _JOINER)


def padded(text: str, width: int) -> str:
    """The text with spaces behind it, up to `width` columns."""
    return text + " " * (width - cells(text))


def cut(text: str, width: int) -> str:
    """The text, where it is too long cut with a sign for that, in at most `width` columns."""
    if cells(text) <= width:
        return text
    while text and cells(text) > width - 1:
        text = text[:-1]
    return f"{text.rstrip(_JOINER).rstrip()}…"


def broken(text: str, width: int, more: int = 0) -> list[str]:
    """Lines of at most `width` columns, the first with some `more`.

    What is quoted stays on one line, for it is often meant to be copied.
    """
    lines: list[str] = []
    line: str | None = None
    for word in _unbroken(text.split(" ")):
        if line is None:
            line = word
        elif word and cells(line) + 1 + cells(word) > width + (0 if lines else more):
            lines.append(line.rstrip())
            line = word
        else:
            line = f"{line} {word}"
    return [*lines, (line or "").rstrip()]


def folded(line: str, width: int) -> list[str]:
    """A line as several that fit, the later ones indented as its last column, or a little more than it is itself."""
    if cells(line) <= width:
        return [line]
    start, indent = _hanging(line, width)
    first, *others = broken(line[start:], width - indent, indent - cells(line[:start]))
    return [line[:start] + first, *(" " * indent + other for other in others)]


def fitted(text: str, width: int) -> str:
    """A text with each of its lines folded."""
    return "\n".join(part for line in text.split("\n") for part in folded(line, width))


def _cells_of(letter: str) -> int:
    if letter.isascii() or letter == _SOFT_HYPHEN:
        return 1
    if unicodedata.category(letter) in ("Mn", "Me", "Cf") or ord(letter) in _JAMO:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _hanging(line: str, width: int) -> tuple[int, int]:
    """Where the text of a line begins, and how far its later lines are indented."""
    own = len(line) - len(line.lstrip(" "))
    for at in range(len(line) - 1, own, -1):
        if line[at - 2 : at] == "  " and line[at] != " " and cells(line[:at]) <= width // 2:
            return at, cells(line[:at])
    return own, own + 2


def _unbroken(words: list[str]) -> list[str]:
    """The words, those within a pair of backquotes joined."""
    found: list[str] = []
    opened: list[str] = []
    for word in words:
        if opened or word.count("`") % 2:
            opened.append(word)
        else:
            found.append(word)
        if opened and "".join(opened).count("`") % 2 == 0:
            found.append(" ".join(opened))
            opened = []
    return found + opened
