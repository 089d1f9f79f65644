"""Planning a commit of an environment's definition: it is made aside, and only has to be put in place."""

import tempfile

from comfydock_core.configs.environment_layout import INDEX, EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.history.changes import changes_between
from comfydock_core.core.usecases.history.fitness import files_of, reference_of, refuse_unfit
from comfydock_core.core.usecases.history.gaps import find_gaps
from comfydock_core.core.usecases.history.messages import default_message, with_gaps
from comfydock_core.core.usecases.history.patch_files import local_changes_once, steps_of_patches, take_patches
from comfydock_core.core.usecases.history.workflow_copies import steps_of, take_workflows
from comfydock_core.core.usecases.history.workflow_reading import WorkflowReading
from comfydock_core.integrations.git.committing import CommitBuilder
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.index_lock import wait_for_index
from comfydock_core.models.committing import CommitChanges, CommitPlan, CommitRequest, Gap, PatchFiles, WorkflowCopies
from comfydock_core.models.exceptions import ConflictError, NotReproducible
from comfydock_core.models.operation import ChangePlan, RefChange, Step
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.live_workflows import look_at_workflows
from comfydock_core.services.transaction import make_plan
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import counted


def plan_commit(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    services: WorkspaceServices,
    request: CommitRequest,
    reporter: Reporter,
) -> CommitPlan:
    """Make the commit of what there is, in objects that nothing refers to yet.

    Raises `RepositoryUnfit`, `RepositoryBusy`, `NotReproducible` when that is refused, `ManifestDamaged`,
    `LockDamaged`, `GitFailed`, `ToolMissing`, `FileSystemError`.
    """
    refuse_unfit(layout)
    _refuse_empty(request.message)
    wait_for_index(f"{layout.root}/{INDEX}")
    reporter.phase("Looking at the definition")
    head, branch = read_head(layout.definition)
    with (
        disk_errors("commit the definition", layout.definition),
        tempfile.TemporaryDirectory(prefix="comfydock-commit-") as scratch,
    ):
        builder = CommitBuilder(layout.definition, scratch, head=head, rehearsal=request.rehearsal)
        builder.add_everything()
        live = look_at_workflows(layout.workflows)
        reading, workflows = WorkflowReading(), WorkflowCopies({}, (), whole=False)
        if live is not None:
            workflows = take_workflows(builder, layout, live, reading.look_at)
        find = local_changes_once(layout, workspace)
        patches = take_patches(builder, layout, workspace, make=request.with_patches, find=find)
        before, after = builder.committed(), files_of(builder, layout)
        left_out = () if live is None else live.left_out
        if after == before:
            return _nothing(layout, branch, head, left_out, builder.number())
        changes = changes_between(before, after, builder.content)
        gaps = find_gaps(layout, find(), patches.of)
        if request.strict and gaps:
            raise _refusal(layout, gaps)
        message = (request.message or default_message(changes)).strip()
        commit = builder.commit(with_gaps(message, gaps), services.environment(layout).git.identity_variables)
        return CommitPlan(
            name=layout.name,
            branch=branch,
            parent=head,
            commit=commit,
            number=builder.number() + 1,
            message=message,
            changes=changes,
            gaps=gaps,
            left_out=left_out,
            unreadable=tuple(reading.unreadable),
            workflows=workflows,
            patches=patches.files,
            index=builder.index(),
            change=_change(layout, branch, head, commit, changes, workflows, patches.files),
        )


def _change(
    layout: EnvironmentLayout,
    branch: str | None,
    head: str | None,
    commit: str,
    changes: CommitChanges,
    workflows: WorkflowCopies,
    patches: PatchFiles,
) -> ChangePlan:
    files = changes.files
    told = counted(len(files.added + files.removed + files.changed), "file")
    steps: list[Step] = [*steps_of(layout, workflows), *steps_of_patches(layout, patches)]
    steps += [swap(layout.root, INDEX, has_new=True), RefChange(".cec", reference_of(branch), head, commit)]
    return make_plan(
        layout.root,
        "commit",
        steps,
        work=[PlanStep("commit", layout.definition, told)],
        inputs=[f"{layout.definition}/.git/HEAD"],
        fetch_bytes=0,
        disk_needed=2 * (workflows.size + sum(map(len, patches.new.values()))),
    )


def _nothing(
    layout: EnvironmentLayout, branch: str | None, head: str | None, left_out: tuple[tuple[str, str], ...], number: int
) -> CommitPlan:
    change, none = make_plan(layout.root, "commit", []), WorkflowCopies({}, (), whole=False)
    nothing = CommitChanges(), (), left_out, (), none, PatchFiles({}, ())
    return CommitPlan(layout.name, branch, head, None, number, "", *nothing, b"", change)


def _refuse_empty(message: str | None) -> None:
    if message is not None and (not message.strip() or "\0" in message):
        raise ConflictError(
            "the message of the commit is empty" if not message.strip() else "the message has a character of no text",
            hint="write what changed, or leave `-m` out: what changed is named then",
            context={"message": message},
        )


def _refusal(layout: EnvironmentLayout, gaps: tuple[Gap, ...]) -> NotReproducible:
    listed = "".join(f"\n  {gap.text}" for gap in gaps)
    kinds = {gap.kind for gap in gaps}
    ways = ["commit and push the code"] if "development-pack" in kinds else []
    if kinds & {"comfyui", "pack"}:
        ways.append("`--with-patches` commits changed files as patches")
    if "model" in kinds:
        ways.append("note where models can be had by `comfydock model add-source` and lock their workflows again")
    return NotReproducible(
        f"{counted(len(gaps), 'part')} of `{layout.name}` could not be rebuilt elsewhere:{listed}",
        hint="; ".join([*ways, "without `--strict` the commit says what it lacks"]),
        context={"gaps": [gap.as_dict() for gap in gaps]},
    )
