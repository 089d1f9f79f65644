"""JSON that says of itself which format it has, from strangers: one reading of it, in text that is text."""

import json
import re
from collections.abc import Mapping

DIGEST = re.compile(r"[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class NewerFormat(ValueError):
    """Made by a later version. The message is the format."""


def read_strictly(content: bytes, newest: int) -> dict[str, object]:
    """The object, which must have a `format` up to `newest`.

    Raises `NewerFormat`, `RecursionError`, and `ValueError` for everything else.
    """
    values = json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    found = table(values, "it")
    number = found.get("format")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ValueError("`format` is not a number")
    if number > newest:
        raise NewerFormat(str(number))
    return found


def write_evenly(values: Mapping[str, object], indent: int) -> bytes:
    """A file of such an object, byte for byte the same for the same values."""
    return (json.dumps(values, ensure_ascii=False, indent=indent, sort_keys=True) + "\n").encode("utf-8")


def table(value: object, what: str) -> dict[str, object]:
    """An object; `what` names it in the error. Raises `ValueError`."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object")
    return value


def sound(text: str) -> str:
    """The text; JSON can write halves of letters, which are no text. Raises `UnicodeEncodeError`, a `ValueError`."""
    text.encode("utf-8")
    return text


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Of a name that comes twice, one reader would take the first and another the last."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name in it comes twice")
    for name in found:
        sound(name)
    return found


def _refuse_constant(word: str) -> object:
    raise ValueError(f"`{word}` is not JSON")
