"""`workflow analyze`: what workflow files need, wherever they lie."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

from comfydock_core.analyzers.workflow_dependency_parser import WorkflowDependencyParser
from comfydock_core.analyzers.workflows.embedded_lock import embedded_lock, with_lock
from comfydock_core.analyzers.workflows.opening import OpenedWorkflow, open_content
from comfydock_core.analyzers.workflows.refusals import NotACarrier, NothingCarried, NoWorkflow
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.workflows.finding import FoundWorkflow, find_workflow
from comfydock_core.core.usecases.workflows.opening import open_found, unreadable
from comfydock_core.models.exceptions import WorkflowUnreadable
from comfydock_core.models.workflow.dependencies import WorkflowDependencies
from comfydock_core.records import record
from comfydock_core.resolvers.environment_classes import EnvironmentClasses

STANDARD_INPUT = "-"
_MAY_CARRY = (
    ".json", ".png", ".webp", ".jpg", ".jpeg", ".avif", ".flac", ".mp3", ".ogg", ".opus", ".mp4", ".mov", ".m4a",
    ".webm", ".mkv", ".svg", ".gltf", ".glb",
)  # fmt: skip


@record
class AnalyzedWorkflow:
    """What one file needs, or why it could not be read.

    `nodes` counts those that run; one that `is_locked` carries a lock, which tells where models are from.
    """

    name: str
    needs: WorkflowDependencies | None = None
    nodes: int = 0
    format: str | None = None
    carrier: str | None = None
    error: WorkflowUnreadable | None = None
    is_locked: bool = False


def analyze_workflows(
    environment: EnvironmentLayout | None, words: Sequence[str], given: bytes | None, known: EnvironmentClasses
) -> list[AnalyzedWorkflow]:
    """Analyse files, directories with all below them, workflows of an environment, and for `-` what was `given`.

    A file that is no workflow is one of the answers, with its error; in directories only files that have one count.
    Raises `WorkflowNotFound`, `FileSystemError`.
    """
    analyzed: list[AnalyzedWorkflow] = []
    parser = WorkflowDependencyParser(known.classes)
    for word in words:
        if word == STANDARD_INPUT:
            analyzed.append(_analyze_given(given or b"", parser, known))
        elif os.path.isdir(os.path.expanduser(word)):
            for path in _files_below(os.path.expanduser(word)):
                one = _analyze(FoundWorkflow(path, path, False), parser, known)
                if one.error is None or not _is_other(one.error):
                    analyzed.append(one)
        else:
            analyzed.append(_analyze(find_workflow(environment, word), parser, known))
    return analyzed


def _analyze(found: FoundWorkflow, parser: WorkflowDependencyParser, known: EnvironmentClasses) -> AnalyzedWorkflow:
    try:
        return _told(found.name, open_found(found), parser, known)
    except WorkflowUnreadable as error:
        return AnalyzedWorkflow(found.name, error=error)


def _analyze_given(content: bytes, parser: WorkflowDependencyParser, known: EnvironmentClasses) -> AnalyzedWorkflow:
    try:
        return _told(STANDARD_INPUT, open_content(content), parser, known)
    except NoWorkflow as error:
        return AnalyzedWorkflow(STANDARD_INPUT, error=unreadable("standard input", error))


def _told(
    name: str, opened: OpenedWorkflow, parser: WorkflowDependencyParser, known: EnvironmentClasses
) -> AnalyzedWorkflow:
    view, carried = opened.view(known.classes, known.editor_only), embedded_lock(opened.raw)
    needs = with_lock(parser.parse(view), carried.lock)
    if carried.problem is not None:
        needs = replace(needs, problems=(*needs.problems, carried.problem))
    return AnalyzedWorkflow(
        name, needs, len(view.running), view.format, opened.carrier, is_locked=carried.lock is not None
    )


def _files_below(directory: str) -> Iterator[str]:
    for place, directories, names in os.walk(directory):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith(_MAY_CARRY) and not name.startswith("."):
                yield os.path.join(place, name)


def _is_other(error: WorkflowUnreadable) -> bool:
    """Whether a file is of another kind: JSON of something else, a picture without a workflow."""
    cause = error.__cause__
    return isinstance(cause, NothingCarried | NotACarrier) or str(cause) == "it holds no nodes"
