"""Exporting an environment as the build context of a container: files that are the same wherever they are written."""

import os
import shutil
import tomllib
from collections.abc import Collection

from comfydock_core.configs.environment_layout import WORKFLOWS, EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.usecases.definition.backends import used_backend
from comfydock_core.core.usecases.definition.venv_choice import wanted_python
from comfydock_core.core.usecases.history.local_changes import LocalChanges, find_local_changes
from comfydock_core.core.usecases.history.patches import COMFYUI
from comfydock_core.core.usecases.moving.comfyui_patching import comfyui_patch
from comfydock_core.core.usecases.moving.pack_patching import PackPatches
from comfydock_core.core.usecases.moving.patch_sides import held_sides
from comfydock_core.core.usecases.sharing.exporting import committed_head
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.trees import read_tree, write_files
from comfydock_core.integrations.system_detector import check_backend
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.export_import_manager import Collected
from comfydock_core.models.containers import ContainerContext, ContainerImage, ContainerRequest
from comfydock_core.models.exceptions import ExportRefused
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodePackage
from comfydock_core.models.sharing import DEVELOPMENT
from comfydock_core.repositories.built_aside import built_aside
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.services.containers import (
    containerfile,
    deployment,
    ignored,
    needs_of,
    take_local_files,
)
from comfydock_core.services.containers.local_files import WHEELS
from comfydock_core.services.patched_code import put_patched
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import measure_tree
from comfydock_core.utils.files.tree_copy import copy_tree
from comfydock_core.utils.text import some

_CONTAINERFILE = "Containerfile"
_MODELS = "models/"


def export_container(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    services: WorkspaceServices,
    request: ContainerRequest,
    reporter: Reporter,
) -> ContainerContext:
    """Write the context of the last commit, whole or not at all; an earlier one of that directory is replaced.

    Raises `UncommittedWork`, `NoHistory`, `ExportRefused` for a directory with something else in it,
    `BackendNotLocked`, `PackagesUnobtainable`, what fetching node packs raises, `GitFailed`, `FileSystemError`.
    """
    target = os.path.abspath(os.path.expanduser(request.directory))
    with disk_errors("export the environment", target):
        _refuse_other_directory(target)
    commit = committed_head(layout)
    with disk_errors("export the environment", target), built_aside(target) as (aside, put_in_place):
        writer = _Writer(layout, workspace, services.environment(layout), aside, reporter)
        image = writer.write(request, commit)
        changes = find_local_changes(layout, workspace)
        _settle_modes(aside)
        size, files = measure_tree(aside)
        fault("context written")
        if not request.rehearsal:
            put_in_place()
    notes = (*writer.notes, *_left_out(changes, writer.patched))
    return ContainerContext(target, image, files, size, tuple(writer.packs), notes)


class _Writer:
    def __init__(
        self,
        layout: EnvironmentLayout,
        workspace: WorkspaceLayout,
        services: EnvironmentServices,
        place: str,
        reporter: Reporter,
    ) -> None:
        self._layout = layout
        self._workspace = workspace
        self._services = services
        self._place = place
        self._reporter = reporter
        self._patches = held_sides(layout)
        self.packs: list[str] = []
        self.notes: list[str] = []

    @property
    def patched(self) -> Collection[str]:
        """What is as a patch of the commit makes it."""
        return self._patches.after.keys()

    def write(self, request: ContainerRequest, commit: str) -> ContainerImage:
        layout = self._layout
        document = read_manifest(layout.manifest)
        manifest = EnvironmentManifest(document, layout.manifest)
        backend = used_backend(layout) if request.backend is None else check_backend(request.backend)
        self._reporter.phase("Putting the locks together")
        text, wheels = take_local_files(self._services.uv_project.export(backend))
        runtime, build = needs_of(tomllib.loads(text))
        self._write("pylock.toml", text.encode())
        for name, path in wheels.items():
            self._copy(path, f"{WHEELS}/{name}")
        packs = tracked_packs(document, layout.manifest)
        found = self._services.bundles.collect(commit, packs)
        self._write_workflows(found)
        self._reporter.phase("Copying ComfyUI")
        self._write_comfyui(manifest)
        self._write_packs(packs, found)
        image = ContainerImage(
            name=layout.name,
            python=wanted_python(layout),
            uv=UVCommand.of_workspace(self._workspace).version(),
            backend=backend,
            comfyui=f"ComfyUI {manifest.comfyui_version or ''}".strip(),
            revision=commit,
            libraries=runtime,
            builders=build,
            has_wheels=bool(wheels),
            has_workflows=os.path.isdir(f"{self._place}/workflows"),
        )
        self._write(_CONTAINERFILE, containerfile(image).encode())
        self._write(".dockerignore", ignored().encode())
        if request.kubernetes:
            self._write("kubernetes.yaml", deployment(image).encode())
        return image

    def _write_workflows(self, found: Collected) -> None:
        for name, content in found.files.items():
            if name.startswith(WORKFLOWS):
                self._write(name, content)

    def _write_comfyui(self, manifest: EnvironmentManifest) -> None:
        """As it was committed upstream; its models directory is mounted."""
        commit = manifest.comfyui_commit or read_head(self._layout.comfyui)[0]
        if commit is None:
            raise ExportRefused(
                f"nobody knows the commit of ComfyUI in `{self._layout.name}`",
                hint=f"`comfydock comfyui use VERSION -e {self._layout.name}` chooses one",
                context={"environment": self._layout.name},
            )
        tree = read_tree(self._layout.comfyui, commit)
        places = {f"{self._place}/comfyui/{path}": file for path, file in tree.items() if not path.startswith(_MODELS)}
        write_files(self._layout.comfyui, places)
        patch = self._patches.after.get(COMFYUI)
        if patch is not None:
            put_patched(f"{self._place}/comfyui", comfyui_patch(self._layout.comfyui, commit, patch))

    def _write_packs(self, packs: dict[str, NodePackage], found: Collected) -> None:
        os.makedirs(f"{self._place}/custom_nodes")
        patches = PackPatches(self._services, self._patches, self._reporter)
        for member in found.members:
            if member.name.startswith(DEVELOPMENT) and member.path is not None:
                identifier, _, rest = member.name.removeprefix(DEVELOPMENT).partition("/")
                if packs[identifier].enabled:
                    self._copy(member.path, f"custom_nodes/{packs[identifier].release.name}/{rest}")
        for pack in packs.values():
            if not pack.enabled:
                self.notes.append(f"{pack.release.name} is turned off and is left out")
                continue
            self.packs.append(pack.release.name)
            if pack.is_development:
                continue
            self._reporter.phase(f"Copying {pack.release.name}")
            content = self._services.packs.obtain(pack.release, self._reporter)
            place = f"{self._place}/custom_nodes/{pack.release.name}"
            copy_tree(content.directory, place, skip=(".git",))
            if (patched := patches.wanted(pack)) is not None:
                put_patched(place, patched)

    def _copy(self, path: str, name: str) -> None:
        shutil.copy(path, self._made(name))  # With its mode: it may be a program.

    def _write(self, name: str, content: bytes) -> None:
        with open(self._made(name), "wb") as file:
            file.write(content)

    def _made(self, name: str) -> str:
        """The path of a file to be, whose directory is there."""
        path = f"{self._place}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path


def _left_out(changes: LocalChanges, patched: Collection[str]) -> list[str]:
    found = {COMFYUI: changes.comfyui, **changes.packs}
    changed = [name for name, files in found.items() if files and name not in patched]
    if not changed:
        return []
    return [f"files of {some(changed, len(changed))} were changed here, which the container does not have"]


def _refuse_other_directory(target: str) -> None:
    """Raise `ExportRefused` when something else than an earlier context is there, which would be lost."""
    if not os.path.lexists(target) or (os.path.isdir(target) and not os.listdir(target)):
        return
    if os.path.isdir(target) and not os.path.islink(target) and os.path.isfile(f"{target}/{_CONTAINERFILE}"):
        return
    raise ExportRefused(
        f"`{target}` exists and is no build context",
        hint="choose another directory, or move it elsewhere",
        context={"path": target},
    )


def _settle_modes(directory: str) -> None:
    """Let files be readable by all, whoever wrote them with what mask: builders copy modes."""
    for top, directories, names in os.walk(directory):
        os.chmod(top, 0o755)
        for name in names:
            path = f"{top}/{name}"
            if not os.path.islink(path):
                os.chmod(path, 0o755 if os.stat(path).st_mode & 0o100 else 0o644)
        directories.sort()
