"""Fetching the models that workflows of an environment miss."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from comfydock_cli.formatters.workflow_resolution_formatter import Fetched
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import ComfyDockError, PlaceUnclear
from comfydock_core.models.model_files.downloads import DownloadLimits, DownloadPlan
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.entries import OPTIONAL, REQUIRED
from comfydock_core.models.workflow.plans import Decisions, WantedModel, WorkflowResolution

ALL, SKIP = "all", "skip"


@dataclass(slots=True)
class MissingModels:
    """What became of the models that some workflows miss.

    `left` are those that could be fetched and were not to be, `unknown` those that nothing says where to get,
    `workflows` those that miss something still, `unread` those that could not be read.
    """

    fetched: list[Fetched] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    workflows: list[str] = field(default_factory=list)
    unread: list[tuple[str, ComfyDockError]] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return any(one.error is not None for one in self.fetched)


def of_level(plan: WorkflowResolution, level: str) -> list[WantedModel]:
    """The models of a workflow to fetch, by `all`, `required` or `skip`; each place once."""
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


def fetch_missing(
    workspace: Workspace, environment: str, workflows: Iterable[str], level: str, reporter: Reporter
) -> MissingModels:
    """Fetch what some workflows miss, as far as it is wanted and its source is known."""
    found, wanted = MissingModels(), dict[str, WantedModel]()
    for name in workflows:
        reporter.phase(f"Looking at {name}")
        try:
            plan = workspace.workflows.plan_resolution(environment, name, Decisions(), reporter)
        except ComfyDockError as error:  # Where a workflow cannot be read, what is there is there all the same.
            found.unread.append((name, error))
            continue
        now = of_level(plan, level)
        wanted |= {one.to: one for one in now}
        left = [one.to for one in of_level(plan, ALL) if one not in now]
        unknown = [match.reference.value for match in plan.missing
                   if plan.importance.get(match.reference) != OPTIONAL]  # fmt: skip
        found.left += left
        found.unknown += unknown
        if now or left or unknown:
            found.workflows.append(name)
    found.left = [one for one in dict.fromkeys(found.left) if one not in wanted]
    found.unknown = list(dict.fromkeys(found.unknown))
    if wanted:
        found.fetched = fetch_models(workspace, list(wanted.values()), reporter)
    return found


def fetch_models(
    workspace: Workspace, wanted: Sequence[WantedModel], reporter: Reporter, limits: DownloadLimits | None = None
) -> list[Fetched]:
    """Fetch models to where workflows look for them; one that fails does not keep the others."""
    fetched, plans = [], dict[str, DownloadPlan]()
    for one in wanted:
        try:
            plans[one.to] = _planned(workspace, one, reporter)
        except ComfyDockError as error:
            fetched.append(Fetched(one.to, error))
    outcomes = workspace.downloads.download(list(plans.values()), reporter, limits)
    return fetched + [Fetched(to, outcome.error) for to, outcome in zip(plans, outcomes, strict=True)]


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
