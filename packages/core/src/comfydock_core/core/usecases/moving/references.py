"""Branches, tags and stashes themselves: making, renaming and deleting them. The environment stays where it is."""

import os
import shutil

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.history.fitness import refuse_unfit
from comfydock_core.core.usecases.moving.reference_names import (
    refuse_empty_message,
    refuse_taken_branch,
    refuse_taken_tag,
)
from comfydock_core.core.usecases.moving.stash_finding import find_stash
from comfydock_core.integrations.git import queries, stashes, tags
from comfydock_core.integrations.git.branches import commits_of_branch_alone, edit_branch_settings, has_branch_settings
from comfydock_core.integrations.git.queries import HEAD, SYMBOLIC
from comfydock_core.models.commit import SHORT
from comfydock_core.models.exceptions import BranchInUse, BranchUnmerged, RefNotFound
from comfydock_core.models.history.moving import ReferencePlan, ReferenceRequest
from comfydock_core.models.operation import Initiator, RefChange, Step, Swap
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.history.revisions import Revisions
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import counted, did_you_mean, nearest

_DEFINITION = ".cec"
_CONFIG = ".cec/.git/config"
_BRANCHES, _TAGS = "refs/heads/", "refs/tags/"


def plan_reference(layout: EnvironmentLayout, services: WorkspaceServices, request: ReferenceRequest) -> ReferencePlan:
    """What a request takes.

    Raises `RefExists`, `RefInvalid`, `RefNotFound`, `StashNotFound`, `BranchInUse`, `BranchUnmerged`, `NoHistory`,
    `RepositoryUnfit`, `GitFailed`.
    """
    refuse_unfit(layout)
    refuse_empty_message(request.message)
    revisions = Revisions(layout)
    ways = {
        ("branch", "create"): _create_branch,
        ("branch", "rename"): _rename_branch,
        ("branch", "delete"): _delete_branch,
        ("tag", "create"): _create_tag,
        ("tag", "delete"): _delete_tag,
        ("stash", "delete"): _drop_stash,
    }
    commit, steps = ways[request.kind, request.action](layout, services, revisions, request)
    command = {"create": request.kind, "rename": "branch -m", "delete": f"{request.kind} -d"}[request.action]
    told = f"now `{request.new_name}`" if request.new_name is not None else commit[:SHORT]
    change = make_plan(
        layout.root,
        command,
        steps,
        work=[PlanStep(request.action, f"the {request.kind} `{request.name}`", told)],
        inputs=[f"{layout.definition}/.git/HEAD"],
        fetch_bytes=0,
        disk_needed=0,
    )
    return ReferencePlan(layout.name, request, commit, change)


def carry_out_reference(
    layout: EnvironmentLayout, plan: ReferencePlan, initiator: Initiator, reporter: Reporter
) -> str:
    """Execute the plan; the operation's identifier. Raises `ScopeBusy`, `ChangedMeanwhile`, `GitFailed`."""
    request = plan.request
    with disk_errors(f"change a {request.kind}"), operation(plan.change, initiator, reporter) as under_way:
        if any(isinstance(step, Swap) for step in plan.change.steps):
            place = under_way.place(_CONFIG)
            shutil.copy2(f"{layout.root}/{_CONFIG}", place)
            edit_branch_settings(layout.definition, os.path.abspath(place), request.name, request.new_name)
        under_way.commit()
    return under_way.id


Planned = tuple[str, list[Step]]


def _create_branch(
    layout: EnvironmentLayout, services: WorkspaceServices, revisions: Revisions, request: ReferenceRequest
) -> Planned:
    refuse_taken_branch(layout, request.name)
    commit = revisions.commit(HEAD if request.ref is None else request.ref)
    return commit, [RefChange(_DEFINITION, f"{_BRANCHES}{request.name}", None, commit)]


def _rename_branch(
    layout: EnvironmentLayout, services: WorkspaceServices, revisions: Revisions, request: ReferenceRequest
) -> Planned:
    assert request.new_name is not None
    commit = _known(revisions, "branch", request.name)
    refuse_taken_branch(layout, request.new_name, instead_of=request.name)
    old, new = f"{_BRANCHES}{request.name}", f"{_BRANCHES}{request.new_name}"
    steps: list[Step] = [RefChange(_DEFINITION, new, None, commit), RefChange(_DEFINITION, old, commit, None)]
    if f"{old}/".startswith(f"{new}/") or f"{new}/".startswith(f"{old}/"):
        steps.reverse()  # Git has one of them at a time only: `a` is a file or a directory.
    if queries.ref_value(layout.definition, HEAD) == SYMBOLIC + old:
        steps.insert(1, RefChange(_DEFINITION, HEAD, SYMBOLIC + old, SYMBOLIC + new))
    return commit, [*_settings(layout, request.name), *steps]


def _delete_branch(
    layout: EnvironmentLayout, services: WorkspaceServices, revisions: Revisions, request: ReferenceRequest
) -> Planned:
    commit = _known(revisions, "branch", request.name)
    full = f"{_BRANCHES}{request.name}"
    if queries.ref_value(layout.definition, HEAD) == SYMBOLIC + full:
        raise BranchInUse(
            f"`{layout.name}` is on the branch `{request.name}`",
            hint="`comfydock switch` to another branch first",
            context={"branch": request.name},
        )
    alone = commits_of_branch_alone(layout.definition, request.name)
    if alone and not request.force:
        raise BranchUnmerged(
            f"the branch `{request.name}` has {counted(alone, 'commit')} that no other branch or tag leads to",
            hint=f"`comfydock merge {request.name}` first, or delete it with `--force`; `undo` brings it back",
            context={"branch": request.name, "commits": alone},
        )
    return commit, [*_settings(layout, request.name), RefChange(_DEFINITION, full, commit, None)]


def _create_tag(
    layout: EnvironmentLayout, services: WorkspaceServices, revisions: Revisions, request: ReferenceRequest
) -> Planned:
    refuse_taken_tag(layout, request.name)
    commit = revisions.commit(HEAD if request.ref is None else request.ref)
    named = commit
    if request.message is not None and not request.rehearsal:
        git = services.environment(layout).git
        named = tags.make_tag(layout.definition, request.name, commit, request.message, git.identity_variables)
    return commit, [RefChange(_DEFINITION, f"{_TAGS}{request.name}", None, named)]


def _delete_tag(
    layout: EnvironmentLayout, services: WorkspaceServices, revisions: Revisions, request: ReferenceRequest
) -> Planned:
    commit = _known(revisions, "tag", request.name)
    full = f"{_TAGS}{request.name}"
    return commit, [RefChange(_DEFINITION, full, queries.ref_value(layout.definition, full), None)]


def _drop_stash(
    layout: EnvironmentLayout, services: WorkspaceServices, revisions: Revisions, request: ReferenceRequest
) -> Planned:
    stash = find_stash(layout, request.name)
    return stash.commit, [RefChange(_DEFINITION, stashes.reference(stash.number), stash.commit, None)]


def _settings(layout: EnvironmentLayout, branch: str) -> list[Step]:
    """Git's settings of a branch, such as what it follows, go with it."""
    if not has_branch_settings(layout.definition, branch):
        return []
    return [swap(layout.root, _CONFIG, has_new=True)]


def _known(revisions: Revisions, kind: str, name: str) -> str:
    known = {one.name: one.commit for one in revisions.references if one.kind == kind}
    if name in known:
        return known[name]
    near = nearest(name, list(known), limit=3)
    listing = "`comfydock branch` lists them" if kind == "branch" else "`comfydock tag` lists them"
    raise RefNotFound(
        f"there is no {kind} `{name}`",
        hint=did_you_mean(near) if near else listing,
        context={"ref": name, "known": sorted(known)},
    )
