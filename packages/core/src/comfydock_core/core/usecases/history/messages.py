"""What a commit says: a line about what changed, and what it lacks."""

from collections.abc import Sequence

from comfydock_core.models.committing import CommitChanges, Difference, Gap
from comfydock_core.utils.text import counted

# A line of a commit for each thing that cannot be rebuilt elsewhere from it, as git's own trailers are written.
LACKS = "Not-Reproducible"
_MOST = 50
_LONGEST_NAME = 40
_VERBS = (("add", "added"), ("update", "changed"), ("remove", "removed"))


def default_message(changes: CommitChanges) -> str:
    """What changed, in one line: by name what is the only one of its kind, else by number."""
    parts = [f"move ComfyUI to {changes.comfyui}"] if changes.comfyui is not None else []
    subjects = (("pack", changes.packs), ("package", changes.packages), ("workflow", changes.workflows))
    parts += [part for word, found in subjects for part in _told(word, found)]
    return ", ".join(parts or _told("file", changes.files)) or "update the definition"


def with_gaps(message: str, gaps: Sequence[Gap]) -> str:
    """The message with a paragraph of what the commit lacks; all of it is one line each."""
    lines = [f"{LACKS}: {_on_one_line(gap.text)}" for gap in gaps[:_MOST]]
    if len(gaps) > _MOST:
        lines.append(f"{LACKS}: {len(gaps) - _MOST} more")
    return "\n\n".join([message, "\n".join(lines)] if lines else [message])


def _told(word: str, found: Difference) -> list[str]:
    return [_one_or_more(verb, word, getattr(found, part)) for verb, part in _VERBS if getattr(found, part)]


def _one_or_more(verb: str, word: str, names: Sequence[str]) -> str:
    if len(names) == 1 and len(names[0]) <= _LONGEST_NAME and names[0].isprintable():
        return f"{verb} {word} {names[0]}"
    return f"{verb} {counted(len(names), word)}"


def _on_one_line(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)
