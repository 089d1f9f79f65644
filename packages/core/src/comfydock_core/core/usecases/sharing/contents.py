"""What a definition holds and needs, told from its files alone, and what of that is on this machine."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.managers.export_import_manager import carried_packs
from comfydock_core.managers.pack_places import CUSTOM_NODES, is_obtainable
from comfydock_core.managers.pyproject.workflow_entries import read_entry, read_known_models
from comfydock_core.models.addresses import is_of_this_machine, without_credentials
from comfydock_core.models.environments.template import Template
from comfydock_core.models.model_files.location import ModelLocation
from comfydock_core.models.sharing import (
    MODELS,
    WHEELS,
    BundleManifest,
    HistoryTip,
    NeededModel,
    SharedContents,
    SharedModel,
    SharedPack,
)
from comfydock_core.models.workflow.entries import OPTIONAL, KnownModel
from comfydock_core.models.workflow.lock import WorkflowLock
from comfydock_core.models.workflow.lock_text import LockInvalid, lock_of
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.definition.uv_lock import parse_lock
from comfydock_core.repositories.model_index.model_index import ModelIndex, open_model_index

_WORKFLOWS = "workflows/"
_LOCKS = "workflow-locks/"


@dataclass(slots=True)
class Needs:
    """What workflows need: `packs` of each by their identifiers, and models, each once."""

    packs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    models: dict[tuple[str, str, str | None], NeededModel] = field(default_factory=dict)

    def add(self, model: NeededModel, workflow: str) -> None:
        """Note that a workflow needs a model, with all that is said of it anywhere."""
        key = (model.folder, model.name, model.blake3 or model.sha256)
        known = self.models.get(key, model)
        self.models[key] = replace(
            known,
            sources=tuple(dict.fromkeys([*known.sources, *model.sources])),
            workflows=tuple(sorted({*known.workflows, workflow})),
        )

    @property
    def listed(self) -> tuple[NeededModel, ...]:
        return tuple(self.models[key] for key in sorted(self.models, key=lambda key: (key[0], key[1], key[2] or "")))


def workflow_names(files: Iterable[str]) -> tuple[str, ...]:
    """The workflows of a definition, by the paths of its files."""
    paths = (path.removeprefix(_WORKFLOWS) for path in files if path.startswith(_WORKFLOWS))
    return tuple(sorted(path.removesuffix(".json") for path in paths if path.endswith(".json")))


def needs_of(files: Mapping[str, bytes], manifest: Mapping[str, object]) -> Needs:
    """What the workflows of a definition need: by their locks, else by what the manifest notes of them."""
    found, known = Needs(), read_known_models(manifest)
    by_digest = {digest: one for one in known.values() for digest in (one.blake3, one.sha256) if digest is not None}
    for name in workflow_names(files):
        entry, lock = read_entry(manifest, name), _lock(files.get(f"{_LOCKS}{name}.json"))
        packs = {*entry.packs, *(pack.id for pack in lock.packs)} if lock is not None else set(entry.packs)
        if packs:
            found.packs[name] = tuple(sorted(packs))
        if lock is not None:
            for model in lock.models:
                if not model.optional:
                    noted = by_digest.get(model.blake3 or "") or by_digest.get(model.sha256 or "")
                    sources = (*model.sources, *(noted.sources if noted is not None else ()))
                    found.add(
                        NeededModel(model.folder, model.name, model.size, model.blake3, model.sha256, sources), name
                    )
            continue
        for one in entry.models:
            if one.importance != OPTIONAL:
                found.add(_noted(one.category, one.filename, one.sources, known.get(one.hash or ""), one.hash), name)
    return found


def without_sources(models: Iterable[NeededModel]) -> tuple[NeededModel, ...]:
    """Those that nobody else could get."""
    return tuple(one for one in models if all(map(is_of_this_machine, one.sources)))


def contents_of(
    template: Template, manifest: BundleManifest | None, workspace: WorkspaceLayout | None
) -> SharedContents:
    """What a definition holds, compared with what a workspace has.

    Raises `ManifestDamaged`, `LockDamaged`, `ModelIndexDamaged`, `FileSystemError`.
    """
    files = template.files
    needs = needs_of(files, template.manifest)
    lock = files.get("uv.lock")
    versions = {} if lock is None else parse_lock(lock.decode("utf-8"), f"{template.path}/uv.lock").versions()
    return SharedContents(
        path=template.path,
        comfyui=template.version,
        commit=template.comfyui if template.comfyui != template.version else None,
        repository=template.repository,
        python=template.python,
        packs=_packs(template, needs),
        packages={name: ", ".join(sorted(found)) for name, found in sorted(versions.items())},
        backends=tuple(sorted(path.split("/")[1] for path in files if path.startswith("backends/"))),
        workflows=workflow_names(files),
        models=_models(template, needs.listed, workspace),
        missing=manifest.missing if manifest is not None else (),
        patches=tuple(sorted(path for path in files if path.startswith("patches/"))),
        history=_tip(template, manifest),
        passed_over=template.passed_over,
        wheels=tuple(sorted(name.removeprefix(WHEELS) for name in template.carried if name.startswith(WHEELS))),
    )


def _tip(template: Template, manifest: BundleManifest | None) -> HistoryTip | None:
    if template.history is not None:
        return HistoryTip(template.history.commit, template.history.branch)
    return manifest.history if manifest is not None else None


def _packs(template: Template, needs: Needs) -> tuple[SharedPack, ...]:
    own = {path.partition("/")[0] for path in template.development}
    carried = {pack.identifier for pack in carried_packs(template).values()}
    found = []
    for identifier, pack in tracked_packs(dict(template.manifest), template.path).items():
        release = pack.release
        is_taken = f"{CUSTOM_NODES}/{pack.directory}" in template.taken
        is_here = identifier in own or identifier in carried or is_taken
        users = tuple(name for name, packs in needs.packs.items() if identifier in packs)
        place = release.repository or release.download_url
        shown = None if place is None else without_credentials(place)
        obtainable = is_here or is_obtainable(pack)
        found.append(SharedPack(identifier, release.source, release.version, shown, is_here, obtainable, users))
    return tuple(found)


def _models(
    template: Template, models: tuple[NeededModel, ...], workspace: WorkspaceLayout | None
) -> tuple[SharedModel, ...]:
    if not models:
        return ()
    carried = {path.removeprefix(MODELS) for path in template.carried}
    if workspace is None or not os.path.exists(workspace.model_index):
        return tuple(SharedModel(one, one.place in carried, None, same_content=False) for one in models)
    with open_model_index(workspace.model_index, to_write=False) as index:
        return tuple(_looked_up(index, one, is_carried=one.place in carried) for one in models)


def _looked_up(index: ModelIndex, model: NeededModel, *, is_carried: bool) -> SharedModel:
    """By its digests; by name and size where none is known here, which proves nothing."""
    for digest in (model.blake3, model.sha256):
        same = index.locations_with(digest) if digest is not None else []
        if same:
            return SharedModel(model, is_carried, same[0].full_path, same_content=True)
    name = model.name.rpartition("/")[2]
    alike = [one for one in index.locations() if one.file_name == name and _may_be(one, model)]
    return SharedModel(model, is_carried, alike[0].full_path if alike else None, same_content=False)


def _may_be(place: ModelLocation, model: NeededModel) -> bool:
    if model.size is not None and place.state.size != model.size:
        return False
    return not any(
        known is not None and wanted is not None and known != wanted
        for known, wanted in ((place.blake3, model.blake3), (place.sha256, model.sha256))
    )


def _noted(folder: str, name: str, sources: tuple[str, ...], known: KnownModel | None, hint: str | None) -> NeededModel:
    """A model of the manifest; the table of resolved ones knows where it lies and what is in it."""
    if known is None:
        return NeededModel(folder, name, sources=sources, hint=hint)
    below, _, rest = known.relative_path.partition("/")
    every = tuple(dict.fromkeys([*sources, *known.sources]))
    return NeededModel(
        below if rest else folder, rest or name, known.size, known.blake3, known.sha256, every, hint=hint
    )


def _lock(content: bytes | None) -> WorkflowLock | None:
    """One that cannot be read says nothing; what the manifest notes counts instead."""
    if content is None:
        return None
    try:
        return lock_of(json.loads(content.decode("utf-8")))
    except (LockInvalid, ValueError, RecursionError):
        return None
