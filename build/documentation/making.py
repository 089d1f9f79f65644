"""Making the documentation of the sources as they lie, with nothing installed but Python.

Their lazy faces need third parties, so a copy with literal ones is documented, in a process of its own.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from build.paths import Layout
from build.stage import copy_package

_WRITE = """
import pathlib, sys
sys.path[:0] = sys.argv[1:3]
from build.documentation.files import write
write(pathlib.Path(sys.argv[3]))
"""


class DocumentationError(Exception):
    """The documentation cannot be made."""


def make_documentation(layout: Layout, directory: Path) -> None:
    """Write manual pages and reference into the directory. Raises `DocumentationError`, `StageError`."""
    with tempfile.TemporaryDirectory() as scratch:
        for package in layout.packages:
            copy_package(package, Path(scratch, package.name))
        command = [
            sys.executable,
            "-I",
            "-S",
            "-B",
            "-X",
            "utf8",
            "-c",
            _WRITE,
            scratch,
            str(layout.root),
            str(directory),
        ]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if done.returncode != 0:
        raise DocumentationError(f"the documentation cannot be made:\n{done.stderr}")
