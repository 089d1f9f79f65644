"""Which installations of Python run on this machine, by what their names say."""

import os
import platform
import re
import sys

from comfydock_core.models.managed_pythons import ManagedPython

_SYSTEMS = {"darwin": "macos", "win32": "windows"}
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "i386": "x86", "i686": "x86", "armv7l": "armv7"}
_LEVEL = re.compile(r"_v\d$")  # Of x86-64: the processor knows more instructions.


def runs_here(python: ManagedPython) -> bool:
    """Whether an installation is for this system and its C library, and this kind of processor."""
    machine = platform.machine().lower()
    return (
        python.system == _SYSTEMS.get(sys.platform, sys.platform)
        and _LEVEL.sub("", python.machine) == _MACHINES.get(machine, machine)
        and (sys.platform != "linux" or python.libc.startswith("gnu") == _has_glibc())
    )


def _has_glibc() -> bool:
    try:
        return bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except (ValueError, OSError):  # Other C libraries do not know the name.
        return False
