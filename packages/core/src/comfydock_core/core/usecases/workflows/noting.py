"""Noting what checks found and what that relied on, so that `status` can tell it without checking again."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator

from comfydock_core.analyzers.model_files.listing import counts
from comfydock_core.analyzers.workflow_contents import FileContent
from comfydock_core.analyzers.workflow_states import CodeStamp, file_stamp, time_of_change
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.workflows.local_models import LocalModels
from comfydock_core.models.workflow.checks import HERE, ModelMatch, WorkflowCheck
from comfydock_core.repositories.workflow_note import EXISTS, EXISTS_NOT, IS_FILE, NOT_LISTED, NotedCheck, NotedFile
from comfydock_core.repositories.workflow_note_writer import note_checks
from comfydock_core.resolvers.model_matching import spellings_of

_MOST_FACTS = 2000  # A workflow that asks for more files than that is not noted: each would be looked at every time.


class CheckNotes:
    """What is noted of one run of checks. Made before the code of the environment is read."""

    def __init__(self, environment: EnvironmentLayout) -> None:
        self._environment = environment
        self._began = time.time_ns()
        self._code = str(CodeStamp(environment))
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
        """Note all of it; `further` is what the node classes depend on beside code. Nothing that changed meanwhile."""
        if not self._checks or any(map(self._is_new, further)):
            return
        stamp = CodeStamp(self._environment)
        if str(stamp) != self._code:
            return
        stamp.add(further)
        note_checks(path, self._files, str(stamp), further, self._checks)

    def _is_new(self, path: str) -> bool:
        stamp = file_stamp(path)
        return stamp[0].isdigit() and time_of_change(stamp) >= self._began


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
