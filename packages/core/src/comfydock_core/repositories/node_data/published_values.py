"""Values in lists that strangers write, as far as they can be used."""

import json
import re
from typing import TypeGuard

_LONGEST_NAME = 300
_LONGEST_TEXT = 2000
_HIGHEST = 10**9
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


class UnusableList(ValueError):
    """The content is not a list of the kind that it should be."""


def json_of(content: bytes) -> object:
    """The value that the text means. Raises `UnusableList`."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnusableList(f"it is not JSON: {error}") from error


def is_name(value: object) -> TypeGuard[str]:
    """Whether this can be an identifier, a version or the name of a class: short, one line, no half characters."""
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        return False
    return bool(value.strip()) and _CONTROL.search(value) is None


def short_text(value: object) -> str:
    """The text in one line; empty when it is too long for a name, or not text."""
    text = line_of(value)
    return text if len(text) <= _LONGEST_NAME else ""


def line_of(value: object) -> str:
    """The text in one line without control characters, cut when it is very long; empty when it is not text."""
    return _CONTROL.sub(" ", value[:_LONGEST_TEXT]).strip() if isinstance(value, str) else ""


def number_of(value: object) -> int | None:
    """The number, when it is a whole one that can count something."""
    return value if type(value) is int and 0 <= value <= _HIGHEST else None
