"""What the manifest is to note of a workflow's models.

Names of folders and the default importance are those of ComfyDock 1.x; what a user chose for a model survives.
"""

import os
from collections.abc import Mapping
from dataclasses import replace

from comfydock_core.core.usecases.workflows.earlier_models import EarlierModels
from comfydock_core.models.workflow.checks import ModelMatch
from comfydock_core.models.workflow.dependencies import BY_WORKFLOW, IN_PROMPT, ModelReference
from comfydock_core.models.workflow.entries import (
    FLEXIBLE,
    REQUIRED,
    RESOLVED,
    UNKNOWN,
    UNRESOLVED,
    KnownModel,
    ModelEntry,
    ModelUse,
)
from comfydock_core.models.workflow.prompt_view import PromptView, WorkflowNode
from comfydock_core.records import record
from comfydock_core.repositories.model_index import ModelIndex, open_model_index
from comfydock_core.utils.files.digests import sampled_hash

_FLEXIBLE = frozenset(
    {"checkpoints", "vae", "text_encoders", "loras", "style_models", "embeddings", "upscale_models", "clip"}
)
_STANDARD = _FLEXIBLE | {"clip_vision", "controlnet", "diffusion_models", "gligen", "hypernetworks", "unet"}


def default_importance(folder: str) -> str:
    """How much a model matters when nobody said so."""
    return FLEXIBLE if folder in _FLEXIBLE else REQUIRED


def category_of(reference: ModelReference) -> str:
    """The folder that a model belongs in: what the workflow says, if the input reads it, or the input's first one."""
    told = reference.named.directory if reference.named is not None else None
    if told in reference.folders:
        return told
    if reference.folders:
        return reference.folders[0]
    first, slash, _ = reference.value.replace("\\", "/").partition("/")
    return first if slash and first in _STANDARD else UNKNOWN


def is_needed(reference: ModelReference) -> bool:
    """Whether an input asks for it: what only the text of a prompt or the file itself names stops nothing."""
    return reference.found not in (BY_WORKFLOW, IN_PROMPT) and reference.input is not None


class ModelUses:
    """Tells which widgets name models, as 1.x notes them. `raw` is the graph of a workflow.

    `written` are the values that are about to be written for some references.
    """

    def __init__(self, raw: Mapping[str, object], view: PromptView) -> None:
        self.written: Mapping[ModelReference, str] = {}
        self._raw = raw
        self._nodes = {node.id: node for node in reversed(view.nodes)}

    def of(self, reference: ModelReference) -> ModelUse:
        """The widget of one reference."""
        node = self._nodes[reference.node]
        place = reference.places[0] if reference.places else ""
        head, _, position = place.rpartition("/")
        is_listed = position.isdecimal() and len(position) < 10 and head.endswith("/widgets_values")
        return ModelUse(self._identifier(node), node.type, int(position) if is_listed else 0, reference.value)

    def noted(self, reference: ModelReference) -> ModelUse:
        """The same with the value that the widget is going to have."""
        use = self.of(reference)
        return replace(use, widget_value=self.written.get(reference, use.widget_value))

    def _identifier(self, node: WorkflowNode) -> str:
        """The identifier of a node as 1.x writes it: with that of the definition that it stands in."""
        steps = node.place.split("/")[1:]
        if len(steps) < 2 or steps[-2] != "nodes":
            return node.id
        holder: object = self._raw
        for step in steps[:-2]:
            holder = _step(holder, step)
        identifier = _step(_step(_step(holder, "nodes"), steps[-1]), "id")
        definition = _step(holder, "id") if len(steps) > 2 else None
        return f"{definition}:{identifier}" if definition is not None else str(identifier)


@record
class ModelNotes:
    """Makes the notes of one workflow. `sources` are where models can be had, by their values; `models_directory` is
    that of the workspace.
    """

    uses: ModelUses
    before: EarlierModels
    models_directory: str
    index_path: str
    sources: Mapping[str, tuple[str, ...]]

    def of(
        self, matches: tuple[ModelMatch, ...], idle: tuple[ModelReference, ...]
    ) -> tuple[tuple[ModelEntry, ...], tuple[KnownModel, ...]]:
        """One entry a file that is here, one for each other reference, and the files. Raises `OSError`.

        What was noted of models of nodes that are `idle` stays, and so does what somebody declared by hand.
        """
        resolved: dict[str, list[ModelMatch]] = {}
        entries: list[ModelEntry] = []
        for match in matches:
            path = match.decided.path if match.decided is not None else None
            if path is not None:
                resolved.setdefault(os.path.realpath(path), []).append(match)
            else:
                entries.append(self._unresolved(match.reference))
        known: list[KnownModel] = []
        with open_model_index(self.index_path, to_write=False) as index:
            for path, users in resolved.items():
                model = self._known(path, users[0], index)
                known.append(model)
                entries.append(self._resolved(model, [one.reference for one in users]))
        entries += self._kept(entries, idle)
        return tuple(sorted(entries, key=lambda one: (one.category, one.filename, one.uses))), tuple(known)

    def _kept(self, entries: list[ModelEntry], idle: tuple[ModelReference, ...]) -> list[ModelEntry]:
        noted = {use for one in entries for use in one.uses}
        names = {one.filename for one in entries}
        waiting = {self.uses.of(reference) for reference in idle} - noted
        kept = [replace(one, uses=tuple(use for use in one.uses if use in waiting)) for one in self.before.all]
        of_idle = [one for one in kept if one.uses and not one.is_manual]
        return [*of_idle, *(one for one in self.before.all if one.is_manual and one.filename not in names)]

    def _unresolved(self, reference: ModelReference) -> ModelEntry:
        use = self.uses.of(reference)
        urls = self.sources.get(reference.value) or self.before.sources(reference.value)
        category = category_of(reference)
        earlier = self.before.of(use, [reference.value, reference.file_name])
        return ModelEntry(
            reference.value,
            category,
            earlier.importance if earlier is not None else default_importance(category),
            UNRESOLVED,
            (use,),
            None,
            urls,
            (self.before.place(reference.value) or place_of(reference)) if urls else None,
            earlier is not None and earlier.is_manual,
        )

    def _resolved(self, model: KnownModel, users: list[ModelReference]) -> ModelEntry:
        uses = tuple(self.uses.noted(one) for one in users)
        earlier = self.before.of(self.uses.of(users[0]), [model.filename, users[0].value], model.hash)
        return ModelEntry(
            model.filename,
            model.category,
            earlier.importance if earlier is not None else default_importance(model.category),
            RESOLVED,
            uses,
            model.hash,
            is_manual=earlier is not None and earlier.is_manual,
        )

    def _known(self, real: str, match: ModelMatch, index: ModelIndex) -> KnownModel:
        assert match.decided is not None
        root = os.path.realpath(self.models_directory)
        inside = os.path.relpath(real, root) if real.startswith(f"{root}{os.sep}") else None
        relative = (inside or f"{match.decided.folder}/{match.decided.name}").replace(os.sep, "/")
        location = index.location_at(self.models_directory, relative) if inside else None
        digest = location.blake3 if location is not None else None
        urls = {one.url for one in index.sources_of(digest)} if digest else set()
        if match.reference.named is not None and match.reference.named.url:
            urls.add(match.reference.named.url)
        return KnownModel(
            sampled_hash(real),
            os.path.basename(relative),
            os.path.getsize(real),
            relative,
            match.decided.folder,
            tuple(sorted(urls)),
            digest,
            location.sha256 if location is not None else None,
        )


def place_of(reference: ModelReference) -> str:
    """Where a missing model is to go, below the models directory."""
    return f"{category_of(reference)}/{reference.value}".replace("\\", "/")


def _step(value: object, step: str) -> object:
    if isinstance(value, list):
        return value[int(step)] if step.isdecimal() and int(step) < len(value) else None
    return value.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
