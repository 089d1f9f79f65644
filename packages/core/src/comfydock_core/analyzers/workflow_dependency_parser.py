"""`WorkflowDependencyParser`: what a workflow needs, from its prompt view."""

from dataclasses import dataclass, field

from comfydock_core.analyzers.workflows.model_values import ModelValues
from comfydock_core.analyzers.workflows.prompt_view import Classes
from comfydock_core.analyzers.workflows.signatures import input_signature
from comfydock_core.models.workflow.class_inputs import COMBO, all_inputs
from comfydock_core.models.workflow.dependencies import ClassUse, FileReference, WorkflowDependencies
from comfydock_core.models.workflow.prompt_view import EDITOR_ONLY, NodeValue, PromptView, WorkflowNode

_UPLOADS = ("image_upload", "video_upload", "audio_upload", "file_upload")


class WorkflowDependencyParser:
    """Tells what workflows need. `classes` are the node classes that are known here, by name.

    Without them everything is still told that the file says by itself: classes, models that it names, and values that
    end like model files.
    """

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self._models = ModelValues(classes)

    def parse(self, view: PromptView) -> WorkflowDependencies:
        """What one workflow needs."""
        gathered: dict[str, _Gathered] = {}
        editor_only: dict[str, None] = {}
        for node in view.nodes:
            if node.state == EDITOR_ONLY:
                editor_only[node.type] = None
            else:
                gathered.setdefault(node.type, _Gathered()).add(node)
        return WorkflowDependencies(
            tuple(found.use(kind) for kind, found in gathered.items()),
            tuple(self._models.of(view)),
            tuple(self._files(view)),
            tuple(editor_only),
            view.problems,
        )

    def _files(self, view: PromptView) -> list[FileReference]:
        found: list[FileReference] = []
        for node in view.nodes:
            known = self._classes.get(node.type)
            if known is None:
                continue
            for name, one in all_inputs(known.inputs).items():
                source = node.inputs.get(name)
                is_file = one.type == COMBO and any(one.options.get(upload) for upload in _UPLOADS)
                if not is_file or not isinstance(source, NodeValue):
                    continue
                if isinstance(source.value, str) and source.value:
                    found.append(FileReference(node.id, node.type, name, source.value, node.state))
        return found


@dataclass(slots=True)
class _Gathered:
    """The nodes of one class; the first of them that names an origin is believed."""

    running: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    cnr_id: str | None = None
    aux_id: str | None = None
    version: str | None = None
    signatures: dict[str, None] = field(default_factory=dict)

    def add(self, node: WorkflowNode) -> None:
        (self.running if node.runs else self.idle).append(node.id)
        if self.cnr_id is None and self.aux_id is None:
            self.cnr_id, self.aux_id, self.version = node.cnr_id, node.aux_id, node.version
        signature = input_signature([{"name": name, "type": kind} for name, kind in node.slots])
        if signature:
            self.signatures[signature] = None

    def use(self, kind: str) -> ClassUse:
        return ClassUse(
            kind,
            tuple(self.running),
            tuple(self.idle),
            self.cnr_id,
            self.aux_id,
            self.version,
            tuple(self.signatures),
        )
