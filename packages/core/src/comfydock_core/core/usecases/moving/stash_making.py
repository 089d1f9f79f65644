"""Keeping uncommitted work as a commit of its own, beside the branches."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.moving.definition_files import Snapshot
from comfydock_core.integrations.git import stashes
from comfydock_core.integrations.git.committing import CommitBuilder
from comfydock_core.integrations.git.head import read_head
from comfydock_core.models.operation import RefChange
from comfydock_core.records import record


@record
class MadeStash:
    """A stash in the making: its number, and the reference that will lead to it."""

    number: int
    reference: RefChange


class StashMaker:
    """Makes the commit of a stash, which nothing leads to until its reference is put in place."""

    def __init__(self, layout: EnvironmentLayout, services: WorkspaceServices, builder: CommitBuilder) -> None:
        """`builder` has looked at everything already."""
        self._layout = layout
        self._services = services
        self._builder = builder

    def make(self, snapshot: Snapshot, message: str | None = None) -> MadeStash | None:
        """The stash of what is not committed, `None` when there is nothing. Raises `GitFailed`."""
        if not snapshot.dirty:
            return None
        number = stashes.next_number(self._layout.definition)
        branch = read_head(self._layout.definition)[1]
        words = message or f"work on {branch or 'no branch'}"
        commit = self._builder.commit(words, self._services.environment(self._layout).git.identity_variables)
        return MadeStash(number, RefChange(".cec", stashes.reference(number), None, commit))
