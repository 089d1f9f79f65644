"""Fetching the models that workflows lack, to where they look for them."""

from collections.abc import Sequence

from comfydock_cli.formatters.workflow_resolution_formatter import Fetched
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import ComfyDockError, PlaceUnclear
from comfydock_core.models.model_files.downloads import DownloadLimits, DownloadPlan
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.entries import REQUIRED
from comfydock_core.models.workflow.plans import WantedModel, WorkflowResolution

ALL = "all"
SKIP = "skip"
LEVELS = (ALL, REQUIRED, SKIP)


def of_level(plan: WorkflowResolution, level: str) -> list[WantedModel]:
    """The models to fetch, each place once."""
    unique: dict[str, WantedModel] = {}
    for one in plan.fetch if level != SKIP else ():
        unique.setdefault(one.to, one)
    return [one for one in unique.values() if level == ALL or one.importance == REQUIRED]


def is_lacking(plan: WorkflowResolution, level: str) -> bool:
    """Whether something of a level is left to get or to decide about; node classes are of every level."""
    if level == ALL or plan.add or plan.open:
        return not plan.is_complete
    absent = [match.reference for match in (*plan.missing, *plan.unclear, *plan.elsewhere)]
    absent += [wanted.reference for wanted in plan.fetch]
    return any(plan.importance.get(one) == REQUIRED for one in absent)


def fetch_models(
    workspace: Workspace, wanted: Sequence[WantedModel], reporter: Reporter, limits: DownloadLimits
) -> list[Fetched]:
    """Fetch them; one that fails does not keep the others."""
    fetched: list[Fetched] = []
    plans: dict[str, DownloadPlan] = {}
    for one in wanted:
        try:
            plans[one.to] = _planned(workspace, one, reporter)
        except ComfyDockError as error:
            fetched.append(Fetched(one.to, error))
    outcomes = workspace.downloads.download(list(plans.values()), reporter, limits)
    return [*fetched, *(Fetched(to, outcome.error) for to, outcome in zip(plans, outcomes, strict=True))]


def _planned(workspace: Workspace, one: WantedModel, reporter: Reporter) -> DownloadPlan:
    """The download of one model to where the workflow looks for it. Raises what planning raises."""
    (plan,) = workspace.downloads.plan(one.urls[:1], reporter, to=one.to, sha256=one.sha256, link=True)
    if not plan.request.path.endswith(f"/{one.to}"):
        raise PlaceUnclear(
            f"the address of `{one.to}` leads to a file of another kind, `{plan.request.name}`",
            hint="`comfydock model download URL --to FOLDER/NAME` fetches it",
            context={"url": one.urls[0], "to": one.to},
        )
    return plan
