"""Checking several workflows with what is read once for all, and noting what was found for `status`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache

from comfydock_core.analyzers.report_grounds import ReportGrounds
from comfydock_core.analyzers.workflow_contents import settled_content

# What to do about missing classes and models is loaded when one is, comparing locks when there is one.
from comfydock_core.core.usecases import workflows
from comfydock_core.core.usecases.workflows.checking import WorkflowChecker
from comfydock_core.core.usecases.workflows.finding import FoundWorkflow, find_workflow
from comfydock_core.core.usecases.workflows.knowledge import known_classes
from comfydock_core.core.usecases.workflows.local_models import local_models
from comfydock_core.core.usecases.workflows.noting import CheckNotes, ReportNotes, facts_of
from comfydock_core.core.usecases.workflows.opening import open_found
from comfydock_core.managers.workflow_manager import WorkflowManager
from comfydock_core.models.exceptions import WorkflowUnreadable
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.checks import IssueCode, WorkflowCheck, WorkflowIssue
from comfydock_core.repositories.workflow_reports import is_noted
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.listed_once import ListedOnce

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.usecases.workflows.class_origins import ClassOrigins
    from comfydock_core.core.usecases.workflows.lock_comparing import LockComparer
    from comfydock_core.core.usecases.workflows.model_origins import ModelOrigins


def check_workflows(
    manager: WorkflowManager,
    words: Sequence[str],
    reporter: Reporter,
    *,
    strict: bool = True,
    grounds: ReportGrounds | None = None,
) -> list[WorkflowCheck]:
    """Check workflows of the environment, and files. `grounds` are those of now, where somebody has them.

    Where it is not `strict`, a file that is no workflow is an issue and keeps no other from being checked.
    Raises `WorkflowNotFound`, `WorkflowUnreadable`, `ModelPathsInvalid`, `EnvironmentBroken`, `FileSystemError`, and
    where there is a lock `ManifestDamaged`.
    """
    environment, workspace = manager.environment, manager.workspace
    found = [find_workflow(environment, word) for word in words]
    grounds = grounds or ReportGrounds(workspace, environment, time.time_ns())
    notes = CheckNotes(grounds.code)
    listed = ListedOnce(grounds.listed)
    known = known_classes(workspace, environment, reporter, listed)
    checks: list[WorkflowCheck] = []
    asked: list[ClassOrigins] = []

    @cache
    def model_origins() -> ModelOrigins:
        return workflows.ModelOrigins(workspace, environment, models.folders)

    @cache
    def class_origins() -> ClassOrigins:
        asked.append(ending.enter_context(workflows.ClassOrigins(workspace, environment, known, reporter)))
        return asked[0]

    @cache
    def locks() -> LockComparer:
        return workflows.LockComparer(workspace, environment, known)

    with disk_errors("look at the directories of models"), ExitStack() as ending:
        models = local_models(workspace, environment, listed)
        reports = ReportNotes(manager, grounds, models)
        checker = WorkflowChecker(environment, known, models.matcher, locks, class_origins, model_origins)
        try:
            for at, one in enumerate(found):
                reporter.progress(one.name, at, len(found), "workflows")
                content = settled_content(one.path) if one.in_environment or is_noted(one.path) else None
                check, files = _look(checker, one, strict)
                if content is not None:
                    reports.add(one, content, check, files, known.further, *asked)
                if content is not None and one.in_environment:
                    notes.add(content, one.path, check, facts_of(check, files.items(), models))
                checks.append(check)
        finally:
            notes.write(manager.note, known.further)
            reports.end()
    return checks


def _look(checker: WorkflowChecker, one: FoundWorkflow, strict: bool) -> tuple[WorkflowCheck, dict[str, bool]]:
    try:
        return checker.look(one.name, open_found(one), is_own=one.in_environment)
    except WorkflowUnreadable as error:
        if strict:
            raise
        return WorkflowCheck(one.name, (WorkflowIssue(IssueCode.UNREADABLE, error.message, hint=error.hint),)), {}
