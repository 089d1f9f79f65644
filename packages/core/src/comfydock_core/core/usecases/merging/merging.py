"""Planning a merge or a revert: both sides become one definition, which is resolved, committed and gone to."""

import os
import tempfile
from collections.abc import Mapping

from comfydock_core.configs.environment_layout import BACKENDS, EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.definition.redefining import used_backend
from comfydock_core.core.usecases.definition.staging import stage_definition
from comfydock_core.core.usecases.history.fitness import reference_of, refuse_unfit
from comfydock_core.core.usecases.merging.answers import Answers
from comfydock_core.core.usecases.merging.definition_merging import DefinitionMerging
from comfydock_core.core.usecases.moving.comfyui_moving import required_packages
from comfydock_core.core.usecases.moving.definition_files import MANIFEST
from comfydock_core.core.usecases.moving.planning import plan_move
from comfydock_core.integrations.git import merging, queries
from comfydock_core.integrations.git.committing import CommitBuilder, commit_tree
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.trees import PLAIN, read_tree, tree_with
from comfydock_core.models.commit import SHORT
from comfydock_core.models.exceptions import ConflictError, NothingInCommon, RefInvalid, RequirementsConflict
from comfydock_core.models.file_moves import TreeFile
from comfydock_core.models.history.merging import FORWARD, MERGE, NOTHING, MergePlan, MergeRequest
from comfydock_core.models.history.moving import Destination, MovePlan
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.operation import RefChange
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.history.revisions import Revisions
from comfydock_core.utils import native
from comfydock_core.utils.files.git_index import object_name

_DEFINITION = ".cec"


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
        self._mine = self._commit("HEAD")
        self._named = self._commit(request.ref)
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

        def required(manifest: EnvironmentManifest) -> frozenset[str]:
            return required_packages(self._layout, self._own, manifest, self._reporter)

        merged = DefinitionMerging(self._layout.definition, trees, self._answers, self._later, required)
        merged.merge()
        self._answers.refuse_unknown()
        open_questions = any(question.answer is None for question in self._answers.questions)
        if not open_questions and merged.texts is not None:
            self._resolve(merged)
        changed = {path: file for path, file in merged.files.items() if not _is_same(file, ours.get(path))}
        if not is_merge and not changed and not open_questions:
            return self._planned(NOTHING, base, theirs, tuple(merged.decided), (), None)
        paths = sorted({*changed, *((MANIFEST,) if merged.texts is not None and open_questions else ())})
        move = None if open_questions or request.preview else self._move_to(self._committed(changed, theirs))
        return self._planned(MERGE, base, theirs, tuple(merged.decided), tuple(paths), move)

    def _sides(self) -> tuple[str, str]:
        """The commit that both sides began at, and the other side. A revert undoes what a commit changed."""
        if self._request.command == "revert":
            parents = merging.parents_of(self._layout.definition, self._named)
            if len(parents) != 1:
                raise ConflictError(
                    f"`{self._request.ref}` is "
                    + ("a merge, which has two commits before it" if parents else "the first commit"),
                    hint="`comfydock rollback` goes back to a commit as a whole",
                    context={"ref": self._request.ref, "parents": parents},
                )
            return self._named, parents[0]
        base = merging.merge_base(self._layout.definition, self._mine, self._named)
        if base is None:
            raise NothingInCommon(
                f"`{self._request.ref}` has no commit in common with this history",
                hint="`comfydock log --graph` shows this one; the other is that of another environment",
                context={"ref": self._request.ref, "mine": self._mine, "theirs": self._named},
            )
        return base, self._named

    def _resolve(self, merged: DefinitionMerging) -> None:
        """Let uv complete the merged lock, with what both sides have locked as preferences."""
        assert merged.texts is not None
        backend = used_backend(self._layout)
        with tempfile.TemporaryDirectory(prefix="comfydock-merge-") as scratch:
            trial = stage_definition(self._layout, scratch)
            own = self._services.environment(trial)
            self._lay_out_ours(trial.definition)
            for path, file in merged.files.items():
                if isinstance(file, TreeFile) and path.startswith(f"{BACKENDS}/"):
                    _write(f"{trial.definition}/{path}", queries.blob(self._layout.definition, file.object))
            for name, text in merged.texts.items():
                _write(f"{trial.definition}/{name}", text.encode("utf-8"))
            self._reporter.phase("Resolving Python packages")
            try:
                failed = own.uv_project.relock(backend, self._reporter).failed
            except RequirementsConflict as error:
                error.hint = (
                    "both sides do not fit together: `--take package:NAME=mine` or `--take pack:NAME=theirs` takes one;"
                    f" {error.hint or 'uv gives the reason'}"
                )
                raise
            if backend in failed:
                raise failed[backend]
            for name, trouble in failed.items():
                self._reporter.warn(f"PyTorch for {name} has to be locked again later: {trouble.message}")
            for path in _files_of_python(trial.definition):
                merged.files[path] = native.read_bytes(f"{trial.definition}/{path}") or b""

    def _lay_out_ours(self, definition: str) -> None:
        """The committed files of ours, whatever is in the environment now."""
        for path, file in read_tree(self._layout.definition, self._mine).items():
            if path.startswith(f"{BACKENDS}/"):
                _write(f"{definition}/{path}", queries.blob(self._layout.definition, file.object))

    def _committed(self, files: Mapping[str, TreeFile | bytes | None], theirs: str) -> str:
        """The commit of the merge, which nothing leads to yet."""
        repository = self._layout.definition
        with tempfile.TemporaryDirectory(prefix="comfydock-merge-") as scratch:
            head = read_head(repository)[0]
            builder = CommitBuilder(repository, scratch, head=head, rehearsal=False)
            contents = [file for file in files.values() if isinstance(file, bytes)]
            builder.write(contents)
            named = {path: TreeFile(PLAIN, builder.object_of(file)) if isinstance(file, bytes) else file
                     for path, file in files.items()}  # fmt: skip
            tree = tree_with(repository, self._mine, named, scratch)
        parents = [self._mine] if self._request.command == "revert" else [self._mine, theirs]
        return commit_tree(repository, tree, parents, self._message(), self._own.git.identity_variables)

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

    def _changed(self, before: str, after: str) -> set[str]:
        old, new = (read_tree(self._layout.definition, commit) for commit in (before, after))
        return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}

    def _commit(self, name: str) -> str:
        found = self._revisions.resolve(name).commit
        if found is None:
            raise RefInvalid(
                f"`{name}` is a state before an operation, not a commit",
                hint="name a branch, a tag or a commit",
                context={"ref": name},
            )
        return found

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


def _is_same(file: TreeFile | bytes | None, ours: TreeFile | None) -> bool:
    if isinstance(file, bytes):
        return ours is not None and object_name(file, len(ours.object)) == ours.object
    return file == ours


def _files_of_python(definition: str) -> list[str]:
    found = [MANIFEST, "uv.lock"]
    for directory, _, names in os.walk(f"{definition}/{BACKENDS}"):
        found += [os.path.relpath(f"{directory}/{name}", definition) for name in names]
    return found


def _write(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
