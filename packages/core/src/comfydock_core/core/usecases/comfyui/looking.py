"""Which ComfyUI an environment has, and which there are."""

from comfydock_core.analyzers.git_change_parser import GitChangeParser
from comfydock_core.analyzers.git_probes import comfyui_probe
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.integrations.git import queries
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.searching import release_tags
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.environments.comfyui import ComfyUIHere, ComfyUIVersion
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.services.comfyui_repository import chosen_repository
from comfydock_core.utils.versions import tag_key


def comfyui_here(layout: EnvironmentLayout) -> ComfyUIHere:
    """The ComfyUI of an environment, by its manifest and its files. Raises `ManifestDamaged`, `ToolMissing`."""
    manifest = EnvironmentManifest(read_manifest(layout.manifest), layout.manifest)
    probe = comfyui_probe(layout)
    try:
        found, branch = read_head(layout.comfyui)
        date, subject = queries.date_and_subject(layout.comfyui, found) if found is not None else (None, None)
        output, _ = probe.answer()
    finally:
        probe.close()
    return ComfyUIHere(
        version=manifest.comfyui_version,
        kind=manifest.comfyui_version_type,
        commit=manifest.comfyui_commit,
        repository=without_credentials(chosen_repository(manifest.comfyui_repository)),
        found=found,
        branch=branch,
        date=date,
        subject=subject,
        modified=tuple(sorted(GitChangeParser(output).modified)) if output is not None else (),
    )


def comfyui_versions(layout: EnvironmentLayout, services: WorkspaceServices) -> list[ComfyUIVersion]:
    """The branches and releases of the environment's repository, the newest release first.

    Raises `ManifestDamaged`, `RepositoryNotFound`, `OfflineRefused`, `RemoteError`.
    """
    manifest = EnvironmentManifest(read_manifest(layout.manifest), layout.manifest)
    refs = services.versions.refs(chosen_repository(manifest.comfyui_repository))
    here = (manifest.comfyui_version, manifest.comfyui_version_type)
    releases = sorted((tag for tag in refs.tags if tag_key(tag) is not None), key=_order, reverse=True)
    found = [ComfyUIVersion(tag, "release", refs.tags[tag], here == (tag, "release")) for tag in releases]
    found += [
        ComfyUIVersion(name, "branch", commit, here == (name, "branch"))
        for name, commit in sorted(refs.branches.items())
    ]
    return found


def known_releases(layout: EnvironmentLayout) -> list[str]:
    """The releases that the checkout knows of, the newest first; none where there is no repository."""
    tags = [tag for tag in release_tags(layout.comfyui) if tag_key(tag) is not None]
    return sorted(tags, key=_order, reverse=True)


def _order(tag: str) -> tuple[bool, tuple[int, ...], tuple[int, ...], str]:
    key = tag_key(tag)
    assert key is not None
    return key
