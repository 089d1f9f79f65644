"""What the ComfyUI of a definition requires, which only what composes definitions needs to know."""

from collections.abc import Callable

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.core.usecases.moving.comfyui_moving import repository_with
from comfydock_core.integrations.git import queries
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.comfyui_repository import chosen_repository
from comfydock_core.utils.package_names import requirement_name
from comfydock_core.utils.versions import is_full_commit
from comfydock_core.validation.requirements import parse_requirements

# The names of the packages that the ComfyUI of a manifest requires.
RequiredPackages = Callable[[EnvironmentManifest], frozenset[str]]


def required_packages(
    layout: EnvironmentLayout, services: EnvironmentServices, manifest: EnvironmentManifest, reporter: Reporter
) -> frozenset[str]:
    """The names of what the ComfyUI of a manifest requires. Raises what `repository_with` raises."""
    commit = manifest.comfyui_commit
    if commit is None or not is_full_commit(commit):
        return frozenset()
    source = repository_with(layout, services, chosen_repository(manifest.comfyui_repository), commit, reporter)
    text = queries.text_at(source, commit, "requirements.txt") or ""
    found = parse_requirements(text, file="ComfyUI's requirements.txt").requirements
    return frozenset(name for line in found if (name := requirement_name(line.text)))
