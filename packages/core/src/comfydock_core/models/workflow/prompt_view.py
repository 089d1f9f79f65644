"""A workflow as the editor would run it: its nodes with what each input gets, and where in the file that stands."""

from dataclasses import field

from comfydock_core.records import record

# What becomes of a node when the workflow is queued.
RUNS = "runs"
MUTED = "muted"
BYPASSED = "bypassed"
UNUSED = "unused"  # In a subgraph of which there is no instance.
EDITOR_ONLY = "editor"  # Reroutes, notes, primitives and the like, which no server knows.

# How it was found which value belongs to which input.
NAMED = "named"  # The file says so.
ORDERED = "ordered"  # By the order of the class's inputs.
ALIGNED = "aligned"  # By the order and the types: file and class have different inputs.
DEFAULT = "default"  # The file has no value; this is the class's own.


@record
class NodeValue:
    """A value that an input gets.

    `places` are the JSON pointers of the text that holds it: of the node itself, or of the subgraph's instance or the
    primitive that hands it on. A default has none. `found` is how it was found. `control` is what the editor does to
    the value after each run (`randomize`, `increment`, ..., or `fixed`), where it has such a choice.
    """

    value: object
    places: tuple[str, ...] = ()
    found: str = ORDERED
    control: str | None = None


@record
class NodeLink:
    """An input that gets what another node gives: the node's scoped identifier and the slot among its outputs."""

    node: str
    slot: int


@record
class WorkflowNode:
    """One use of a node class.

    `id` is scoped as the editor does it: `12:7:3` is node 3 in the instance 7 in the instance 12. `place` is the JSON
    pointer of the node. `cnr_id`, `aux_id` and `version` are what the file says of the pack that the class is from.
    `inputs` are those that a prompt has, by name. `unnamed` are values of which it is not known which input they
    belong to. `slots` are names and types of the inputs that the file lists. `position` is where the editor draws it.
    """

    id: str
    type: str
    place: str
    title: str | None = None
    state: str = RUNS
    cnr_id: str | None = None
    aux_id: str | None = None
    version: str | None = None
    inputs: dict[str, NodeValue | NodeLink] = field(default_factory=dict)
    unnamed: tuple[NodeValue, ...] = ()
    slots: tuple[tuple[str, str], ...] = ()
    models: tuple["NamedModel", ...] = ()
    position: tuple[float, float] | None = None

    @property
    def runs(self) -> bool:
        return self.state == RUNS


@record
class NamedModel:
    """A model that a workflow names by itself (`properties.models`), with where it can be had."""

    name: str
    directory: str | None = None
    url: str | None = None
    hash: str | None = None
    hash_type: str | None = None
    place: str = ""


@record
class WorkflowProblem:
    """Something in a workflow that does not fit: a code of this subject, the JSON pointer, and words for people."""

    code: str
    place: str
    message: str
    node: str | None = None


@record
class PromptView:
    """All nodes of a workflow, in the order of the file, and what does not fit in it.

    `format` is `graph` (what the editor saves) or `api` (what a server takes).
    """

    format: str
    nodes: tuple[WorkflowNode, ...] = ()
    problems: tuple[WorkflowProblem, ...] = ()
    models: tuple[NamedModel, ...] = ()

    @property
    def running(self) -> tuple[WorkflowNode, ...]:
        return tuple(node for node in self.nodes if node.state == RUNS)
