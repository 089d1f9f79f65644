"""Workspaces to measure in: the least that `list`, `status` and completion look at, with as many environments as
wanted. The first environment is active and has a git history."""

import contextlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

_MANIFEST = """\
[project]
name = "comfydock-env-{name}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = []

[tool.comfydock]
schema_version = 1
comfyui_version = "v0.3.60"
python_version = "3.11"
"""

ACTIVE = "environment-001"


def make_workspace(root: Path, environments: int) -> Path:
    """A workspace with that many environments; one that is there already is taken as it is.

    It is made aside, as several tests may want the same one at once. What is left of another, as `git clean` leaves
    repositories, makes room.
    """
    if not _is_there(root):
        root.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}.") as place:
            _fill(Path(place, "made"), environments)
            if root.exists() and not _is_there(root):
                with contextlib.suppress(FileNotFoundError):  # Somebody else was faster.
                    os.rename(root, Path(place, "remains"))
            try:
                os.rename(Path(place, "made"), root)
            except OSError:
                if not _is_there(root):
                    raise
    return root


def _is_there(root: Path) -> bool:
    return (root / ".metadata" / "workspace.json").exists()


def _fill(root: Path, environments: int) -> None:
    for number in range(1, environments + 1):
        name = f"environment-{number:03}"
        definition = root / "environments" / name / ".cec"
        (definition / "workflows").mkdir(parents=True)
        (definition / "pyproject.toml").write_text(_MANIFEST.format(name=name), "utf-8")
        (definition / ".complete").write_text("", "utf-8")
        if name == ACTIVE:
            _start_history(definition)
    for folder in ("models", "input", "output", "comfydock_cache"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / ".metadata").mkdir()
    active = ACTIVE if environments else None
    settings = {"version": 1, "active_environment": active, "created_at": "2025-01-01T00:00:00"}
    (root / ".metadata" / "workspace.json").write_text(json.dumps(settings), "utf-8")


def _start_history(definition: Path) -> None:
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "PATH": os.environ.get("PATH", "")}
    identity = ["-c", "user.name=comfydock", "-c", "user.email=comfydock@localhost", "-c", "init.defaultBranch=main"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Start"]):
        subprocess.run(["git", *identity, *words], cwd=definition, env=quiet, check=True)
