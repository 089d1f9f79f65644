"""Putting a commit in place: the copies of the workflows, the patches, git's index and the branch, all or none."""

import os

from comfydock_core.configs.environment_layout import INDEX, EnvironmentLayout
from comfydock_core.core.usecases.history.patch_files import stage_patches
from comfydock_core.core.usecases.history.workflow_copies import stage_workflows
from comfydock_core.integrations.git.index_lock import wait_for_index
from comfydock_core.models.committing import CommitOutcome, CommitPlan
from comfydock_core.models.operation import Initiator
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.transaction import operation


def carry_out_commit(
    layout: EnvironmentLayout, plan: CommitPlan, initiator: Initiator, reporter: Reporter
) -> CommitOutcome:
    """Carry a plan out that has something to do.

    Raises `ScopeBusy`, `RepositoryBusy`, `ChangedMeanwhile`, `AcrossFileSystems`, `FileSystemError`.
    """
    if plan.commit is None:
        raise RuntimeError("there is nothing to commit")
    with operation(plan.change, initiator, reporter) as under_way:
        index = f"{under_way.work}/index"
        with open(index, "xb") as file:
            file.write(plan.index)
        stage_workflows(layout, plan.workflows, index, under_way)
        stage_patches(layout, plan.patches, index, under_way)
        os.rename(index, under_way.place(INDEX))
        wait_for_index(f"{layout.root}/{INDEX}")
        under_way.commit()
    return CommitOutcome(under_way.id, plan.commit)
