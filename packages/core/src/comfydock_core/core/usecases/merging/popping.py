"""Bringing a stash back: what it changed is united with what was committed since, and is uncommitted work again."""

import tempfile
from dataclasses import replace

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.merging.uniting import Uniting
from comfydock_core.core.usecases.moving.composing import Composed, tree_of_composed
from comfydock_core.core.usecases.moving.planning import plan_move
from comfydock_core.core.usecases.moving.stash_finding import find_stash
from comfydock_core.integrations.git import stashes
from comfydock_core.integrations.git.trees import read_tree
from comfydock_core.models.history.merging import MERGE, MergePlan, MergeRequest
from comfydock_core.models.history.moving import Destination, MovePlan, Stash
from comfydock_core.models.operation import RefChange
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.history.revisions import Revisions


def plan_pop(
    layout: EnvironmentLayout, services: WorkspaceServices, request: MergeRequest, reporter: Reporter
) -> MergePlan:
    """What bringing back the stash of the number `request.ref`, or the newest, comes to.

    The commit that it began at is the common ancestor. Raises `StashNotFound`, `NoHistory`, and what `Uniting.united`
    and `plan_move` raise.
    """
    stash = find_stash(layout, request.ref or None)
    head = Revisions(layout).commit("HEAD")
    reporter.phase("Looking at the stash")
    before, ours, theirs = (read_tree(layout.definition, one) for one in (stash.parent, head, stash.commit))
    uniting = Uniting(layout, services, replace(request, ref=f"stash {stash.number}"), reporter)
    merged = uniting.united((before, ours, theirs))
    move = None
    if not uniting.is_open:
        move = _move(layout, services, request, stash, head, merged.files, reporter)
    return MergePlan(
        name=layout.name,
        command=request.command,
        other=f"stash {stash.number}",
        kind=MERGE,
        base=stash.parent,
        mine=head,
        theirs=stash.commit,
        questions=uniting.questions,
        decided=tuple(merged.decided),
        files=tuple(sorted(merged.files)),
        message=stash.subject,
        move=move,
    )


def _move(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    request: MergeRequest,
    stash: Stash,
    head: str,
    files: Composed,
    reporter: Reporter,
) -> MovePlan:
    """To the last commit with those files; in a rehearsal the repository gets nothing for it."""
    gone = RefChange(".cec", stashes.reference(stash.number), stash.commit, None)
    with tempfile.TemporaryDirectory(prefix="comfydock-stash-") as scratch:
        tree, objects = tree_of_composed(layout.definition, head, files, scratch, rehearsal=request.rehearsal)
        destination = Destination(request.command, f"stash {stash.number}", tree, (gone,), index=head, objects=objects)
        return plan_move(layout, services, destination, reporter, policy=request.policy, rehearsal=request.rehearsal)
