"""Who imported it? Runs the sources with every import recorded, and tells the chain that brought a module."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from build.paths import Layout
from build.programs import plain_environment

# Runs in a bare interpreter. The importer of a module is the module whose code asked for it first.
_RECORDER = """
import builtins, sys
paths, note, words = {paths!r}, {note!r}, {words!r}
sys.path[:0] = paths
importers, plain = {{}}, builtins.__import__

def recording(name, globals=None, locals=None, fromlist=(), level=0):
    before = set(sys.modules)
    importer = (globals or {{}}).get("__name__", "?")
    try:
        return plain(name, globals, locals, fromlist, level)
    finally:
        for module in set(sys.modules) - before:
            importers.setdefault(module, importer)

builtins.__import__ = recording

def tell():
    import json
    with open(note, "w", encoding="utf-8") as file:
        json.dump(importers, file)

import posix
leave = posix._exit

def leaving(code):
    builtins.__import__ = plain
    tell()
    leave(code)

posix._exit = leaving
sys.argv = ["comfydock", *words]
try:
    from comfydock_cli.__main__ import run
    run()
finally:
    builtins.__import__ = plain
    tell()
"""


def import_parents(
    layout: Layout, words: tuple[str, ...], environment: Mapping[str, str], libraries: tuple[str, ...] | None = None
) -> dict[str, str]:
    """For every module that a run from source loads: the module that asked for it."""
    if libraries is None:
        libraries = tuple(path for path in sys.path if path.endswith("site-packages"))
    paths = [*(str(package.parent) for package in layout.packages), *libraries]
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder, "importers.json")
        code = _RECORDER.format(paths=paths, note=str(note), words=list(words))
        command = [sys.executable, "-I", "-S", "-c", code]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, env={**plain_environment(), **environment}
        )
        if not note.exists():
            raise RuntimeError(f"the imports cannot be recorded:\n{done.stderr.decode('utf-8', 'replace')}")
        found: dict[str, str] = json.loads(note.read_text("utf-8"))
    return found


def chain(parents: Mapping[str, str], module: str) -> list[str]:
    """From the program down to `module`; only the module when nobody is known to have asked for it."""
    found = [module]
    while (parent := parents.get(found[0])) is not None and parent not in found:
        found.insert(0, parent)
    return found


def explain(parents: Mapping[str, str], modules: frozenset[str]) -> str:
    """One line for each module: the chain that brought it."""
    return "\n".join("  " + " > ".join(chain(parents, module)) for module in sorted(modules))
