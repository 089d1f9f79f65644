"""The virtual environments of a build: one with the freezers, one with ComfyDock installed to be measured, one for zig.

All get exactly what `uv.lock` says. Files are copied, never linked: the startup plugin replaces files that Nuitka
links into its build folder, and a hard link would carry a mistake into uv's shared cache.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from build.fingerprint import Stamp, digest_files
from build.interpreter import Interpreter
from build.paths import Layout


def find_uv() -> str:
    """The uv program: the one beside the running interpreter, else the one in `PATH`."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise FileNotFoundError("uv is not installed: `python3 -m pip install uv`")
    return found


def build_venv(layout: Layout, interpreter: Interpreter) -> Path:
    """The environment of the freezers with all third-party packages, made or renewed; returns its Python."""
    options = ["--no-default-groups", "--group", "freeze", "--no-install-workspace"]
    key = digest_files([layout.root / "uv.lock", layout.root / "pyproject.toml"], options)
    return _sync(layout, interpreter, layout.build_venv, options, key)


def bench_venv(layout: Layout, interpreter: Interpreter, sources: str) -> Path:
    """ComfyDock installed like a user would, not editable; `sources` says which state. Returns its Python."""
    options = ["--no-default-groups", "--no-editable", "--compile-bytecode"]
    fresh = [*options, "--reinstall-package", "comfydock-cli", "--reinstall-package", "comfydock-core"]
    return _sync(layout, interpreter, layout.bench_venv, fresh, sources)


def zig_venv(layout: Layout, place: Path, interpreter: Interpreter) -> Path:
    """zig and nothing else. Returns its Python."""
    return _sync(layout, interpreter, place, ["--only-group", "portable"], digest_files([layout.root / "uv.lock"]))


def _sync(layout: Layout, interpreter: Interpreter, place: Path, options: list[str], key: str) -> Path:
    python = place / "bin" / "python"
    stamp = Stamp(place.with_name(place.name + ".stamp"), f"{key} {interpreter.executable} {interpreter.build}")
    if stamp.matches() and python.exists():
        return python
    stamp.clear()
    shutil.rmtree(place, ignore_errors=True)
    environ = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environ |= {"UV_PROJECT_ENVIRONMENT": str(place), "UV_LINK_MODE": "copy", "UV_PYTHON_DOWNLOADS": "never"}
    command = [find_uv(), "sync", "--quiet", "--frozen", *options, "--python", interpreter.executable]
    subprocess.run(command, cwd=layout.root, env=environ, check=True)
    stamp.write()
    return python
