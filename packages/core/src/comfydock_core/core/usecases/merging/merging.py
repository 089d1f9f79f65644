"""Planning a merge or a revert: both sides become one definition, which is resolved, committed and gone to."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.history.fitness import reference_of, refuse_unfit
from comfydock_core.core.usecases.merging.popping import plan_pop
from comfydock_core.core.usecases.merging.uniting import Uniting
from comfydock_core.core.usecases.moving.composing import Composed, commit_composed
from comfydock_core.core.usecases.moving.definition_files import MANIFEST
from comfydock_core.core.usecases.moving.planning import plan_move
from comfydock_core.integrations.git import merging, queries
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.trees import read_tree
from comfydock_core.models.commit import SHORT
from comfydock_core.models.exceptions import ConflictError, HistoryShallow, NothingInCommon
from comfydock_core.models.file_moves import TreeFile
from comfydock_core.models.history.merging import FORWARD, MERGE, NOTHING, REVERT, MergePlan, MergeRequest
from comfydock_core.models.history.moving import Destination, MovePlan
from comfydock_core.models.operation import RefChange
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.history.revisions import Revisions
from comfydock_core.utils.files.git_index import object_name

_DEFINITION = ".cec"


def plan_merge(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    request: MergeRequest,
    reporter: Reporter,
) -> MergePlan:
    """What a merge, a revert, or bringing a stash back comes to; the environment stays as it is.

    While a question is open nothing is resolved and `move` is `None`. Raises `RefNotFound`, `NothingInCommon`,
    `QuestionUnknown`, `MergeRefused`, `RequirementsConflict`, `UncommittedWork`, `RepositoryUnfit`, `ManifestDamaged`,
    and what `plan_move` raises.
    """
    refuse_unfit(layout)
    if request.command == "stash pop":
        return plan_pop(layout, services, request, reporter)
    return _Planner(layout, services, request, reporter).plan()


class _Planner:
    def __init__(
        self, layout: EnvironmentLayout, services: WorkspaceServices, request: MergeRequest, reporter: Reporter
    ) -> None:
        self._layout = layout
        self._services = services
        self._request = request
        self._reporter = reporter
        self._revisions = Revisions(layout)
        self._mine = self._revisions.commit("HEAD")
        self._named = self._revisions.commit(request.ref)
        self._uniting = Uniting(layout, services, request, reporter)

    def plan(self) -> MergePlan:
        base, theirs = self._sides()
        mine, request = self._mine, self._request
        is_merge = request.command != REVERT
        if is_merge and base == theirs:
            return self._planned(NOTHING, base, theirs, (), (), None)
        if is_merge and base == mine:
            self._uniting.refuse_unknown()
            files = tuple(sorted(self._changed(mine, theirs)))
            move = None if request.preview else self._move_to(theirs)
            return self._planned(FORWARD, base, theirs, (), files, move)
        self._reporter.phase("Merging the definitions")
        before, ours, other = (read_tree(self._layout.definition, commit) for commit in (base, mine, theirs))
        trees = (before, ours, other)
        merged = self._uniting.united(trees)
        open_questions = self._uniting.is_open
        changed = {path: file for path, file in merged.files.items() if not _is_same(file, ours.get(path))}
        if not is_merge and not changed and not open_questions:
            return self._planned(NOTHING, base, theirs, tuple(merged.decided), (), None)
        paths = sorted({*changed, *((MANIFEST,) if merged.texts is not None and open_questions else ())})
        move = None if open_questions or request.preview else self._move_to(self._committed(changed, theirs))
        return self._planned(MERGE, base, theirs, tuple(merged.decided), tuple(paths), move)

    def _sides(self) -> tuple[str, str]:
        """The commit that both sides began at, and the other side. A revert undoes what a commit changed."""
        if self._request.command == REVERT:
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
        if base is None and self._revisions.is_shallow():
            raise HistoryShallow(
                f"where `{self._request.name}` and this branch part is missing: the history here was cut off",
                hint="`comfydock fetch` completes it, from a remote that has all of it",
                context={"ref": self._request.name},
            )
        if base is None:
            raise NothingInCommon(
                f"`{self._request.name}` and this branch have no commit in common",
                hint="it seems to belong to another environment; `comfydock log --graph` shows the history of this one",
                context={"ref": self._request.name, "mine": self._mine, "theirs": self._named},
            )
        return base, self._named

    def _committed(self, files: Composed, theirs: str) -> str:
        """The commit of the merge, which nothing leads to yet."""
        parents = [self._mine] if self._request.command == REVERT else [self._mine, theirs]
        return commit_composed(self._layout, self._services, self._mine, files, parents, self._message())

    def _message(self) -> str:
        if self._request.message is not None:
            return self._request.message
        if self._request.command == REVERT:
            _, subject = queries.date_and_subject(self._layout.definition, self._named)
            return f'Revert "{subject or self._named[:SHORT]}"\n\nThis reverts commit {self._named}.'
        into = read_head(self._layout.definition)[1]
        return f"Merge {self._request.name}" + (f" into {into}" if into else "")

    def _move_to(self, commit: str) -> MovePlan:
        branch = read_head(self._layout.definition)[1]
        ref = RefChange(_DEFINITION, reference_of(branch), self._mine, commit)
        label = "the revert" if self._request.command == REVERT else f"the merge of {self._request.name}"
        destination = Destination(self._request.command, label, commit, (ref,))
        return plan_move(
            self._layout, self._services, destination, self._reporter, policy=self._request.policy, rehearsal=False
        )

    def _changed(self, before: str, after: str) -> set[str]:
        old, new = (read_tree(self._layout.definition, commit) for commit in (before, after))
        return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}

    def _planned(
        self, kind: str, base: str, theirs: str, decided: tuple[str, ...], files: tuple[str, ...], move: MovePlan | None
    ) -> MergePlan:
        return MergePlan(
            name=self._layout.name,
            command=self._request.command,
            other=self._request.name,
            kind=kind,
            base=base,
            mine=self._mine,
            theirs=theirs,
            questions=self._uniting.questions,
            decided=decided,
            files=files,
            message=self._message(),
            move=move,
        )


def _is_same(file: TreeFile | bytes | None, ours: TreeFile | None) -> bool:
    if isinstance(file, bytes):
        return ours is not None and object_name(file, len(ours.object)) == ours.object
    return file == ours
