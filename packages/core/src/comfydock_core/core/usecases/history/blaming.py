"""`blame`: the commits that set what a workflow has."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from comfydock_core.analyzers.definitions.comparing import KnownClasses
from comfydock_core.analyzers.workflows.blaming import Blaming, Part, parts_of
from comfydock_core.analyzers.workflows.json_reading import LARGEST
from comfydock_core.analyzers.workflows.node_naming import find_part
from comfydock_core.analyzers.workflows.opening import open_content
from comfydock_core.analyzers.workflows.refusals import NoWorkflow
from comfydock_core.configs.environment_layout import WORKFLOWS, EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.history.log import described
from comfydock_core.core.usecases.history.states import classes_now
from comfydock_core.core.usecases.workflows.opening import read_workflow, unreadable
from comfydock_core.integrations.git import history
from comfydock_core.models.commit import CommitInfo
from comfydock_core.models.exceptions import WorkflowNotFound
from comfydock_core.models.history.blame import Blame, BlamedNode, BlamedValue
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.prompt_view import NodeLink, PromptView
from comfydock_core.repositories.history.revisions import Revisions
from comfydock_core.repositories.workflow_files import WorkflowFiles
from comfydock_core.utils.files.git_index import object_name
from comfydock_core.utils.text import nearest

_END = ".json"
_NAME_A_COMMIT = "name a commit, or leave `--ref` out for what is saved now"
# A version of the file: the commit that made it and the name of its content; no commit for what is only saved.
_Version = tuple[CommitInfo | None, str]
_Found = tuple[CommitInfo | None, PromptView | str]


def blame(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    workflow: str,
    part: str | None,
    ref: str | None,
    reporter: Reporter,
) -> Blame:
    """Every node and value of a workflow, or those of the named one alone, with the commits that set them.

    The workflow is what is saved now, or what the commit `ref` has. Raises `WorkflowNotFound`, `WorkflowUnreadable`,
    `WorkflowNodeNotFound`, `WorkflowNodeAmbiguous`, `RefInvalid`, `RefNotFound`, `RefAmbiguous`, `NoHistory`,
    `HistoryDamaged`, `GitFailed`, `FileSystemError`.
    """
    revisions = Revisions(layout)
    start = revisions.line[0] if ref is None else revisions.commit(ref, hint=_NAME_A_COMMIT)
    name = workflow.removeprefix("./").removesuffix(_END)
    path = f"{WORKFLOWS}{name}{_END}"
    content = _saved(layout, name, start) if ref is None else None
    versions = _versions(layout.definition, start, path)
    if content is not None:
        digits = len(versions[0][1]) if versions else len(start)
        versions = [(None, object_name(content, digits)), *versions]
    if not versions:
        raise _not_there(layout, name, start, ref or "HEAD")
    reporter.phase(f"Reading the versions of {name}")
    classes = classes_now(layout, workspace, reporter)
    found = _views(layout.definition, versions, content, classes)
    _, view = next(found)
    if isinstance(view, str):
        raise unreadable(name, NoWorkflow(view))
    wanted = _wanted(view, part)
    set_by, skipped = _follow(view, wanted, found, versions[0][0])
    described_once = _Once(lambda commit: described(revisions, commit))
    return Blame(
        name,
        "now" if ref is None else revisions.label_of(start),
        tuple(_node(view, at, parts, set_by, described_once) for at, parts in wanted),
        tuple((described(revisions, commit), reason) for commit, reason in skipped),
        revisions.is_shallow(),
    )


def _saved(layout: EnvironmentLayout, name: str, head: str) -> bytes:
    """What is saved. Raises `WorkflowNotFound`, which tells when a commit still has it."""
    files = WorkflowFiles(layout.workflows)
    if not files.has(name) and f"{WORKFLOWS}{name}{_END}" in history.list_tree(layout.definition, head):
        raise WorkflowNotFound(
            f"the workflow `{name}` is not there any more",
            hint="`--ref HEAD` takes what the last commit has of it",
            context={"workflow": name},
        )
    return read_workflow(files.path(name))


def _not_there(layout: EnvironmentLayout, name: str, commit: str, ref: str) -> WorkflowNotFound:
    paths = [one for one in history.list_tree(layout.definition, commit) if one.startswith(WORKFLOWS)]
    known = [one.removeprefix(WORKFLOWS).removesuffix(_END) for one in paths]
    near = nearest(name, known, limit=1)
    return WorkflowNotFound(
        f"`{ref}` has no workflow `{name}`",
        hint=f"did you mean `{near[0]}`?" if near else "`comfydock show` tells which workflows a commit brought",
        context={"workflow": name, "known": known[:100]},
    )


def _versions(worktree: str, start: str, path: str) -> list[_Version]:
    """The versions of the file along the first parents, newest first, back to where it was added last."""
    found: list[_Version] = []
    for commit in history.read_commits(worktree, start, limit=None, paths=[path], first_parents=True):
        for change in commit.changes:
            if change.path == path:
                if change.after is None:
                    return found
                found.append((commit, change.after))
    return found


def _views(worktree: str, versions: Sequence[_Version], saved: bytes | None, known: KnownClasses) -> Iterator[_Found]:
    """Each version as a prompt view, or the reason why it is none. A content is read once, when its turn comes."""
    left = Counter(name for _, name in versions)
    views: dict[str, PromptView | str] = {}
    if saved is not None:
        views[versions[0][1]] = _view(saved, known)
    objects = history.read_small_objects(worktree, [name for _, name in versions if name not in views], LARGEST)
    for commit, name in versions:
        if name not in views:
            _, content = next(objects)
            views[name] = _view(content, known)
        left[name] -= 1
        yield commit, views[name] if left[name] else views.pop(name)


def _view(content: bytes | None, known: KnownClasses) -> PromptView | str:
    if content is None or len(content) > LARGEST:
        return "it is too large to be a workflow"
    try:
        return open_content(content).view(known.classes, known.editor_only)
    except NoWorkflow as error:
        return str(error)


def _wanted(view: PromptView, part: str | None) -> list[tuple[int, list[Part]]]:
    if part is None:
        return [(at, parts_of(node)) for at, node in enumerate(view.nodes)]
    at, name = find_part(view.nodes, part)
    return [(at, parts_of(view.nodes[at]) if name is None else [name])]


def _follow(
    view: PromptView, wanted: list[tuple[int, list[Part]]], versions: Iterator[_Found], newest: CommitInfo | None
) -> tuple[dict[tuple[int, Part], CommitInfo | None], list[tuple[CommitInfo, str]]]:
    """Who set what, and the versions that could not be read on the way."""
    blaming: Blaming[CommitInfo | None] = Blaming(view, wanted)
    reached, skipped = newest, []
    while not blaming.is_done and (one := next(versions, None)) is not None:
        commit, older = one
        assert commit is not None
        if isinstance(older, str):
            skipped.append((commit, older))
            continue
        blaming.step(older, reached)
        reached = commit
    blaming.finish(reached)
    return blaming.set_by, skipped


class _Once:
    """A commit as people name it, found out once."""

    def __init__(self, describe: Callable[[CommitInfo], CommitInfo]) -> None:
        self._describe = describe
        self._known: dict[str, CommitInfo] = {}

    def __call__(self, commit: CommitInfo | None) -> CommitInfo | None:
        if commit is None:
            return None
        if commit.hash not in self._known:
            self._known[commit.hash] = self._describe(commit)
        return self._known[commit.hash]


def _node(
    view: PromptView,
    at: int,
    parts: list[Part],
    set_by: dict[tuple[int, Part], CommitInfo | None],
    described_once: _Once,
) -> BlamedNode:
    node = view.nodes[at]
    types = {one.id: one.type for one in view.nodes}
    values = []
    for part in parts:
        commit = described_once(set_by[at, part])
        if isinstance(part, int):
            values.append(BlamedValue(None, node.unnamed[part], commit, number=part + 1))
        elif part is not None:
            source = node.inputs[part]
            origin = types.get(source.node) if isinstance(source, NodeLink) else None
            values.append(BlamedValue(part, source, commit, origin=origin))
    return BlamedNode(node, described_once(set_by.get((at, None))), tuple(values), is_followed=None in parts)
