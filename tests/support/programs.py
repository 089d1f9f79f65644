"""The program in its three forms for tests; artifacts are built when they are not up to date.

Workers of one test run build once: the build takes a lock, the others wait and find the artifact current.
"""

import subprocess
import sys
from functools import cache

from build.paths import Layout
from build.programs import Program, artifact_program, source_program

FORMS = ("source", "nuitka", "pyinstaller")


@cache
def program(form: str) -> Program:
    """One form, ready to be run."""
    layout = Layout()
    if form == "source":
        return source_program(layout)
    ensure_artifact(layout, form)
    return artifact_program(layout, form)


def ensure_artifact(layout: Layout, form: str) -> None:
    """Build the artifact in a process of its own unless it is current. Raises `AssertionError` with what went wrong."""
    command = [sys.executable, "-m", "build", "make", form]
    done = subprocess.run(command, cwd=layout.root, capture_output=True, text=True)
    assert done.returncode == 0, f"the {form} artifact cannot be built:\n{done.stdout}{done.stderr}"
