"""Git checkouts, looked at without leaving a trace: git's index stays as it is, and no hook or monitor is started."""

import os
from collections.abc import Callable, Sequence

from comfydock_core.analyzers.git_change_parser import GitChangeParser
from comfydock_core.integrations.git import runner
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.process import Completed
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.environments.installation import Checkout
from comfydock_core.utils.text import counted, some
from comfydock_core.utils.versions import newest_tag

# Both names of a file that was renamed have changed.
_STATUS = ("--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--ignore-submodules=all", "--no-renames")
_SUBMODULE = "160000"
_SHOWN = 3


class NodeGitAnalyzer:
    """What git knows of one directory: that of a node pack, or ComfyUI's. Every question raises `ToolMissing`."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def is_checkout(self) -> bool:
        """Whether the directory itself is one, and not only inside of one."""
        return os.path.lexists(f"{self._directory}/.git")

    def read(self) -> tuple[Checkout, str | None]:
        """What git tells of the checkout, and why it tells less than all."""
        commit, branch = read_head(self._directory)
        # Where `.git` is damaged git would go on to the repository around it and tell of that.
        inside = self._ask("rev-parse", "--show-prefix")
        if inside.returncode == 0 and inside.output.strip():
            return Checkout(commit, branch, None, None), "its `.git` is not a repository"
        status = self._ask("status", *_STATUS)
        seen = _parsed(status)
        if seen is None:
            reason = status.text.split("\n")[0] or f"git ended with exit code {status.returncode}"
            return Checkout(commit, branch, None, self.remote()), reason
        return (
            Checkout(
                commit=commit or seen.commit,
                branch=branch or seen.branch,
                tag=self._tag(),
                remote=self.remote(),
                changed=tuple(sorted(seen.modified)),
            ),
            None,
        )

    def lacking(self, checkout: Checkout) -> str | None:
        """Why others could not get the commit that is checked out; `None` when its remote is known to have it."""
        if checkout.commit is None:
            return "its git repository has no commit"
        if checkout.remote is None:
            return "its git repository has no remote"
        known = ["for-each-ref", "--count=1", f"--contains={checkout.commit}", "refs/remotes", "refs/tags"]
        answer = self._ask(*known)
        published = answer.returncode != 0 or bool(answer.output.strip())
        return None if published else "its commit is on no branch and no tag of its remote"

    def local_changes(self, beyond: Callable[[Sequence[str]], Sequence[str]] = list) -> str | None:
        """In words what the checkout has that its remote has not, `None` for nothing or where it cannot be determined.

        Files that git does not know are left out: packs write such themselves. `beyond` leaves out changed files that
        somebody else has.
        """
        if not self.is_checkout():
            return None
        checkout, unknown = self.read()
        if unknown is not None:
            return None
        changed = beyond(checkout.changed)
        if changed:
            return told_files(changed)
        if checkout.remote is not None and checkout.commit is not None and self.lacking(checkout) is not None:
            return f"the commit {checkout.commit[:10]}, which its remote does not have"
        return None

    def changed_files(self) -> list[str] | None:
        """The files that differ from the commit, sorted; `None` where git cannot tell. One call of git."""
        if read_head(self._directory)[0] is None:
            return None  # Where `.git` is damaged git would go on to the repository around it and tell of that.
        seen = _parsed(self._ask("status", *_STATUS))
        return None if seen is None else sorted(seen.modified)

    def tracked_names(self, inner: str) -> set[str]:
        """The names directly below `inner` that belong to the checkout. Submodules are checkouts of their own."""
        answer = self._ask("ls-files", "-z", "--stage", "--", inner)
        entries = (entry.partition("\t") for entry in answer.output.split("\0")) if answer.returncode == 0 else ()
        paths = [path for facts, _, path in entries if path and not facts.startswith(_SUBMODULE)]
        return {path.removeprefix(f"{inner}/").partition("/")[0] for path in paths}

    def damage(self) -> str | None:
        """What is missing of the commit that is checked out, in words; `None` where it is whole or has to be fetched.

        A partial clone has few of its objects, and gets the others when they are needed.
        """
        if self._ask("config", "--get", "extensions.partialClone").output.strip():
            return None
        answer = self._ask("rev-list", "--objects", "--no-walk", "--missing=print", "HEAD")
        if answer.returncode != 0:
            return f"its git repository is damaged: {answer.text.partition(chr(10))[0]}"
        missing = sum(line.startswith("?") for line in answer.output.splitlines())
        if not missing:
            return None
        are = "is" if missing == 1 else "are"
        return f"its git repository is damaged: {counted(missing, 'object')} of its commit {are} missing"

    def untracked_names(self) -> list[str]:
        """The names directly in the checkout that git does not know, those that it is to ignore left out."""
        answer = self._ask("ls-files", "-z", "--others", "--exclude-standard", "--directory")
        paths = answer.output.split("\0") if answer.returncode == 0 else []
        return sorted({path.partition("/")[0] for path in paths if path})

    def remote(self) -> str | None:
        """The address of `origin`, or of the only remote, without credentials."""
        named = self._ask("config", "--get", "remote.origin.url").output.strip()
        if not named:
            lines = self._ask("config", "--get-regexp", r"^remote\..*\.url$").output
            addresses = [line.partition(" ")[2] for line in lines.splitlines()]
            named = addresses[0] if len(addresses) == 1 else ""
        return without_credentials(named) if named else None

    def _tag(self) -> str | None:
        answer = self._ask("tag", "--points-at", "HEAD")
        tags = answer.output.split() if answer.returncode == 0 else []
        return newest_tag(tags) or (tags[0] if tags else None)

    def _ask(self, *arguments: str) -> Completed:
        return runner.ask(["--no-optional-locks", *arguments], cwd=self._directory)


def _parsed(status: Completed) -> GitChangeParser | None:
    """What git's status says, `None` where git failed."""
    return GitChangeParser(status.output.encode("utf-8", "surrogateescape")) if status.returncode == 0 else None


def told_files(changed: Sequence[str]) -> str:
    """Changed files in words: the first of them by name."""
    return f"changed files: {some(changed, _SHOWN)}"
