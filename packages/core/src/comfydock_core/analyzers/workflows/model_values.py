"""Which values of a workflow name models: by the input that they are for, wherever they were set."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from comfydock_core.analyzers.workflows.prompt_view import Classes
from comfydock_core.analyzers.workflows.saved_graph import pointer_token
from comfydock_core.models.workflow.class_inputs import ClassInput, all_inputs, names_with_models
from comfydock_core.models.workflow.dependencies import (
    BY_EXTENSION,
    BY_INPUT,
    BY_NAME,
    BY_WORKFLOW,
    IN_PROMPT,
    ModelReference,
)
from comfydock_core.models.workflow.prompt_view import EDITOR_ONLY, NamedModel, NodeValue, PromptView, WorkflowNode

EMBEDDINGS = "embeddings"

_EXTENSIONS = (
    ".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".pt2", ".bin", ".pkl", ".gguf", ".onnx", ".engine",
)  # fmt: skip
_LONGEST = 1024  # No path is longer; a prompt may be.
_EMBEDDING = re.compile(r"(?<![\w])embedding:([^\s,;:()\[\]{}<>|\"]{1,255})")
_MOST_PARTS = 1_000  # Of one value.
_DEEPEST_PART = 4
_MOST_EMBEDDINGS = 200  # In one text.


class ModelValues:
    """Finds model references. `classes` are the node classes that are known, ComfyUI's own among them."""

    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self._inputs_of: dict[str, dict[str, ClassInput]] = {}
        self._folders_by_name: dict[str, tuple[str, ...]] | None = None

    def of(self, view: PromptView) -> list[ModelReference]:
        """Every model that a workflow asks for, in the order of its nodes."""
        found: list[ModelReference] = []
        for node in view.nodes:
            found.extend(self._of_node(node))
        named = {reference.file_name for reference in found}
        for model in view.models:
            if _last_part(model.name) not in named:
                folders = (model.directory,) if model.directory else ()
                found.append(
                    ModelReference("", "", None, model.name, folders, BY_WORKFLOW, (model.place,), named=model)
                )
        return found

    def _of_node(self, node: WorkflowNode) -> list[ModelReference]:
        if node.state == EDITOR_ONLY:
            return _with_named(node, [])  # Notes speak of models.
        return _with_named(node, [*self._of_inputs(node), *self._of_unnamed(node), *_embeddings(node)])

    def _of_inputs(self, node: WorkflowNode) -> Iterator[ModelReference]:
        known = self._classes.get(node.type)
        if node.type not in self._inputs_of:
            self._inputs_of[node.type] = {} if known is None else all_inputs(known.inputs)
        inputs = self._inputs_of[node.type]
        for name, source in node.inputs.items():
            if not isinstance(source, NodeValue):
                continue
            if not _may_name(source.value):
                yield from _inside(node, name, source)
                continue
            value = str(source.value)
            one = inputs.get(name)
            if one is not None and (one.folders or one.doubt is None):
                if one.folders and value not in (one.choices or ()) and (not one.doubt or _looks_like_a_file(value)):
                    yield _reference(node, name, source, one.folders, BY_INPUT)
            else:
                folders = self._by_name(name)
                if _looks_like_a_file(value):
                    yield _reference(node, name, source, folders, BY_NAME if folders else BY_EXTENSION)

    def _of_unnamed(self, node: WorkflowNode) -> Iterator[ModelReference]:
        """Values of classes that are not known, and of inputs that a class has lost."""
        for source in node.unnamed:
            if not _may_name(source.value):
                yield from _inside(node, "", source)
            elif _looks_like_a_file(str(source.value)):
                yield _reference(node, "", source, (), BY_EXTENSION)

    def _by_name(self, name: str) -> tuple[str, ...]:
        """The folders that inputs of this name of known classes take models from."""
        if self._folders_by_name is None:
            gathered: dict[str, dict[str, None]] = {}
            for kind in names_with_models(self._classes):
                for one in self._classes[kind].inputs:
                    if one.folders:
                        gathered.setdefault(one.name, {}).update(dict.fromkeys(one.folders))
            self._folders_by_name = {key: tuple(folders) for key, folders in gathered.items()}
        return self._folders_by_name.get(name.rpartition(".")[2], ())


def _inside(node: WorkflowNode, name: str, source: NodeValue) -> Iterator[ModelReference]:
    """What looks like a model within a value that has parts, as nodes of several LoRAs save them."""
    waiting = [(source.value, place, 0) for place in source.places[:1]]
    left = _MOST_PARTS
    while waiting:
        value, place, deep = waiting.pop()
        if isinstance(value, str):
            if _may_name(value) and _looks_like_a_file(value):
                yield _reference(node, name, NodeValue(value, (place,), source.found), (), BY_EXTENSION)
        elif deep < _DEEPEST_PART and left > 0:
            parts: Iterable[tuple[object, object]] = ()
            if isinstance(value, dict):
                parts = value.items()
            elif isinstance(value, list):
                parts = enumerate(value)
            found = [(part, f"{place}/{pointer_token(str(key))}", deep + 1) for key, part in islice(parts, left)]
            left -= len(found)
            waiting.extend(reversed(found))


def _reference(
    node: WorkflowNode, name: str, source: NodeValue, folders: tuple[str, ...], found: str
) -> ModelReference:
    return ModelReference(
        node.id, node.type, name or None, str(source.value), folders, found, source.places, node.state
    )


def _embeddings(node: WorkflowNode) -> Iterator[ModelReference]:
    for name, source in node.inputs.items():
        if isinstance(source, NodeValue) and isinstance(source.value, str) and "embedding:" in source.value:
            for count, match in enumerate(_EMBEDDING.finditer(source.value)):
                if count >= _MOST_EMBEDDINGS:
                    break
                value = match[1].rstrip(".")
                yield ModelReference(
                    node.id, node.type, name, value, (EMBEDDINGS,), IN_PROMPT, source.places, node.state
                )


def _with_named(node: WorkflowNode, found: list[ModelReference]) -> list[ModelReference]:
    """Join what the node says of its models with the values that it has; what it names besides is needed, too."""
    named: dict[str, NamedModel] = {}
    for model in node.models:
        named.setdefault(_last_part(model.name), model)
    joined: list[ModelReference] = []
    for one in found:
        told = named.get(one.file_name)
        if told is not None:
            folders = one.folders or ((told.directory,) if told.directory else ())
            joined.append(replace(one, folders=folders, named=told))
        else:
            joined.append(one)
    there = {one.file_name for one in found}
    for model in node.models:
        if _last_part(model.name) not in there:
            folders = (model.directory,) if model.directory else ()
            joined.append(
                ModelReference(
                    node.id, node.type, None, model.name, folders, BY_WORKFLOW, (model.place,), node.state, model
                )
            )
    return joined


def _may_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and "\n" not in value


def _looks_like_a_file(value: str) -> bool:
    return value.lower().endswith(_EXTENSIONS) and "://" not in value


def _last_part(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]
