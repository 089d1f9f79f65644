"""Checking several workflows with what is read once for all."""

import contextlib
import shlex
from collections.abc import Sequence

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.workflows.checking import WorkflowChecker
from comfydock_core.core.usecases.workflows.deciding import ClassDecider, class_decider
from comfydock_core.core.usecases.workflows.knowledge import known_classes
from comfydock_core.core.usecases.workflows.local_models import model_matcher
from comfydock_core.core.usecases.workflows.opening import find_workflow, open_found
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.candidates import BUILT_IN, OPTIONAL, ClassResolution
from comfydock_core.models.workflow.checks import WorkflowCheck
from comfydock_core.models.workflow.dependencies import WorkflowDependencies
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.workflow_files import WorkflowFiles
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import some

_MOST_PACKS = 3


def check_workflows(
    workspace: WorkspaceLayout, environment: EnvironmentLayout, words: Sequence[str], reporter: Reporter
) -> list[WorkflowCheck]:
    """Check the named workflows, or all of the environment.

    Raises `WorkflowNotFound`, `WorkflowUnreadable`, `ModelPathsInvalid`, `EnvironmentBroken`, `FileSystemError`.
    """
    found = [find_workflow(environment, word) for word in words or WorkflowFiles(environment.workflows).names()]
    known = known_classes(workspace, environment, reporter)
    checks: list[WorkflowCheck] = []
    with disk_errors("look at the directories of models"), _Origins(workspace, environment, reporter) as origins:
        checker = WorkflowChecker(environment, known, model_matcher(workspace, environment), origins.hints)
        for at, one in enumerate(found):
            reporter.progress(one.name, at, len(found), "workflows")
            resolving = f"`comfydock workflow resolve {shlex.quote(one.name)}`" if one.in_environment else None
            checks.append(checker.check(one.name, open_found(one), resolving))
    return checks


class _Origins(contextlib.ExitStack):
    """Says what to do about classes that are missing. Nothing is read before it is asked, and then once."""

    def __init__(self, workspace: WorkspaceLayout, environment: EnvironmentLayout, reporter: Reporter) -> None:
        super().__init__()
        self._workspace = workspace
        self._environment = environment
        self._reporter = reporter
        self._decider: ClassDecider | None = None

    def hints(self, name: str, needs: WorkflowDependencies, resolving: str | None) -> dict[str, str | None]:
        """A hint for each class that is not here. Raises `ManifestDamaged`, `FileSystemError`."""
        if self._decider is None:
            manifest = read_manifest(self._environment.manifest)
            self._decider = self.enter_context(
                class_decider(self._workspace, self._environment, manifest, self._reporter)
            )
        has_lists = self._decider.index is not None
        found = self._decider.decide(name, needs)
        return {one.type: _hint(one, resolving, has_lists=has_lists) for one in found.classes}


def _hint(found: ClassResolution, resolving: str | None, *, has_lists: bool) -> str | None:
    """The one pack that it is from, or those that it may be from."""
    if found.decided_by == OPTIONAL:
        return "you chose to do without it"
    decided = found.decided
    if decided is not None and decided.installed is not None:
        return f"`{decided.installed}` is here and should have it: another version may"
    if decided is not None and decided.refusal is not None:
        return f"`{decided.identifier}` has it, which cannot be added: {decided.refusal}"
    if decided is not None:
        return f"`comfydock node add {shlex.quote(decided.identifier)}` adds the pack that has it"
    if found.candidates:
        packs = some([f"`{one.identifier}`" for one in found.candidates], _MOST_PACKS)
        return f"it may be from {packs}" + (f"; {resolving} decides" if resolving else "")
    if found.decided_by == BUILT_IN:
        return "another version of ComfyUI has it"
    return None if has_lists else "`comfydock registry update` fetches the lists of node packs, which may know it"
