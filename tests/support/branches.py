"""Two branches of a definition, made by git alone: what is on both sides of a merge."""

import subprocess
from collections.abc import Mapping

from tests.support.histories import PastEnvironment

Content = str | bytes | None
Files = Mapping[str, Content]


def branch_off(made: PastEnvironment, base: Files, ours: Files, theirs: Files) -> None:
    """Commit `base`, then `theirs` on the branch `other` and `ours` on `main`, which is there then.

    What is a workflow is so where the editor saves it, too.
    """
    _write(made, base)
    made.commit("base")
    made.git("branch", "other")
    made.git("symbolic-ref", "HEAD", "refs/heads/other")
    _write(made, theirs)
    made.commit("theirs")
    made.git("symbolic-ref", "HEAD", "refs/heads/main")
    made.git("reset", "--quiet", "--hard")
    made.git("clean", "--quiet", "-d", "--force")
    for path in made.live.rglob("*.json"):
        path.unlink()
    _write(made, ours)
    made.commit("ours")
    copies = made.definition / "workflows"
    for path in copies.rglob("*.json"):
        live = made.live / path.relative_to(copies)
        live.parent.mkdir(parents=True, exist_ok=True)
        live.write_bytes(path.read_bytes())


def files_at(made: PastEnvironment, commit: str) -> dict[str, bytes]:
    """Every file of a commit, as git has it."""
    names = made.git("ls-tree", "-r", "-z", "--name-only", commit).split("\0")
    return {name: _blob(made, f"{commit}:{name}") for name in names if name}


def _blob(made: PastEnvironment, name: str) -> bytes:
    command = ["git", "-C", str(made.definition), "cat-file", "blob", name]
    return subprocess.run(command, capture_output=True, check=True).stdout


def _write(made: PastEnvironment, files: Files) -> None:
    for name, content in files.items():
        path = made.definition / name
        if content is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
