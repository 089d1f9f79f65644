"""Noting what checks found and what that relied on, so that `status` can tell it without checking again."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from comfydock_core.analyzers.model_files.listing import counts
from comfydock_core.analyzers.report_grounds import ReportGrounds
from comfydock_core.analyzers.workflow_contents import FileContent
from comfydock_core.analyzers.workflow_states import CodeStamp, file_stamp, time_of_change
from comfydock_core.core.usecases.workflows.finding import FoundWorkflow
from comfydock_core.core.usecases.workflows.local_models import LocalModels
from comfydock_core.managers.workflow_manager import WorkflowManager
from comfydock_core.models.workflow.check_record import record_of
from comfydock_core.models.workflow.checks import HERE, IssueCode, ModelMatch, WorkflowCheck
from comfydock_core.repositories.workflow_locks import WorkflowLocks
from comfydock_core.repositories.workflow_note import EXISTS, EXISTS_NOT, IS_FILE, NOT_LISTED, NotedCheck, NotedFile
from comfydock_core.repositories.workflow_note_writer import note_checks
from comfydock_core.repositories.workflow_report_writer import forget_oldest, write_report
from comfydock_core.repositories.workflow_reports import LARGEST, NotedReport, report_file
from comfydock_core.resolvers.model_matching import spellings_of
from comfydock_core.utils.light_digest import digest_of_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.usecases.workflows.class_origins import ClassOrigins

_MOST_FACTS = 2000  # A workflow that asks for more files than that is not noted: each would be looked at every time.


class CheckNotes:
    """What is noted of one run of checks. Made before the code of the environment is read, as `code` is."""

    def __init__(self, code: CodeStamp) -> None:
        self._began = time.time_ns()
        self._code = code
        self._files: dict[str, NotedFile] = {}
        self._checks: dict[str, tuple[NotedCheck, list[str]]] = {}

    def add(self, before: FileContent, path: str, check: WorkflowCheck, facts: Iterable[str] | None) -> None:
        """Take a check of a workflow of the environment whose file was read `before`.

        One that was written meanwhile, or whose `facts` nobody can look at, stays unchecked.
        """
        if facts is None or not before.is_settled or file_stamp(path) != before.stamp:
            return
        relied_on = sorted(set(facts))
        if len(relied_on) <= _MOST_FACTS:
            needs = Counter(str(issue.code) for issue in check.issues)
            self._files[check.name] = NotedFile(before.stamp, None, None, before.digest)
            self._checks[before.digest] = (NotedCheck(check.name, time.time(), dict(needs), []), relied_on)

    def write(self, path: str, further: list[str]) -> None:
        """Note all of it; `further` is what the node classes depend on beside code.

        Code that changed meanwhile makes the note void from the start, as its stamp is of before.
        """
        if self._checks and not any(map(self._is_new, further)):
            note_checks(path, self._files, self._code.with_files(further), further, self._checks)

    def _is_new(self, path: str) -> bool:
        stamp = file_stamp(path)
        return stamp[0].isdigit() and time_of_change(stamp) >= self._began


class ReportNotes:
    """The reports of one run of checks, each noted with what it relied on. `grounds` are those of before the run."""

    def __init__(self, manager: WorkflowManager, grounds: ReportGrounds, models: LocalModels) -> None:
        """Made before what lies in the folders of models is looked at, which is taken for what the checks saw."""
        self._directory = manager.workspace.workflow_reports(manager.environment.name)
        self._locks = WorkflowLocks(manager.environment)
        self._grounds = grounds
        self._models = models
        grounds.names_below(sorted(set(models.directories)))
        self._written = 0

    def add(
        self,
        found: FoundWorkflow,
        before: FileContent,
        check: WorkflowCheck,
        files: Mapping[str, bool],
        further: Iterable[str],
        origins: ClassOrigins | None = None,
    ) -> None:
        """Note the report of a workflow whose file was read `before`, unless something cannot be told apart later.

        `files` are those of ComfyUI's inputs and whether they were there, `further` what the node classes were read
        from beside code, `origins` what was asked about classes that are missing.
        """
        record = record_of(check)
        if record is None or _is_unreadable(check) or not self._is_certain(found, before, origins):
            return
        places = [*further, *([self._locks.path(found.name)] if found.in_environment else ())]
        facts = [(EXISTS if there else EXISTS_NOT) + path for path, there in files.items()]
        if origins is not None:
            places += origins.releases.refs
            facts += ((EXISTS if os.path.exists(one) else EXISTS_NOT) + one for one in origins.releases.histories)
        grounds = self._grounds.of_report(places, self._models.directories, facts, self._models.links)
        if grounds is None or file_stamp(found.path) != before.stamp:
            return
        path = report_file(self._directory, found.name, is_own=found.in_environment)
        write_report(path, NotedReport(digest_of_bytes(before.bytes), grounds, record))
        self._written += 1

    def end(self) -> None:
        """Let old reports go."""
        if self._written:
            forget_oldest(self._directory)

    def _is_certain(self, found: FoundWorkflow, before: FileContent, origins: ClassOrigins | None) -> bool:
        return before.is_settled and len(before.bytes) <= LARGEST and (origins is None or origins.is_complete)


def _is_unreadable(check: WorkflowCheck) -> bool:
    return any(issue.code == IssueCode.UNREADABLE for issue in check.issues)


def facts_of(check: WorkflowCheck, files: Iterable[tuple[str, bool]], models: LocalModels) -> list[str] | None:
    """Which files a check found, and which it did not find; `None` when that is not all that its findings rely on.

    `files` are those of ComfyUI's inputs that it asks for, and whether they were there.
    """
    facts = [(EXISTS if there else EXISTS_NOT) + path for path, there in files]
    for match in check.models:
        if match.state != HERE:
            facts += (NOT_LISTED + path for path in _where_it_would_be(match, models))
        elif match.candidates[0].path is None:
            return None  # A link that leads nowhere, which ComfyUI lists.
        else:
            facts.append(IS_FILE + match.candidates[0].path)
    return facts


def _where_it_would_be(match: ModelMatch, models: LocalModels) -> Iterator[str]:
    """The places at which a file would make the model one that is here. Another one elsewhere changes no count."""
    for folder in models.folders_of(match.reference):
        for value in spellings_of(match.reference):
            parts = value.split(os.sep)
            if all(part not in ("", ".", "..") for part in parts) and "\0" not in value and counts(folder, value):
                yield from (os.path.join(directory, value) for directory in folder.directories)
