"""What the manifest is to note of a workflow's models.

Names of folders and the default importance are those of ComfyDock 1.x; what a user chose for a model survives.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

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
    WorkflowEntry,
)
from comfydock_core.models.workflow.prompt_view import PromptView
from comfydock_core.repositories.model_index import ModelIndex, open_model_index
from comfydock_core.utils.files.digests import sampled_hash

_FLEXIBLE = frozenset(
    {"checkpoints", "vae", "text_encoders", "loras", "style_models", "embeddings", "upscale_models", "clip"}
)


def default_importance(folder: str) -> str:
    """How much a model matters when nobody said so."""
    return FLEXIBLE if folder in _FLEXIBLE else REQUIRED


def importance_of(reference: ModelReference, before: WorkflowEntry) -> str:
    """What was chosen for a model of this name, or the default of its folder."""
    for model in before.models:
        if model.filename in (reference.value, reference.file_name):
            return model.importance
    return default_importance(category_of(reference))


def category_of(reference: ModelReference) -> str:
    if reference.folders:
        return reference.folders[0]
    first, slash, _ = reference.value.replace("\\", "/").partition("/")
    return first if slash and first in _FLEXIBLE else UNKNOWN


@dataclass(frozen=True, slots=True)
class ModelNotes:
    """Makes the notes of one workflow. `raw` is its graph, `models_directory` that of the workspace."""

    raw: Mapping[str, object]
    view: PromptView
    before: WorkflowEntry
    models_directory: str
    index_path: str
    sources: Mapping[str, tuple[str, ...]]

    def of(self, matches: tuple[ModelMatch, ...]) -> tuple[tuple[ModelEntry, ...], tuple[KnownModel, ...]]:
        """One entry a file that is here, one for each other reference, and the files. Raises `OSError`."""
        resolved: dict[str, list[ModelMatch]] = {}
        entries: list[ModelEntry] = []
        for match in matches:
            if match.reference.found in (BY_WORKFLOW, IN_PROMPT) or match.reference.input is None:
                continue
            path = match.decided.path if match.decided is not None else None
            if path is not None:
                resolved.setdefault(path, []).append(match)
            else:
                entries.append(self._unresolved(match.reference))
        known: list[KnownModel] = []
        with open_model_index(self.index_path, to_write=False) as index:
            for path, users in resolved.items():
                model = self._known(path, users[0], index)
                known.append(model)
                entries.append(self._resolved(model, [one.reference for one in users]))
        return tuple(sorted(entries, key=lambda one: (one.category, one.filename))), tuple(known)

    def _unresolved(self, reference: ModelReference) -> ModelEntry:
        earlier = next((one for one in self.before.models if one.filename == reference.value), None)
        urls = self.sources.get(reference.value) or (earlier.sources if earlier is not None else ())
        category = category_of(reference)
        return ModelEntry(
            reference.value,
            category,
            importance_of(reference, self.before),
            UNRESOLVED,
            (self._use(reference),),
            None,
            urls,
            f"{category}/{reference.value}".replace("\\", "/") if urls else None,
        )

    def _resolved(self, model: KnownModel, users: list[ModelReference]) -> ModelEntry:
        return ModelEntry(
            model.filename,
            model.category,
            importance_of(users[0], self.before),
            RESOLVED,
            tuple(self._use(one) for one in users),
            model.hash,
        )

    def _known(self, path: str, match: ModelMatch, index: ModelIndex) -> KnownModel:
        assert match.decided is not None
        real, root = os.path.realpath(path), os.path.realpath(self.models_directory)
        inside = os.path.relpath(real, root) if real.startswith(f"{root}{os.sep}") else None
        relative = (inside or f"{match.decided.folder}/{match.decided.name}").replace(os.sep, "/")
        location = index.location_at(root, relative) if inside else None
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

    def _use(self, reference: ModelReference) -> ModelUse:
        node = next(one for one in self.view.nodes if one.id == reference.node)
        place = reference.places[0] if reference.places else ""
        position = place.rpartition("/")[2]
        index = int(position) if position.isdecimal() and "/widgets_values/" in place else 0
        return ModelUse(_id_in_definition(self.raw, node.place, node.id), node.type, index, reference.value)


def _id_in_definition(raw: Mapping[str, object], place: str, scoped: str) -> str:
    """The identifier of a node as 1.x writes it: with that of the definition that it stands in."""
    steps = place.split("/")[1:]
    if len(steps) < 2 or steps[-2] != "nodes":
        return scoped
    holder: object = raw
    for step in steps[:-2]:
        holder = _step(holder, step)
    identifier = _step(_step(_step(holder, "nodes"), steps[-1]), "id")
    definition = _step(holder, "id") if len(steps) > 2 else None
    return f"{definition}:{identifier}" if definition is not None else str(identifier)


def _step(value: object, step: str) -> object:
    if isinstance(value, list):
        return value[int(step)] if step.isdecimal() and int(step) < len(value) else None
    return value.get(step) if isinstance(value, dict) else None
