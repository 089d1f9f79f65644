"""Installed packages against what was recorded at the last installation. Fast path; no process is started.

A virtual environment without a record (ComfyDock 1.x, or a sync by hand) is not judged here.
"""

from comfydock_core.configs.environment_layout import part_path
from comfydock_core.models.environment import PackageSyncStatus, VersionDifference
from comfydock_core.repositories import install_record
from comfydock_core.repositories.install_record import InstallRecord
from comfydock_core.utils import native

# The tables of a manifest that say what is to be installed.
_DEPENDENCY_TABLES = (
    ("project", "dependencies"),
    ("project", "requires-python"),
    ("dependency-groups",),
    ("tool", "uv"),
    ("tool", "comfydock", "pytorch"),
)


def compare_with_record(
    definition: str, venv: str, manifest: dict[str, object], backend: str | None
) -> PackageSyncStatus | None:
    """The state by the record, or `None` when there is none to compare with. Raises `OSError`, `ValueError`.

    `backend` is the PyTorch back end that is wanted, `None` when none is chosen.
    """
    directory = install_record.site_packages(venv)
    if directory is None:
        return PackageSyncStatus("not-installed", None)
    record = install_record.read_record(venv)
    if record is None:
        return None
    state = PackageSyncStatus("in-sync", "record")
    installed = install_record.installed_distributions(directory)
    state.installed = len(installed)
    _compare_distributions(state, record.distributions, installed)
    state.lock_changed = native.read_bytes(f"{definition}/uv.lock") != record.lock
    state.dependencies_changed = _dependencies_changed(
        record, native.read_bytes(f"{definition}/pyproject.toml"), manifest
    )
    state.backend_changed = backend != record.backend
    state.part_changed = not state.backend_changed and _part(definition, record.backend) != record.part
    state.python_missing = not native.is_file(f"{venv}/Scripts/python.exe" if native.WINDOWS else f"{venv}/bin/python")
    state.contested = install_record.contested_files(venv)
    return state.settle()


def _part(definition: str, backend: str) -> bytes:
    return native.read_bytes(part_path(definition, backend)) or b""


def _compare_distributions(state: PackageSyncStatus, expected: list[str], found: list[str]) -> None:
    if expected == found:
        return
    missing = dict(install_record.split_distribution(name) for name in sorted(set(expected) - set(found)))
    extra = dict(install_record.split_distribution(name) for name in sorted(set(found) - set(expected)))
    both = sorted(missing.keys() & extra.keys())
    state.changed = [VersionDifference(name, missing.pop(name), extra.pop(name)) for name in both]
    state.missing = [f"{name} {version}" for name, version in missing.items()]
    state.extra = [f"{name} {version}" for name, version in extra.items()]


def _dependencies_changed(record: InstallRecord, content: bytes | None, manifest: dict[str, object]) -> bool:
    """Whether the manifest asks for something else than it did then. Other changes, such as workflows, do not count."""
    if content == record.manifest:
        return False
    return any(_at(record.parsed, path) != _at(manifest, path) for path in _DEPENDENCY_TABLES)


def _at(table: object, path: tuple[str, ...]) -> object:
    for key in path:
        table = table.get(key) if isinstance(table, dict) else None
    return table
