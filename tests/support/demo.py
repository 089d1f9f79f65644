"""A real session, shown: `python -m tests.support.demo` makes a miniature ComfyUI and works on it with the program.

Everything happens in a temporary directory; nothing is needed but git, uv and the packages of this repository.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support import miniature

SESSION = """\
comfydock --version
comfydock init
comfydock create work --dry-run
comfydock create work --use
comfydock create older --comfyui v0.2.0
comfydock list --long
comfydock status
comfydock run -- --cpu --quick-test-for-ci
comfydock craete work
comfydock status --environment work
comfydock status -e wrk
comfydock explain environment-not-found
comfydock manifest --section tool.comfydock
comfydock delete older --yes
comfydock list --json
comfydock logs -n 3
"""


def main() -> int:
    """Run the session; the exit codes it is meant to show are the only ones it may end with."""
    with tempfile.TemporaryDirectory(prefix="comfydock-demo-") as directory:
        made = miniature.build(Path(directory) / "miniature")
        environment = {**os.environ, **made.variables(), "COMFYDOCK_HOME": f"{directory}/workspace"}
        codes = [show(line, environment) for line in SESSION.splitlines()]
    wrong = [line for line, code in zip(SESSION.splitlines(), codes, strict=True) if code not in (0, 2, 3)]
    return 1 if wrong or codes.count(0) < len(codes) - 3 else 0


def show(line: str, environment: dict[str, str]) -> int:
    """Print a command as typed, then what it says."""
    print(f"\n$ {line}", flush=True)
    command = [sys.executable, "-m", "comfydock_cli", *shlex.split(line)[1:]]
    code = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL).returncode
    if code != 0:
        print(f"(exit code {code})", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
