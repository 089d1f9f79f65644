"""Definitions of other tools as templates: every pack looked up and pinned, and what stays open said."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.managers.pyproject.workflow_entries import known_model_values, model_values
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.environments.template import Template
from comfydock_core.models.exceptions import (
    ComfyDockError,
    InvalidSetting,
    NotFoundError,
    PackRefused,
    PacksUnobtainable,
    RemoteError,
)
from comfydock_core.models.foreign import ForeignDefinition, ForeignModel, ForeignPack, OpenPoint
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodeInfo, NodePackage
from comfydock_core.models.sharing import ForeignImport
from comfydock_core.models.workflow.entries import (
    REQUIRED,
    RESOLVED,
    UNKNOWN,
    UNRESOLVED,
    KnownModel,
    ModelEntry,
    WorkflowEntry,
)
from comfydock_core.repositories.definition.tracked_packs import ENTRY_KEYS
from comfydock_core.resolvers.pack_references import parse_reference
from comfydock_core.utils.git_urls import local_path
from comfydock_core.utils.text import some

_SHOWN = 10


def template_of_foreign(definition: ForeignDefinition, packs: Iterable[NodePackage] = ()) -> Template:
    """The definition as far as it goes before it is resolved; without packs until they are looked up."""
    settings: dict[str, object] = {
        "nodes": {pack.identifier: _entry(pack) for pack in packs},
        "workflows": _workflows(definition),
        "models": {one.hash: _noted(known_model_values(one)) for one in known_models(definition)},
    }
    return Template(
        path=definition.path,
        manifest={"tool": {"comfydock": settings}},
        manifest_text="",
        files=definition.files,
        development={},
        passed_over=(),
        repository=None,
        comfyui=definition.comfyui,
        version=definition.comfyui,
        version_type=None,
        python=definition.python,
    )


def resolved_foreign(
    definition: ForeignDefinition, services: WorkspaceServices, reporter: Reporter, *, keep_going: bool
) -> tuple[Template, ForeignImport]:
    """The definition with every pack found; the newest of those that it has no version of.

    Raises `PacksUnobtainable` for packs that cannot be found, unless `keep_going`, and `RemoteError`.
    """
    packs: dict[str, NodePackage] = {}
    points: list[OpenPoint] = list(_about_comfyui(definition))
    missing: dict[str, str] = {}
    for wanted in definition.packs:
        shown = without_credentials(wanted.place)
        reporter.phase(f"Looking up {shown}")
        try:
            release = _found(wanted, services, reporter)
        except (NotFoundError, PackRefused, InvalidSetting, RemoteError) as error:
            missing[shown] = error.message
            if isinstance(error, RemoteError) and not keep_going:
                error.hint = f"{error.hint}; `--keep-going` leaves the node pack out"
                raise
            continue
        if release.identifier in packs or release.name.lower() in {one.release.name.lower() for one in packs.values()}:
            points.append(OpenPoint(shown, f"another node pack is called `{release.name}`, too"))
            continue
        if wanted.version is None:
            at = release.version[:10]
            points.append(OpenPoint(shown, f"it has no version there; the newest, {at}, is taken", lacking=False))
        points += [OpenPoint(shown, note, lacking=False) for note in release.notes]
        packs[release.identifier] = NodePackage(replace(release, notes=()), (), wanted.enabled)
    if missing and not keep_going:
        raise _unobtainable(definition, missing)
    every = (*points, *definition.open, *_about_models(definition))
    return template_of_foreign(definition, packs.values()), ForeignImport(definition, every, missing)


def workflow_entry(definition: ForeignDefinition) -> WorkflowEntry | None:
    """What the manifest is to note of the workflow, if there is one."""
    name = definition.workflow
    if name is None:
        return None
    return WorkflowEntry(name, f"workflows/{name}.json", models=tuple(map(_model_entry, definition.models)))


def known_models(definition: ForeignDefinition) -> tuple[KnownModel, ...]:
    """The models whose content is known, by their SHA-256."""
    if definition.workflow is None:
        return ()
    return tuple(
        KnownModel(one.sha256, one.name.rpartition("/")[2], one.size, one.place, one.folder or UNKNOWN, one.sources,
                   sha256=one.sha256)
        for one in definition.models if one.sha256 is not None and one.size is not None
    )  # fmt: skip


def _found(wanted: ForeignPack, services: WorkspaceServices, reporter: Reporter) -> NodeInfo:
    """The release. Addresses on the machine of the author mean nothing here, or something else."""
    if not wanted.registered and local_path(wanted.place) is not None:
        raise InvalidSetting(
            f"`{wanted.place}` is a place on the machine where the file was written",
            hint="ask its author for the address of a repository",
            context={"path": wanted.place},
        )
    reference = parse_reference(wanted.words)
    if (reference.kind == "registry") != wanted.registered:
        raise InvalidSetting(
            f"`{without_credentials(wanted.words)}` is not the address of a repository",
            hint="ask its author for the address of a repository",
            context={"reference": without_credentials(wanted.words)},
        )
    return services.packs.find(reference, reporter)


def _unobtainable(definition: ForeignDefinition, missing: Mapping[str, str]) -> ComfyDockError:
    told = [f"{name}: {reason}" for name, reason in missing.items()]
    return PacksUnobtainable(
        f"`{definition.path}` has node packs that cannot be found: {some(told, _SHOWN, '; ')}",
        hint="`--keep-going` creates the environment without them",
        context={"packs": list(missing)},
    )


def _about_comfyui(definition: ForeignDefinition) -> list[OpenPoint]:
    if definition.comfyui is not None:
        return []
    return [OpenPoint("ComfyUI", "it has no commit there; the newest release is taken", lacking=False)]


def _about_models(definition: ForeignDefinition) -> list[OpenPoint]:
    """Models that no workflow asks for, and those that nobody could get."""
    points = []
    for one in definition.models:
        if not one.sources:
            points.append(OpenPoint(one.place, "a model without a source"))
        elif definition.workflow is None:
            command = f"comfydock model download {without_credentials(one.sources[0])}"
            points.append(OpenPoint(one.place, f"a model that no workflow asks for; `{command}` fetches it"))
    return points


def _entry(pack: NodePackage) -> dict[str, object]:
    """As a manifest has it, with the addresses as they are: this one is read, and never written."""
    entry = _noted({key: getattr(pack.release, key) for key in ENTRY_KEYS})
    return entry if pack.enabled else {**entry, "enabled": False}


def _model_entry(model: ForeignModel) -> ModelEntry:
    known = model.sha256 is not None and model.size is not None
    return ModelEntry(
        model.name,
        model.folder or UNKNOWN,
        REQUIRED,
        RESOLVED if known else UNRESOLVED,
        hash=model.sha256 if known else None,
        sources=model.sources,
        relative_path=model.place,
    )


def _workflows(definition: ForeignDefinition) -> dict[str, object]:
    entry = workflow_entry(definition)
    if entry is None:
        return {}
    models = [_noted(model_values(one, [])) for one in entry.models]
    return {entry.name: {"path": entry.path, "models": models}}


def _noted(values: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}
