"""`diff` and `show`: two states of a definition compared, and one commit with what it changed."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.history.log import described
from comfydock_core.core.usecases.history.states import States
from comfydock_core.integrations.git import history
from comfydock_core.models.commit import CommitInfo
from comfydock_core.models.history.differences import Comparison
from comfydock_core.models.protocols import Reporter


def compare(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    words: str | None,
    reporter: Reporter,
    *,
    picture: bool = False,
) -> Comparison:
    """`A..B`, or one name compared with what is there now; by default the last commit is.

    Raises `RefInvalid`, `RefNotFound`, `RefAmbiguous`, `OperationNotFound`, `NoHistory`, `ManifestDamaged`,
    `NotUndoable`, `HistoryDamaged`, `GitFailed`, `FileSystemError`.
    """
    states = States(layout, workspace, reporter)
    if words is None:
        return states.compare(states.at_commit(states.revisions.line[0]), states.now(), picture=picture)
    first, second = states.revisions.resolve_range(words)
    return states.compare(states.at(first), states.now() if second is None else states.at(second), picture=picture)


def show(
    layout: EnvironmentLayout, workspace: WorkspaceLayout, word: str, reporter: Reporter, *, picture: bool = False
) -> tuple[CommitInfo, Comparison]:
    """A commit, and its first parent compared with it. Raises what `compare` raises."""
    states = States(layout, workspace, reporter)
    hint = (
        f"`comfydock operation show {word.removeprefix('op:')}` shows the operation,"
        f" `comfydock diff {word}` what differs from that state now"
    )
    found = states.revisions.commit(word, hint=hint)
    (commit,) = history.read_commits(layout.definition, found, limit=1)
    parent = states.at_commit(commit.parents[0]) if commit.parents else states.nothing()
    return described(states.revisions, commit), states.compare(parent, states.at_commit(commit.hash), picture=picture)
