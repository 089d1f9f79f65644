"""What becomes of the Python packages on the way from one definition to another."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace

from comfydock_core.analyzers.packages.backend_parts import why_part_is_of_no_use
from comfydock_core.analyzers.packages.expected_packages import needs_part
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.core.usecases.definition.venv_choice import judge_venv, wanted_python
from comfydock_core.core.usecases.moving.kept_venvs import kept_venvs
from comfydock_core.models.history.moving import PythonMove
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pytorch_settings import is_neutral


def plan_python(
    live: EnvironmentLayout, trial: EnvironmentLayout, services: EnvironmentServices, backend: str
) -> PythonMove:
    """Hold the definition of `trial`, with its services, against the packages that are there.

    Where they do not fit, one of the virtual environments that operations keep may. Nothing is resolved or installed.
    Raises `ManifestDamaged`, `LockDamaged`, `OSError`.
    """
    manifest = read_manifest(trial.manifest)
    converts = not is_neutral(manifest)
    relock = not converts and not os.path.isfile(trial.lock)
    parts: tuple[str, ...] = ()
    if not converts and not relock and needs_part(trial.definition, manifest, backend):
        parts = (backend,) if why_part_is_of_no_use(trial.definition, manifest, backend) else ()
    locks = converts or relock or bool(parts)
    found = PythonMove(backend, wanted_python(trial), converts=converts, relock=relock, parts=parts)

    def is_installed() -> bool:
        return not locks and services.uv_project.is_installed(backend)

    # What is installed is told by a note, whether it works only by starting its Python.
    for name in (None, *(() if locks else kept_venvs(live))):
        with _as_venv(trial, live.venv if name is None else f"{live.root}/{name}"):
            if is_installed() and judge_venv(trial, _yes)[0] == "keep":
                if name is None:
                    return found
                return replace(found, venv="kept", reason="it has these packages", source=name)
    with _as_venv(trial, live.venv):
        venv, reason = judge_venv(trial, _no)
    return replace(found, venv=venv, reason=reason)


@contextlib.contextmanager
def _as_venv(trial: EnvironmentLayout, venv: str) -> Iterator[None]:
    """Let a virtual environment be the one of the trial."""
    os.symlink(venv, trial.venv, target_is_directory=True)
    try:
        yield
    finally:
        os.unlink(trial.venv)


def _yes() -> bool:
    return True


def _no() -> bool:
    return False
