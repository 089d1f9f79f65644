"""Writing what was decided about workflows: into the manifest, and names of models into the workflow itself."""

import os
import shutil
from collections.abc import Callable

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.managers.pyproject_manager import PyprojectManager
from comfydock_core.models.exceptions import ChangedMeanwhile
from comfydock_core.models.operation import ChangePlan, Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.plans import WorkflowResolution
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import counted

MANIFEST = ".cec/pyproject.toml"


def note_resolution(
    environment: EnvironmentLayout,
    plan: WorkflowResolution,
    initiator: Initiator,
    reporter: Reporter,
    command: str = "workflow resolve",
) -> str:
    """Write the workflow and the manifest, both or neither; returns the operation.

    Raises `ScopeBusy`, `ChangedMeanwhile` when the workflow is not what was read, `ManifestDamaged`, `FileSystemError`.
    """
    with disk_errors("plan the change"):
        change = resolution_change(environment, plan, command)
    with operation(change, initiator, reporter) as under_way:
        if plan.content is not None:
            place = under_way.place(place_in(environment, plan.path))
            with open(place, "xb") as file:
                file.write(plan.content)
            shutil.copymode(plan.path, place)
        if plan.notes:
            edit_manifest(environment, under_way.place(MANIFEST), lambda it: it.put_workflow(plan.entry, plan.models))
        under_way.commit()
    return under_way.id


def resolution_change(environment: EnvironmentLayout, plan: WorkflowResolution, command: str) -> ChangePlan:
    """The files that are swapped. Raises `ChangedMeanwhile`, `OSError`."""
    steps, work = [], []
    if plan.content is not None:
        place = place_in(environment, plan.path)
        detail = counted(len(plan.changes), "name") + " of models as they are here"
        steps.append(swap(environment.root, place, has_new=True, detail=detail))
        work.append(PlanStep("write", plan.path, detail))
        _refuse_changed(plan)  # After its fingerprint was taken: from here on the operation watches it.
    if plan.notes:
        detail = f"what `{plan.name}` needs"
        steps.append(swap(environment.root, MANIFEST, has_new=True, detail=detail))
        work.append(PlanStep("write", environment.manifest, detail))
    return make_plan(environment.root, command, steps, work=work, fetch_bytes=0, disk_needed=len(plan.content or b""))


def edit_manifest(environment: EnvironmentLayout, place: str, edit: Callable[[PyprojectManager], None]) -> None:
    """Make the new manifest of an operation at its `place`."""
    shutil.copy2(environment.manifest, place)
    edit(PyprojectManager(place))


def place_in(environment: EnvironmentLayout, path: str) -> str:
    """A path as operations name it."""
    return os.path.relpath(path, environment.root).replace(os.sep, "/")


def _refuse_changed(plan: WorkflowResolution) -> None:
    """The editor may save a workflow at any time."""
    with open(plan.path, "rb") as file:
        if file.read() != plan.read:
            raise ChangedMeanwhile(
                f"the workflow `{plan.path}` changed while it was worked on, and was left as it is now",
                hint="run the command again",
                context={"path": plan.path},
            )
