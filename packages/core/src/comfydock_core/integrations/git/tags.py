"""Tags with a message of their own. They are never signed, and no hook runs."""

import time
from collections.abc import Callable, Mapping

from comfydock_core.integrations.git import runner


def make_tag(worktree: str, name: str, commit: str, message: str, fallback: Callable[[], Mapping[str, str]]) -> str:
    """Make the object of a tag, which nothing leads to yet; its name. Raises `GitFailed`."""
    who = runner.ask(["var", "GIT_COMMITTER_IDENT"], cwd=worktree)
    if who.returncode != 0:
        who = runner.ask(["var", "GIT_COMMITTER_IDENT"], cwd=worktree, variables=fallback())
    tagger = who.output.strip() or f"ComfyDock User <user@comfydock.invalid> {int(time.time())} +0000"
    text = f"object {commit}\ntype commit\ntag {name}\ntagger {tagger}\n\n{message.strip()}\n"
    given = text.encode("utf-8", "surrogateescape")
    return runner.run(["mktag"], cwd=worktree, doing="make the tag", given=given).strip()
