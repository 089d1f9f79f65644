"""What somebody means by the name of a commit: one reading for every command."""

import os
import re
from functools import cached_property

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.integrations.git import revisions as git
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.remote_settings import list_remotes, upstream_of
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.commit import SHORT, Reference, Revision
from comfydock_core.models.exceptions import NoHistory, OperationNotFound, RefAmbiguous, RefInvalid, RefNotFound
from comfydock_core.repositories import operation_log
from comfydock_core.utils.text import did_you_mean, nearest, some

_LONGEST = 1000
_IN_BRACES = re.compile("@\\{[^{}\\x00-\\x1f\\x7f\\ud800-\\udfff]*\\}")
_NO_NAME = re.compile("[\\x00-\\x20\\x7f:?*\\[\\\\{}\\ud800-\\udfff]|\\.\\.")
_NUMBERED = re.compile(r"v([0-9]{1,9})((?:[~^][0-9]{0,9})*)", re.ASCII)
_OPERATION = re.compile(r"op:([0-9]{1,18})", re.ASCII)
_BASE = re.compile(r"[^~^@]+")
_FOLLOWED = re.compile(r"(.*?)@\{(?:u|upstream|push)\}", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9a-f]{4,64}", re.ASCII)
_RANGE = re.compile(r"(?<!\.)\.\.(?!\.)")
_HINT = "`comfydock log` shows the commits; `v3`, branches, tags and the first digits of a commit name them"
_NO_STATE = "name a commit: `comfydock log` lists them; `comfydock undo` goes back operation by operation"


class Revisions:
    """The names of one environment's history. Methods raise `GitFailed`, `ToolMissing` beside what they say."""

    def __init__(self, layout: EnvironmentLayout) -> None:
        """Raises `NoHistory` where there is no repository: git would find one around it."""
        if not os.path.lexists(f"{layout.definition}/.git"):
            raise NoHistory(
                f"the environment {layout.name} has no history: `{layout.definition}` is not a git repository",
                hint="`comfydock doctor` looks for what else is missing",
                context={"environment": layout.name},
            )
        self._layout = layout
        self._worktree = layout.definition

    def resolve(self, text: str) -> Revision:
        """The commit or state that a name means.

        Raises `RefInvalid`, `RefNotFound` with the nearest names, `RefAmbiguous`, `OperationNotFound`, `NoHistory`.
        """
        operation = _OPERATION.fullmatch(text)
        if operation is not None:
            return Revision(text, operation=self._operation(int(operation[1])))
        _refuse_what_is_no_name(text)
        numbered = _NUMBERED.fullmatch(text)
        if numbered is not None and 1 <= int(numbered[1]) <= len(self.line):
            start = self.line[len(self.line) - int(numbered[1])]
            return self._found(text, git.commit_named(self._worktree, f"{start}{numbered[2]}"))
        self._refuse_two_meanings(text)
        return self._found(text, git.commit_named(self._worktree, text))

    def commit(self, text: str, *, hint: str | None = None) -> str:
        """The commit that a name means. Raises what `resolve` raises; `RefInvalid`, with `hint`, for a state."""
        found = self.resolve(text)
        if found.commit is None:
            raise RefInvalid(
                f"`{text}` is a state before an operation, not a commit",
                hint=hint or _NO_STATE,
                context={"ref": text},
            )
        return found.commit

    def label_of(self, commit: str) -> str:
        """`v3`, or the first digits of a commit that is not on the first-parent line."""
        number = self.number_of(commit)
        return commit[:SHORT] if number is None else f"v{number}"

    def resolve_range(self, text: str) -> tuple[Revision, Revision | None]:
        """Both sides of `A..B`, an empty one being `HEAD`; of a single name, that and `None`. Raises what `resolve`
        raises."""
        parts = _RANGE.split(text)
        if len(parts) == 1:
            return self.resolve(text), None
        if len(parts) > 2:
            raise _invalid(text, "there are more than two sides to it")
        first, second = (self.resolve(part or "HEAD") for part in parts)
        return first, second

    @cached_property
    def line(self) -> list[str]:
        """The first-parent line of what is checked out, newest first. Raises `NoHistory` before the first commit."""
        head = git.commit_named(self._worktree, "HEAD")
        if head is None:
            raise NoHistory(
                f"the environment {self._layout.name} has no commits yet",
                hint=f"`git -C {self._worktree} fsck` tells if some are missing",
                context={"environment": self._layout.name},
            )
        return git.first_parents(self._worktree, head)

    @cached_property
    def references(self) -> list[Reference]:
        """Every branch and tag."""
        return git.references(self._worktree)

    def number_of(self, commit: str) -> int | None:
        """N of `vN`."""
        return self._numbers.get(commit)

    def names_of(self, commit: str) -> tuple[str, ...]:
        """The branches and tags that lead to a commit."""
        return tuple(self._names.get(commit, ()))

    def is_shallow(self) -> bool:
        return git.is_shallow(self._worktree)

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one in self.references:
            found.setdefault(one.commit, []).append(one.name)
        return found

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {commit: len(self.line) - at for at, commit in enumerate(self.line)}

    def _operation(self, number: int) -> int:
        known = [int(one.partition("-")[0]) for one in operation_log.operation_ids(self._layout.root)]
        if number not in known:
            raise OperationNotFound(
                f"the environment {self._layout.name} has no operation {number}",
                hint=f"those that are kept are {some([str(one) for one in known[-8:]])}" if known
                else "no operation of it is kept",
                context={"operation": number, "known": known},
            )  # fmt: skip
        return number

    def _found(self, text: str, commit: str | None) -> Revision:
        if commit is not None:
            return Revision(text, commit)
        if _DIGITS.fullmatch(text) and len(several := git.commits_beginning(self._worktree, text)) > 1:
            raise RefAmbiguous(
                f"`{text}` is the beginning of {len(several)} commits",
                hint=f"write more digits: {some([one[:12] for one in several], 4)}",
                context={"ref": text, "commits": several},
            )
        raise self._not_found(text)

    def _not_found(self, text: str) -> RefNotFound:
        count = len(self.line)
        if _NUMBERED.fullmatch(text):
            hint = f"the history has {f'v1 to v{count}' if count > 1 else 'v1 alone'}"
        elif (match := _FOLLOWED.match(text)) is not None:
            hint = self._why_nothing_followed(match[1])
        else:
            near = nearest(_BASE.match(text)[0] if _BASE.match(text) else text, self.known_names(), limit=3)  # type: ignore[index]
            hint = did_you_mean(near) if near else _HINT
        return RefNotFound(f"the history has no commit `{text}`", hint=hint, context={"ref": text})

    def _why_nothing_followed(self, named: str) -> str:
        branch = read_head(self._worktree)[1] if named in ("", "HEAD") else named
        follows = upstream_of(self._worktree, branch) if branch is not None else None
        if follows is None:
            return "the branch follows none of a remote, or HEAD is on no branch"
        followed = f"`{branch}` follows `{without_credentials(follows[0])}/{follows[1]}`"
        if follows[0] not in {one.name for one in list_remotes(self._worktree)}:
            return f"{followed}, and there is no such remote: `comfydock remote list` shows those that there are"
        return f"{followed}, which is not known here: `comfydock fetch` gets what is there"

    def known_names(self) -> list[str]:
        """Branches, tags and `HEAD`."""
        return list(dict.fromkeys(["HEAD", *(one.name for one in self.references)]))

    def _refuse_two_meanings(self, text: str) -> None:
        """Git would take the tag and say so where nobody reads it."""
        base = _BASE.match(text)
        named = {one.kind: one.commit for one in self.references if base is not None and one.name == base[0]}
        if "branch" in named and "tag" in named and named["branch"] != named["tag"]:
            name = base[0] if base is not None else text
            raise RefAmbiguous(
                f"`{name}` is a branch and a tag, and they lead to two commits",
                hint=f"write `heads/{name}` for the branch or `tags/{name}` for the tag",
                context={"ref": text, "commits": sorted(set(named.values()))},
            )


def _refuse_what_is_no_name(text: str) -> None:
    if not text:
        raise _invalid(text, "it is empty")
    if text.startswith("-"):
        raise _invalid(text, "it looks like an option")
    if len(text) > _LONGEST:
        raise _invalid(text[:20] + "...", "it is too long")
    if "..." in text:
        raise _invalid(text, "ranges are written `A..B`")
    if _NO_NAME.search(_IN_BRACES.sub("@", text)):
        raise _invalid(text, "no name of a commit has such characters")


def _invalid(text: str, reason: str) -> RefInvalid:
    return RefInvalid(f"`{text}` is not the name of a commit: {reason}", hint=_HINT, context={"ref": text})
