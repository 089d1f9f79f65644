"""What a mirror would have to get, found without asking anybody."""

import os
from collections.abc import Sequence

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.mirroring.definitions import (
    comfyui_of,
    definitions_of,
    is_readable,
    pack_key,
    releases_of,
)
from comfydock_core.core.usecases.mirroring.pythons import own_python
from comfydock_core.core.usecases.sharing.exporting import committed_head
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.mirrors import MANIFEST, MirrorContents, MirrorPlan, MirrorRequest
from comfydock_core.repositories.mirrors.store import MirrorWriter
from comfydock_core.utils.files.disk_errors import disk_errors


def plan_mirror(
    workspace: WorkspaceLayout,
    services: WorkspaceServices,
    layouts: Sequence[EnvironmentLayout],
    request: MirrorRequest,
) -> MirrorPlan:
    """Compare what the histories of environments name with what a mirror lists. Nothing is written.

    Raises `MirrorRefused`, `MirrorDamaged`, `UncommittedWork`, `NoHistory`, `GitFailed`, `FileSystemError`.
    """
    directory = os.path.abspath(os.path.expanduser(request.directory))
    there = _listed(directory)
    packs: dict[str, None] = {}
    repositories: dict[str, None] = {}
    definitions: dict[str, str] = {}
    pythons: dict[str, None] = {}
    for layout in layouts:
        for definition in definitions_of(layout, committed_head(layout)):
            if is_readable(definition, layout) is not None and not definition.is_last:
                continue
            repositories[services.versions.repository(comfyui_of(definition, layout)[0])] = None
            for release in releases_of(definition, layout):
                if release.source == "git" and release.repository:
                    repositories[release.repository] = None
                elif pack_key(release) not in there.packs:
                    packs[f"{release.name} {release.version}"] = None
            python = own_python(workspace, layout, definition.python) if definition.is_last else None
            if python is not None and python.name not in there.pythons:
                pythons[python.name] = None
            if definition.is_locked and definition.digest not in there.locks:
                definitions.setdefault(definition.digest, f"{layout.name} {definition.commit[:10]}")
    addresses = dict.fromkeys(map(without_credentials, repositories))
    return MirrorPlan(
        directory,
        tuple(layout.name for layout in layouts),
        tuple(packs),
        tuple(address for address in addresses if address not in there.repositories),
        tuple(definitions.values()),
        tuple(pythons),
    )


def _listed(directory: str) -> MirrorContents:
    """What a mirror lists; nothing where none is yet."""
    with disk_errors("read the mirror", directory):
        if not os.path.lexists(directory):
            return MirrorContents()
        writer = MirrorWriter(directory)
        writer.refuse_other_directory()
        return writer.contents() if os.path.lexists(f"{directory}/{MANIFEST}") else MirrorContents()
