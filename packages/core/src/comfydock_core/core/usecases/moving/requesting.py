"""From what somebody wants to a plan, and from a plan to what was done."""

from comfydock_core.configs.environment_layout import INDEX, EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.history.fitness import refuse_unfit
from comfydock_core.core.usecases.moving.destinations import Destinations
from comfydock_core.core.usecases.moving.planning import plan_move
from comfydock_core.core.usecases.moving.reference_names import refuse_empty_message
from comfydock_core.integrations.git.index_lock import wait_for_index
from comfydock_core.integrations.git.trees import is_index_of
from comfydock_core.models.history.moving import (
    DISCARD,
    STASH,
    Destination,
    MovePlan,
    MoveRequest,
)
from comfydock_core.models.operation import Step
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.transaction import make_plan
from comfydock_core.services.transaction.planning import swap


def plan_requested_move(
    layout: EnvironmentLayout, services: WorkspaceServices, request: MoveRequest, reporter: Reporter
) -> MovePlan:
    """What a request takes. Raises what `Destinations.of` and `plan_move` raise."""
    refuse_empty_message(request.message)
    destination = Destinations(layout, services).of(request)
    if request.command == "reset" and request.mode != "hard":
        return _plan_reset(layout, destination, with_index=request.mode == "mixed")
    policy = {"reset": DISCARD, "stash": STASH}.get(request.command, request.policy)
    return plan_move(
        layout, services, destination, reporter, policy=policy, rehearsal=request.rehearsal, message=request.message
    )


def _plan_reset(layout: EnvironmentLayout, destination: Destination, *, with_index: bool) -> MovePlan:
    """The branch goes elsewhere, and what there is becomes uncommitted work."""
    refuse_unfit(layout)
    wait_for_index(f"{layout.root}/{INDEX}")
    moves_index = with_index and (destination.refs or not is_index_of(layout.definition, destination.commit))
    steps: list[Step] = [swap(layout.root, INDEX, has_new=True)] if moves_index else []
    what = "the branch" if destination.refs else "git's index"
    moves = bool(steps or destination.refs)
    change = make_plan(
        layout.root,
        destination.command,
        [*steps, *destination.refs],
        work=[PlanStep("move", what, f"to {destination.label}; the files stay as they are")] if moves else [],
        inputs=[f"{layout.definition}/.git/HEAD"],
        fetch_bytes=0,
        disk_needed=0,
    )
    return MovePlan(layout.name, destination, change)
