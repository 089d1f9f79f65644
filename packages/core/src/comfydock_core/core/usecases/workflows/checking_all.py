"""Checking several workflows with what is read once for all, and noting what was found for `status`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache

from comfydock_core.analyzers.workflow_contents import settled_content

# What to do about missing classes and models is loaded when one is, comparing locks when there is one.
from comfydock_core.core.usecases import workflows
from comfydock_core.core.usecases.workflows.checking import WorkflowChecker
from comfydock_core.core.usecases.workflows.knowledge import known_classes
from comfydock_core.core.usecases.workflows.local_models import local_models
from comfydock_core.core.usecases.workflows.noting import CheckNotes, facts_of
from comfydock_core.core.usecases.workflows.opening import FoundWorkflow, find_workflow, open_found
from comfydock_core.managers.workflow_manager import WorkflowManager
from comfydock_core.models.exceptions import WorkflowUnreadable
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.checks import IssueCode, WorkflowCheck, WorkflowIssue
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.listed_once import ListedOnce

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.usecases.workflows.class_origins import ClassOrigins
    from comfydock_core.core.usecases.workflows.lock_comparing import LockComparer
    from comfydock_core.core.usecases.workflows.model_origins import ModelOrigins


def check_workflows(
    manager: WorkflowManager, words: Sequence[str], reporter: Reporter, *, strict: bool = True
) -> list[WorkflowCheck]:
    """Check workflows of the environment, and files.

    Where it is not `strict`, a file that is no workflow is an issue and keeps no other from being checked.
    Raises `WorkflowNotFound`, `WorkflowUnreadable`, `ModelPathsInvalid`, `EnvironmentBroken`, `FileSystemError`, and
    where there is a lock `ManifestDamaged`.
    """
    environment, workspace = manager.environment, manager.workspace
    found = [find_workflow(environment, word) for word in words]
    notes = CheckNotes(environment) if any(one.in_environment for one in found) else None
    listed = ListedOnce()
    known = known_classes(workspace, environment, reporter, listed)
    checks: list[WorkflowCheck] = []

    @cache
    def model_origins() -> ModelOrigins:
        return workflows.ModelOrigins(workspace, environment)

    @cache
    def class_origins() -> ClassOrigins:
        return ending.enter_context(workflows.ClassOrigins(workspace, environment, known, reporter))

    @cache
    def locks() -> LockComparer:
        return workflows.LockComparer(workspace, environment, known)

    with disk_errors("look at the directories of models"), ExitStack() as ending:
        models = local_models(workspace, environment, listed)
        checker = WorkflowChecker(environment, known, models.matcher, locks, class_origins, model_origins)
        try:
            for at, one in enumerate(found):
                reporter.progress(one.name, at, len(found), "workflows")
                content = settled_content(one.path) if one.in_environment else None
                check, files = _look(checker, one, strict)
                if notes is not None and content is not None:
                    notes.add(content, one.path, check, facts_of(check, files.items(), models))
                checks.append(check)
        finally:
            if notes is not None:
                notes.write(manager.note, known.further)
    return checks


def _look(checker: WorkflowChecker, one: FoundWorkflow, strict: bool) -> tuple[WorkflowCheck, dict[str, bool]]:
    try:
        return checker.look(one.name, open_found(one), is_own=one.in_environment)
    except WorkflowUnreadable as error:
        if strict:
            raise
        return WorkflowCheck(one.name, (WorkflowIssue(IssueCode.UNREADABLE, error.message, hint=error.hint),)), {}
