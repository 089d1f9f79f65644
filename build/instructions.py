"""Counting instructions with callgrind: they do not drift with the load of the machine."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from build.measure import Start, StartError

_COLLECTED = re.compile(rb"Collected : (\d+)")


def available() -> bool:
    """Whether valgrind is here."""
    return shutil.which("valgrind") is not None


def count(start: Start) -> int:
    """The instructions of one run and of all processes that it starts. Raises `StartError`.

    A run only counts when it ends as it does without valgrind and prints the same.
    """
    environment = dict(start.environment)
    native = subprocess.run(start.command, stdin=subprocess.DEVNULL, capture_output=True, env=environment)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log.%p")
        command = ["valgrind", "--tool=callgrind", "--trace-children=yes", f"--log-file={log}"]
        command += [f"--callgrind-out-file={os.devnull}", *start.command]
        traced = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=environment)
        total = sum(_collected(path) for path in Path(folder).iterdir())
    if (traced.returncode, traced.stdout) != (native.returncode, native.stdout) or total == 0:
        raise StartError(f"{start.label}: `{' '.join(start.command)}` runs otherwise under valgrind")
    return total


def _collected(log: Path) -> int:
    return sum(int(number) for number in _COLLECTED.findall(log.read_bytes()))
