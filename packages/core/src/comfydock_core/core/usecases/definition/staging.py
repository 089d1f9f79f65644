"""Building the parts of an environment aside, to be swapped in by an operation."""

import os
import re
import shutil

from comfydock_core.analyzers.packages.shared_files import left_in_doubt
from comfydock_core.analyzers.packages.virtual_environment import (
    changed_distributions,
    changed_projects,
    check_distributions,
    own_contradictions,
    quick_check,
)
from comfydock_core.configs.environment_layout import BACKEND_CHOICE, BACKENDS, EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.models.exceptions import PackagesInconsistent, UvFailed, VenvIncomplete
from comfydock_core.models.packages.virtual_environment import VenvFault
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.install_record import split_distribution
from comfydock_core.repositories.own_contradictions import note_contradictions
from comfydock_core.utils.files.filesystem import remove_tree
from comfydock_core.utils.files.tree_copy import copy_tree, link_tree

_FILES = ("pyproject.toml", "uv.lock", ".python-version", ".gitignore", ".gitattributes", BACKEND_CHOICE)
_SHOWN = 5
# What uv says of a wheel in its cache that it cannot use any more.
_NOT_INSTALLABLE = re.compile(r"Failed to install: \S+ \(([A-Za-z0-9._-]+)==")


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
        copy_tree(f"{live.definition}/{BACKENDS}", f"{staged.definition}/{BACKENDS}")
    os.symlink(live.comfyui, staged.comfyui, target_is_directory=True)
    return staged


def stage_venv(
    before: str, staged: EnvironmentLayout, services: EnvironmentServices, *, how: str, python: str, backend: str,
    reporter: Reporter,
) -> None:  # fmt: skip
    """Build the virtual environment: from a linked copy of `before` (`how` is `link`) or anew (`fresh`).

    uv does not notice what it left out, so what changed is looked at file by file. A copy that cannot be brought up to
    date, because the original is damaged in a way that nobody saw, is given up for a new one; what is damaged in uv's
    cache, or was changed there by a change of `before`, is fetched again. Raises `VenvIncomplete`, and what the
    installation raises.
    """
    if how == "link":
        try:
            _bring_copy_up_to_date(before, staged, services, backend, reporter)
        except (PackagesInconsistent, UvFailed, VenvIncomplete) as error:
            reporter.line(error.message)
            reporter.warn("a linked copy cannot be brought up to date, so the virtual environment is rebuilt")
            remove_tree(staged.venv)
        else:
            return
    if changed := changed_projects(before):
        # uv's cache has the very same files where they are links, and would install them again.
        reporter.warn(f"files of {', '.join(changed)} were changed in place; these packages are fetched again")
        services.uv_project.forget(changed)
    _build_healing_cache(staged, services, python, backend, reporter)


def _bring_copy_up_to_date(
    before: str, staged: EnvironmentLayout, services: EnvironmentServices, backend: str, reporter: Reporter
) -> None:
    reporter.phase("Linking a copy of the virtual environment")
    link_tree(before, staged.venv)
    reporter.phase("Installing Python packages")
    services.uv_project.install(backend, reporter)
    if doubtful := left_in_doubt(before, staged.venv):
        reporter.line(f"sharing files with what was removed: {', '.join(doubtful)}")
        services.uv_project.reinstall(doubtful, backend, reporter)
        services.uv_project.write_record(backend)
    _refuse_incomplete_but_for_contradictions(before, staged.venv, services, backend, reporter)


def _build_healing_cache(
    staged: EnvironmentLayout, services: EnvironmentServices, python: str, backend: str, reporter: Reporter
) -> None:
    """Build anew, again without what proves to be damaged in the cache, which is shared by links with all that use it.

    Each attempt must name packages that were not named before.
    """
    forgotten: set[str] = set()
    while True:
        try:
            _build(staged, services, python, backend, reporter)
        except (UvFailed, VenvIncomplete) as error:
            damaged = set(damaged_packages(error)) - forgotten
            if not damaged:
                raise
            reporter.warn(f"uv's cache has a damaged copy of {', '.join(sorted(damaged))}; it is fetched again")
            services.uv_project.forget(sorted(damaged))
            forgotten |= damaged
            remove_tree(staged.venv)
        else:
            return


def _build(
    staged: EnvironmentLayout, services: EnvironmentServices, python: str, backend: str, reporter: Reporter
) -> None:
    reporter.phase(f"Preparing Python {python}")
    services.uv_project.create_venv(python, reporter)
    reporter.phase("Installing Python packages")
    services.uv_project.install(backend, reporter)
    _refuse_incomplete_but_for_contradictions(None, staged.venv, services, backend, reporter)


def damaged_packages(error: UvFailed | VenvIncomplete) -> list[str]:
    """The packages whose copy in uv's cache is the reason of a failed installation, by what the error says."""
    if isinstance(error, VenvIncomplete):
        named = error.context.get("packages")
        return [str(name) for name in named] if isinstance(named, list) else []
    return _NOT_INSTALLABLE.findall(str(error.context.get("output")))


def _refuse_incomplete_but_for_contradictions(
    before: str | None, venv: str, services: EnvironmentServices, backend: str, reporter: Reporter
) -> None:
    """Raise `VenvIncomplete` for faults but for those that are in the wheels themselves, which are noted and told.

    What is fetched once more, was checked against its hash, and is the same again, was published that way. What is
    another one then was damaged in uv's cache, and is whole now.
    """
    faults = _faults(before, venv)
    if not faults or any(fault.kind != "file-size" for fault in faults):
        refuse_incomplete(before, venv)
        return
    projects = sorted({split_distribution(str(fault.distribution))[0] for fault in faults})
    services.uv_project.forget(projects)
    services.uv_project.reinstall(projects, backend, reporter)
    left = _faults(before, venv)
    if mended := sorted(set(projects) - {split_distribution(str(fault.distribution))[0] for fault in left}):
        reporter.warn(f"uv's cache had a damaged copy of {', '.join(mended)}; it was fetched again")
    if left and set(left) <= set(faults):
        note_contradictions(venv, own_contradictions(venv, left))
        told = "; ".join(str(fault) for fault in left[:_SHOWN])
        reporter.warn(f"what was published contradicts itself and is installed as it is: {told}")
    refuse_incomplete(before, venv)


def _faults(before: str | None, venv: str) -> list[VenvFault]:
    changed = changed_distributions(before, venv) if before is not None else _all(venv)
    return [*quick_check(venv).faults, *check_distributions(venv, changed)]


def refuse_incomplete(before: str | None, venv: str) -> None:
    """Raise `VenvIncomplete` unless Python starts and every file of the changed distributions is there."""
    faults = _faults(before, venv)
    if faults:
        packages = {split_distribution(fault.distribution)[0] for fault in faults if fault.distribution}
        told = "; ".join(str(fault) for fault in faults[:_SHOWN])
        raise VenvIncomplete(
            f"uv left the virtual environment incomplete: {told}",
            hint="run the command again; if that does not help, remove the workspace's `uv_cache`; it is filled again",
            context={"faults": [str(fault) for fault in faults], "packages": sorted(packages)},
        )


def _all(venv: str) -> list[str]:
    return changed_distributions(f"{venv}/none", venv)
