"""Exporting an environment: everything is checked and asked before the first byte is written."""

import errno
import os
import shlex
import shutil
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import IO

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.history.fitness import refuse_unfit
from comfydock_core.core.usecases.history.gaps import find_gaps
from comfydock_core.core.usecases.history.patch_files import local_changes_once
from comfydock_core.core.usecases.history.patches import held_patches
from comfydock_core.core.usecases.sharing.carried_models import FoundModels, find_models
from comfydock_core.core.usecases.sharing.carried_wheels import fetch_wheels, find_wheels
from comfydock_core.core.usecases.sharing.contents import Needs, needs_of, without_sources
from comfydock_core.core.usecases.sharing.uncommitted import refuse_uncommitted
from comfydock_core.core.usecases.workflows.recalling import check_or_recall
from comfydock_core.integrations import ssh_keys
from comfydock_core.integrations.git.head import read_head
from comfydock_core.managers.export_import_manager import Collected, refuse_other_file
from comfydock_core.managers.workflow_manager import WorkflowManager
from comfydock_core.models.exceptions import ExportRefused, FileSystemError, NoHistory
from comfydock_core.models.protocols import ExportCallbacks, Reporter
from comfydock_core.models.sharing import (
    DEVELOPMENT,
    MODELS,
    WHEELS,
    BundleManifest,
    ExportedBundle,
    ExportPlan,
    ExportRequest,
    HistoryTip,
    NeededModel,
)
from comfydock_core.models.workflow.checks import IssueCode
from comfydock_core.repositories.bundles.manifest_file import manifest_content
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import size_text, some

_SHOWN = 5
_LOST = "would not be exported"
_COMMIT = "what is exported is committed: `comfydock commit` commits them; then export again"
# What keeps somebody else from running a workflow; wrong values are between the workflow and its author.
_LACKING = (IssueCode.MISSING_CLASS, IssueCode.MISSING_MODEL, IssueCode.UNREADABLE)


def plan_export(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    services: WorkspaceServices,
    request: ExportRequest,
    scratch: str,
    callbacks: ExportCallbacks,
    reporter: Reporter,
) -> ExportPlan:
    """Everything that the bundle is going to be. `scratch` is an empty directory that has to stay until it is written.

    Raises `UncommittedWork`, `ExportRefused`, `NoHistory`, `RepositoryUnfit`, `ManifestDamaged`, `GitFailed`,
    `FileSystemError`, and with packs what fetching them raises.
    """
    commit, branch = _head(layout)
    target = None if request.target == "-" else _free_target(request.target, layout.name)
    refuse_uncommitted(layout, _LOST, _COMMIT)
    issues = _issues(layout, workspace, reporter) if request.look_for_issues else ()
    if issues and not request.allow_issues:
        raise _with_issues(issues)
    services_here = services.environment(layout)
    with disk_errors("export the environment", layout.definition):
        manifest = read_manifest(layout.manifest)
        packs = tracked_packs(manifest, layout.manifest)
        reporter.phase("Collecting the files")
        found = services_here.bundles.collect(commit, packs)
        needs = needs_of(found.files, manifest)
        found_models = find_models(workspace, needs.listed) if request.with_models else FoundModels((), (), ())
        models = without_sources(one for one in needs.listed if one not in found_models.carried)
        if models and not request.allow_issues and not callbacks.on_models_without_sources(models):
            raise _without_models(models)
        found.members += found_models.members
        found.left_out += found_models.lacking
        carried: Collection[str] = ()
        if request.with_packs:
            carried = services_here.bundles.add_packs(packs, services_here.packs, scratch, found, reporter)
        if request.with_wheels:
            wheels, without = find_wheels(layout, services, reporter)
            found.members += wheels
            found.left_out += without
        if request.with_history:
            reporter.phase("Packing the history")
            services_here.bundles.add_history(commit, branch, scratch, found)
        said = _manifest(layout, workspace, found, needs, found_models, carried)
    if request.with_history:
        said = replace(said, history=HistoryTip(commit, branch))
    return ExportPlan(
        name=layout.name,
        commit=commit,
        target=target,
        members=tuple(found.members),
        manifest=said,
        manifest_content=manifest_content(said),
        sign=request.sign,
        models_without_sources=models,
        issues=issues,
        left_out=tuple(found.left_out),
    )


def export_bundle(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    plan: ExportPlan,
    scratch: str,
    callbacks: ExportCallbacks,
    reporter: Reporter,
    stream: IO[bytes] | None = None,
) -> ExportedBundle:
    """Write the planned bundle, into `stream` where the plan has no target. `scratch` is the one of the plan.

    Raises `SigningFailed`, `ToolMissing`, `ChangedMeanwhile`, `ExportRefused`, `FileSystemError`, and for wheels
    `HashMismatch`, `RemoteError`.
    """
    _refuse_full_disk(plan)
    signature = None if plan.sign is None else ssh_keys.sign(plan.manifest_content, plan.sign)
    with disk_errors("fetch the wheels", scratch):
        plan = replace(plan, members=fetch_wheels(plan.members, services, scratch, reporter))
    with disk_errors("write the bundle", plan.target):
        return services.environment(layout).bundles.write(plan, signature, callbacks, stream)


def _refuse_full_disk(plan: ExportPlan) -> None:
    """Models and wheels hardly become smaller, and take long to write: that they do not fit is reported before."""
    size = sum(member.digest.size for member in plan.members if member.name.startswith((MODELS, WHEELS)))
    if plan.target is None or not size:
        return
    directory = os.path.dirname(plan.target)
    with disk_errors("write the bundle", directory):
        free = shutil.disk_usage(directory).free
    if free < size:
        raise FileSystemError(
            f"there is not enough space at `{directory}` for the bundle",
            hint=f"free some space there, at least {size_text(size - free)}, or write it elsewhere",
            context={"path": directory, "needed": size, "free": free, "errno": errno.errorcode[errno.ENOSPC]},
        )


def _head(layout: EnvironmentLayout) -> tuple[str, str | None]:
    refuse_unfit(layout)
    commit, branch = read_head(layout.definition)
    if commit is None:
        raise NoHistory(
            f"`{layout.name}` has no commit yet",
            hint="`comfydock commit` makes one",
            context={"environment": layout.name},
        )
    return commit, branch


def _free_target(wish: str | None, name: str) -> str:
    """The file to write: the one that is wished for, or one with the name of the day in a directory."""
    usual = f"{name}_export_{time.strftime('%Y%m%d')}.tar.gz"
    path = os.path.abspath(os.path.expanduser(wish or usual))
    target = f"{path}/{usual}" if os.path.isdir(path) else path
    with disk_errors("export the environment"):
        os.stat(os.path.dirname(target))
        refuse_other_file(target)
    return target


def committed_head(layout: EnvironmentLayout) -> str:
    """The last commit, when it is all that there is. Raises `NoHistory`, `UncommittedWork`, `RepositoryUnfit`."""
    commit, _ = _head(layout)
    refuse_uncommitted(layout, _LOST, _COMMIT)
    return commit


def _issues(layout: EnvironmentLayout, workspace: WorkspaceLayout, reporter: Reporter) -> tuple[tuple[str, str], ...]:
    manager = WorkflowManager(layout, workspace)
    names = manager.names()
    checks = check_or_recall(manager, names, reporter, strict=False) if names else []
    return tuple((one.name, issue.message) for one in checks for issue in one.issues if issue.code in _LACKING)


def _with_issues(issues: Sequence[tuple[str, str]]) -> ExportRefused:
    told = some([f"{name}: {message}" for name, message in issues], _SHOWN, "; ")
    return ExportRefused(
        f"workflows lack something here, so that nobody else could run them: {told}",
        hint=f"`comfydock workflow resolve {shlex.quote(issues[0][0])}` gets what is missing; `--allow-issues` exports"
        " it as it is",
        context={"issues": [{"workflow": name, "message": message} for name, message in issues]},
    )


def _without_models(models: Sequence[NeededModel]) -> ExportRefused:
    told = some([f"{one.place} ({', '.join(one.workflows)})" for one in models], _SHOWN)
    return ExportRefused(
        f"no source is known of models that workflows use, so that nobody else could get them: {told}"
        " (`--allow-issues` exports without them)",
        hint=f"`comfydock model add-source {shlex.quote(models[0].name)} URL` notes one, and `comfydock workflow lock"
        f" {shlex.quote(models[0].workflows[0])}` takes it up; `--with-models` carries them",
        context={"models": [one.as_dict() for one in models]},
    )


def _manifest(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    found: Collected,
    needs: Needs,
    models: FoundModels,
    packs: Collection[str],
) -> BundleManifest:
    """Only what the state decides stands in it: no names of environments, no moments, no commits.

    `packs` are the node packs that are carried.
    """
    changes = local_changes_once(layout, workspace)()
    names = {member.name: member.digest for member in found.members}
    gaps = find_gaps(layout, changes, held_patches(names).keys(), packs)
    carried = {("development-pack", name.split("/")[1]) for name in names if name.startswith(DEVELOPMENT)}
    carried |= {("model", model.place) for model in models.carried}
    missing = [gap for gap in gaps if (gap.kind, gap.name) not in carried]
    return BundleManifest(dict(sorted(names.items())), tuple(missing), dict(sorted(needs.packs.items())), needs.listed)
