"""What is different of files, as a patch that `git apply` takes: whatever the files are, and without anybody's habits.

No external diff, conversion to text or filter of anybody runs, and the same difference is the same bytes for everybody.
"""

import os
from collections.abc import Sequence

from comfydock_core.integrations.git import runner

_DOING = "write a patch"
_QUIET = ("--no-optional-locks", "--literal-pathspecs")
_SETTINGS = ("core.quotePath=true", "core.safecrlf=false", "diff.suppressBlankEmpty=false", "diff.interHunkContext=0")
_OPTIONS = tuple(word for setting in _SETTINGS for word in ("-c", setting))
_DIFF = (
    "diff", "--patch", "--binary", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames",
    "--no-relative", "--ignore-submodules=all", "--src-prefix=a/", "--dst-prefix=b/", "--unified=3",
    "--diff-algorithm=myers", "-O/dev/null",
)  # fmt: skip
# For files without a history: whatever attributes they bring, their bytes count.
_AS_THEY_ARE = "* -text -eol -ident -filter -working-tree-encoding !diff\n"


def patch_of_checkout(worktree: str, commit: str, *, without: Sequence[str] = ()) -> bytes:
    """How the files that git knows, as they lie there, differ from a commit; some names at the top are left out.

    Raises `GitFailed`, `ToolMissing`.
    """
    words = [*_OPTIONS, "--no-optional-locks", *_DIFF, commit, "--", ".", *(f":(exclude){name}" for name in without)]
    with runner.read_output(words, cwd=worktree, doing=_DOING) as output:
        return output.read()


def patch_of_files(before: str, after: str, paths: Sequence[str], scratch: str) -> bytes:
    """How some files of a directory differ from those of the same names in another; `scratch` is an empty directory.

    `paths` are all there before. Raises `GitFailed`, `ToolMissing`, `OSError`.
    """
    repository = f"{scratch}/repository"
    runner.run(["init", "--quiet", "--bare", repository], cwd=scratch, doing=_DOING)
    os.makedirs(f"{repository}/info", exist_ok=True)
    with open(f"{repository}/info/attributes", "w", encoding="utf-8") as file:
        file.write(_AS_THEY_ARE)
    given = b"".join(os.fsencode(path) + b"\0" for path in paths)
    words = [*_in(repository, before), "update-index", "--add", "-z", "--stdin"]
    runner.run(words, cwd=before, doing=_DOING, given=given)
    with runner.read_output([*_in(repository, after), *_DIFF], cwd=after, doing=_DOING) as output:
        return output.read()


def _in(repository: str, worktree: str) -> list[str]:
    """Whatever lies there has a state of its own, so that its size and time alone prove nothing."""
    states = ["-c", "core.checkStat=default", "-c", "core.trustctime=true", "-c", "core.autocrlf=false"]
    named = ["-c", "core.bare=false", f"--git-dir={repository}", f"--work-tree={worktree}"]
    return [*_OPTIONS, *_QUIET, *states, *named]
