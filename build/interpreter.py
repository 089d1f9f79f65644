"""The Python that artifacts are built from, which is also the reference that their starts are measured against.

Nuitka links the interpreter into the program, so its quality is the artifact's. Debian's `libpythonX.Y.a` is built
with profiles and can be linked statically: a seventh fewer instructions at start than with a plain library.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "COMFYDOCK_BUILD_PYTHON"

# Places where a distribution puts an interpreter that comes with a static library.
_LIKELY = ("/usr/bin/python3.11",)

_QUESTION = """
import json, os, platform, sys, sysconfig
variable = sysconfig.get_config_var
name = "%s/libpython%s" % (variable("LIBPL"), variable("LDVERSION"))
fixed = os.path.exists(name + "-pic.a") or "-fno-pie" in (variable("CONFIGURE_CFLAGS_NODIST") or "").split()
print(json.dumps({
    "executable": getattr(sys, "_base_executable", None) or sys.executable,
    "version": platform.python_version(),
    "build": sys.version,
    "platform": sysconfig.get_platform(),
    "headers": os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")),
    "pgo_library": name + ".a" if fixed and os.path.exists(name + ".a") else "",
}))
"""


class InterpreterError(Exception):
    """The interpreter that was asked for cannot be used."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One Python installation, by what matters for a build."""

    executable: str
    version: str
    build: str
    platform: str
    headers: bool
    pgo_library: str
    """The static library that is not position independent and built with profiles; empty if there is none."""

    @property
    def minor(self) -> tuple[int, int]:
        """Major and minor version."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def examine(executable: str) -> Interpreter:
    """Ask an interpreter about itself. Raises `InterpreterError`."""
    try:
        answer = subprocess.run(
            [executable, "-I", "-c", _QUESTION], capture_output=True, text=True, check=True, timeout=60
        ).stdout
        found = Interpreter(**json.loads(answer))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError) as error:
        raise InterpreterError(f"`{executable}` is no usable Python: {error}") from error
    if found.minor < (3, 11):
        raise InterpreterError(f"`{executable}` is Python {found.version}; ComfyDock needs 3.11 or later")
    return found


def choose(environ: Mapping[str, str] = os.environ, likely: tuple[str, ...] = _LIKELY) -> Interpreter:
    """The interpreter to build from: the one asked for, else one with a good static library, else the running one.

    Raises `InterpreterError` when the one asked for cannot be used; the others are only preferences.
    """
    named = environ.get(VARIABLE)
    if named:
        return examine(named)
    for candidate in likely:
        if Path(candidate).exists():
            try:
                found = examine(candidate)
            except InterpreterError:
                continue
            if found.pgo_library and found.headers:
                return found
    return examine(sys.executable)
