"""The Python packages that a manifest asks for, to be looked at."""

import os

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.python_packages.asked_for import AskedFor
from comfydock_core.models.packages.python_packages import PACK, ListedConstraint, ListedPackage
from comfydock_core.repositories.definition.backend_choice import read_choice
from comfydock_core.repositories.definition.backend_parts import locked_backends, read_part
from comfydock_core.repositories.definition.uv_lock import read_lock
from comfydock_core.utils.files.disk_errors import disk_errors


def list_packages(layout: EnvironmentLayout, *, packs: bool) -> list[ListedPackage]:
    """Every requirement with its locked versions; those of node packs with `packs`.

    PyTorch has the version of the back end that this machine uses. Raises `ManifestDamaged`, `LockDamaged`,
    `BackendPartRefused`, `FileSystemError`.
    """
    with disk_errors("list the Python packages"):
        locked = _locked(layout)
        lines = [line for line in AskedFor(layout).lines() if packs or line[2] != PACK]
    return [ListedPackage(name, text, tuple(sorted(locked.get(name, ()))), kind, owner)
            for name, text, kind, owner in lines]  # fmt: skip


def list_constraints(layout: EnvironmentLayout) -> list[ListedConstraint]:
    """Every constraint of the manifest, in its order. Raises `ManifestDamaged`."""
    return AskedFor(layout).constraints()


def _locked(layout: EnvironmentLayout) -> dict[str, set[str]]:
    """The versions that this machine installs, and those of other machines where there are several."""
    found = read_lock(layout.lock).versions() if os.path.exists(layout.lock) else {}
    backend = read_choice(layout.definition)
    if backend is not None and backend in locked_backends(layout.definition):
        found |= {one.name: {one.version} for one in read_part(layout.definition, backend).packages}
    return found
