"""The least an artifact must do, wherever it lies: start, know its version, load every part, give children their
environment. `python -m build smoke` runs it; the tests do so from awkward places."""

from dataclasses import dataclass
from pathlib import Path

from build.programs import Program


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried."""

    name: str
    passed: bool
    detail: str = ""


def smoke(program: Program, version: str, scratch: Path) -> list[Check]:
    """Try the least in an empty directory; every check is made, also after a failure."""
    home = {"COMFYDOCK_HOME": str(scratch / "workspace"), "HOME": str(scratch)}
    answered = program.run(("--version",), home)
    helped = program.run(("--help",), home)
    eager = program.run(("--help",), {**home, "EAGER_IMPORT": "1"})
    made = program.run(("init",), home)
    listed = program.run(("list", "--json"), home)
    refused = program.run(("frobnicate",), home)
    return [
        Check("says its version", answered.stdout == f"comfydock {version}\n", answered.stdout + answered.stderr),
        Check("shows help", helped.returncode == 0 and "usage: comfydock" in helped.stdout, helped.stderr),
        Check("starts eagerly", eager.returncode == 0, eager.stderr),
        Check("makes a workspace", made.returncode == 0, made.stdout + made.stderr),
        Check("lists it", listed.returncode == 0 and '"environments"' in listed.stdout, listed.stdout + listed.stderr),
        Check("refuses what it does not know", refused.returncode == 2, refused.stderr),
    ]
