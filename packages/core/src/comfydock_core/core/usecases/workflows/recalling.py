"""`workflow check` of what stands still: the report of the last check, while a check would find the same.

Nothing that reads workflows or code is loaded for it. What a report relies on stands in `analyzers/report_grounds`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from comfydock_core.analyzers.report_grounds import ReportGrounds
from comfydock_core.analyzers.workflow_states import ValidChecks, file_stamp

# What checks is loaded when something has to be checked.
from comfydock_core.core.usecases import workflows
from comfydock_core.core.usecases.workflows.finding import FoundWorkflow, find_workflow
from comfydock_core.managers.workflow_manager import WorkflowManager
from comfydock_core.models.workflow.check_record import check_of
from comfydock_core.models.workflow.checks import WorkflowCheck
from comfydock_core.repositories.workflow_note import WorkflowNote, read_note
from comfydock_core.repositories.workflow_reports import is_noted, read_report, report_file
from comfydock_core.utils import native
from comfydock_core.utils.light_digest import digest_of_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.protocols import Reporter


def check_or_recall(
    manager: WorkflowManager, words: Sequence[str], reporter: Reporter, *, strict: bool
) -> list[WorkflowCheck]:
    """The same as `check_workflows`, but that only those are checked of which a check may find something else now."""
    grounds = ReportGrounds(manager.workspace, manager.environment, time.time_ns())
    recalling = _Recalling(manager, grounds)
    known = [recalling.check(find_workflow(manager.environment, word)) for word in words]
    open_words = [word for word, check in zip(words, known, strict=True) if check is None]
    if not open_words:
        return [check for check in known if check is not None]
    anew = iter(workflows.check_workflows(manager, open_words, reporter, strict=strict, grounds=grounds))
    return [check or next(anew) for check in known]


class _Recalling:
    """Reads what was noted of one environment."""

    def __init__(self, manager: WorkflowManager, grounds: ReportGrounds) -> None:
        self._manager = manager
        self._grounds = grounds
        self._reports = manager.workspace.workflow_reports(manager.environment.name)
        self._told: tuple[WorkflowNote, ValidChecks] | None = None

    def check(self, found: FoundWorkflow) -> WorkflowCheck | None:
        """The check of a workflow that was noted, if it still holds."""
        report = read_report(report_file(self._reports, found.name, is_own=found.in_environment))
        if report is None or not self._is_of(report.content, found) or not self._grounds.are(report.grounds):
            return None
        return check_of(report.record)

    def _is_of(self, content: str, found: FoundWorkflow) -> bool:
        """Whether the file still has that content, and `status`, where it tells of the file, tells of this check."""
        if found.in_environment and not self._is_told(found):
            return False
        if not is_noted(found.path):
            return False
        try:
            return digest_of_bytes(native.read_bytes(found.path) or b"") == content
        except OSError:
            return False

    def _is_told(self, found: FoundWorkflow) -> bool:
        if self._told is None:
            note = read_note(self._manager.note)
            self._told = note, ValidChecks(self._manager.environment, note, self._grounds.code)
        note, valid = self._told
        noted = note.files.get(found.name)
        check = note.checks.get(noted.digest) if noted is not None and noted.digest is not None else None
        is_same_file = noted is not None and noted.stamp == file_stamp(found.path)
        return check is not None and is_same_file and valid.objection(check) is None
