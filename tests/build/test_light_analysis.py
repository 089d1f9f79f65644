"""The imports that are read from the syntax of a module: all that may run, none that only a type checker sees."""

import sys
from types import ModuleType

import pytest

from build.paths import Layout


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The plugin, loaded without Nuitka."""
    base = ModuleType("nuitka.plugins.PluginBase")
    base.NuitkaPluginBase = object  # type: ignore[attr-defined]
    for name, module in (("nuitka", ModuleType("nuitka")), ("nuitka.plugins", ModuleType("nuitka.plugins"))):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "nuitka.plugins.PluginBase", base)
    module = ModuleType("light_analysis")
    module.__file__ = "light_analysis.py"
    source = (Layout().root / "build/plugins/light_analysis.py").read_text("utf-8")
    exec(compile(source, "light_analysis.py", "exec"), vars(module))
    return module


def names(plugin: ModuleType, source: str, package: str = "a.b") -> set[str]:
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
def test_every_way_to_import_is_seen(plugin: ModuleType, source: str, found: set[str]) -> None:
    assert names(plugin, source) == found


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_what_stands_there_for_type_checkers_is_not_taken_along(plugin: ModuleType, test: str) -> None:
    assert names(plugin, f"if {test}:\n    import x\nelse:\n    import y") == {"y"}
