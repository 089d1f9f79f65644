"""Planning a merge or a revert: both sides become one definition, which is resolved, committed and gone to."""

from collections.abc import Mapping

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.history.fitness import reference_of, refuse_unfit
from comfydock_core.core.usecases.merging.answers import Answers
from comfydock_core.core.usecases.merging.definition_merging import DefinitionMerging
from comfydock_core.core.usecases.moving.comfyui_moving import required_packages
from comfydock_core.core.usecases.moving.composing import Composed, commit_composed, locked_aside
from comfydock_core.core.usecases.moving.definition_files import LOCK, MANIFEST
from comfydock_core.core.usecases.moving.planning import plan_move
from comfydock_core.integrations.git import merging, queries
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.trees import read_tree
from comfydock_core.models.commit import SHORT
from comfydock_core.models.exceptions import ConflictError, NothingInCommon, RequirementsConflict
from comfydock_core.models.file_moves import TreeFile
from comfydock_core.models.history.merging import FORWARD, MERGE, NOTHING, MergePlan, MergeRequest
from comfydock_core.models.history.moving import Destination, MovePlan
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.operation import RefChange
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.history.revisions import Revisions
from comfydock_core.utils.files.git_index import object_name

_DEFINITION = ".cec"
# The files of the common ancestor, ours and theirs.
Trees = tuple[Mapping[str, TreeFile], Mapping[str, TreeFile], Mapping[str, TreeFile]]


def plan_merge(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    request: MergeRequest,
    reporter: Reporter,
) -> MergePlan:
    """What a merge, or a revert, comes to; the environment stays as it is.

    While a question is open nothing is resolved and `move` is `None`. Raises `RefNotFound`, `NothingInCommon`,
    `QuestionUnknown`, `MergeRefused`, `RequirementsConflict`, `UncommittedWork`, `RepositoryUnfit`, `ManifestDamaged`,
    and what `plan_move` raises.
    """
    refuse_unfit(layout)
    return _Planner(layout, services, request, reporter).plan()


class _Planner:
    def __init__(
        self, layout: EnvironmentLayout, services: WorkspaceServices, request: MergeRequest, reporter: Reporter
    ) -> None:
        self._layout = layout
        self._services = services
        self._own = services.environment(layout)
        self._request = request
        self._reporter = reporter
        self._revisions = Revisions(layout)
        self._mine = self._revisions.commit("HEAD")
        self._named = self._revisions.commit(request.ref)
        self._answers = Answers(request.take, request.auto)

    def plan(self) -> MergePlan:
        base, theirs = self._sides()
        mine, request = self._mine, self._request
        is_merge = request.command == "merge"
        if is_merge and base == theirs:
            return self._planned(NOTHING, base, theirs, (), (), None)
        if is_merge and base == mine:
            self._answers.refuse_unknown()
            files = tuple(sorted(self._changed(mine, theirs)))
            move = None if request.preview else self._move_to(theirs)
            return self._planned(FORWARD, base, theirs, (), files, move)
        self._reporter.phase("Merging the definitions")
        before, ours, other = (read_tree(self._layout.definition, commit) for commit in (base, mine, theirs))
        trees = (before, ours, other)
        merged = self._merged(trees)
        if not self._has_open_questions and merged.texts is not None:
            merged = self._resolved(merged, trees)
        open_questions = self._has_open_questions
        changed = {path: file for path, file in merged.files.items() if not _is_same(file, ours.get(path))}
        if not is_merge and not changed and not open_questions:
            return self._planned(NOTHING, base, theirs, tuple(merged.decided), (), None)
        paths = sorted({*changed, *((MANIFEST,) if merged.texts is not None and open_questions else ())})
        move = None if open_questions or request.preview else self._move_to(self._committed(changed, theirs))
        return self._planned(MERGE, base, theirs, tuple(merged.decided), tuple(paths), move)

    @property
    def _has_open_questions(self) -> bool:
        return any(question.answer is None for question in self._answers.questions)

    def _merged(self, trees: Trees, *, contested: bool = False, unfit: bool = False) -> DefinitionMerging:
        merged = DefinitionMerging(
            self._layout.definition,
            trees,
            self._answers,
            self._later,
            self._required,
            contested=contested,
            unfit=unfit,
        )
        merged.merge()
        self._answers.refuse_unknown()
        return merged

    def _resolved(self, merged: DefinitionMerging, trees: Trees) -> DefinitionMerging:
        """The same with its lock.

        Where it cannot be resolved, it comes with questions: about what both sides asked of the same packages, then
        about whose packages count as a whole.
        """
        try:
            self._resolve(merged)
        except RequirementsConflict as error:
            if not merged.united:
                return self._taken_whole(error, trees)
            self._answers = Answers(self._request.take, self._request.auto)
            merged = self._merged(trees, contested=True)
            if not self._has_open_questions:
                try:
                    self._resolve(merged)
                except RequirementsConflict as second:
                    return self._taken_whole(second, trees)
        return merged

    def _taken_whole(self, error: RequirementsConflict, trees: Trees) -> DefinitionMerging:
        """The merge with the packages of one side, as soon as somebody says of which."""
        self._reporter.warn(error.message)
        self._answers = Answers(self._request.take, self._request.auto)
        merged = self._merged(trees, unfit=True)
        if not self._has_open_questions:
            try:
                self._resolve(merged)
            except RequirementsConflict as second:
                raise _unresolvable(second, self._request) from second
        return merged

    def _sides(self) -> tuple[str, str]:
        """The commit that both sides began at, and the other side. A revert undoes what a commit changed."""
        if self._request.command == "revert":
            parents = merging.parents_of(self._layout.definition, self._named)
            if len(parents) != 1:
                raise ConflictError(
                    f"`{self._request.ref}` cannot be reverted: it is "
                    + ("a merge, which has two parents" if parents else "the first commit"),
                    hint="`comfydock rollback` goes back to a commit as a whole",
                    context={"ref": self._request.ref, "parents": parents},
                )
            return self._named, parents[0]
        base = merging.merge_base(self._layout.definition, self._mine, self._named)
        if base is None:
            raise NothingInCommon(
                f"`{self._request.ref}` and this branch have no commit in common",
                hint="it seems to belong to another environment; `comfydock log --graph` shows the history of this one",
                context={"ref": self._request.ref, "mine": self._mine, "theirs": self._named},
            )
        return base, self._named

    def _resolve(self, merged: DefinitionMerging) -> None:
        """Let uv complete the merged lock, with what both sides have locked as preferences."""
        assert merged.texts is not None
        texts = {name: text.encode("utf-8") for name, text in merged.texts.items() if text}
        files = {**read_tree(self._layout.definition, self._mine), **merged.files, MANIFEST: None, LOCK: None, **texts}
        merged.files |= locked_aside(self._layout, self._services, files, self._reporter)

    def _committed(self, files: Composed, theirs: str) -> str:
        """The commit of the merge, which nothing leads to yet."""
        parents = [self._mine] if self._request.command == "revert" else [self._mine, theirs]
        return commit_composed(self._layout, self._services, self._mine, files, parents, self._message())

    def _message(self) -> str:
        if self._request.message is not None:
            return self._request.message
        if self._request.command == "revert":
            _, subject = queries.date_and_subject(self._layout.definition, self._named)
            return f'Revert "{subject or self._named[:SHORT]}"\n\nThis reverts commit {self._named}.'
        into = read_head(self._layout.definition)[1]
        return f"Merge {self._request.ref}" + (f" into {into}" if into else "")

    def _move_to(self, commit: str) -> MovePlan:
        branch = read_head(self._layout.definition)[1]
        ref = RefChange(_DEFINITION, reference_of(branch), self._mine, commit)
        label = f"the merge of {self._request.ref}" if self._request.command == "merge" else "the revert"
        destination = Destination(self._request.command, label, commit, (ref,))
        return plan_move(
            self._layout, self._services, destination, self._reporter, policy=self._request.policy, rehearsal=False
        )

    def _later(self, mine: NodePackage, theirs: NodePackage) -> NodePackage | None:
        """The pack that is further on one line of commits, by a history that is on this machine."""
        one, other = mine.release, theirs.release
        if one.repository is None or one.repository != other.repository or one.source != "git" != other.source:
            return None
        places = [f"{self._layout.custom_nodes}/{mine.directory}", self._own.mirrors.path(one.repository)]
        for place in places:
            if queries.is_repository(place):
                if merging.is_before(place, one.version, other.version):
                    return theirs
                if merging.is_before(place, other.version, one.version):
                    return mine
        return None

    def _required(self, manifest: EnvironmentManifest) -> frozenset[str]:
        return required_packages(self._layout, self._own, manifest, self._reporter)

    def _changed(self, before: str, after: str) -> set[str]:
        old, new = (read_tree(self._layout.definition, commit) for commit in (before, after))
        return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}

    def _planned(
        self, kind: str, base: str, theirs: str, decided: tuple[str, ...], files: tuple[str, ...], move: MovePlan | None
    ) -> MergePlan:
        return MergePlan(
            name=self._layout.name,
            command=self._request.command,
            other=self._request.ref,
            kind=kind,
            base=base,
            mine=self._mine,
            theirs=theirs,
            questions=self._answers.questions,
            decided=decided,
            files=files,
            message=self._message(),
            move=move,
        )


def _unresolvable(error: RequirementsConflict, request: MergeRequest) -> RequirementsConflict:
    """The same error, with what can be done about it here."""
    error.hint = (
        f"what this branch and `{request.ref}` require does not fit together: change one of them, commit it, and"
        f" {request.command} again"
    )
    return error


def _is_same(file: TreeFile | bytes | None, ours: TreeFile | None) -> bool:
    if isinstance(file, bytes):
        return ours is not None and object_name(file, len(ours.object)) == ours.object
    return file == ours
