"""The text of requirements files: how its bytes are read, and where its lines begin and end.

The format is pip's: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

import codecs
import re

_COMMENT = re.compile(r"(^|\s)#.*$")
_UNPRINTED = "\ufeff"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # Begins like that of UTF-16.
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(data: bytes) -> str:
    """The text that some bytes mean: by their mark, as UTF-8, as UTF-16 without a mark, and as latin-1 otherwise."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if data and len(data) % 2 == 0:
        for zeros, encoding in ((data[1::2], "utf-16-le"), (data[::2], "utf-16-be")):
            if zeros.count(0) > 0.9 * len(zeros):
                return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def logical_lines(text: str) -> list[tuple[int, str]]:
    """The lines that say something, without comments, continued ones as one; with the number of the first of each.

    A comment ends with its line, also where that ends with a backslash, so that it never swallows a requirement.
    """
    lines: list[tuple[int, str]] = []
    parts: list[str] = []
    start = 1
    physical = text.removeprefix(_UNPRINTED).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(physical, 1):
        said = _COMMENT.sub("", line)
        continued = said.endswith("\\")
        parts.append(said[:-1] if continued else said)
        if continued and number < len(physical):
            continue
        if content := "".join(parts).strip():
            lines.append((start, content))
        parts, start = [], number + 1
    return lines
