"""The command table printed into the staged tree, and read back for tests.

The text itself comes from `comfydock_cli.generate`; this module runs it in the staged tree, in a process of
its own, so that what is printed is what was staged.
"""

import subprocess
from pathlib import Path

# What is written into the staged tree, and which function says it.
LITERALS = {
    "comfydock_cli/table/_snapshot.py": "snapshot.snapshot_source",
    "comfydock_cli/_frozen_help.py": "snapshot.help_source",
    "comfydock_cli/_frozen_explanations.py": "explanations.explanations_source",
}

_PRINT = """
import sys
sys.path.insert(0, sys.argv[1])
from comfydock_cli.generate import explanations, snapshot
sys.stdout.write({}())
"""


class SnapshotError(Exception):
    """The command table could not be printed."""


def ask_table(directory: Path, python: Path, function: str) -> str:
    """What one function of `comfydock_cli.generate` says, run from the packages in `directory`."""
    command = [str(python), "-I", "-X", "utf8", "-c", _PRINT.format(function), str(directory)]
    answer = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if answer.returncode != 0:
        raise SnapshotError(f"the table cannot be printed:\n{answer.stderr}")
    return answer.stdout


def write_snapshot(directory: Path, python: Path) -> None:
    """Write the literals into the staged tree; all are asked for first, from the tree that has none of them."""
    texts = {name: ask_table(directory, python, function) for name, function in LITERALS.items()}
    for name, text in texts.items():
        compile(text, name, "exec")
        (directory / name).write_text(text, "utf-8")


def surface(directory: Path, python: Path) -> str:
    """Every command and option, one readable list."""
    return ask_table(directory, python, "snapshot.surface_text")
