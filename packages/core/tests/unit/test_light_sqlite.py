"""SQLite without the `sqlite3` package is the same SQLite, and leaves nothing behind."""

import sqlite3
import subprocess
import sys

import pytest

from comfydock_core.utils import light_sqlite

NOTHING_LOADED = """
import sys
before = "functools" in sys.modules
sys.path.insert(0, sys.argv[1])
import light_sqlite
assert not before and "functools" not in sys.modules and "sqlite3" not in sys.modules, sorted(sys.modules)
connection = light_sqlite.connect(":memory:")
for _ in range(3):
    assert connection.execute("SELECT 40 + ?", (2,)).fetchall() == [(42,)]
import functools, sqlite3
assert functools.lru_cache(maxsize=1)(len)("abc") == 3 and functools.__file__
assert sqlite3.Connection is type(connection)
try:
    connection.execute("SELECT nothing")
except sqlite3.OperationalError as error:
    assert isinstance(error, light_sqlite.Error)
"""


def test_nothing_else_is_loaded_and_all_goes_on_as_usual() -> None:
    place = light_sqlite.__file__.rpartition("/")[0]
    words = [sys.executable, "-I", "-S", "-c", NOTHING_LOADED, place]
    ran = subprocess.run(words, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("name", light_sqlite.__all__)
def test_names_are_those_of_the_package(name: str) -> None:
    assert getattr(light_sqlite, name) is getattr(sqlite3, name)
