"""Making an environment from a template: the definition of another one, at the versions that it pins."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace

from comfydock_core.analyzers.status_scanner import kind_of_version
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.core.usecases.environments.taking_along import take_along
from comfydock_core.core.usecases.history.patches import COMFYUI, patch_path
from comfydock_core.core.usecases.moving.comfyui_patching import comfyui_patch
from comfydock_core.core.usecases.moving.pack_patching import PackPatches
from comfydock_core.core.usecases.moving.patch_sides import PatchSides, held_sides
from comfydock_core.integrations.git.head import read_head
from comfydock_core.managers.export_import_manager import carried_packs, directory_names
from comfydock_core.managers.pack_places import CUSTOM_NODES, missing_packs, path_of
from comfydock_core.models.environments.creation import ComfyUISpec, CreateRequest, CreationPlan
from comfydock_core.models.environments.template import Template
from comfydock_core.models.exceptions import (
    InvalidSetting,
    NotFoundError,
    PacksUnobtainable,
    RefNotFound,
    RemoteError,
    RepositoryNotFound,
)
from comfydock_core.models.protocols import ImportCallbacks, Reporter
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.definition.pytorch_settings import is_neutral
from comfydock_core.repositories.definition.template_reader import read_template
from comfydock_core.services.patched_code import patched_directory, put_patched
from comfydock_core.utils.files import atomic
from comfydock_core.utils.files.filesystem import remove_tree

_SHOWN = 10


def open_template(request: CreateRequest) -> Template | None:
    """The template that is asked for, if there is one, after refusing what contradicts it.

    Raises `TemplateNotFound`, `TemplateDamaged`, `ManifestDamaged`, `InvalidSetting`.
    """
    if request.template is None:
        return None
    template = read_template(os.path.abspath(os.path.expanduser(request.template)))
    refuse_contradictions(request, template)
    return template


def refuse_contradictions(request: CreateRequest, template: Template) -> None:
    """Raise `InvalidSetting` for versions beside a definition, which pins its own."""
    for option, given in (("--comfyui", request.comfyui), ("--python", request.python), ("--as-of", request.as_of)):
        if given is not None:
            raise InvalidSetting(
                f"`{option}` and `--template` contradict each other: the template pins its versions",
                hint=f"leave `{option}` out, or create without the template",
                context={"option": option, "template": template.path},
            )


def refuse_unobtainable(request: CreateRequest, template: Template, place: EnvironmentLayout) -> None:
    """Raise `PacksUnobtainable` for node packs that nobody can fetch, unless the others are wanted all the same."""
    wanting = packs_left_out(template, place)
    if wanting and not request.keep_going:
        raise PacksUnobtainable(
            f"the definition has node packs without a known source: {', '.join(wanting[:_SHOWN])}",
            hint="`--keep-going` creates the environment without them",
            context={"packs": list(wanting)},
        )


def packs_left_out(template: Template | None, place: EnvironmentLayout) -> tuple[str, ...]:
    """The node packs that the template names, does not carry itself, and nobody can fetch."""
    if template is None:
        return ()
    _, unobtainable = missing_packs(place, dict(template.manifest))
    return tuple(name for name in unobtainable if not _is_carried(template, name))


def write_definition(
    layout: EnvironmentLayout, services: EnvironmentServices, plan: CreationPlan, commit: str, reporter: Reporter
) -> None:
    """Write the definition of the template, in today's form, and lock what it does not have locked."""
    template = plan.template
    assert template is not None
    for name in template.passed_over:
        reporter.warn(f"`{name}` is passed over: no definition has such a file")
    services.bundles.write_definition(template)
    atomic.write_text(layout.python_version, f"{plan.python}\n")
    if not is_neutral(services.pyproject.read()):
        reporter.phase("Converting the definition")
        services.uv_project.convert(plan.torch_backend, reporter)
    services.pyproject.set_comfyui(plan.comfyui, commit, default_repository=plan.default_repository)


def fill_comfyui(
    layout: EnvironmentLayout,
    services: EnvironmentServices,
    template: Template,
    reporter: Reporter,
    *,
    keep_going: bool,
    callbacks: ImportCallbacks,
) -> tuple[str, ...]:
    """Put the template's workflows where ComfyUI has them, and its node packs; returns and tells those it leaves out.

    What the template holds of changes to ComfyUI and to packs is applied. Raises `PatchUnusable`, and what
    `NodeManager.fetch` raises; with `keep_going` a pack that is not there any more is left out instead.
    """
    services.bundles.place(template, services.packs, reporter)
    take_along(layout, template.taken, services.mirrors, reporter)
    packs, unobtainable = missing_packs(layout, services.pyproject.read())
    for name in unobtainable:
        callbacks.on_pack(name, "no source for it is known")
        reporter.warn(f"the node pack {name} is missing, as no source for it is known")
    patches = held_sides(layout)
    commit = read_head(layout.comfyui)[0]
    if COMFYUI in patches.after and commit is not None:
        put_patched(layout.comfyui, comfyui_patch(layout.comfyui, commit, patches.after[COMFYUI]))
    _patch_carried(layout, template, patches)
    of_packs = PackPatches(services, patches, reporter)
    gone = [
        pack.release.name
        for pack in packs
        if not _obtain(pack, layout, services, of_packs, reporter, keep_going, callbacks)
    ]
    return (*unobtainable, *gone)


def _patch_carried(layout: EnvironmentLayout, template: Template, patches: PatchSides) -> None:
    """Let packs whose files came with the template be as its patches make them; others are patched as they come."""
    for pack in carried_packs(template).values():
        patch = patches.after.get(pack.identifier)
        if patch is not None and pack.release.source == "registry":
            place = f"{layout.root}/{path_of(pack)}"
            put_patched(place, patched_directory(patch, place, label=f"`{patch_path(pack.identifier)}`"))


def _obtain(
    pack: NodePackage,
    layout: EnvironmentLayout,
    services: EnvironmentServices,
    patches: PackPatches,
    reporter: Reporter,
    keep_going: bool,
    callbacks: ImportCallbacks,
) -> bool:
    place = f"{layout.root}/{path_of(pack)}"
    try:
        services.nodes.fetch(pack, place, reporter, patches.wanted(pack))
    except (NotFoundError, RemoteError) as error:
        if not keep_going:
            error.hint = f"{error.hint}; `--keep-going` creates the environment without it"
            raise
        callbacks.on_pack(pack.release.name, error.message)
        reporter.warn(f"the node pack {pack.release.name} is missing: {error.message}")
        if os.path.lexists(place):
            remove_tree(place)
        return False
    callbacks.on_pack(pack.release.name, None)
    return True


def named_as_in(template: Template | None, version: ComfyUISpec) -> ComfyUISpec:
    """The version as the template calls it, where it was found by the commit that stands beside the name."""
    if template is None or template.version is None or version.kind != "commit":
        return version
    kind = template.version_type or kind_of_version(template.version)
    return version if kind == "commit" else replace(version, ref=template.version, kind=kind)


@contextlib.contextmanager
def told_of_template(template: Template | None) -> Iterator[None]:
    """A version that is not found is one that the template names: nobody can choose another beside it."""
    try:
        yield
    except (RepositoryNotFound, RefNotFound) as error:
        if template is not None:
            error.hint = "the definition names it; `--comfyui-repository` takes ComfyUI from another repository"
            error.context.pop("near", None)
        raise


def _is_carried(template: Template, name: str) -> bool:
    if f"{CUSTOM_NODES}/{name}" in template.taken:
        return True
    identifiers = {path.partition("/")[0] for path in template.development}
    names = directory_names(template)
    return name in carried_packs(template) or name in {names.get(one, one) for one in identifiers}
