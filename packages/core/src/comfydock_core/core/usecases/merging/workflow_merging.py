"""Merging one workflow that both sides changed."""

import json

from comfydock_core.analyzers.workflows.merging import Unmergeable, merge_workflows
from comfydock_core.core.usecases.merging.answers import Answers
from comfydock_core.models.history.merging import THEIRS

_INDENT = 2
_LARGEST = 32 * 1024 * 1024


def merge_workflow(name: str, base: bytes, ours: bytes, theirs: bytes, answers: Answers) -> bytes:
    """The merged file. A version that cannot be merged node by node is a question about the whole file."""
    given = answers.given(f"workflow:{name}")
    if given is not None:
        return theirs if given == THEIRS else ours
    asked = Answers({}, None)
    try:
        before, here, there = (_read(side) for side in (base, ours, theirs))
        merge_workflows(before, here, there, lambda place, mine, other: asked.takes_theirs(place, "", mine, other))
    except (Unmergeable, ValueError, RecursionError) as error:
        about = f"the workflow {name}: {error}"
        return theirs if answers.takes_theirs(f"workflow:{name}", about, "this version", "that version") else ours

    def decide(place: str, mine: object, other: object) -> bool:
        return answers.takes_theirs(f"workflow:{name}:{place}", f"{place} of the workflow {name}", mine, other)

    merged = merge_workflows(before, here, there, decide)
    indent = _INDENT if b"\n" in ours.strip() else None
    separators = None if indent else (",", ":")
    return json.dumps(merged, ensure_ascii=False, indent=indent, separators=separators).encode("utf-8", "surrogatepass")


def _read(content: bytes) -> dict[str, object]:
    if len(content) > _LARGEST:
        raise Unmergeable("it is too large")
    if not content:
        return {}
    found = json.loads(content)
    if not isinstance(found, dict):
        raise Unmergeable("it is no workflow")
    return found
