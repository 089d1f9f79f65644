"""`workflow check`: whether workflows run in an environment, by what was read of its code; nothing is started."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from comfydock_core.analyzers.workflow_dependency_parser import WorkflowDependencyParser
from comfydock_core.analyzers.workflows.opening import OpenedWorkflow
from comfydock_core.configs.environment_layout import EnvironmentLayout
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
from comfydock_core.models.workflow.plans import FROM_INDEX, FROM_MANIFEST, FROM_WORKFLOW, ModelOrigin
from comfydock_core.models.workflow.prompt_view import PromptView
from comfydock_core.resolvers.environment_classes import EnvironmentClasses
from comfydock_core.resolvers.model_matching import ModelMatcher
from comfydock_core.utils.text import some
from comfydock_core.validation.prompt_checks import PromptChecks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from comfydock_core.core.usecases.workflows.model_origins import ModelOrigins

_PLACES = {"[input]": "input", "[output]": "output", "[temp]": "temp"}


@dataclass(frozen=True, slots=True)
class WorkflowChecker:
    """Checks workflows against one environment, whose classes were read and whose model folders are looked at.

    `origins` tells where missing models can be had; it is asked for when the first one is missing.
    """

    environment: EnvironmentLayout
    known: EnvironmentClasses
    matcher: ModelMatcher
    origins: "Callable[[], ModelOrigins] | None" = None

    def check(self, name: str, opened: OpenedWorkflow) -> WorkflowCheck:
        """Check one workflow. Raises `OSError`."""
        view = opened.view(self.known.classes, self.known.editor_only)
        needs = WorkflowDependencyParser(self.known.classes).parse(view)
        rules = PromptChecks(view.running, self.known.classes)
        used = rules.check()
        matches = tuple(self.matcher.match(one) for one in needs.models)
        found = [
            *self._missing_classes(view),
            *rules.issues,
            *(issue for match in matches if (issue := self._model_issue(match, name)) is not None),
            *self._missing_files(needs),
        ]
        optional = {id(issue) for issue in found if self._is_idle(issue, used, needs)}
        return WorkflowCheck(
            name,
            tuple(issue for issue in found if id(issue) not in optional),
            tuple(issue for issue in found if id(issue) in optional),
            matches,
            tuple(rules.untold),
            len(view.running),
        )

    def _model_issue(self, match: ModelMatch, workflow: str) -> WorkflowIssue | None:
        if match.state == MISSING and self.origins is not None:
            return _model_issue(match, self.origins().of(match.reference, workflow))
        return _model_issue(match, ModelOrigin())

    def _missing_classes(self, view: PromptView) -> Iterator[WorkflowIssue]:
        """One issue a class. A class that is here but not of the server fails no prompt."""
        missing: dict[str, list[str]] = {}
        for node in view.running:
            if node.type not in self.known.owners:
                missing.setdefault(node.type, []).append(node.id)
        places = {node.id: node.place for node in view.running}
        for kind, nodes in missing.items():
            where = f"node {some(nodes, 3)}" if len(nodes) == 1 else f"nodes {some(nodes, 3)}"
            yield WorkflowIssue(
                IssueCode.MISSING_CLASS,
                f"nothing here defines `{kind}` ({where})",
                nodes[0],
                kind,
                place=places[nodes[0]],
                nodes=tuple(nodes),
            )

    def _missing_files(self, needs: WorkflowDependencies) -> Iterator[WorkflowIssue]:
        for one in needs.files:
            if one.state == "runs" and not os.path.exists(self._file(one)):
                yield WorkflowIssue(
                    IssueCode.MISSING_FILE,
                    f"`{one.input}` is `{one.value}`, which is not among ComfyUI's inputs",
                    one.node,
                    one.type,
                    one.input,
                    hint=f"put the file into `{self.environment.comfyui}/input`",
                )

    def _file(self, one: FileReference) -> str:
        value, place = one.value.rstrip(), "input"
        for mark, directory in _PLACES.items():
            if value.endswith(mark):
                value, place = value[: -len(mark)].rstrip(), directory
        return os.path.join(self.environment.comfyui, place, value)

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


def _model_issue(match: ModelMatch, origin: ModelOrigin) -> WorkflowIssue | None:
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
        if match.state == RESPELLED:
            hint = "`comfydock workflow resolve` writes the name as it is here"
    place = one.places[0] if one.places else ""
    return WorkflowIssue(IssueCode.MISSING_MODEL, words, one.node or None, one.type or None, one.input, place, hint)


_KNOWN_FROM = {
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
