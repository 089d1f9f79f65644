"""`WorkflowDependencyParser`: what a workflow needs, from its prompt view."""

# What tells classes apart is loaded when it is asked for.
from comfydock_core.analyzers import workflows
from comfydock_core.analyzers.workflows.model_values import ModelValues
from comfydock_core.analyzers.workflows.prompt_view import Classes
from comfydock_core.models.workflow.class_inputs import COMBO, all_inputs
from comfydock_core.models.workflow.dependencies import FileReference, ModelReference, WorkflowDependencies
from comfydock_core.models.workflow.prompt_view import EDITOR_ONLY, NodeValue, PromptView

_UPLOADS = ("image_upload", "video_upload", "audio_upload", "file_upload")


class WorkflowDependencyParser:
    """Tells what workflows need. `classes` are the node classes that are known here, by name.

    Without them everything is still told that the file says by itself: classes, models that it names, and values that
    end like model files.
    """

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self._models = ModelValues(classes)
        self._file_inputs_of: dict[str, list[str]] = {}

    def parse(self, view: PromptView) -> WorkflowDependencies:
        """What one workflow needs."""
        return WorkflowDependencies(
            workflows.uses_of_classes(view.nodes),
            tuple(self.models(view)),
            tuple(self.files(view)),
            tuple(dict.fromkeys(node.type for node in view.nodes if node.state == EDITOR_ONLY)),
            view.problems,
        )

    def models(self, view: PromptView) -> list[ModelReference]:
        """The models that it asks for, in the order of its nodes."""
        return self._models.of(view)

    def files(self, view: PromptView) -> list[FileReference]:
        """The files of ComfyUI's `input` directory that its nodes load."""
        found: list[FileReference] = []
        for node in view.nodes:
            for name in self._file_inputs(node.type):
                source = node.inputs.get(name)
                if isinstance(source, NodeValue) and isinstance(source.value, str) and source.value:
                    found.append(FileReference(node.id, node.type, name, source.value, node.state))
        return found

    def _file_inputs(self, kind: str) -> list[str]:
        """The inputs of a class that take files."""
        if kind not in self._file_inputs_of:
            known = self._classes.get(kind)
            self._file_inputs_of[kind] = [
                name
                for name, one in (all_inputs(known.inputs) if known is not None else {}).items()
                if one.type == COMBO and any(one.options.get(upload) for upload in _UPLOADS)
            ]
        return self._file_inputs_of[kind]
