"""Carrying out a plan about node packs: all of it or nothing."""

import contextlib
import os
import re
import sys
from collections.abc import Iterator

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.usecases.definition.redefining import put_redefinition, stage_redefinition
from comfydock_core.core.usecases.nodes.planning import INSTALL_SCRIPT, has_install_script
from comfydock_core.core.usecases.nodes.verifying import refuse_failing
from comfydock_core.integrations import process
from comfydock_core.managers.pack_places import path_of
from comfydock_core.models.exceptions import InstallScriptFailed
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.syncing import SyncOutcome
from comfydock_core.models.packs.pack_changes import PackChange, PackPlan
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.transaction import operation
from comfydock_core.services.transaction.execution import Operation
from comfydock_core.utils import interruption
from comfydock_core.utils.child_environment import child_environment, without_python_settings
from comfydock_core.utils.files.disk_errors import disk_errors

_PYTHON = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
# The last line of a traceback, or what calls itself an error.
_ERROR = re.compile(r"\s*(\[error\]|error:|[A-Za-z_][\w.]*(Error|Exception): )", re.IGNORECASE)


def change_packs(
    layout: EnvironmentLayout, services: WorkspaceServices, plan: PackPlan, initiator: Initiator, reporter: Reporter
) -> SyncOutcome:
    """Execute the plan.

    Raises `ScopeBusy`, `ChangedMeanwhile`, `EnvironmentInUse`, `InstallScriptFailed`, `PacksNotImported`,
    `VenvIncomplete`, and what installing and copying raise; then nothing is changed.
    """
    with (
        interruption.termination_raises(),
        disk_errors(f"change the node packs of {layout.name}"),
        operation(plan.change, initiator, reporter) as under_way,
    ):
        staged = stage_redefinition(layout, services, plan.redefinition, under_way.work, reporter)
        own = services.environment(layout)
        for change in plan.changes:
            _put(change, own, under_way, reporter)
        if plan.options.run_install_script:
            for change in plan.changes:
                _run_install_script(change, layout, staged, under_way, reporter)
        if plan.options.verify:
            venv = layout.venv if plan.redefinition.venv == "keep" else staged.venv
            refuse_failing(layout, venv, plan.changes, _built(plan, under_way), f"{under_way.work}/verify", reporter)
        packages = put_redefinition(layout, staged, plan.redefinition, under_way)
        under_way.commit()
    return SyncOutcome(under_way.id, packages)


def _put(change: PackChange, services: EnvironmentServices, under_way: Operation, reporter: Reporter) -> None:
    """Build what takes a pack's name. What only gets another name is moved by the operation itself."""
    if change.after is not None and change.moved_from is None and _is_new(change):
        services.nodes.build(change, under_way.place(path_of(change.pack)), reporter)


def _built(plan: PackPlan, under_way: Operation) -> dict[str, str]:
    """The new directories of packs, by the names that they are to have."""
    changed = [change for change in plan.changes if change.after is not None and change.moved_from is None]
    places = {change.pack.directory: under_way.place(path_of(change.pack)) for change in changed if _is_new(change)}
    return {name: place for name, place in places.items() if os.path.lexists(place)}


def _is_new(change: PackChange) -> bool:
    return change.content is not None or change.link is not None


def _run_install_script(
    change: PackChange, layout: EnvironmentLayout, staged: EnvironmentLayout, under_way: Operation, reporter: Reporter
) -> None:
    """Run a new pack's `install.py` with the new environment's Python, and pass on what it writes.

    Such scripts tend to catch their errors, print them and end well, which is reported. What it installs stays outside
    of the lock; the next `sync` removes it again.
    """
    if not has_install_script(change):
        return
    place, name = under_way.place(path_of(change.pack)), change.pack.release.name
    reporter.phase(f"Running {INSTALL_SCRIPT} of {name}")
    with _seen_in_comfyui(place, name, layout.comfyui, f"{under_way.work}/script") as directory:
        command = [f"{staged.venv}/{_PYTHON}", INSTALL_SCRIPT]
        done = process.stream(command, cwd=directory, env=_variables(staged), on_line=reporter.line)
    if done.returncode != 0:
        raise InstallScriptFailed(
            f"`{INSTALL_SCRIPT}` of {name} failed: {done.ending('Python')}\n{done.text}".rstrip(),
            hint="nothing was changed; without `--run-install-script` the pack is added without running it",
            context={"pack": change.pack.identifier, "exit_code": done.returncode},
        )
    errors = [line.strip() for line in done.output.splitlines() if _ERROR.match(line)]
    if errors:
        reporter.warn(
            f"{name}: `{INSTALL_SCRIPT}` ended well but reported: {errors[-1]} (`-v` shows all that it writes)"
        )


@contextlib.contextmanager
def _seen_in_comfyui(place: str, name: str, comfyui: str, aside: str) -> Iterator[str]:
    """The pack where such scripts expect it while inside: among the custom nodes of what looks like ComfyUI."""
    nodes = f"{aside}/ComfyUI/custom_nodes"
    os.makedirs(nodes)
    for beside, target in ((f"{aside}/ComfyUI", comfyui), (nodes, f"{comfyui}/custom_nodes")):
        for entry in os.listdir(target):
            if entry not in ("custom_nodes", name):
                os.symlink(f"{target}/{entry}", f"{beside}/{entry}")
    os.rename(place, f"{nodes}/{name}")
    try:
        yield f"{nodes}/{name}"
    finally:
        os.rename(f"{nodes}/{name}", place)


def _variables(staged: EnvironmentLayout) -> dict[str, str]:
    own, _ = without_python_settings(child_environment())
    path = os.pathsep.join([os.path.dirname(f"{staged.venv}/{_PYTHON}"), own.get("PATH", "")])
    return {**own, "VIRTUAL_ENV": staged.venv, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
