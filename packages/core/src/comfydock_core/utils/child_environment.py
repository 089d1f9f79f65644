"""The environment variables that children start with."""

import os
import sys


def child_environment() -> dict[str, str]:
    """This process's variables, without what a frozen program added for itself.

    A PyInstaller program runs with its own library path and keeps the one it was started with under another name; a
    child that inherited the former would load the program's libraries instead of the system's.
    """
    variables = dict(os.environ)
    if hasattr(sys, "_MEIPASS"):
        original = variables.pop("LD_LIBRARY_PATH_ORIG", None)
        if original:
            variables["LD_LIBRARY_PATH"] = original
        elif variables.get("LD_LIBRARY_PATH", "").startswith(str(vars(sys)["_MEIPASS"])):
            del variables["LD_LIBRARY_PATH"]
    return variables


# What would give another Python than the shell's the shell's packages, or another search path than it expects.
_OF_THE_SHELLS_PYTHON = ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONSAFEPATH", "PYTHONPLATLIBDIR")


def without_python_settings(variables: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Variables for a Python of its own packages, and the names of those that were set and are left out."""
    dropped = [name for name in _OF_THE_SHELLS_PYTHON if variables.get(name)]
    return {name: value for name, value in variables.items() if name not in _OF_THE_SHELLS_PYTHON}, dropped
