"""Reading and writing JSON without loading the `json` package, on the startup path.

`json` brings `re` and `enum` (more than a bare start); its C parts, which do the work, do not. Reading is for small
state files, writing for what `--json` prints; everything else uses `json` as usual.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

try:
    from _json import encode_basestring_ascii, make_scanner
except ImportError:  # An interpreter without the C parts: the long way gives the same values.
    encode_basestring_ascii = make_scanner = None  # type: ignore[misc, assignment]

_WHITESPACE = " \t\n\r"


# What the C scanner asks of the object it is made with, which is this module: making a class for them costs more than
# reading a small file. Plain dicts, plain numbers, control characters refused.
strict = True
object_hook = None
object_pairs_hook = None
parse_float = float
parse_int = int
parse_constant = float


def loads(text: str) -> object:
    """Parse one JSON document. Raises `json.JSONDecodeError`, a `ValueError`, that names the place.

    What is nested deeper than anything of ours is a `ValueError` as well.
    """
    if make_scanner is not None:
        start = len(text) - len(text.lstrip(_WHITESPACE))
        try:
            value, end = make_scanner(sys.modules[__name__])(text, start)  # type: ignore[arg-type]
            if not text[end:].strip(_WHITESPACE):
                return value
        except (StopIteration, SystemError, ValueError, RecursionError):
            pass  # The scanner cannot raise its own error before `json` is loaded: let the long way tell the fault.
    import json

    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def dumps(value: object) -> str:
    """Exactly the text of `json.dumps(value, indent=2)`. Raises what that raises."""
    if encode_basestring_ascii is not None:
        try:
            return _text(value, "\n")
        except (RecursionError, TypeError):
            pass  # Something rarer than what is handled here, or a fault, which the long way knows by its right name.
    import json

    return json.dumps(value, indent=2)


def _text(value: "Any", line: str) -> str:
    """A value whose following lines begin with `line`. Raises `TypeError` for what is not of the usual types."""
    kind = type(value)
    if kind is str:
        return encode_basestring_ascii(value)
    if value is None or kind is bool:
        return "null" if value is None else "true" if value else "false"
    if kind is int:
        return int.__repr__(value)
    if kind is float and value - value == 0:
        return float.__repr__(value)
    inner = line + "  "
    if kind is dict:
        parts = [f"{_key(key)}: {_text(item, inner)}" for key, item in value.items()]
        return f"{{{inner}{f',{inner}'.join(parts)}{line}}}" if parts else "{}"
    if kind is list or kind is tuple:
        parts = [_text(item, inner) for item in value]
        return f"[{inner}{f',{inner}'.join(parts)}{line}]" if parts else "[]"
    raise TypeError(kind.__name__)


def _key(key: "Any") -> str:
    if type(key) is not str:
        raise TypeError("a key that is not text")
    return encode_basestring_ascii(key)
