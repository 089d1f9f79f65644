"""The definitions for GitHub: what they run are recipes of this project, so that anybody can run the same."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from build.paths import Layout

WORKFLOWS = sorted((Layout().root / ".github/workflows").glob("*.yml"))
_RUN = re.compile(r"^\s*(?:- )?run: (.*)$", re.MULTILINE)
# What makes `just` itself, and what only GitHub can do.
_BESIDES = ("python -m pip install uv rust-just", 'gh release create "$GITHUB_REF_NAME"')


def recipes() -> set[str]:
    just = shutil.which("just")
    command = [just] if just else ["uvx", "--from", "rust-just", "just"]
    listed = subprocess.run([*command, "--summary"], cwd=Layout().root, capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_recipes_of_this_project(path: Path) -> None:
    known, ran = recipes(), _RUN.findall(path.read_text("utf-8"))
    assert ran
    for command in ran:
        words = command.split()
        if words[0] == "just":
            named = [word for word in words[1:] if not word.startswith("-") and "/" not in word]
            assert named and set(named) <= known, command
        else:
            assert command.startswith(_BESIDES), command
