"""`log`: the commits of a definition, with what each changed in words."""

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import replace

from comfydock_core.analyzers.definitions.comparing import MANIFEST, DefinitionState, compare_outlines, is_workflow_lock
from comfydock_core.analyzers.definitions.start_changes import start_changes
from comfydock_core.analyzers.definitions.wording import default_message
from comfydock_core.configs.environment_layout import WORKFLOWS, EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.integrations.git import history, queries
from comfydock_core.models.commit import CommitInfo
from comfydock_core.models.exceptions import ManifestDamaged, WorkflowNotFound
from comfydock_core.models.history.differences import Log, LogEntry
from comfydock_core.models.history.starts import StartChange, StartReport
from comfydock_core.repositories.history.definition_files import LARGEST
from comfydock_core.repositories.history.revisions import Revisions
from comfydock_core.repositories.start_reports import has_reports, key_of, read_report
from comfydock_core.repositories.workflow_files import WorkflowFiles
from comfydock_core.utils.text import nearest

_END = ".json"
LOCK = "uv.lock"


def read_log(
    layout: EnvironmentLayout, workspace: WorkspaceLayout, what: str | None, *, limit: int | None, graph: bool
) -> Log:
    """The newest commits, those that concern a workflow or a path of the definition with `what`.

    Raises `NoHistory`, `WorkflowNotFound`, `HistoryDamaged`, `GitFailed`, `FileSystemError`.
    """
    revisions = Revisions(layout)
    head = revisions.line[0]
    paths = [] if what is None else [_path_of(layout, head, what)]
    asked = None if limit is None else limit + 1
    found = history.read_commits(layout.definition, head, limit=asked, paths=paths, for_graph=graph)
    more = limit is not None and len(found) > limit
    commits = found[:limit]
    lines = history.draw_graph(layout.definition, head, limit=limit, paths=paths) if graph else []
    words = _Words(layout.definition, commits)
    starts = _Starts(layout, workspace.start_reports(layout.name), revisions.line)
    entries = tuple(LogEntry(described(revisions, one), words.of(one), *starts.of(one.hash)) for one in commits)
    return Log(entries, len(revisions.line), more, revisions.is_shallow(), tuple(lines))


def described(revisions: Revisions, commit: CommitInfo) -> CommitInfo:
    """The commit with its number and the names that lead to it."""
    return replace(commit, number=revisions.number_of(commit.hash), names=revisions.names_of(commit.hash))


class _Words:
    """What commits changed, told by names, and by manifests and locks of workflows where those differ."""

    def __init__(self, worktree: str, commits: Iterable[CommitInfo]) -> None:
        changes = [change for one in commits for change in one.changes if _is_read(change.path)]
        names = [name for change in changes for name in (change.before, change.after) if name is not None]
        read = history.read_small_objects(worktree, names, LARGEST)
        self._contents = {name: content for name, content in read if content is not None}

    def of(self, commit: CommitInfo) -> str | None:
        sides = []
        for side, label in (("before", f"{commit.short}^"), ("after", commit.short)):
            named = {one.path: name for one in commit.changes if (name := getattr(one, side)) is not None}
            contents = {path: self._contents[name] for path, name in named.items() if name in self._contents}
            if MANIFEST in named and MANIFEST not in contents:
                return None
            sides.append(DefinitionState(label, named, contents))
        try:
            difference = compare_outlines(*sides)
        except ManifestDamaged:
            return None
        return "" if difference.is_empty else default_message(difference)


class _Starts:
    """What ComfyUI said at its starts with each commit of the first-parent line, as far as any was kept."""

    def __init__(self, layout: EnvironmentLayout, directory: str, line: Sequence[str]) -> None:
        self._found: dict[str, tuple[StartReport, tuple[StartChange, ...]]] = {}
        if not has_reports(directory):
            return
        before: StartReport | None = None
        known = history.objects_at(layout.definition, list(line), (MANIFEST, LOCK))
        for commit in reversed(line):
            report = read_report(directory, key_of(known.get(commit, {})))
            if report is not None:
                self._found[commit] = report, start_changes(before, report) if report != before else ()
                before = report if report.understood else before

    def of(self, commit: str) -> tuple[StartReport | None, tuple[StartChange, ...]]:
        return self._found.get(commit, (None, ()))


def _is_read(path: str) -> bool:
    return path == MANIFEST or is_workflow_lock(path)


def _is_inside(path: str) -> bool:
    """Whether a path can be that of a file in a definition."""
    return path != "" and "\0" not in path and posixpath.normpath(path) == path and not path.startswith(("/", ".."))


def _path_of(layout: EnvironmentLayout, head: str, what: str) -> str:
    """The path in the definition of a workflow, there now or ever, or of any other file or directory."""
    plain = what.removeprefix("./").rstrip("/")
    workflow = f"{WORKFLOWS}{plain.removesuffix(_END)}{_END}"
    for path in (workflow, plain):
        if _is_inside(path) and history.read_commits(layout.definition, head, limit=1, paths=[path], changes=False):
            return path
    files = WorkflowFiles(layout.workflows)
    if _is_inside(workflow) and files.has(plain):
        return workflow
    tree = history.list_tree(layout.definition, head)
    known = [*tree, *files.names(), *(path[len(WORKFLOWS) : -len(_END)] for path in tree if path.startswith(WORKFLOWS))]
    near = nearest(plain, dict.fromkeys(known), limit=1)
    raise WorkflowNotFound(
        f"the history knows neither a workflow nor a file `{what}`",
        hint=f"did you mean `{near[0]}`?" if near else "give the name of a workflow, or a path below `.cec`",
        context={"path": what, "tracked": queries.tracked_files(layout.definition, ["."])[:100]},
    )
