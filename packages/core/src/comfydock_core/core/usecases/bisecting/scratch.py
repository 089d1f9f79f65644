"""An environment of its own to try states in: a copy that shares packages by links, and goes when it is done with."""

import contextlib
import os
from collections.abc import Iterator

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.environments.cloning import copy_environment
from comfydock_core.core.usecases.moving.carrying_out import carry_out_move
from comfydock_core.core.usecases.moving.planning import plan_move
from comfydock_core.integrations.git import queries
from comfydock_core.integrations.git.queries import HEAD
from comfydock_core.models.history.moving import DISCARD, Destination
from comfydock_core.models.operation import Initiator, RefChange
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.working_places import working_place
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.reporting import SilentReporter


class Scratch:
    """The copy. `layout` is an environment like any other, but in no list."""

    def __init__(self, layout: EnvironmentLayout, services: WorkspaceServices) -> None:
        self.layout = layout
        self._services = services

    def go(self, commit: str) -> None:
        """Make it what a commit says. Raises what moving raises."""
        head = queries.ref_value(self.layout.definition, HEAD)
        refs = () if head == commit else (RefChange(".cec", HEAD, head, commit),)
        destination = Destination("bisect", commit[:8], commit, refs)
        silent = SilentReporter()
        plan = plan_move(self.layout, self._services, destination, silent, policy=DISCARD, rehearsal=False)
        if not plan.nothing_to_do:
            carry_out_move(self.layout, self._services, plan, Initiator(("bisect",)), silent)


@contextlib.contextmanager
def scratch_environment(
    original: EnvironmentLayout, workspace: WorkspaceLayout, services: WorkspaceServices, reporter: Reporter
) -> Iterator[Scratch]:
    """The copy while inside. What an earlier one left that was killed is removed. Raises `FileSystemError`."""
    with working_place(workspace.bisections) as own:
        with disk_errors("make an environment to try in"):
            layout = EnvironmentLayout(f"{own}/{original.name}")
            os.makedirs(layout.root)
            reporter.phase(f"Copying {original.name}")
            copy_environment(original, layout, link_venv=True)
            services.environment(layout).git.configure_merging()
        yield Scratch(layout, services)
