"""Writing SVG: every text escaped, every number finite, every colour a colour."""

import math
import re
import unicodedata

_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,20}")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_LONGEST_LINE = 200
_WIDTH_OF_LETTER = 0.56  # Of the size of the font, in the middle; nothing here can measure text.

Attribute = str | float | None


def element(name: str, content: str | None = None, **attributes: Attribute) -> str:
    """One element. Attributes that are `None` are left out, `_` in their names is written `-`."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}/>" if content is None else f"<{name}{written}>{content}</{name}>"


def _value(value: str | float) -> str:
    return escaped(value) if isinstance(value, str) else number(value)


def number(value: float) -> str:
    """With two digits behind the point at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if math.isfinite(value) else "0"


def escaped(text: str) -> str:
    """Text as XML has it, without characters that control something."""
    return _NOT_TEXT.sub("", text).translate(_ENTITIES)


def colour(value: object, otherwise: str) -> str:
    """A colour that a file names, if it is one."""
    return value if isinstance(value, str) and _COLOUR.fullmatch(value) else otherwise


def text(content: str, x: float, y: float, fill: str, size: float = 14, **attributes: Attribute) -> str:
    return element("text", escaped(content), x=x, y=y, fill=fill, font_size=size, **attributes)


def text_width(content: str, size: float = 14) -> float:
    """About how wide a text is drawn."""
    letters = len(content) if content.isascii() else sum(map(_letters, content))
    return letters * size * _WIDTH_OF_LETTER


def fitted(content: str, width: float, size: float = 14) -> str:
    """As much of the beginning of a text as fits on a line, with `…` when it is not all."""
    line = " ".join(content[:_LONGEST_LINE].split())
    letters = width / (size * _WIDTH_OF_LETTER)
    if line.isascii():
        return line if len(line) <= letters else line[: max(int(letters) - 1, 0)].rstrip() + "…"
    taken = 0.0
    for index, letter in enumerate(line):
        taken += _letters(letter)
        if taken > letters:
            return line[: max(index - 1, 0)].rstrip() + "…"
    return line


def wrapped(content: str, width: float, lines: int, size: float = 12) -> list[str]:
    """A text in at most so many lines."""
    letters = max(int(width / (size * _WIDTH_OF_LETTER)), 1)
    found: list[str] = []
    for paragraph in content.splitlines():
        rest = paragraph.strip()
        while len(found) < lines:
            if len(rest) <= letters:
                found.append(rest)
                break
            cut = rest.rfind(" ", 0, letters + 1)
            cut = cut if cut > 0 else letters
            found.append(rest[:cut].rstrip())
            rest = rest[cut:].lstrip()
        if len(found) >= lines:
            break
    return found


def _letters(letter: str) -> float:
    return 1.9 if unicodedata.east_asian_width(letter) in ("W", "F") else 1.0
