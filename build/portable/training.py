"""What Python does while it is counted how often each part of it runs: its own starts, and tests of it.

Run by the interpreter that counts, with the names of the tests. Ends with an error when a test fails.
"""

import subprocess
import sys

_STARTS = 20

# What a command loads and does, in processes of their own because starting and ending count too.
_COMMANDS = (
    "pass",
    "import os, pathlib, re, shutil, subprocess, tempfile, tomllib",
    "import json; json.loads(json.dumps({'a': [1, 2.5, None]}))",
    "import argparse, collections, dataclasses, datetime, enum, functools, hashlib, logging, typing, zipfile",
    "import ast, inspect; exec(compile(inspect.getsource(ast), 'ast.py', 'exec'))",
)


def main(tests: list[str]) -> None:
    """Train. Raises `CalledProcessError`."""
    for _ in range(_STARTS):
        for command in _COMMANDS:
            subprocess.run([sys.executable, "-I", "-S", "-c", command], check=True)
    subprocess.run([sys.executable, "-m", "test", "--pgo", "--timeout=600", *tests], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
