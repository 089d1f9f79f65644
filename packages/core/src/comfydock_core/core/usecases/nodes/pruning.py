"""Removing the node packs that no workflow needs."""

from collections.abc import Sequence

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.nodes.known_packs import pack_needs
from comfydock_core.core.usecases.nodes.removing import plan_removing
from comfydock_core.models.exceptions import WorkflowsMissing
from comfydock_core.models.packs.pack_changes import PackOptions, PackPlan
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.tracked_packs import find_pack
from comfydock_core.utils.text import counted


def plan_pruning(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    services: WorkspaceServices,
    kept: Sequence[str],
    options: PackOptions,
    reporter: Reporter,
) -> PackPlan:
    """Remove what certainly no live workflow needs, but for the packs in `kept` and for development packs.

    Where something could not be read that may need a pack, the pack stays, which is reported. Raises `PackNotFound` for
    a name in `kept` that no pack has, `PackHasChanges`, what resolving the rest raises.
    """
    tracked = services.environment(layout).nodes
    excepted = {find_pack(tracked.packs, word).identifier for word in kept}
    reporter.phase("Looking which node packs the workflows need")
    needs = pack_needs(workspace, layout, read_manifest(layout.manifest), reporter)
    if needs.workflows == 0 and not needs.unread and not options.force:
        raise WorkflowsMissing(
            "there is no workflow in the environment, so every node pack would be removed",
            hint="save the workflows that matter in ComfyUI first; `--force` goes on without any",
            context={"environment": layout.name},
        )
    for workflow in needs.unread:
        reporter.warn(f"the workflow {workflow.name} cannot be read: {workflow.reason}")
    doubtful = [pack for pack in needs.packs if pack.tracked and pack.state == "perhaps"]
    for pack in doubtful:
        more = f" and {counted(len(pack.doubts) - 1, 'other reason')}" if len(pack.doubts) > 1 else ""
        reporter.warn(f"{pack.identifier} stays, as it may be needed: {pack.doubts[0]}{more}")
    unneeded = [pack.identifier for pack in needs.unneeded if pack.identifier not in excepted]
    wanted = [identifier for identifier in unneeded if not tracked.packs[identifier].is_development]
    return plan_removing(layout, services, wanted, options, reporter, command="node prune")
