"""PyTorch back ends of an environment: which are locked, whether they can be used, which this machine has."""

import os

from comfydock_core.analyzers.packages.backend_parts import findings_of
from comfydock_core.configs.environment_layout import EnvironmentLayout, part_path
from comfydock_core.integrations.system_detector import detect_backend as detect
from comfydock_core.models.exceptions import BackendNotLocked, BackendPartRefused
from comfydock_core.models.packages.backends import PartFinding, PartState
from comfydock_core.repositories.definition.backend_choice import read_choice
from comfydock_core.repositories.definition.backend_parts import locked_backends, read_part
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pytorch_settings import family_of, is_neutral, named_backend
from comfydock_core.repositories.definition.uv_lock import read_lock
from comfydock_core.utils.files.disk_errors import disk_errors

Versions = dict[str, set[str]]
Table = dict[str, object]


def backend_states(definition: str, manifest: Table) -> list[PartState]:
    """Every back end that is locked or chosen here, by name. Raises `LockDamaged`, `FileSystemError`.

    An environment of ComfyDock 1.x, whose manifest names its back end, has none.
    """
    if not is_neutral(manifest):
        return []
    with disk_errors("look at the back ends", definition):
        chosen, locked = read_choice(definition), locked_backends(definition)
        base, family = read_lock(f"{definition}/uv.lock").versions(), family_of(manifest)
        needed = chosen is not None and chosen != "none" and not base.keys().isdisjoint(family)
        wanted = {*locked, *([chosen] if chosen and needed else [])}
        return [_state(definition, backend, backend == chosen, base, family) for backend in sorted(wanted)]


def chosen_backend(definition: str, manifest: Table) -> str | None:
    """What this machine uses: its own choice, or what a manifest of 1.x names. Raises `FileSystemError`."""
    with disk_errors("read the choice of a back end", definition):
        chosen = read_choice(definition)
    return chosen or named_backend(manifest)


def used_backend(layout: EnvironmentLayout) -> str:
    """The PyTorch back end that is chosen, else the one this machine has.

    Raises `BackendNotLocked` for a definition of ComfyDock 1.x, `ManifestDamaged`.
    """
    manifest = read_manifest(layout.manifest)
    if not is_neutral(manifest):
        raise BackendNotLocked(
            f"`{layout.name}` is still as ComfyDock 1.x made it",
            hint=f"`comfydock sync -e {layout.name}` converts it first",
            context={"environment": layout.name},
        )
    chosen = chosen_backend(layout.definition, manifest)
    return detect_backend() if chosen in (None, "auto") else chosen


def detect_backend() -> str:
    """The back end that fits this machine, by what the vendors' own programs say."""
    return detect()


def _state(definition: str, backend: str, chosen: bool, base: Versions, family: tuple[str, ...]) -> PartState:
    path = part_path(definition, backend)
    if not os.path.isfile(path):
        finding = PartFinding(backend, "not-locked", "it is chosen on this machine, but not locked")
        return PartState(backend, chosen, 0, None, (finding,))
    size = os.path.getsize(path)
    try:
        part = read_part(definition, backend)
    except BackendPartRefused as error:
        finding = PartFinding(backend, "damaged", str(error.context["reason"]))
        return PartState(backend, chosen, size, None, (finding,))
    return PartState(backend, chosen, size, part, tuple(findings_of(part, base, family)))
