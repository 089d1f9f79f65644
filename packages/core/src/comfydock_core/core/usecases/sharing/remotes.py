"""Adding, removing and renaming remotes: operations of one file, git's settings of the history.

What is known of a remote's branches is a copy of what the remote has, and goes along when the operation is done.
"""

import os
import shutil

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.history.fitness import refuse_unfit
from comfydock_core.core.usecases.sharing.remote_addresses import refuse_name, usable_address
from comfydock_core.core.usecases.sharing.remote_choosing import find_remote
from comfydock_core.integrations.git import remote_settings
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import RemoteExists
from comfydock_core.models.history.remotes import Remote, RemotePlan, RemoteRequest
from comfydock_core.models.operation import Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import folded

_CONFIG = ".cec/.git/config"


def plan_remote(layout: EnvironmentLayout, request: RemoteRequest) -> RemotePlan:
    """What a change of the remotes takes.

    Raises `RemoteInvalid`, `RemoteExists`, `RemoteNotFound`, `RepositoryUnfit`, `GitFailed`.
    """
    refuse_unfit(layout)
    remote, warnings = _remote_of(layout, request)
    told = remote.address if request.new_name is None else f"now `{request.new_name}`"
    change = make_plan(
        layout.root,
        f"remote {request.action}",
        [swap(layout.root, _CONFIG, has_new=True)],
        work=[PlanStep(request.action, f"the remote `{remote.name}`", told)],
        fetch_bytes=0,
        disk_needed=0,
    )
    return RemotePlan(layout.name, request, remote, change, warnings)


def carry_out_remote(layout: EnvironmentLayout, plan: RemotePlan, initiator: Initiator, reporter: Reporter) -> str:
    """Execute the plan; the operation's identifier. Raises `ScopeBusy`, `ChangedMeanwhile`, `GitFailed`."""
    request, repository = plan.request, layout.definition
    with disk_errors("change a remote"), operation(plan.change, initiator, reporter) as under_way:
        place = os.path.abspath(under_way.place(_CONFIG))
        shutil.copy2(f"{layout.root}/{_CONFIG}", place)
        if request.action == "add":
            remote_settings.edit_added(repository, place, plan.remote.name, plan.remote.address)
        elif request.new_name is not None:
            remote_settings.edit_renamed(repository, place, request.name, request.new_name)
        else:
            remote_settings.edit_removed(repository, place, request.name)
        under_way.commit()
    if request.action != "add":
        remote_settings.move_tracking(repository, request.name, request.new_name)
    return under_way.id


def _remote_of(layout: EnvironmentLayout, request: RemoteRequest) -> tuple[Remote, tuple[str, ...]]:
    """The remote that it is about, with what is to be said of its address."""
    if request.action != "add":
        remote = find_remote(layout, request.name)
        if request.new_name is not None:
            refuse_name(request.new_name)
            _refuse_taken(layout, request.new_name, instead_of=remote.name)
        return remote, ()
    assert request.address is not None
    refuse_name(request.name)
    _refuse_taken(layout, request.name)
    address = usable_address(request.address)
    is_bared = without_credentials(request.address) != request.address
    told = ("the login in the address is not kept: git asks its credential helper for it",) if is_bared else ()
    return Remote(request.name, address, address), told


def _refuse_taken(layout: EnvironmentLayout, name: str, instead_of: str | None = None) -> None:
    """Names that differ in case are one on some file systems, and what is known of their branches would mix."""
    for one in remote_settings.list_remotes(layout.definition):
        if folded(one.name) == folded(name) and one.name != instead_of:
            raise RemoteExists(
                f"there is a remote `{one.name}` already, at `{one.address}`",
                hint=f"`comfydock remote rename {one.name} NAME` gives it another name,"
                f" `comfydock remote remove {one.name}` removes it",
                context=one.as_dict(),
            )
