"""What of an environment is not committed: what `commit` would take."""

import tempfile
from collections.abc import Iterator

from comfydock_core.configs.environment_layout import INDEX, WORKFLOWS, EnvironmentLayout
from comfydock_core.core.usecases.history.changes import difference
from comfydock_core.core.usecases.history.fitness import files_of
from comfydock_core.core.usecases.history.workflow_copies import take_workflows
from comfydock_core.integrations.git.committing import CommitBuilder
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.index_lock import wait_for_index
from comfydock_core.models.exceptions import UncommittedWork
from comfydock_core.models.history.moving import Uncommitted
from comfydock_core.repositories.live_workflows import look_at_workflows
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import counted, listed

_SHOWN = 10


def refuse_uncommitted(layout: EnvironmentLayout, why: str, hint: str) -> None:
    """Raise `UncommittedWork` where files of the definition or workflows are not committed.

    `why` is what would happen to them. Also raises `RepositoryUnfit`, `RepositoryBusy`, `GitFailed`,
    `FileSystemError`.
    """
    wait_for_index(f"{layout.root}/{INDEX}")
    with (
        disk_errors("look at the definition", layout.definition),
        tempfile.TemporaryDirectory(prefix="comfydock-look-") as scratch,
    ):
        builder = CommitBuilder(layout.definition, scratch, head=read_head(layout.definition)[0], rehearsal=True)
        builder.add_everything()
        live = look_at_workflows(layout.workflows)
        if live is not None:
            take_workflows(builder, layout, live)
        found = [*_differing(builder, layout)]
    if found:
        raise UncommittedWork(
            f"{counted(len(found), 'uncommitted change')} of `{layout.name}` {why}:"
            f"{listed([one.text for one in found], _SHOWN)}",
            hint=hint,
            context={"environment": layout.name, "uncommitted": [one.as_dict() for one in found]},
        )


def _differing(builder: CommitBuilder, layout: EnvironmentLayout) -> Iterator[Uncommitted]:
    files = difference(builder.committed(), files_of(builder, layout))
    for paths, reason in ((files.added, "new"), (files.changed, "changed"), (files.removed, "deleted")):
        for path in paths:
            is_workflow = path.startswith(WORKFLOWS)
            name = path.removeprefix(WORKFLOWS).removesuffix(".json") if is_workflow else path
            yield Uncommitted("workflow" if is_workflow else "definition", name, reason)
