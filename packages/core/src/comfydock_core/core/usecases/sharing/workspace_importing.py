"""Environments of another workspace, of ComfyDock 1.x or ComfyGit, as environments of this one; the other is only read.

Each is its definition as it lies there, committed or not, with its history, its development packs, its workflows,
settings and inputs. Models stay where they are.
"""

import os
from dataclasses import replace

from comfydock_core.caching.repository_mirrors import clone_listener
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.finding import environment_names
from comfydock_core.core.naming import check_name
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.environments.creating import plan_creation_of
from comfydock_core.core.usecases.environments.new_environment import refuse_taken
from comfydock_core.core.usecases.sharing.contents import contents_of
from comfydock_core.core.usecases.sharing.inspecting import read_directory
from comfydock_core.integrations.git import carrying, remotes
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.system_detector import is_backend
from comfydock_core.managers.pack_places import CUSTOM_NODES, path_of
from comfydock_core.models.environments.creation import CreateRequest
from comfydock_core.models.environments.template import Template, TemplateHistory
from comfydock_core.models.exceptions import InvalidSetting, TemplateNotFound
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.sharing import FoundWorkspace, ImportPlan, ImportRequest
from comfydock_core.repositories.definition.backend_choice import read_choice
from comfydock_core.repositories.definition.pytorch_settings import named_backend
from comfydock_core.repositories.definition.template_reader import template_of_files
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.model_index.earlier import take_in_earlier_index
from comfydock_core.repositories.model_index.model_index import open_model_index
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.utils.files.disk_errors import disk_errors

_TAKEN = ("ComfyUI/user", "ComfyUI/input")
_CACHES = ("comfydock_cache", "comfygit_cache")
_COMMIT = 40


def find_older_workspace(layout: WorkspaceLayout, directory: str) -> FoundWorkspace:
    """The environments of the workspace in a directory; nothing of them is read yet.

    Raises `TemplateNotFound`, `InvalidSetting` for the workspace that is worked in, `WorkspaceDamaged`,
    `FileSystemError`.
    """
    path = os.path.realpath(os.path.expanduser(directory))
    other = WorkspaceLayout(path)
    if path == os.path.realpath(layout.root):
        raise InvalidSetting(
            f"`{path}` is the workspace that you work in",
            hint="its environments need no import: `comfydock list` shows them",
            context={"path": path},
        )
    with disk_errors("look for environments", path):
        if not os.path.isdir(other.metadata):
            raise TemplateNotFound(
                f"there is no workspace at `{path}`: it has no `.metadata`",
                hint="name the directory that has `.metadata` and `environments`",
                context={"path": path},
            )
        names = environment_names(other)
        every = os.listdir(other.environments) if os.path.isdir(other.environments) else []
    unfinished = tuple(sorted(name for name in every if name not in names and not name.startswith(".")))
    models = read_config(other.config_file).models_directory or other.models
    indexes = tuple(f"{path}/{cache}/models.db" for cache in _CACHES)
    found = {name: other.environment(name).root for name in names}
    return FoundWorkspace(path, found, unfinished, models if os.path.isdir(models) else None, indexes)


def plan_environment_import(
    layout: WorkspaceLayout, services: WorkspaceServices, request: ImportRequest, scratch: str, reporter: Reporter
) -> ImportPlan:
    """Inspect the environment at `request.source`, and resolve what is to be made of it.

    Raises what `plan_import` raises for the definition in a directory.
    """
    check_name(request.name)
    refuse_taken(layout.environment(request.name))
    source = EnvironmentLayout(request.source)
    template = _template(source, scratch, reporter)
    backend = request.torch_backend
    if backend == "auto":
        backend = _chosen_backend(source, template) or backend
    creation = plan_creation_of(
        layout,
        services,
        CreateRequest(
            request.name,
            repository=request.repository,
            torch_backend=backend,
            keep_going=request.keep_going,
        ),
        template,
        reporter,
        command="import",
    )
    return ImportPlan(creation, contents_of(template, None, layout), None, template)


def take_in_models(layout: WorkspaceLayout, found: FoundWorkspace, reporter: Reporter) -> None:
    """Note what the other workspace knew of its models: digests and sources. Raises `ModelIndexDamaged`, `BusyError`,
    `FileSystemError`.
    """
    with disk_errors("note what is known of models"):
        os.makedirs(layout.cache, exist_ok=True)
    with open_model_index(layout.model_index) as index:
        for path in found.indexes:
            take_in_earlier_index(index, path, reporter)


def _template(source: EnvironmentLayout, scratch: str, reporter: Reporter) -> Template:
    template = template_of_files(source.definition, read_directory(source.definition))
    template = replace(_pinned(source, template), taken=_taken(source, template))
    if read_head(source.definition)[0] is None:
        return template
    clone = f"{scratch}/clone"
    reporter.phase(f"Copying the history of {source.name}")
    remotes.clone(source.definition, clone, on_line=clone_listener(reporter), what="the environment")
    commit, branch = carrying.find_reference(clone, source.definition, None)
    carrying.put_head(clone, commit, branch)
    carrying.become_original(clone, source.definition)
    return replace(template, history=TemplateHistory(clone, commit, branch, None))


def _pinned(source: EnvironmentLayout, template: Template) -> Template:
    """With the commit of ComfyUI that is checked out, where the manifest has none: 1.x loses it."""
    if template.comfyui is not None and len(template.comfyui) == _COMMIT:
        return template
    commit = read_head(source.comfyui)[0]
    return template if commit is None else replace(template, comfyui=commit)


def _taken(source: EnvironmentLayout, template: Template) -> dict[str, str]:
    """Workflows, settings, inputs, and the packs that nothing else has."""
    packs = tracked_packs(dict(template.manifest), template.path).values()
    paths = [*_TAKEN, *(path_of(pack) for pack in packs if pack.is_development)]
    return {path: f"{source.root}/{path}" for path in paths if os.path.isdir(f"{source.root}/{path}")}


def _chosen_backend(source: EnvironmentLayout, template: Template) -> str | None:
    """What ComfyGit keeps beside the manifest, and 1.x in it."""
    with disk_errors("read the definition", source.definition):
        chosen = read_choice(source.definition) or named_backend(dict(template.manifest))
    return chosen if chosen is not None and is_backend(chosen) else None


def untracked_packs(request: ImportRequest, plan: ImportPlan) -> list[str]:
    """What lies among the custom nodes of the environment and is in no manifest: it stays there."""
    directory = f"{request.source}/{CUSTOM_NODES}"
    known = {pack.directory for pack in tracked_packs(dict(plan.template.manifest), plan.template.path).values()}
    with disk_errors("look for node packs", directory):
        names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    return [
        name
        for name in names
        if name not in known and not name.startswith((".", "__")) and os.path.isdir(f"{directory}/{name}")
    ]
