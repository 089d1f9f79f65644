"""`import --workspace`: every environment of another workspace, each for itself; one that fails keeps none from it."""

import os
import time
from collections.abc import Callable
from dataclasses import replace

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.bundle_formatter import ImportedModels, imported, planned_import
from comfydock_cli.formatters.workspace_import_formatter import EnvironmentImport, imported_workspace
from comfydock_cli.ui.progress import PlainReporter
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import ComfyDockError, ModelRootRefused
from comfydock_core.models.operation import Initiator
from comfydock_core.models.protocols import ImportCallbacks
from comfydock_core.models.sharing import FoundWorkspace, ImportRequest
from comfydock_core.records import record

_SECTION = "imported"


@record
class WorkspaceImport:
    """What is imported, and how: `request` and `level` are what holds for every environment."""

    workspace: Workspace
    found: FoundWorkspace
    request: ImportRequest
    level: str
    get_models: Callable[[str], ImportedModels]
    initiator: Initiator
    reporter: PlainReporter
    callbacks: ImportCallbacks

    def carry_out(self) -> Result:
        """Import one environment after the other, and let each see the models where they are."""
        self.workspace.bundles.take_in_models(self.found, self.reporter)
        return imported_workspace(self.found, self._each(self._import), rehearsal=False)

    def preview(self) -> Result:
        """What importing each would do; nothing is made."""
        return imported_workspace(self.found, self._each(self._planned), rehearsal=True)

    def _each(self, make: Callable[[ImportRequest], EnvironmentImport]) -> list[EnvironmentImport]:
        made = []
        for name, directory in self.found.environments.items():
            request = replace(self.request, name=name, source=directory)
            try:
                made.append(make(request))
            except ComfyDockError as error:
                made.append(EnvironmentImport(name, error=error))
        return made

    def _planned(self, request: ImportRequest) -> EnvironmentImport:
        with self.workspace.bundles.scratch() as scratch:
            plan, untracked = self.workspace.bundles.plan_environment_import(request, scratch, self.reporter)
            return EnvironmentImport(request.name, planned_import(plan, self.level), tuple(untracked))

    def _import(self, request: ImportRequest) -> EnvironmentImport:
        started = time.monotonic()
        bundles = self.workspace.bundles
        with bundles.scratch() as scratch, self.workspace.exclusive(self.initiator, self.reporter):
            plan, untracked = bundles.plan_environment_import(request, scratch, self.reporter)
            outcome = bundles.carry_out_import(plan, self.initiator, self.reporter, self.callbacks)
        unseen = self._see_models(request.name)
        models = self.get_models(request.name)
        result = imported(plan, outcome, models, time.monotonic() - started)
        return EnvironmentImport(request.name, result, tuple(untracked), unseen=unseen)

    def _see_models(self, name: str) -> str | None:
        """Let an environment read the models of the other workspace from there; why it does not, if it does not."""
        models = self.found.models
        own = self.workspace.config().models_directory or self.workspace.layout.models
        if models is None or os.path.realpath(models) == os.path.realpath(own):
            return None
        try:
            plan = self.workspace.model_roots.plan_addition(name, models, section=_SECTION)
        except ModelRootRefused as error:
            return error.message
        self.workspace.model_roots.change(plan, self.initiator, self.reporter)
        self.workspace.models.sync(self.reporter)
        return None
