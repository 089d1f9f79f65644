"""Checking several workflows with what is read once for all, and noting what was found for `status`."""

from collections.abc import Sequence

from comfydock_core.analyzers.workflow_contents import FileContent
from comfydock_core.core.usecases.workflows.checking import WorkflowChecker
from comfydock_core.core.usecases.workflows.knowledge import known_classes
from comfydock_core.core.usecases.workflows.local_models import local_models
from comfydock_core.core.usecases.workflows.lock_comparing import LockComparer
from comfydock_core.core.usecases.workflows.noting import CheckNotes, facts_of
from comfydock_core.core.usecases.workflows.opening import FoundWorkflow, find_workflow, open_found
from comfydock_core.managers.workflow_manager import WorkflowManager
from comfydock_core.models.exceptions import WorkflowUnreadable
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.checks import IssueCode, WorkflowCheck, WorkflowIssue
from comfydock_core.utils.files.disk_errors import disk_errors


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
    notes = CheckNotes(environment)
    known = known_classes(workspace, environment, reporter)
    checks: list[WorkflowCheck] = []
    with disk_errors("look at the directories of models"):
        models = local_models(workspace, environment)
        checker = WorkflowChecker(environment, known, models.matcher, LockComparer(workspace, environment, known))
        try:
            for at, one in enumerate(found):
                reporter.progress(one.name, at, len(found), "workflows")
                content = FileContent(one.path) if one.in_environment else None
                check, files = _look(checker, one, strict)
                if content is not None:
                    notes.add(content, one.path, check, facts_of(check, files.items(), models))
                checks.append(check)
        finally:
            notes.write(manager.note, known.further)
    return checks


def _look(checker: WorkflowChecker, one: FoundWorkflow, strict: bool) -> tuple[WorkflowCheck, dict[str, bool]]:
    try:
        return checker.look(one.name, open_found(one), is_own=one.in_environment)
    except WorkflowUnreadable as error:
        if strict:
            raise
        return WorkflowCheck(one.name, (WorkflowIssue(IssueCode.UNREADABLE, error.message, hint=error.hint),)), {}
