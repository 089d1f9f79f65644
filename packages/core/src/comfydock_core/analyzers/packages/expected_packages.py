"""What is to be installed on this machine: the shared lock without PyTorch, and PyTorch for one back end."""

from comfydock_core.analyzers.packages.backend_parts import findings_of, refuse
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.repositories.definition import pylock
from comfydock_core.repositories.definition.backend_parts import read_part
from comfydock_core.repositories.definition.pytorch_settings import Table, family_of
from comfydock_core.repositories.definition.uv_lock import read_lock


def needs_part(definition: str, manifest: Table, backend: str) -> bool:
    """Whether a back end installs more than the shared lock. Raises `LockDamaged`."""
    return backend != "none" and bool(read_lock(f"{definition}/uv.lock").versions().keys() & set(family_of(manifest)))


def expected_pylock(uv: UVCommand, definition: str, manifest: Table, backend: str) -> str:
    """Both locks as one `pylock.toml` for uv. Nothing is written.

    Raises `LockOutdated` when manifest and lock differ, `BackendNotLocked`, `BackendPartRefused`, `LockDamaged`.
    """
    family = family_of(manifest)
    base = pylock.anchored(uv.export_pylock(family), definition)
    if not needs_part(definition, manifest, backend):
        return base
    part = read_part(definition, backend)
    refuse(part, findings_of(part, read_lock(f"{definition}/uv.lock").versions(), family))
    text = part.text if part.index is None else pylock.from_index(part.text, part.index, part.elsewhere)
    return pylock.concatenate(base, text)
