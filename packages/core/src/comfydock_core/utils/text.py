"""Small helpers for words people read."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def nearest(word: str, words: "Iterable[str]", *, limit: int = 5) -> list[str]:
    """The words most like `word`, best first."""
    import difflib  # It takes longer to load than most commands that end well.

    return difflib.get_close_matches(word, list(words), n=limit, cutoff=0.4)


def did_you_mean(near: "Iterable[str]") -> str:
    """The question that a hint asks about the nearest names; there must be one."""
    return f"did you mean {' or '.join(f'`{name}`' for name in near)}?"


def size_text(size: float) -> str:
    """Bytes for people, in powers of 1000."""
    for unit in ("B", "kB", "MB", "GB"):
        if round(size, 1) < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def some(names: "Sequence[str]", most: int = 8, separator: str = ", ") -> str:
    """The first names, and how many more there are: `a, b and 3 more`."""
    shown = separator.join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def listed(lines: "Sequence[str]", most: int) -> str:
    """The first lines, indented below a sentence, and how many more there are."""
    shown = "".join(f"\n  {line}" for line in lines[:most])
    return shown if len(lines) <= most else f"{shown}\n  and {len(lines) - most} more"


def folded(text: str) -> str:
    """Text as names are compared: without case, and however its letters are composed."""
    if text.isascii():
        return text.casefold()
    import unicodedata

    return unicodedata.normalize("NFC", text).casefold()
