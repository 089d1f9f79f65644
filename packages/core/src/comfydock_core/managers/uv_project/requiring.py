"""Letting uv write requirements into the manifest, and into nothing else."""

from collections.abc import Sequence

from comfydock_core.integrations.uv_command import OnLine, UVCommand
from comfydock_core.managers.pyproject.requirements import keep_indexes
from comfydock_core.managers.uv_project.origins import lock_before, telling_origins
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pyproject_document import PyprojectDocument
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic


def add(
    uv: UVCommand,
    definition: str,
    requirements: Sequence[str],
    on_line: OnLine,
    *,
    group: str | None,
    editable: bool,
    bounds: str | None,
    resolve: bool,
    upgrade: Sequence[str],
) -> str | None:
    """Add requirements as uv does, but keep the lock and the indexes. Returns the lock that uv made, if it made one.

    A lock that changed already would hide from `relock` what it concerns; indexes of this machine's variables, perhaps
    with a login, are nobody else's. Raises what `UVCommand.add` raises, and then nothing is changed.
    """
    manifest, lock = f"{definition}/pyproject.toml", f"{definition}/uv.lock"
    before, locked = read_manifest(manifest), native.read_bytes(lock)
    with telling_origins(lock_before(lock)):
        uv.add(requirements, on_line, group=group, editable=editable, bounds=bounds, resolve=resolve, upgrade=upgrade)
    resolved = (native.read_bytes(lock) or b"").decode("utf-8") if resolve else ""
    if locked is not None:
        atomic.write_text(lock, locked.decode("utf-8"))
    document = PyprojectDocument.load(manifest)
    if keep_indexes(document.document, before):
        document.save()
    return resolved or None
