"""Making a workspace that was moved work at its new place: what leads to the old one is led to the new one."""

from comfydock_core.analyzers.doctor.moved_workspace import (
    Leftover,
    leftovers,
    models_at_new_place,
    old_place,
)
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core import finding
from comfydock_core.core.usecases.choosing import SETTINGS
from comfydock_core.models.operation import ChangePlan, Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.repositories.workspace_config_repository import (
    WorkspaceConfigRepository,
)
from comfydock_core.repositories.workspace_place import write_place
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files import atomic
from comfydock_core.utils.files.filesystem import make_directory_link

_PLACE = "../.metadata/place"


@record
class RelinkingPlan:
    """What leads to the old place, and the models directory that the settings are to name."""

    found: tuple[Leftover, ...]
    models_directory: str
    change: ChangePlan


def plan_relinking(layout: WorkspaceLayout) -> RelinkingPlan | None:
    """What has to be led to the new place, as one change; `None` when the workspace was not moved."""
    old = old_place(layout)
    if old is None:
        return None
    names = finding.environment_names(layout)
    found = leftovers(layout, names, old)
    models = models_at_new_place(layout, read_config(layout.config_file).models_directory, old)
    steps = [swap(layout.environments, each.path, has_new=True, detail=each.target) for each in found]
    steps.append(swap(layout.environments, SETTINGS, has_new=True, detail=f"models in {models}"))
    steps.append(swap(layout.environments, _PLACE, has_new=True, detail=layout.root))
    work = [PlanStep("link", each.path, each.target) for each in found]
    work.append(PlanStep("set", "the models directory", models))
    held = [layout.environment(name).root for name in names]
    change = make_plan(
        layout.environments, "relink", steps, work=work, holds=held, disturbs=held, fetch_bytes=0, disk_needed=0
    )
    return RelinkingPlan(tuple(found), models, change)


def relink(layout: WorkspaceLayout, initiator: Initiator, reporter: Reporter) -> None:
    """Carry it out, saying what is linked. Raises `ScopeBusy`, `EnvironmentInUse`, `FileSystemError`."""
    plan = plan_relinking(layout)
    if plan is None:
        return
    with operation(plan.change, initiator, reporter) as under_way:
        for each in plan.found:
            if each.content is None:
                make_directory_link(under_way.place(each.path), each.target)
            else:
                atomic.write_text(under_way.place(each.path), each.content)
        settings = WorkspaceConfigRepository(layout.config_file)
        settings.write_copy_with_models(under_way.place(SETTINGS), plan.models_directory)
        write_place(under_way.place(_PLACE), layout.root)
        under_way.commit()
    for line in plan.change.work:
        reporter.phase(f"Linked {line.target} to {line.detail}")
