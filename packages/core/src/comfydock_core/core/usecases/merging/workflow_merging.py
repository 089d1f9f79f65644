"""Merging one workflow that both sides changed."""

import json

from comfydock_core.analyzers.workflows.merging import Unmergeable, merge_workflows
from comfydock_core.core.usecases.merging.answers import Answers
from comfydock_core.models.history.merging import THEIRS

_INDENT = 2
_LARGEST = 32 * 1024 * 1024
_BREAKS = (b"\n", b"\r")


def merge_workflow(name: str, base: bytes | None, ours: bytes, theirs: bytes, answers: Answers) -> bytes:
    """The merged file; `base` is `None` where both added it.

    A version that cannot be merged node by node is a question about the whole file, and so are answers that lead to a
    workflow with links from nowhere.
    """
    given = answers.given(f"workflow:{name}", f"the workflow `{name}`")
    if given is not None:
        return theirs if given == THEIRS else ours
    trial = answers.trial()

    def decide(place: str, mine: object, other: object) -> bool:
        return trial.takes_theirs(f"workflow:{name}:{place}", f"`{place}` in the workflow `{name}`", mine, other)

    try:
        before, here, there = ({} if side is None else _read(side) for side in (base, ours, theirs))
        merged = _written(merge_workflows(before, here, there, decide), ours)
    except (Unmergeable, ValueError, RecursionError) as error:
        answers.know_of(trial)
        about = f"the workflow `{name}`, which cannot be merged node by node: {error}"
        return theirs if answers.takes_theirs(f"workflow:{name}", about, "our version", "their version") else ours
    answers.add(trial)
    return merged


def _written(workflow: dict[str, object], ours: bytes) -> bytes:
    """A workflow in the style of a file: on lines of its own or on one."""
    indent = _INDENT if any(mark in ours.strip() for mark in _BREAKS) else None
    separators = None if indent else (",", ":")
    text = json.dumps(workflow, ensure_ascii=False, indent=indent, separators=separators)
    return text.encode("utf-8", "surrogatepass")


def _read(content: bytes) -> dict[str, object]:
    if len(content) > _LARGEST:
        raise Unmergeable("one version is too large")
    if not content.strip():
        raise Unmergeable("one version is empty")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Unmergeable("one version is not JSON") from error
    if not isinstance(found, dict):
        raise Unmergeable("one version is not a workflow")
    return found
