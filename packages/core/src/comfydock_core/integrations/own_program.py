"""How this program is started again by others, git for one."""

import os
import sys

from comfydock_core.utils import native


def own_command() -> list[str]:
    """The command line that starts ComfyDock as it runs now: the frozen program, or the sources in this interpreter."""
    if native.frozen():
        return [own_file()]
    # Without the current directory on the module path: it may be somebody else's repository.
    return [sys.executable, "-P", "-m", "comfydock_cli"]


def own_file() -> str:
    """The frozen program's file, links resolved.

    Where the system knows it the system is asked, because names on the command line may mislead.
    """
    if sys.platform == "linux":
        return os.path.realpath("/proc/self/exe")
    if getattr(sys, "frozen", False):
        return os.path.abspath(sys.executable)
    import shutil

    return os.path.abspath(shutil.which(sys.argv[0]) or sys.argv[0])
