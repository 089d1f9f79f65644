"""ComfyDock itself with what it needs to update and to remove itself."""

import os
import platform
import sys

from comfydock_core.clients.transport import Transport
from comfydock_core.core.program import Program
from comfydock_core.integrations.own_program import own_file
from comfydock_core.services.program import ProgramInstallation, ProgramReleases
from comfydock_core.utils import native

PLACE = "COMFYDOCK_RELEASE_URL"

_SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def find_program(*, offline: bool = False) -> Program:
    """The program as it runs now. `COMFYDOCK_RELEASE_URL` names another place to look for releases."""
    return Program(
        lambda: ProgramInstallation.of(own_file() if native.frozen() else None),
        lambda: ProgramReleases(Transport(offline=offline), platform_name(), os.environ.get(PLACE) or None),
    )


def platform_name() -> str:
    """How releases call this kind of machine, like `linux-x86_64`."""
    machine = platform.machine().lower()
    return f"{_SYSTEMS.get(sys.platform, sys.platform)}-{_MACHINES.get(machine, machine)}"
