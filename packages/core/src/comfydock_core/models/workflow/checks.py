"""Whether a workflow runs in an environment, and what is in its way."""

from dataclasses import asdict
from enum import StrEnum

from comfydock_core.models.workflow.dependencies import ModelReference
from comfydock_core.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.workflow.lock import LockComparison


class IssueCode(StrEnum):
    """What can be in the way. Those of the server have its words for it in `SERVER_TYPES`."""

    MISSING_CLASS = "missing-class"
    MISSING_MODEL = "missing-model"
    MISSING_FILE = "missing-file"
    MISSING_INPUT = "missing-input"
    NO_OPTION = "no-option"
    OUT_OF_RANGE = "out-of-range"
    WRONG_TYPE = "wrong-type"
    LINK_TYPE = "link-type"
    BROKEN_LINK = "broken-link"
    CYCLE = "cycle"
    NO_OUTPUT = "no-output"
    UNREADABLE = "unreadable"  # The file is no workflow. The server never gets to see it.


# What ComfyUI's own validation of a prompt calls the same.
SERVER_TYPES = {
    IssueCode.MISSING_CLASS: ("missing_node_type", "invalid_prompt"),
    IssueCode.MISSING_MODEL: ("value_not_in_list",),
    IssueCode.MISSING_FILE: ("custom_validation_failed", "value_not_in_list"),
    IssueCode.MISSING_INPUT: ("required_input_missing",),
    IssueCode.NO_OPTION: ("value_not_in_list",),
    IssueCode.OUT_OF_RANGE: ("value_smaller_than_min", "value_bigger_than_max"),
    IssueCode.WRONG_TYPE: ("invalid_input_type",),
    # The second, about the node as a whole, when the other node has no such output.
    IssueCode.LINK_TYPE: ("return_type_mismatch", "exception_during_validation"),
    IssueCode.BROKEN_LINK: ("required_input_missing",),
    IssueCode.CYCLE: ("dependency_cycle",),
    IssueCode.NO_OUTPUT: ("prompt_no_outputs",),
}


@record
class WorkflowIssue:
    """One thing that keeps a workflow from running here.

    `node` is scoped, `place` a JSON pointer into the file. `hint` says what to do, when something is known. A missing
    class is one issue for all its `nodes`.
    """

    code: IssueCode
    message: str
    node: str | None = None
    type: str | None = None
    input: str | None = None
    place: str = ""
    hint: str | None = None
    nodes: tuple[str, ...] = ()


@record
class ModelCandidate:
    """A file that may be the model that is asked for: ComfyUI's folder, the name in its list, and why it may be."""

    folder: str
    name: str
    path: str | None
    reason: str


# What was found for a model reference.
HERE = "here"
RESPELLED = "respelled"  # It is there, under a name that the value does not match: slashes or case.
ELSEWHERE = "elsewhere"  # A file of that name or digest is in another place.
AMBIGUOUS = "ambiguous"
MISSING = "missing"


@record
class ModelMatch:
    """What is here of a model that a workflow asks for. Candidates are best first."""

    reference: ModelReference
    state: str
    candidates: tuple[ModelCandidate, ...] = ()

    @property
    def decided(self) -> ModelCandidate | None:
        """The one file that it is, if that is certain."""
        return self.candidates[0] if self.candidates and self.state != AMBIGUOUS else None


@record
class Untold:
    """Something that cannot be told without running the code, with the place of the code."""

    node: str
    type: str
    input: str | None
    reason: str


@record
class WorkflowCheck:
    """Whether one workflow runs here.

    `issues` are those of nodes that run and matter for its outputs; `idle` those of nodes that are muted, bypassed or
    lead to no output. `untold` says what only ComfyUI itself would tell. `lock` is what is other than locked, `None`
    without a lock; it keeps nothing from running.
    """

    name: str
    issues: tuple[WorkflowIssue, ...] = ()
    idle: tuple[WorkflowIssue, ...] = ()
    models: tuple[ModelMatch, ...] = ()
    untold: tuple[Untold, ...] = ()
    nodes: int = 0
    lock: "LockComparison | None" = None

    @property
    def is_as_locked(self) -> bool:
        """Whether there is a lock and nothing differs from it."""
        return self.lock is not None and self.lock.is_as_locked

    @property
    def runs(self) -> bool:
        return not self.issues

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "runs": self.runs, "as_locked": None if self.lock is None else self.is_as_locked}
