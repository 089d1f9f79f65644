"""The plugins for Nuitka stop the build when Nuitka's text is not the one that they were written for."""

import gc
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from build.paths import Layout
from build.settings import read_nuitka

ROOT = Layout().root


@pytest.fixture(scope="module")
def startup(load_plugin: Callable[[str], Any]) -> Any:
    return load_plugin("startup")


def test_every_edit_is_made_once(startup: Any) -> None:
    text = "\n".join(startup.EDITS)
    edited = startup.edited(text)
    assert edited != text
    assert edited.count("deferredPatchInspect, METH_NOARGS") == 1
    assert edited.count("restoreVariable(tstate,") == 2
    assert edited.count("entry->get_code = stdlib->get_code") == 1


def test_a_text_that_is_missing_is_refused(startup: Any) -> None:
    for missing in startup.EDITS:
        text = "\n".join(old for old in startup.EDITS if old != missing)
        with pytest.raises(ValueError, match="0 times"):
            startup.edited(text)


def test_a_text_that_stands_twice_is_refused(startup: Any) -> None:
    text = "\n".join(startup.EDITS)
    for twice in startup.EDITS:
        with pytest.raises(ValueError, match="2 times"):
            startup.edited(f"{text}\n{twice}")


def test_a_linked_source_is_replaced_and_not_written_through(startup: Any, tmp_path: Path) -> None:
    installed = tmp_path / "installed.c"
    installed.write_text("\n".join(startup.EDITS), "utf-8")
    folder = tmp_path / "build" / "static_src"
    folder.mkdir(parents=True)
    (folder / "MainProgram.c").symlink_to(installed)
    startup.StartupPlugin.onGeneratedSourceCode(SimpleNamespace(), tmp_path / "build", False)
    assert installed.read_text("utf-8") == "\n".join(startup.EDITS)
    assert not (folder / "MainProgram.c").is_symlink()
    assert "restoreVariable" in (folder / "MainProgram.c").read_text("utf-8")


def test_the_pinned_nuitka_is_the_one_of_the_lock_and_of_the_settings() -> None:
    settings = tomllib.loads((ROOT / "dist-config/nuitka.toml").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert f"nuitka=={settings['version']}" in project["dependency-groups"]["freeze"]
    lock = (ROOT / "uv.lock").read_text("utf-8")
    found = re.search(r'name = "nuitka"\nversion = "([^"]+)"', lock)
    assert found is not None
    assert found[1] == settings["version"]


def test_nothing_looks_for_garbage_once_the_options_are_read(load_plugin: Callable[[str], Any]) -> None:
    assert "no_collection.py" in read_nuitka(Layout().config).plugins
    plugin = load_plugin("no_collection").NoCollectionPlugin()
    try:
        assert gc.isenabled()
        plugin.onCompilationStartChecks()
        assert not gc.isenabled()
    finally:
        gc.enable()
