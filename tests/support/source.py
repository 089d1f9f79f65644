"""Running the program from source, as a user would: a process, its streams, its exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


class Ran:
    """What one run left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    def envelope(self) -> dict[str, Any]:
        """The answer. Of a command that reports on the way it is the last line, and those before are reports."""
        *before, last = self.out.splitlines() if self.out.startswith('{"') else [self.out]
        assert all(json.loads(line)["status"] == "progress" for line in before), self
        envelope: dict[str, Any] = json.loads(last)
        return envelope

    def __repr__(self) -> str:
        return f"exit code {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment of this process without what would steer the program."""
    dropped = (
        "COMFYDOCK_",
        "GIT_",
        "UV_TORCH",
        "NO_COLOR",
        "FORCE_COLOR",
        "COLUMNS",
        "EAGER_IMPORT",
        "XDG_",
        "ZDOTDIR",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, **extra}


def run_source(*words: str, input: str | None = None, cwd: Path | None = None, **environment: str) -> Ran:
    """Run `comfydock WORDS` from source."""
    done = subprocess.run(
        [sys.executable, "-m", "comfydock_cli", *words],
        input=input,
        stdin=subprocess.DEVNULL if input is None else None,
        capture_output=True,
        text=True,
        cwd=cwd,
        env=clean_environment(**environment),
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def make_workspace(root: Path, *environments: str, active: str | None = None) -> Path:
    """The least that a workspace with finished environments is made of."""
    (root / ".metadata").mkdir(parents=True)
    config = {"version": 1, "active_environment": active or "", "created_at": "2026-01-02T03:04:05.678901"}
    (root / ".metadata" / "workspace.json").write_text(json.dumps(config), encoding="utf-8")
    for name in environments:
        definition = root / "environments" / name / ".cec"
        definition.mkdir(parents=True)
        (definition / ".complete").touch()
    return root
