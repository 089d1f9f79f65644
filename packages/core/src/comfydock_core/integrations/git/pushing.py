"""Pushing branches and tags, and reading what git says became of each."""

import re
from collections.abc import Callable, Sequence

from comfydock_core.integrations.git import runner
from comfydock_core.models.addresses import without_credentials_in
from comfydock_core.records import record

# A line of `git push --porcelain`: what became of a reference, from and to, a summary, and a reason.
_LINE = re.compile(r"([ +\-*!=])\t([^\t]*):([^\t:]+)\t([^\t]*)")
_SUMMARY = re.compile(r"([0-9a-f]{7,64})\.{2,3}([0-9a-f]{7,64})(?: \((.*)\))?")
_REASON = re.compile(r"\[([^\]]*)\](?: \((.*)\))?")
_SAID = "remote: "
# Whatever the settings say: nothing is signed, no submodule pushed, no tag goes along that was not asked for.
_OPTIONS = ("--porcelain", "--progress", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no")
_DOING = "push the history"


@record
class PushLine:
    """What became of one reference there.

    `flag` is git's: ` ` for one that went on, `+` forced, `*` new, `=` as it was, `-` deleted, `!` refused. `old` is
    the beginning of the commit that was there. `refused_there` says that the remote refused it, `reason` why.
    """

    flag: str
    reference: str
    old: str | None = None
    reason: str = ""
    refused_there: bool = False


@record
class PushAnswer:
    """All lines, and what the remote said besides, without the beginnings of its lines."""

    lines: tuple[PushLine, ...]
    said: tuple[str, ...]


def push(
    worktree: str,
    remote: str,
    address: str,
    refspecs: Sequence[str],
    *,
    options: Sequence[str] = (),
    on_line: Callable[[str], None],
) -> PushAnswer:
    """Push, and tell what became of each reference; that some were refused is the caller's to judge.

    `address` is where the remote is, for messages. Raises `RepositoryNotFound`, `NetworkUnavailable`,
    `AuthenticationFailed`, `HostKeyRefused`, `GitFailed`.
    """
    words = ["-c", "core.abbrev=40", "push", *_OPTIONS, *options, "--", remote, *refspecs]
    completed = runner.ask_apart(words, cwd=worktree, repository=address, on_line=on_line)
    lines = parse_lines(completed.output)
    if completed.returncode != 0 and not any(line.flag == "!" for line in lines):
        raise runner.failure(completed, words, cwd=worktree, doing=_DOING, repository=address)
    said = [line.removeprefix(_SAID).rstrip() for line in completed.errors.split("\n") if line.startswith(_SAID)]
    return PushAnswer(lines, tuple(without_credentials_in(line) for line in said if line))


def parse_lines(output: str) -> tuple[PushLine, ...]:
    """Read the output of `git push --porcelain`; what is no line about a reference is left out."""
    found = []
    for line in output.split("\n"):
        match = _LINE.fullmatch(line)
        if match is not None:
            flag, _, reference, summary = match.groups()
            found.append(_line(flag, reference, summary))
    return tuple(found)


def _line(flag: str, reference: str, summary: str) -> PushLine:
    moved = _SUMMARY.fullmatch(summary)
    if moved is not None:
        return PushLine(flag, reference, old=moved[1], reason=moved[3] or "")
    told = _REASON.fullmatch(summary)
    if told is None:
        return PushLine(flag, reference, reason=summary)
    return PushLine(
        flag, reference, reason=told[2] or "", refused_there=told[1] in ("remote rejected", "remote failure")
    )
