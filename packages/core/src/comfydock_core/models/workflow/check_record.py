"""The report of a check as values of JSON, and back."""

from dataclasses import astuple

from comfydock_core.models.workflow.checks import (
    IssueCode,
    ModelCandidate,
    ModelMatch,
    Untold,
    WorkflowCheck,
    WorkflowIssue,
)
from comfydock_core.models.workflow.dependencies import ModelReference
from comfydock_core.models.workflow.prompt_view import NamedModel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def record_of(check: WorkflowCheck) -> "list[Any] | None":
    """The fields in their order. A check that compared locks has no record."""
    return list(astuple(check)[:-1]) if check.lock is None else None


def check_of(record: "Any") -> WorkflowCheck | None:
    """The check that was recorded, `None` for what is no record."""
    try:
        name, issues, idle, models, untold, nodes = record
        return WorkflowCheck(
            name,
            tuple(map(_issue, issues)),
            tuple(map(_issue, idle)),
            tuple(map(_match, models)),
            tuple(Untold(*one) for one in untold),
            nodes,
        )
    except (TypeError, ValueError):
        return None


def _issue(record: "Any") -> WorkflowIssue:
    code, message, node, kind, name, place, hint, nodes = record
    return WorkflowIssue(IssueCode(code), message, node, kind, name, place, hint, tuple(nodes))


def _match(record: "Any") -> ModelMatch:
    reference, state, candidates = record
    return ModelMatch(_reference(reference), state, tuple(ModelCandidate(*one) for one in candidates))


def _reference(record: "Any") -> ModelReference:
    node, kind, name, value, folders, found, places, state, named = record
    named = None if named is None else NamedModel(*named)
    return ModelReference(node, kind, name, value, tuple(folders), found, tuple(places), state, named)
