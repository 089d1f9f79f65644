"""SQLite without loading the `sqlite3` package, on the startup path.

All of SQLite is in `_sqlite3`, whose names these are: classes and errors are those of `sqlite3`. The package adds the
conversion of dates, which nothing of ours uses. `_sqlite3` itself asks `functools` for `lru_cache`, which costs more
to load than SQLite; the C part of `lru_cache` is in the interpreter, and is given to it where nothing loaded
`functools` before.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

try:
    from _functools import _lru_cache_wrapper  # type: ignore[import-not-found]
except ImportError:  # An interpreter without the C part.
    _lru_cache_wrapper = None

__all__ = [
    "SQLITE_BUSY",
    "SQLITE_CORRUPT",
    "SQLITE_ERROR",
    "SQLITE_LOCKED",
    "SQLITE_NOTADB",
    "Connection",
    "Error",
    "connect",
]


def _lru_cache(maxsize: int) -> "Callable[[Any], Any]":
    """`functools.lru_cache` as `_sqlite3` uses it: around a connection, which makes a statement of a text."""
    return lambda call: _lru_cache_wrapper(call, maxsize, False, tuple)


_LENT = _lru_cache_wrapper is not None and "functools" not in sys.modules
if _LENT:
    _stand_in = type(sys)("functools")
    _stand_in.lru_cache = _lru_cache  # type: ignore[attr-defined]
    sys.modules["functools"] = _stand_in
try:
    from _sqlite3 import (
        SQLITE_BUSY,
        SQLITE_CORRUPT,
        SQLITE_ERROR,
        SQLITE_LOCKED,
        SQLITE_NOTADB,
        Connection,
        Error,
        connect,
    )
finally:
    if _LENT:
        del sys.modules["functools"]
