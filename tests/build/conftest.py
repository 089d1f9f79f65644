"""The plugins of the build, loaded without the program that they are for."""

import runpy
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from build.paths import Layout


@pytest.fixture(scope="session")
def load_plugin() -> Callable[[str], Any]:
    """A function that loads the plugin of a name, with a stand-in for Nuitka's base class."""

    def load(name: str) -> Any:
        base = ModuleType("nuitka.plugins.PluginBase")
        base.NuitkaPluginBase = object  # type: ignore[attr-defined]
        with pytest.MonkeyPatch.context() as patch:
            for package in ("nuitka", "nuitka.plugins"):
                patch.setitem(sys.modules, package, ModuleType(package))
            patch.setitem(sys.modules, base.__name__, base)
            return SimpleNamespace(**runpy.run_path(str(Layout().root / "build/plugins" / f"{name}.py")))

    return load
