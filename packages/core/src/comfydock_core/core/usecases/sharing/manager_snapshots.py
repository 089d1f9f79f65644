"""Writing an environment down for ComfyUI-Manager, as far as its snapshots go; the same state gives the same bytes."""

import os
import time
from collections.abc import Iterator, Mapping

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.definition.backends import used_backend
from comfydock_core.core.usecases.sharing.contents import needs_of, workflow_names
from comfydock_core.core.usecases.sharing.exporting import committed_head
from comfydock_core.integrations.git.head import read_head
from comfydock_core.models.exceptions import ExportRefused, TemplateDamaged
from comfydock_core.models.foreign import ForeignPack, WrittenSnapshot
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.shared import NodePackage

# What writes YAML is loaded when YAML is written.
from comfydock_core.repositories import foreign_definitions, install_record
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pytorch_settings import accelerators_of, family_of
from comfydock_core.repositories.definition.template_reader import is_of_definition
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.definition.uv_lock import read_lock
from comfydock_core.repositories.history.definition_files import CommittedFiles
from comfydock_core.utils.files import atomic
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.package_names import normal_name, public_version
from comfydock_core.utils.text import counted, some

_YAML = (".yaml", ".yml")
_SHOWN = 5


def export_snapshot(layout: EnvironmentLayout, wish: str | None, *, rehearsal: bool) -> WrittenSnapshot:
    """Write the snapshot of the last commit to a file or directory, or with `rehearsal` only make it; `-` is no file.

    Raises `NoHistory`, `UncommittedWork`, `ExportRefused`, `ManifestDamaged`, `LockDamaged`, `GitFailed`,
    `FileSystemError`.
    """
    commit = committed_head(layout)
    target = None if wish == "-" else _target_of(wish, layout.name)
    below = target is not None and target.lower().endswith(_YAML)
    with disk_errors("export the environment", layout.definition):
        manifest = read_manifest(layout.manifest)
        known = EnvironmentManifest(manifest, layout.manifest)
        packs = tracked_packs(manifest, layout.manifest)
        held = {name: held for name, pack in packs.items() if (held := _held(pack)) is not None}
        comfyui = known.comfyui_commit or read_head(layout.comfyui)[0] or known.comfyui_version or ""
        values = foreign_definitions.snapshot_content(comfyui, held.values(), _versions(layout, manifest), below=below)
        files = CommittedFiles(layout.definition, commit)
        texts = files.read([name for name in files.identities if is_of_definition(name)])
        not_held = tuple(_not_held(layout, known, [packs[name] for name in packs if name not in held], texts))
    content = foreign_definitions.yaml_content(values) if below else foreign_definitions.snapshot_text(values)
    if target is not None:
        with disk_errors("write the snapshot", target):
            _refuse_other_file(target)
            if not rehearsal:
                atomic.write_bytes(target, content)
    return WrittenSnapshot(layout.name, None if rehearsal else target, values, content, not_held)


def _held(pack: NodePackage) -> ForeignPack | None:
    """The pack as a snapshot has it, `None` where it has no place for such a one."""
    release = pack.release
    if release.source == "git" and release.repository and release.version:
        return ForeignPack(release.repository, release.version, enabled=pack.enabled)
    if release.source == "registry" and release.version and pack.enabled:
        return ForeignPack(release.registry_id or release.identifier, release.version, registered=True)
    return None


def _versions(layout: EnvironmentLayout, manifest: dict[str, object]) -> dict[str, str]:
    """What is installed as it is locked, but for PyTorch and what its builds bring: those are of this machine."""
    place = install_record.site_packages(layout.venv)
    names = install_record.installed_distributions(place) if place is not None else []
    installed = {normal_name(name): version for name, version in map(install_record.split_distribution, names)}
    locked = read_lock(layout.lock).versions()
    builds = {*family_of(manifest), *(name for names in accelerators_of(manifest).values() for name in names)}
    return {
        name: version
        for name, version in installed.items()
        if name not in builds and public_version(version) in {public_version(one) for one in locked.get(name, ())}
    }


def _not_held(
    layout: EnvironmentLayout, known: EnvironmentManifest, packs: list[NodePackage], files: Mapping[str, bytes]
) -> Iterator[str]:
    yield f"Python {known.python_version or 'of the environment'} and PyTorch for {used_backend(layout)}"
    own = [pack.release.name for pack in packs if pack.enabled]
    if own:
        yield f"node packs that nobody else can fetch: {some(own, _SHOWN)}"
    off = [pack.release.name for pack in packs if not pack.enabled]
    if off:
        yield f"node packs of the registry that are turned off: {some(off, _SHOWN)}"
    workflows = len(workflow_names(files))
    if workflows:
        yield counted(workflows, "workflow")
    models = len(needs_of(files, read_manifest(layout.manifest)).listed)
    if models:
        yield counted(models, "model")


def _target_of(wish: str | None, name: str) -> str:
    """The file to write: the one that is wished for, or one with the name of the day in a directory."""
    usual = f"{name}_snapshot_{time.strftime('%Y%m%d')}.json"
    path = os.path.abspath(os.path.expanduser(wish or usual))
    return f"{path}/{usual}" if os.path.isdir(path) else path


def _refuse_other_file(path: str) -> None:
    """Raise `ExportRefused` when something else than a snapshot has the name, which would be lost."""
    if not os.path.lexists(path):
        return
    try:
        foreign_definitions.read_foreign(path, None)
    except (TemplateDamaged, OSError) as error:
        raise ExportRefused(
            f"`{path}` exists and is no snapshot",
            hint="choose another name, or move it elsewhere",
            context={"path": path},
        ) from error
