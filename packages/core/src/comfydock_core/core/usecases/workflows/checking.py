"""`workflow check`: whether workflows run in an environment, by what was read of its code; nothing is started."""

import os
import shlex
from collections.abc import Callable, Iterator, Mapping

from comfydock_core.analyzers.workflow_dependency_parser import WorkflowDependencyParser
from comfydock_core.analyzers.workflows.embedded_lock import EmbeddedLock, embedded_lock, with_lock
from comfydock_core.analyzers.workflows.opening import OpenedWorkflow
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.workflows.input_files import input_path
from comfydock_core.models.workflow.checks import (
    AMBIGUOUS,
    HERE,
    MISSING,
    RESPELLED,
    IssueCode,
    ModelMatch,
    WorkflowCheck,
    WorkflowIssue,
)
from comfydock_core.models.workflow.dependencies import BY_WORKFLOW, IN_PROMPT, FileReference, WorkflowDependencies
from comfydock_core.models.workflow.lock import LockComparison
from comfydock_core.models.workflow.model_origin import FROM_INDEX, FROM_LOCK, FROM_MANIFEST, FROM_WORKFLOW, ModelOrigin
from comfydock_core.models.workflow.prompt_view import RUNS, PromptView
from comfydock_core.records import record
from comfydock_core.repositories.workflow_locks import WorkflowLocks
from comfydock_core.resolvers.environment_classes import EnvironmentClasses
from comfydock_core.resolvers.model_matching import ModelMatcher
from comfydock_core.utils.text import some
from comfydock_core.validation.prompt_checks import PromptChecks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.usecases.workflows.class_origins import ClassOrigins
    from comfydock_core.core.usecases.workflows.lock_comparing import LockComparer
    from comfydock_core.core.usecases.workflows.model_origins import ModelOrigins


@record
class WorkflowChecker:
    """Checks workflows against one environment, whose classes were read and whose model folders are looked at.

    Without `locks` nothing is compared with what was locked; they are asked for when a workflow has a lock.
    `class_origins` and `model_origins` say where what is missing can be had; they are asked when something is.
    """

    environment: EnvironmentLayout
    known: EnvironmentClasses
    matcher: ModelMatcher
    locks: "Callable[[], LockComparer] | None" = None
    class_origins: "Callable[[], ClassOrigins] | None" = None
    model_origins: "Callable[[], ModelOrigins] | None" = None

    def check(self, name: str, opened: OpenedWorkflow, *, is_own: bool = False) -> WorkflowCheck:
        """Check one workflow; one `is_own` when it is the environment's. Raises `OSError`, `ManifestDamaged`."""
        return self.look(name, opened, is_own=is_own)[0]

    def look(self, name: str, opened: OpenedWorkflow, *, is_own: bool = False) -> tuple[WorkflowCheck, dict[str, bool]]:
        """The same, with the files of ComfyUI's inputs that were looked for, and whether they are there."""
        resolving = f"`comfydock workflow resolve {shlex.quote(name)}`" if is_own else None
        view = opened.view(self.known.classes, self.known.editor_only)
        needs = WorkflowDependencyParser(self.known.classes).parse(view)
        embedded = embedded_lock(opened.raw)
        needs = with_lock(needs, embedded.lock)
        rules = PromptChecks(view.running, self.known.classes)
        used = rules.check()
        matches = tuple(self.matcher.match(one) for one in needs.models)
        paths = [input_path(self.environment, one.value) for one in _running(needs)]
        files = {path: os.path.exists(path) for path in paths}
        found = [
            *self._missing_classes(name, view, needs, resolving),
            *rules.issues,
            *(issue for match in matches if (issue := self._model_issue(match, name, resolving)) is not None),
            *self._missing_files(needs, files),
        ]
        optional = {id(issue) for issue in found if self._is_idle(issue, used, needs)}
        check = WorkflowCheck(
            name,
            tuple(issue for issue in found if id(issue) not in optional),
            tuple(issue for issue in found if id(issue) in optional),
            matches,
            tuple(rules.untold),
            len(view.running),
            self._compared(name, needs, matches, embedded, is_own),
        )
        return check, files

    def _compared(
        self,
        name: str,
        needs: WorkflowDependencies,
        matches: tuple[ModelMatch, ...],
        embedded: EmbeddedLock,
        is_own: bool,
    ) -> LockComparison | None:
        """What is other than locked. What comparing takes is loaded where there is a lock."""
        carries = embedded.lock is not None or embedded.problem is not None
        if self.locks is None or not (carries or (is_own and WorkflowLocks(self.environment).has(name))):
            return None
        return self.locks().compare(name, needs, matches, embedded, is_own=is_own)

    def _model_issue(self, match: ModelMatch, workflow: str, resolving: str | None) -> WorkflowIssue | None:
        if match.state == MISSING and self.model_origins is not None:
            return _model_issue(match, resolving, self.model_origins().of(match.reference, workflow))
        return _model_issue(match, resolving, ModelOrigin())

    def _missing_classes(
        self, name: str, view: PromptView, needs: WorkflowDependencies, resolving: str | None
    ) -> Iterator[WorkflowIssue]:
        """One issue a class. A class that is here but not of the server fails no prompt."""
        missing: dict[str, list[str]] = {}
        for node in view.running:
            if node.type not in self.known.owners:
                missing.setdefault(node.type, []).append(node.id)
        places = {node.id: node.place for node in view.running}
        hints: Mapping[str, str | None] = {}
        if missing and self.class_origins is not None:
            hints = self.class_origins().hints(name, needs, resolving)
        for kind, nodes in missing.items():
            where = f"node {some(nodes, 3)}" if len(nodes) == 1 else f"nodes {some(nodes, 3)}"
            yield WorkflowIssue(
                IssueCode.MISSING_CLASS,
                f"nothing here defines `{kind}` ({where})",
                nodes[0],
                kind,
                place=places[nodes[0]],
                hint=hints.get(kind),
                nodes=tuple(nodes),
            )

    def _missing_files(self, needs: WorkflowDependencies, files: dict[str, bool]) -> Iterator[WorkflowIssue]:
        for one in _running(needs):
            if not files[input_path(self.environment, one.value)]:
                yield WorkflowIssue(
                    IssueCode.MISSING_FILE,
                    f"`{one.input}` is `{one.value}`, which is not among ComfyUI's inputs",
                    one.node,
                    one.type,
                    one.input,
                    hint=f"put the file into `{self.environment.comfyui}/input`",
                )

    def _is_idle(self, issue: WorkflowIssue, used: frozenset[str], needs: WorkflowDependencies) -> bool:
        """Whether an issue keeps nothing from running: the server looks at what leads to an output alone."""
        if issue.code in (IssueCode.MISSING_CLASS, IssueCode.NO_OUTPUT):
            return False
        if issue.node is not None and issue.node not in used:
            return True
        if issue.code is not IssueCode.MISSING_MODEL:
            return False
        return all(
            one.found in (BY_WORKFLOW, IN_PROMPT)
            for one in needs.models
            if one.node == issue.node and (one.input or "") == (issue.input or "")
        )


def _running(needs: WorkflowDependencies) -> list[FileReference]:
    return [one for one in needs.files if one.state == RUNS]


def _model_issue(match: ModelMatch, resolving: str | None, origin: ModelOrigin) -> WorkflowIssue | None:
    if match.state == HERE:
        return None
    one = match.reference
    folders = some(list(one.folders), 2) if one.folders else "any folder"
    best = match.candidates[0] if match.candidates else None
    hint = None
    if match.state == MISSING:
        words = f"`{one.value}` is not in {folders}"
        hint = _source_hint(origin)
    elif match.state == AMBIGUOUS:
        words = f"`{one.value}` is not in {folders}; {len(match.candidates)} files may be meant"
        hint = "one of " + some([f"{each.folder}/{each.name}" for each in match.candidates], 4)
    else:
        assert best is not None
        words = f"`{one.value}` is not in {folders}, but `{best.folder}/{best.name}` is there: {best.reason}"
        if match.state == RESPELLED and resolving is not None:
            hint = f"{resolving} writes the name as it is here"
    place = one.places[0] if one.places else ""
    return WorkflowIssue(IssueCode.MISSING_MODEL, words, one.node or None, one.type or None, one.input, place, hint)


_KNOWN_FROM = {
    FROM_LOCK: "the lock notes",
    FROM_WORKFLOW: "the workflow names",
    FROM_MANIFEST: "the manifest notes",
    FROM_INDEX: "a model of this digest was had from",
}


def _source_hint(origin: ModelOrigin) -> str | None:
    """Where it can be had, in words."""
    if not origin.entries:
        return f"{_KNOWN_FROM[origin.known_from]} {origin.urls[0]}" if origin.urls else None
    first = origin.entries[0]
    if origin.urls:
        return f"ComfyUI-Manager's list has it at {first.url}" + (f" ({first.size})" if first.size else "")
    if len(origin.entries) == 1:
        return f"ComfyUI-Manager's list has a file of this name at {first.url}"
    places = some([one.url for one in origin.entries], 2)
    return f"ComfyUI-Manager's list has {len(origin.entries)} files of this name: {places}"
