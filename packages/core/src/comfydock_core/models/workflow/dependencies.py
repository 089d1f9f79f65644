"""What a workflow needs: node classes, models and files of its inputs."""

from dataclasses import asdict, field

from comfydock_core.models.workflow.prompt_view import RUNS, NamedModel, WorkflowProblem
from comfydock_core.records import record

# By what it is known that a value names a model.
BY_INPUT = "input"  # The choices of the input come from a model folder.
BY_NAME = "input-name"  # The class is not known; inputs of this name of known classes take models.
BY_EXTENSION = "extension"  # The class is not known; the value ends like a model file.
BY_WORKFLOW = "workflow"  # The workflow itself says so, with where it can be had.
IN_PROMPT = "prompt"  # An embedding in the text of a prompt.


@record
class ModelReference:
    """A model that a node asks for.

    `value` is what stands in the workflow, `folders` are those that it may be in (none: not known). `input` is `None`
    when only `properties.models` names it. `places` are the JSON pointers of the value. `state` is that of the node.
    """

    node: str
    type: str
    input: str | None
    value: str
    folders: tuple[str, ...] = ()
    found: str = BY_INPUT
    places: tuple[str, ...] = ()
    state: str = RUNS
    named: NamedModel | None = None

    @property
    def file_name(self) -> str:
        return self.value.replace("\\", "/").rpartition("/")[2]


@record
class FileReference:
    """A file of ComfyUI's `input` directory that a node loads: a picture, a video, a sound."""

    node: str
    type: str
    input: str
    value: str
    state: str = RUNS


@record
class ClassUse:
    """One node class that a workflow uses: the nodes that run, and those that are there without running."""

    type: str
    running: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    cnr_id: str | None = None
    aux_id: str | None = None
    version: str | None = None
    signatures: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        return bool(self.running)


@record
class WorkflowDependencies:
    """Everything that a workflow needs, as far as it says so, and what does not fit in it.

    `editor_only` are the classes of nodes that only the editor knows (notes, reroutes).
    """

    classes: tuple[ClassUse, ...] = ()
    models: tuple[ModelReference, ...] = ()
    files: tuple[FileReference, ...] = ()
    editor_only: tuple[str, ...] = ()
    problems: tuple[WorkflowProblem, ...] = field(default=())

    def as_dict(self) -> dict[str, object]:
        return asdict(self)
