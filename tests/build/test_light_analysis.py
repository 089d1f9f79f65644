"""The imports that are read from the syntax of a module: all that may run, none that only a type checker sees."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def plugin(load_plugin: Callable[[str], Any]) -> Any:
    return load_plugin("light_analysis")


def names(plugin: Any, source: str, package: str = "a.b") -> set[str]:
    return {name for name, _ in plugin.imported(source, package)}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import x.y", {"x", "x.y"}),
        ("from x import y as z", {"x", "x.y"}),
        ("from x import *", {"x"}),
        ("from . import c", {"a", "a.b", "a.b.c"}),
        ("from .c import d", {"a", "a.b", "a.b.c", "a.b.c.d"}),
        ("from ..c import d", {"a", "a.c", "a.c.d"}),
        ("def f():\n    try:\n        import x\n    except ImportError:\n        import y", {"x", "y"}),
        ("module = __import__('x.y')", {"x", "x.y"}),
        ("import importlib\nimportlib.import_module('x')", {"importlib", "x"}),
        ("__import__(name)", set()),
    ],
)
def test_every_way_to_import_is_seen(plugin: Any, source: str, found: set[str]) -> None:
    assert names(plugin, source) == found


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_what_stands_there_for_type_checkers_is_not_taken_along(plugin: Any, test: str) -> None:
    assert names(plugin, f"if {test}:\n    import x\nelse:\n    import y") == {"y"}


def test_what_a_module_does_as_a_program_is_not_taken_along(plugin: Any) -> None:
    assert names(plugin, "if __name__ == '__main__':\n    import x\nif __name__ == other:\n    import y") == {"y"}
