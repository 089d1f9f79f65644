"""Building the parts of an environment aside, to be swapped in by an operation."""

import os
import shutil

from comfydock_core.analyzers.virtual_environment import changed_distributions, check_distributions, quick_check
from comfydock_core.configs.environment_layout import BACKEND_CHOICE, BACKENDS, EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.models.exceptions import VenvIncomplete
from comfydock_core.models.protocols import Reporter
from comfydock_core.utils.tree_copy import link_tree

_FILES = ("pyproject.toml", "uv.lock", ".python-version", ".gitignore", ".gitattributes", BACKEND_CHOICE)
_SHOWN = 5


def stage_definition(live: EnvironmentLayout, work: str) -> EnvironmentLayout:
    """A copy of what Python packages are locked and installed from, in an environment of its own.

    Its ComfyUI is the live one: paths of editable packages lead there.
    """
    staged = EnvironmentLayout(f"{work}/environment")
    os.makedirs(staged.definition)
    for name in _FILES:
        if os.path.isfile(f"{live.definition}/{name}"):
            shutil.copy2(f"{live.definition}/{name}", f"{staged.definition}/{name}")
    if os.path.isdir(f"{live.definition}/{BACKENDS}"):
        shutil.copytree(f"{live.definition}/{BACKENDS}", f"{staged.definition}/{BACKENDS}", symlinks=True)
    os.symlink(live.comfyui, staged.comfyui, target_is_directory=True)
    return staged


def stage_venv(
    before: str, staged: EnvironmentLayout, services: EnvironmentServices, *, how: str, python: str, backend: str,
    reporter: Reporter,
) -> None:  # fmt: skip
    """Build the virtual environment: from a linked copy of `before` (`how` is `link`) or anew (`fresh`).

    uv does not notice what it left out, so what changed is looked at file by file. Raises `VenvIncomplete`, and what
    the installation raises.
    """
    if how == "link":
        reporter.phase("Linking a copy of the virtual environment")
        link_tree(before, staged.venv)
    else:
        reporter.phase(f"Preparing Python {python}")
        services.uv_project.create_venv(python, reporter)
    reporter.phase("Installing Python packages")
    services.uv_project.install(backend, reporter)
    refuse_incomplete(before if how == "link" else None, staged.venv)


def refuse_incomplete(before: str | None, venv: str) -> None:
    """Raise `VenvIncomplete` unless Python starts and every file of the changed distributions is there."""
    faults = list(quick_check(venv).faults)
    changed = changed_distributions(before, venv) if before is not None else _all(venv)
    faults += check_distributions(venv, changed)
    if faults:
        told = "; ".join(str(fault) for fault in faults[:_SHOWN])
        raise VenvIncomplete(
            f"uv left the virtual environment incomplete: {told}",
            hint="run the command again; if that does not help, `uv cache clean PACKAGE` removes a damaged download",
            context={"faults": [str(fault) for fault in faults]},
        )


def _all(venv: str) -> list[str]:
    return changed_distributions(f"{venv}/none", venv)
