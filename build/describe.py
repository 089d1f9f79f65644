"""`artifact.json`: what an artifact is, what it was made from and how."""

import hashlib
import json
import subprocess
from pathlib import Path

from build.interpreter import Interpreter
from build.nuitka_build import Frozen
from build.paths import Layout

DESCRIPTION = "artifact.json"


def describe(
    layout: Layout, directory: Path, frozen: Frozen, interpreter: Interpreter, *, form: str, seconds: float
) -> dict[str, object]:
    """Everything about the finished artifact in `directory`."""
    files = describe_files(directory)
    return {
        "form": form,
        "version": version(layout),
        "commit": commit(layout),
        "interpreter": interpreter.as_dict(),
        "compiler": compiler() if form.startswith("nuitka") else None,
        "options": [option.replace(str(layout.root), ".") for option in frozen.command],
        "environment": {
            key: value.replace(str(layout.root), ".")
            for key, value in frozen.environment.items()
            if key != "COMFYDOCK_SPEC"
        },
        "build": {"seconds": round(seconds, 1), "compiler_cache": frozen.cached},
        "size": sum(size for size, _ in files.values()),
        "size_without_programs": sum(size for name, (size, _) in files.items() if name not in ("uv", "uv.exe")),
        "files": {name: {"size": size, "sha256": digest} for name, (size, digest) in files.items()},
    }


def describe_files(directory: Path) -> dict[str, tuple[int, str]]:
    """Size and digest of every file; links are not counted twice."""
    found: dict[str, tuple[int, str]] = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name != DESCRIPTION:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            found[path.relative_to(directory).as_posix()] = (path.stat().st_size, digest)
    return found


def version(layout: Layout) -> str:
    """The version literal of the command."""
    namespace: dict[str, object] = {}
    source = (layout.packages[1] / "_version.py").read_text("utf-8")
    exec(compile(source, "_version.py", "exec"), namespace)
    return str(namespace["VERSION"])


def commit(layout: Layout) -> str | None:
    """The commit of the sources, marked when there are changes beside it; `None` outside a repository."""
    answer = _output(["git", "-C", str(layout.root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"])
    return answer or None


def compiler() -> str | None:
    """The first line of what the C compiler says about itself."""
    return (_output(["gcc", "--version"]) or "").partition("\n")[0] or None


def write(directory: Path, description: dict[str, object]) -> None:
    """Write `artifact.json` into the artifact."""
    (directory / DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n", "utf-8")


def read(directory: Path) -> dict[str, object]:
    """Read `artifact.json`; empty when there is none that can be read."""
    try:
        found = json.loads((directory / DESCRIPTION).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
