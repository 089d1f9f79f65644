"""One way in for every change of node packs."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.nodes.adding import plan_adding
from comfydock_core.core.usecases.nodes.linking import plan_linking
from comfydock_core.core.usecases.nodes.pruning import plan_pruning
from comfydock_core.core.usecases.nodes.removing import plan_removing, plan_switching
from comfydock_core.core.usecases.nodes.updating import plan_updating
from comfydock_core.models.packs.pack_changes import PackPlan, PackRequest
from comfydock_core.models.protocols import NodeInstallCallbacks, Reporter
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.strategies.code_policy import CodePolicy


def plan_packs(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    services: WorkspaceServices,
    request: PackRequest,
    reporter: Reporter,
    callbacks: NodeInstallCallbacks | None = None,
) -> PackPlan:
    """What the request takes; the environment stays as it is. Raises what planning of its kind does, `PackRefused`."""
    plan = _plan(layout, workspace, services, request, reporter, callbacks)
    policy = CodePolicy(read_config(workspace.config_file).node_policy)
    policy.check(plan.changes, force=request.options.force)
    return plan


def _plan(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    services: WorkspaceServices,
    request: PackRequest,
    reporter: Reporter,
    callbacks: NodeInstallCallbacks | None,
) -> PackPlan:
    words, options = request.words, request.options
    if request.action == "add":
        return plan_adding(
            layout,
            services,
            words,
            options,
            reporter,
            development=request.development,
            name=request.name,
            callbacks=callbacks,
        )
    if request.action == "update":
        return plan_updating(layout, services, words, options, reporter, excluded=request.excluded, callbacks=callbacks)
    if request.action == "dev-link":
        return plan_linking(layout, services, request.path or "", request.name, options, reporter)
    if request.action in ("enable", "disable"):
        return plan_switching(layout, services, words, options, reporter, enable=request.action == "enable")
    if request.action == "prune":
        return plan_pruning(layout, workspace, services, words, options, reporter)
    return plan_removing(layout, services, words, options, reporter, untrack=request.untrack)
