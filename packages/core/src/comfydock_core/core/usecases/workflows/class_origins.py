"""What to do about node classes that are missing: which pack has them, or which ComfyUI. Loaded when one is."""

import contextlib
import shlex

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.workflows.deciding import ClassDecider, class_decider
from comfydock_core.core.usecases.workflows.release_hints import ReleasePlaces, release_hints
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.candidates import BUILT_IN, OPTIONAL, ClassResolution
from comfydock_core.models.workflow.dependencies import WorkflowDependencies
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.resolvers.environment_classes import EnvironmentClasses
from comfydock_core.utils.text import some

_MOST_PACKS = 3


class ClassOrigins(contextlib.ExitStack):
    """Says what to do about classes that are missing. Nothing is read before it is asked, and then once.

    `releases` is where releases were looked for. `is_complete` says that nothing
    failed that may be otherwise the next time.
    """

    def __init__(
        self,
        workspace: WorkspaceLayout,
        environment: EnvironmentLayout,
        known: EnvironmentClasses,
        reporter: Reporter,
    ) -> None:
        super().__init__()
        self._known = known
        self._workspace = workspace
        self._environment = environment
        self._reporter = reporter
        self._decider: ClassDecider | None = None
        self.releases = ReleasePlaces()
        self.is_complete = True

    def hints(self, name: str, needs: WorkflowDependencies, resolving: str | None) -> dict[str, str | None]:
        """A hint for each class that is not here. Raises `ManifestDamaged`, `FileSystemError`."""
        if self._decider is None:
            manifest = read_manifest(self._environment.manifest)
            self._decider = self.enter_context(
                class_decider(self._workspace, self._environment, manifest, self._reporter, self._known.remembered)
            )
        decider = self._decider
        found = {one.type: one for one in decider.decide(name, needs).classes if one.type not in decider.own}
        open_ones = [kind for kind, one in found.items() if one.decided is None and one.decided_by != OPTIONAL]
        self.releases = ReleasePlaces.of(self._workspace, self._environment, decider.manifest.comfyui_repository)
        releases, is_complete = release_hints(self._workspace, self._environment, decider.manifest, open_ones)
        self.is_complete = self.is_complete and is_complete
        return {
            kind: releases.get(kind) or _hint(one, resolving, has_lists=decider.index is not None)
            for kind, one in found.items()
        }


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
