"""The two states that a comparison is about: their labels and files, and what differs, read no further than needed."""

from dataclasses import replace
from functools import cache

from comfydock_core.analyzers.definitions.comparing import (
    MANIFEST,
    DefinitionState,
    KnownClasses,
    compare_definitions,
    differing,
)
from comfydock_core.analyzers.definitions.start_changes import start_changes
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.configs.defaults import COMFYUI_REPOSITORY
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.history.picturing import draw_differences
from comfydock_core.integrations.git import queries
from comfydock_core.models.commit import Revision
from comfydock_core.models.history.differences import (
    ComfyUIDifference,
    CommitsBetween,
    Comparison,
    DefinitionDifference,
    PackDifference,
    StateLabel,
)
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.history.conversion_note import converted_files
from comfydock_core.repositories.history.definition_files import (
    CommittedFiles,
    DefinitionFiles,
    NoFiles,
    files_before,
    present_files,
)
from comfydock_core.repositories.history.revisions import Revisions
from comfydock_core.repositories.start_reports import key_of, read_report
from comfydock_core.resolvers.environment_classes import environment_classes
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.git_urls import local_path
from comfydock_core.utils.versions import is_full_commit

State = tuple[StateLabel, DefinitionFiles]
_NOW = "now"


class States:
    """States of one environment's definition. Methods raise `HistoryDamaged`, `GitFailed`, `FileSystemError`."""

    def __init__(self, layout: EnvironmentLayout, workspace: WorkspaceLayout, reporter: Reporter) -> None:
        """Raises `NoHistory`."""
        self._layout = layout
        self._workspace = workspace
        self._reporter = reporter
        self._reports = workspace.start_reports(layout.name)
        self.revisions = Revisions(layout)

    def at(self, revision: Revision) -> State:
        """A commit, or the state before an operation. Raises `NotUndoable` where something of that is gone."""
        if revision.commit is not None:
            return self.at_commit(revision.commit)
        assert revision.operation is not None
        label = StateLabel(f"before operation {revision.operation}", operation=revision.operation)
        return label, files_before(self._layout, revision.operation)

    def at_commit(self, commit: str) -> State:
        number = self.revisions.number_of(commit)
        name = commit[:8] if number is None else f"v{number}"
        return StateLabel(name, commit), CommittedFiles(self._layout.definition, commit)

    def now(self) -> State:
        """What is there now, with the live workflows."""
        return StateLabel(_NOW), present_files(self._layout)

    def nothing(self) -> State:
        return StateLabel("nothing"), NoFiles()

    def compare(self, before: State, after: State, *, picture: bool = False) -> Comparison:
        """What differs between two states, with a `picture` of the workflows. Raises `ManifestDamaged`."""
        paths = [MANIFEST, *differing(before[1].identities, after[1].identities)]
        sides = [DefinitionState(label.text, files.identities, files.read(paths)) for label, files in (before, after)]
        known = cache(self._known)
        found = compare_definitions(sides[0], sides[1], known)
        drawn = draw_differences(sides[0], sides[1], found.workflows, known) if picture else None
        starts = [read_report(self._reports, key_of(files.identities)) for _, files in (before, after)]
        changes = start_changes(*starts) if None not in starts else ()  # type: ignore[arg-type]
        unknown = [label.text for (label, _), one in zip((before, after), starts, strict=True)
                   if one is not None and not one.understood]  # fmt: skip
        told = " and ".join(unknown) or None
        converted = self._converted(before, after) if _NOW in (before[0].text, after[0].text) else ()
        return Comparison(before[0], after[0], self._with_commits(found), drawn, changes, told, converted)

    def _converted(self, before: State, after: State) -> tuple[str, ...]:
        """What a move converted, of the files that are there now and differ."""
        present = (after if after[0].text == _NOW else before)[1].identities
        differs = {*differing(before[1].identities, after[1].identities)}
        noted = converted_files(self._layout.definition)
        return tuple(path for path, name in noted.items() if path in differs and present.get(path) == name)

    def _known(self) -> KnownClasses:
        return classes_now(self._layout, self._workspace, self._reporter)

    def _with_commits(self, found: DefinitionDifference) -> DefinitionDifference:
        return replace(
            found,
            comfyui=None if found.comfyui is None else self._of_comfyui(found.comfyui),
            packs=tuple(self._of_pack(one) for one in found.packs),
        )

    def _of_comfyui(self, one: ComfyUIDifference) -> ComfyUIDifference:
        repository = one.after.repository or COMFYUI_REPOSITORY
        places = [self._layout.comfyui, self._mirror(repository)]
        return replace(one, commits=_between(places, one.before.commit, one.after.commit))

    def _of_pack(self, one: PackDifference) -> PackDifference:
        if one.before is None or one.after is None or one.after.release.repository is None:
            return one
        places = [
            f"{self._layout.custom_nodes}/{one.after.directory}",
            self._mirror(one.after.release.repository),
        ]
        return replace(one, commits=_between(places, one.before.release.version, one.after.release.version))

    def _mirror(self, repository: str) -> str:
        """Where a history of the repository lies on this machine, if anywhere. Nothing is fetched."""
        return local_path(repository) or RepositoryMirrors(self._workspace.git_mirrors).path(repository)


def classes_now(layout: EnvironmentLayout, workspace: WorkspaceLayout, reporter: Reporter) -> KnownClasses:
    """What the environment's code says of node classes now. Raises `FileSystemError`."""
    with disk_errors("read the node classes"):
        known = environment_classes(layout, AnswerCache(workspace.answers), reporter)
    return KnownClasses(known.classes, known.editor_only)


def _between(places: list[str], old: str | None, new: str | None) -> CommitsBetween:
    """The commits between two, from the first repository that has both."""
    if old is None or new is None or old == new or not (is_full_commit(old) and is_full_commit(new)):
        return CommitsBetween()
    for place in places:
        if queries.is_repository(place) and all(queries.commit_of(place, one) is not None for one in (old, new)):
            added, removed = queries.subjects_between(place, old, new), queries.subjects_between(place, new, old)
            return CommitsBetween(tuple(added), tuple(removed))
    return CommitsBetween()
