"""What is missing or damaged of a repository, found without changing anything."""

from collections.abc import Collection

from comfydock_core.integrations.git import runner

_SMALL = 64 * 1024  # KiB of objects that are read in a second or two.
_LARGE = 2 * 1024 * 1024  # KiB; not even looked through unless that is asked for.
_SHOWN = 10
_SIZES = ("size", "size-pack")


def broken_references(worktree: str, place: str) -> list[str]:
    """The references below a place whose commits are not there. Raises `ToolMissing`."""
    listed = runner.ask(["for-each-ref", "--format=%(objectname) %(refname)", place], cwd=worktree)
    named = [line.split(" ", 1) for line in listed.output.splitlines() if " " in line]
    given = "".join(f"{commit}\n" for commit, _ in named).encode()
    answer = runner.ask(["cat-file", "--batch-check"], cwd=worktree, given=given) if named else None
    lines = answer.output.splitlines() if answer is not None else []
    return [name for (_, name), line in zip(named, lines, strict=False) if line.endswith(" missing")]


def damage_of(worktree: str, *, whole: bool, without: Collection[str] = ()) -> list[str]:
    """What git finds wrong with a history, in its own words, a few lines of it; nothing where that takes too long.

    What it says of the references `without` is left out. With `whole` every object is read, however many there are; a
    small history is read as a whole anyway. Raises `ToolMissing`.
    """
    counts = runner.ask(["count-objects", "-v"], cwd=worktree).output.splitlines()
    size = sum(int(value) for name, _, value in (line.partition(": ") for line in counts) if name in _SIZES)
    if size > _LARGE and not whole:
        return []
    words = ["fsck", "--no-dangling", "--no-progress", *([] if whole or size <= _SMALL else ["--connectivity-only"])]
    answer = runner.ask(words, cwd=worktree)
    if answer.returncode == 0:
        return []
    told = [line for line in answer.text.splitlines() if line.strip() and not any(name in line for name in without)]
    return told[:_SHOWN]
