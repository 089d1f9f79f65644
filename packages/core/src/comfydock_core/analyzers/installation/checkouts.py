"""Git checkouts, looked at without leaving a trace: git's index stays as it is, and no hook or monitor is started."""

import os

from comfydock_core.integrations.git import runner
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.porcelain import parse_status
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.installation import Checkout
from comfydock_core.utils.versions import newest_tag

# What the repository's own configuration could name for git to run.
_HARMLESS = ("--no-optional-locks", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")


def is_checkout(directory: str) -> bool:
    """Whether the directory itself is one, and not only inside of one."""
    return os.path.lexists(f"{directory}/.git")


def read_checkout(directory: str) -> tuple[Checkout, str | None]:
    """What git tells of a checkout, and why it tells less than all. Raises `ToolMissing`."""
    commit, branch = read_head(directory)
    # Where `.git` is damaged git would go on to the repository around it and tell of that.
    inside = runner.ask([*_HARMLESS, "rev-parse", "--show-prefix"], cwd=directory)
    if inside.returncode == 0 and inside.output.strip():
        return Checkout(commit, branch, None, None), "its `.git` is no repository"
    status = runner.ask([*_HARMLESS, "status", *_STATUS], cwd=directory)
    if status.returncode != 0:
        reason = status.text.split("\n")[0] or f"git ended with exit code {status.returncode}"
        return Checkout(commit, branch, None, None), reason
    seen = parse_status(status.output.encode("utf-8", "surrogateescape"))
    return (
        Checkout(
            commit=commit or seen.commit,
            branch=branch or seen.branch,
            tag=_tag(directory),
            remote=_remote(directory),
            changed=tuple(sorted(seen.modified)),
        ),
        None,
    )


def lacking(directory: str, checkout: Checkout) -> str | None:
    """Why others could not get the commit that is checked out; `None` when its remote has it, as far as is known."""
    if checkout.commit is None:
        return "its git repository has no commit"
    if checkout.remote is None:
        return "its git repository has no remote"
    known = ["for-each-ref", "--count=1", f"--contains={checkout.commit}", "refs/remotes", "refs/tags"]
    answer = runner.ask([*_HARMLESS, *known], cwd=directory)
    published = answer.returncode != 0 or bool(answer.output.strip())
    return None if published else "its commit is on no branch and no tag of its remote"


def tracked_names(directory: str, inner: str) -> set[str]:
    """The names directly below `inner` that belong to the checkout."""
    answer = runner.ask([*_HARMLESS, "ls-files", "-z", "--", inner], cwd=directory)
    paths = answer.output.split("\0") if answer.returncode == 0 else []
    return {path.removeprefix(f"{inner}/").partition("/")[0] for path in paths if path}


def untracked_names(directory: str) -> list[str]:
    """The names directly in a checkout that git does not know, those that it is to ignore left out."""
    answer = runner.ask([*_HARMLESS, "ls-files", "-z", "--others", "--exclude-standard", "--directory"], cwd=directory)
    paths = answer.output.split("\0") if answer.returncode == 0 else []
    return sorted({path.partition("/")[0] for path in paths if path})


# Both names of a file that was renamed have changed.
_STATUS = ("--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--ignore-submodules=all", "--no-renames")


def _tag(directory: str) -> str | None:
    answer = runner.ask([*_HARMLESS, "tag", "--points-at", "HEAD"], cwd=directory)
    tags = answer.output.split() if answer.returncode == 0 else []
    return newest_tag(tags) or (tags[0] if tags else None)


def _remote(directory: str) -> str | None:
    """The address of `origin`, or of the only remote."""
    named = runner.ask([*_HARMLESS, "config", "--get", "remote.origin.url"], cwd=directory).output.strip()
    if not named:
        lines = runner.ask([*_HARMLESS, "config", "--get-regexp", r"^remote\..*\.url$"], cwd=directory).output
        addresses = [line.partition(" ")[2] for line in lines.splitlines()]
        named = addresses[0] if len(addresses) == 1 else ""
    return without_credentials(named) if named else None
