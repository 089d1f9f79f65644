"""What the history of an environment says that it needed: the distinct definitions, and all that they name."""

import hashlib
import os
from collections.abc import Iterator, Mapping

from comfydock_core.configs.environment_layout import BACKENDS, PART, EnvironmentLayout
from comfydock_core.integrations.git.history import read_commits
from comfydock_core.models.exceptions import ManifestDamaged
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.shared import NodeInfo
from comfydock_core.records import record
from comfydock_core.repositories.definition.manifest_reader import parse_manifest
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.definition.uv_lock import parse_lock
from comfydock_core.repositories.history.definition_files import CommittedFiles

_MANIFEST = "pyproject.toml"
_LOCK = "uv.lock"
_PYTHON = ".python-version"


@record
class Definition:
    """The files of a commit that decide about packages, by their names. `is_last` is the environment's own commit."""

    commit: str
    files: Mapping[str, bytes]
    is_last: bool

    @property
    def digest(self) -> str:
        """A name for what it installs."""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            digest.update(f"{name}\0{len(self.files[name])}\0".encode() + self.files[name])
        return digest.hexdigest()

    @property
    def backends(self) -> list[str]:
        """The back ends that PyTorch is locked for; `none` where it is for no one."""
        return sorted(name.split("/")[1] for name in self.files if name.startswith(f"{BACKENDS}/")) or ["none"]

    @property
    def is_locked(self) -> bool:
        return _LOCK in self.files

    @property
    def python(self) -> str | None:
        """The Python that it is for."""
        lines = self.files.get(_PYTHON, b"").decode("utf-8", "replace").split()
        return lines[0] if lines else None

    def manifest(self, layout: EnvironmentLayout) -> dict[str, object]:
        """Raises `ManifestDamaged`."""
        return parse_manifest(self.files.get(_MANIFEST, b"").decode("utf-8", "replace"), layout.manifest)

    def write(self, directory: str) -> None:
        """Write the files to a directory. Raises `OSError`."""
        for name, content in self.files.items():
            path = f"{directory}/{name}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)


def definitions_of(layout: EnvironmentLayout, commit: str) -> Iterator[Definition]:
    """The distinct ones of a commit and all before it, the newest first. Raises `GitFailed`, `HistoryDamaged`."""
    seen = set()
    for one in read_commits(layout.definition, commit, limit=None, changes=False):
        committed = CommittedFiles(layout.definition, one.hash)
        wanted = {name: object for name, object in committed.identities.items() if _decides(name)}
        key = tuple(sorted(wanted.items()))
        if key not in seen:
            seen.add(key)
            yield Definition(one.hash, committed.read(wanted), one.hash == commit)


def releases_of(definition: Definition, layout: EnvironmentLayout) -> list[NodeInfo]:
    """The node packs that can be fetched. Raises `ManifestDamaged`."""
    packs = tracked_packs(definition.manifest(layout), layout.manifest)
    return [pack.release for pack in packs.values() if not pack.is_development and pack.release.version]


def pack_key(release: NodeInfo) -> str:
    """The name of a release of the registry in a mirror."""
    return f"{release.registry_id or release.identifier}@{release.version}"


def comfyui_of(definition: Definition, layout: EnvironmentLayout) -> tuple[str | None, str | None]:
    """The repository of ComfyUI, `None` for the usual one, and the commit. Raises `ManifestDamaged`."""
    manifest = EnvironmentManifest(definition.manifest(layout), layout.manifest)
    return manifest.comfyui_repository, manifest.comfyui_commit


def packages_from_git(definition: Definition) -> list[str]:
    """The Python packages that are locked from repositories of git, as `name version`. Raises `LockDamaged`."""
    lock = parse_lock(definition.files.get(_LOCK, b"").decode("utf-8", "replace"), _LOCK)
    found = []
    for package in lock.packages:
        source = package.get("source")
        if isinstance(source, dict) and "git" in source:
            found.append(f"{package['name']} {package.get('version', '')}".strip())
    return found


def is_readable(definition: Definition, layout: EnvironmentLayout) -> str | None:
    """Why nothing can be made of a definition, `None` where it is sound. Histories have whatever was once committed."""
    try:
        releases_of(definition, layout)
        comfyui_of(definition, layout)
    except ManifestDamaged as error:
        return error.message
    return None


def _decides(name: str) -> bool:
    parts = name.split("/")
    return name in (_MANIFEST, _LOCK, _PYTHON) or (len(parts) == 3 and parts[0] == BACKENDS and parts[2] == PART)
