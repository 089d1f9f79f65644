"""`Workflows`: what workflows need and whether they run, one short method for each use case."""

from __future__ import annotations

import comfydock_core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from comfydock_core.configs.environment_layout import EnvironmentLayout
    from comfydock_core.configs.workspace_layout import WorkspaceLayout
    from comfydock_core.core.services_bundle import WorkspaceAccess
    from comfydock_core.core.usecases.workflows.analysing import AnalyzedWorkflow
    from comfydock_core.core.usecases.workflows.listing import ListedWorkflow
    from comfydock_core.core.usecases.workflows.showing import ShownWorkflow
    from comfydock_core.managers.workflow_manager import WorkflowManager
    from comfydock_core.models.operation import Initiator
    from comfydock_core.models.protocols import ModelResolutionStrategy, NodeResolutionStrategy, Reporter
    from comfydock_core.models.workflow.checks import WorkflowCheck
    from comfydock_core.models.workflow.locking import LockPlan
    from comfydock_core.models.workflow.plans import (
        ChoicePlan,
        ChosenPack,
        Decisions,
        ImportancePlan,
        ListedModel,
        MappedModel,
        WorkflowResolution,
    )


class Workflows:
    """The workflows of environments, and workflow files elsewhere. Methods raise `FileSystemError`."""

    def __init__(self, workspace: WorkspaceAccess | None) -> None:
        """Without a workspace files can be shown and analysed by what they say themselves."""
        self._workspace = workspace

    def all(self, environment: str | None) -> list[ListedWorkflow]:
        """The workflows of an environment, by name, with what is known of their states."""
        from comfydock_core.core.usecases.workflows.listing import list_workflows

        return list_workflows(self._manager(environment))

    def show(self, environment: str | None, what: str, reporter: Reporter) -> ShownWorkflow:
        """One workflow as the editor would run it; without an environment only files are found.

        Raises `WorkflowNotFound`, `WorkflowUnreadable`.
        """
        from comfydock_core.core.usecases.workflows.knowledge import known_classes
        from comfydock_core.core.usecases.workflows.showing import show_workflow

        layout = self._if_there(environment)
        return show_workflow(layout, what, known_classes(self._layout, layout, reporter))

    def analyze(
        self, environment: str | None, words: Sequence[str], given: bytes | None, reporter: Reporter
    ) -> list[AnalyzedWorkflow]:
        """What files need, with what the environment knows of node classes. Raises `WorkflowNotFound`."""
        from comfydock_core.core.usecases.workflows.analysing import analyze_workflows
        from comfydock_core.core.usecases.workflows.knowledge import known_classes

        layout = self._if_there(environment)
        return analyze_workflows(layout, words, given, known_classes(self._layout, layout, reporter))

    def check(self, environment: str | None, words: Sequence[str], reporter: Reporter) -> list[WorkflowCheck]:
        """Whether workflows run in an environment; all that it has when none is named, unreadable ones included.

        What is found is noted, for `status` and for the next check of what stands still.
        Raises `WorkflowNotFound`, `WorkflowUnreadable`, `ModelPathsInvalid`, `EnvironmentBroken`.
        """
        from comfydock_core.core.usecases.workflows.recalling import check_or_recall

        manager = self._manager(environment)
        return check_or_recall(manager, words or manager.names(), reporter, strict=bool(words))

    def check_unchecked(self, environment: str | None, reporter: Reporter) -> list[WorkflowCheck]:
        """Check those of which it is not known how they are. Raises `ModelPathsInvalid`, `EnvironmentBroken`."""
        from comfydock_core.core.usecases.workflows.checking_all import check_workflows

        manager = self._manager(environment)
        names = [one.name for one in manager.states().checked_as("not-checked")]
        return check_workflows(manager, names, reporter, strict=False) if names else []

    def draw(self, environment: str | None, what: str, reporter: Reporter) -> str:
        """The picture of a workflow as SVG, with what is missing here marked.

        Raises `WorkflowNotFound`, `WorkflowUnreadable`, `ModelPathsInvalid`, `EnvironmentBroken`.
        """
        from comfydock_core.core.usecases.workflows.picturing import draw

        return draw(self._layout, self._if_there(environment), what, reporter)

    def plan_locks(
        self, environment: str | None, words: Sequence[str], reporter: Reporter, *, embed: bool, read: bool
    ) -> LockPlan:
        """Note what workflows of an environment are made with, exactly; all that it has when none is named.

        With `read` models are read whole whose digests are not known; without it their digests are left out. With
        `embed` the files of the workflows get the locks, too. Raises `WorkflowNotFound`, `WorkflowUnreadable`,
        `WorkflowNotWritable`, `WorkflowLockDamaged`, `ManifestDamaged`, `ModelPathsInvalid`, `EnvironmentBroken`.
        """
        from comfydock_core.core.usecases.workflows.locking import plan_locks

        layout = self._there.environment(environment)
        return plan_locks(self._there.layout, layout, words, reporter, embed=embed, read=read)

    def lock(self, plan: LockPlan, initiator: Initiator, reporter: Reporter) -> str:
        """Write locks; returns the operation, empty when nothing changes. Raises `ScopeBusy`, `ChangedMeanwhile`."""
        from comfydock_core.core.usecases.workflows.locking import carry_out_locks

        return carry_out_locks(self._there.environment(plan.environment), plan, initiator, reporter)

    def plan_resolution(
        self,
        environment: str | None,
        name: str,
        decisions: Decisions,
        reporter: Reporter,
        nodes: NodeResolutionStrategy | None = None,
        models: ModelResolutionStrategy | None = None,
    ) -> WorkflowResolution:
        """Decide where classes and models of a workflow are from; without strategies only what is beyond doubt.

        Raises `WorkflowNotFound`, `WorkflowUnreadable`, `ManifestDamaged`, `ModelPathsInvalid`, `EnvironmentBroken`.
        """
        from comfydock_core.core.usecases.workflows.resolving import plan_resolution
        from comfydock_core.strategies.automatic import AutomaticModelStrategy, AutomaticNodeStrategy

        layout = self._there.environment(environment)
        nodes, models = nodes or AutomaticNodeStrategy(), models or AutomaticModelStrategy()
        return plan_resolution(self._there.layout, layout, name, nodes, models, decisions, reporter)

    def note_resolution(self, plan: WorkflowResolution, initiator: Initiator, reporter: Reporter) -> str:
        """Write names of models and the manifest; returns the operation. Raises `ScopeBusy`, `ChangedMeanwhile`."""
        from comfydock_core.core.usecases.workflows.writing_down import note_resolution

        return note_resolution(self._there.environment(plan.environment), plan, initiator, reporter)

    def choices(self, environment: str | None) -> list[ChosenPack]:
        """The packs that were chosen for node classes. Raises `ManifestDamaged`."""
        from comfydock_core.core.usecases.workflows.choosing import list_choices

        return list_choices(self._there.environment(environment))

    def classes(self, environment: str | None) -> list[str]:
        """The node classes that the workflows of an environment use, sorted."""
        from comfydock_core.core.usecases.workflows.choosing import workflow_classes

        return workflow_classes(self._there.environment(environment))

    def plan_choice(
        self, environment: str | None, node_type: str, pack: str | None, reporter: Reporter, *, workflow: str | None
    ) -> ChoicePlan:
        """Choose a pack for a class, `None` for none, in one workflow or in all of the environment.

        Raises `ClassNotFound`, `WorkflowNotFound`, `ManifestDamaged`, `FileSystemError`.
        """
        from comfydock_core.core.usecases.workflows.choosing import plan_choice

        layout = self._there.environment(environment)
        return plan_choice(self._there.layout, layout, node_type, pack, workflow, reporter)

    def plan_forgetting(self, environment: str | None, node_type: str, *, workflow: str | None) -> ChoicePlan:
        """Take such a choice back. Raises `ClassNotFound`, `WorkflowNotFound`, `ManifestDamaged`."""
        from comfydock_core.core.usecases.workflows.choosing import plan_forgetting

        return plan_forgetting(self._there.environment(environment), node_type, workflow)

    def choose(self, plan: ChoicePlan, initiator: Initiator, reporter: Reporter) -> str:
        """Carry the plan out; returns the operation. Raises `ScopeBusy`, `ChangedMeanwhile`, `ManifestDamaged`."""
        from comfydock_core.core.usecases.workflows.choosing import carry_out_choice

        return carry_out_choice(self._there.environment(plan.environment), plan, initiator, reporter)

    def models(self, environment: str | None, workflow: str, reporter: Reporter) -> list[ListedModel]:
        """The models that a workflow asks for. Raises what `plan_resolution` raises."""
        from comfydock_core.core.usecases.workflows.model_choosing import list_models

        return list_models(self._there.layout, self._there.environment(environment), workflow, reporter)

    def plan_importance(
        self, environment: str | None, workflow: str, model: str, importance: str, reporter: Reporter
    ) -> ImportancePlan:
        """Say how much a model matters. Raises `ModelNotFound`, and what `plan_resolution` raises."""
        from comfydock_core.core.usecases.workflows.model_choosing import plan_importance

        layout = self._there.environment(environment)
        return plan_importance(self._there.layout, layout, workflow, model, importance, reporter)

    def plan_mapping(
        self, environment: str | None, workflow: str, value: str, file: str, reporter: Reporter
    ) -> MappedModel:
        """Say which file a name of a model means. Raises `ModelNotFound`, and what `plan_resolution` raises."""
        from comfydock_core.core.usecases.workflows.model_choosing import plan_mapping

        layout = self._there.environment(environment)
        return plan_mapping(self._there.layout, layout, workflow, value, file, reporter)

    def write_models(self, plan: ImportancePlan | MappedModel, initiator: Initiator, reporter: Reporter) -> str:
        """Carry one of these out; returns the operation. Raises `ScopeBusy`, `ChangedMeanwhile`, `ManifestDamaged`."""
        from comfydock_core.core.usecases.workflows.writing_down import note_resolution

        layout = self._there.environment(plan.resolution.environment)
        return note_resolution(layout, plan.resolution, initiator, reporter, plan.change.command)

    def _manager(self, environment: str | None) -> WorkflowManager:
        from comfydock_core.managers.workflow_manager import WorkflowManager

        return WorkflowManager(self._there.environment(environment), self._there.layout)

    @property
    def _there(self) -> WorkspaceAccess:
        if self._workspace is None:
            raise RuntimeError("these Workflows were made without a workspace")
        return self._workspace

    @property
    def _layout(self) -> WorkspaceLayout | None:
        return None if self._workspace is None else self._workspace.layout

    def _if_there(self, environment: str | None) -> EnvironmentLayout | None:
        """The environment that is named, or else the active one if there is one."""
        if self._workspace is None:
            return None
        try:
            return self._workspace.environment(environment)
        except comfydock_core.models.NoActiveEnvironment:
            return None
