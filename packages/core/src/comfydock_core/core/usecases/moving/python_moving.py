"""What becomes of the Python packages on the way from one definition to another."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace

from comfydock_core.analyzers.packages.backend_parts import why_part_is_of_no_use
from comfydock_core.analyzers.packages.expected_packages import needs_part
from comfydock_core.analyzers.packages.installed_packages import is_installed
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.definition.venv_choice import judge_venv, wanted_python
from comfydock_core.core.usecases.moving.kept_venvs import kept_venvs
from comfydock_core.models.history.moving import PythonMove
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pytorch_settings import is_neutral


def plan_python(live: EnvironmentLayout, trial: EnvironmentLayout, backend: str) -> PythonMove:
    """Hold the definition of `trial` against the packages that are there.

    Where they do not fit, one of the virtual environments that operations keep may. Nothing is resolved or installed.
    Raises `ManifestDamaged`, `LockDamaged`, `OSError`.
    """
    manifest = read_manifest(trial.manifest)
    converts = not is_neutral(manifest)
    relock = not converts and not os.path.isfile(trial.lock)
    found = PythonMove(backend, wanted_python(trial), converts=converts, relock=relock)
    # Of an exact lock that was installed once nothing has to be read again. What is installed is told by a note,
    # whether it works only by starting its Python.
    for name in () if converts or relock else (None, *kept_venvs(live)):
        with _as_venv(trial, live.venv if name is None else f"{live.root}/{name}"):
            if is_installed(trial.definition, trial.venv, backend) and judge_venv(trial, _yes)[0] == "keep":
                if name is None:
                    return found
                return replace(found, venv="kept", reason="it has these packages", source=name)
    with _as_venv(trial, live.venv):
        venv, reason = judge_venv(trial, _no)
    parts = () if converts or relock else _parts_to_lock(trial, manifest, backend)
    return replace(found, venv=venv, reason=reason, parts=parts)


def _parts_to_lock(trial: EnvironmentLayout, manifest: dict[str, object], backend: str) -> tuple[str, ...]:
    if not needs_part(trial.definition, manifest, backend):
        return ()
    return (backend,) if why_part_is_of_no_use(trial.definition, manifest, backend) else ()


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
