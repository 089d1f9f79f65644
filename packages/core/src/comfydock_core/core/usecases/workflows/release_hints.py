"""Which ComfyUI has the classes that this one lacks, by the history that this machine has."""

import os
from collections.abc import Iterable

from comfydock_core.analyzers.release_history import ClassHistory, ReleaseHistory
from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.models.exceptions import GitFailed
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.services.comfyui_versions import chosen_repository


def release_hints(
    workspace: WorkspaceLayout, environment: EnvironmentLayout, manifest: EnvironmentManifest, names: Iterable[str]
) -> dict[str, str]:
    """A sentence for each class that some release of ComfyUI has. Nothing is fetched."""
    history = ReleaseHistory(_repository(workspace, environment, manifest))
    try:
        found = history.of(names)
    except GitFailed:
        return {}  # A history that cannot be read tells nothing; `doctor` names what is wrong with it.
    here = manifest.comfyui_version or "another version"
    return {name: _told(one, here) for name, one in found.items()}


def _told(one: ClassHistory, here: str) -> str:
    if one.gone:
        return f"ComfyUI had it from {one.first} to {one.last}; this environment has {here}"
    return f"ComfyUI has it since {one.first}; this environment has {here}"


def _repository(workspace: WorkspaceLayout, environment: EnvironmentLayout, manifest: EnvironmentManifest) -> str:
    """The mirror, which knows releases that came after the checkout, or else the checkout itself."""
    address = chosen_repository(manifest.comfyui_repository)
    mirror = RepositoryMirrors(workspace.git_mirrors, offline=True).path(address)
    return mirror if os.path.isdir(mirror) else environment.comfyui
