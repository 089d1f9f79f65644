"""uv as somebody words it themselves, on the environment as it is."""

from collections.abc import Sequence

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.integrations.attached import signals_relayed
from comfydock_core.models.operation import Initiator
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.transaction import locked
from comfydock_core.services.transaction.runs import run_kept_away
from comfydock_core.utils.files.disk_errors import disk_errors


def run_uv(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    arguments: Sequence[str],
    initiator: Initiator,
    reporter: Reporter,
) -> int:
    """Run uv in the definition, on this terminal, and return its exit code, 128+N when signal N ended it.

    The environment is held meanwhile, and its ComfyUI kept away. Raises `ScopeBusy`, `EnvironmentInUse`, `ToolMissing`,
    `FileSystemError`.
    """
    command, variables = services.environment(layout).uv_project.by_hand(arguments)
    with (
        disk_errors("run uv"),
        locked(layout.root, initiator, reporter),
        run_kept_away(layout.root, initiator) as lock,
        signals_relayed() as relay,
    ):
        child = relay.run(command, cwd=layout.definition, env=variables, keep=() if lock is None else (lock,))
        try:
            return child.wait()
        except BaseException:
            child.kill()
            raise
