"""What somebody changed in a node pack's directory, and would lose with it."""

from collections.abc import Sequence

from comfydock_core.analyzers.installation.checkouts import is_checkout, lacking, read_checkout

_SHOWN = 3


def told_files(changed: Sequence[str]) -> str:
    """Changed files in words: the first of them by name."""
    more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    return f"changed files: {', '.join(changed[:_SHOWN])}{more}"


def local_changes(directory: str) -> str | None:
    """In words what a git checkout has that its remote has not, `None` for nothing or where it cannot be told.

    Files that git does not know are left out: packs write such themselves. Raises `ToolMissing`.
    """
    if not is_checkout(directory):
        return None
    checkout, unknown = read_checkout(directory)
    if unknown is not None:
        return None
    if checkout.changed:
        return told_files(checkout.changed)
    if checkout.remote is not None and checkout.commit is not None and lacking(directory, checkout) is not None:
        return f"the commit {checkout.commit[:10]}, which its remote does not have"
    return None
