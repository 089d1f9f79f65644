"""Making an environment of what somebody else made: inspected in full, planned, then built like any other."""

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.naming import check_name
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.environments.creating import create_environment, plan_creation_of
from comfydock_core.core.usecases.environments.new_environment import refuse_taken
from comfydock_core.core.usecases.sharing.carried_models import place_models
from comfydock_core.core.usecases.sharing.contents import contents_of
from comfydock_core.core.usecases.sharing.inspecting import open_source
from comfydock_core.core.usecases.sharing.signing import verify_bundle
from comfydock_core.integrations.ssh_keys import refused
from comfydock_core.models.environments.creation import CreateRequest
from comfydock_core.models.operation import Initiator
from comfydock_core.models.protocols import ImportCallbacks, Reporter
from comfydock_core.models.sharing import ImportOutcome, ImportPlan, ImportRequest
from comfydock_core.utils.faults import fault


def plan_import(
    layout: WorkspaceLayout,
    services: WorkspaceServices,
    request: ImportRequest,
    scratch: str,
    reporter: Reporter,
    *,
    offline: bool = False,
) -> ImportPlan:
    """Inspect a source and resolve what is to be made of it. Outside of `scratch` nothing is written.

    Raises what `open_source`, `verify_bundle` and `plan_creation` raise.
    """
    check_name(request.name)
    refuse_taken(layout.environment(request.name))
    opened = open_source(request.source, request.ref, scratch, reporter, offline=offline)
    fault("source inspected")
    wanted = request.require_signed or request.signers is not None
    if opened.bundle is None and wanted:
        raise refused("only bundles are signed, and it is none", {"source": opened.template.path})
    verification = None
    if opened.bundle is not None:
        verification = verify_bundle(opened.bundle, request.signers, required=request.require_signed)
    manifest = opened.bundle.manifest if opened.bundle is not None else None
    contents = contents_of(opened.template, manifest, layout)
    creation = plan_creation_of(
        layout,
        services,
        CreateRequest(
            request.name,
            repository=request.repository,
            torch_backend=request.torch_backend,
            use=request.use,
            keep_going=request.keep_going,
        ),
        opened.template,
        reporter,
        command="import",
    )
    return ImportPlan(creation, contents, verification, opened.template, manifest)


def import_environment(
    layout: WorkspaceLayout,
    services: WorkspaceServices,
    plan: ImportPlan,
    initiator: Initiator,
    reporter: Reporter,
    callbacks: ImportCallbacks,
) -> ImportOutcome:
    """Build the planned environment; whatever stops it, nothing has its name then. Raises what creating one raises."""
    created = create_environment(layout, services, plan.creation, initiator, reporter, callbacks)
    placed, left = place_models(layout, plan.template, plan.manifest, callbacks, reporter)
    return ImportOutcome(created.directory, created.missing_packs, placed, left, plan.contents.workflows)
