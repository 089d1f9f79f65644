"""Reading JSON without loading the `json` package.

`json` brings `re` and `enum` (more than a bare start); its C scanner, which does the work, does not. Only reading,
only for small state files on the startup path; writing uses `json` as usual.
"""

import sys

try:
    from _json import make_scanner
except ImportError:  # An interpreter without the C scanner: the long way gives the same values.
    make_scanner = None  # type: ignore[misc, assignment]

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
    """Parse one JSON document. Raises `json.JSONDecodeError`, a `ValueError`, that names the place."""
    if make_scanner is not None:
        start = len(text) - len(text.lstrip(_WHITESPACE))
        try:
            value, end = make_scanner(sys.modules[__name__])(text, start)  # type: ignore[arg-type]
            if not text[end:].strip(_WHITESPACE):
                return value
        except (StopIteration, SystemError, ValueError):
            pass  # The scanner cannot raise its own error before `json` is loaded: let the long way tell the fault.
    import json

    return json.loads(text)
