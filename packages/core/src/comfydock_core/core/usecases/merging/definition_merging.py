"""The files of a merged definition: what either side changed, and what has to be asked."""

from collections.abc import Mapping

from comfydock_core.configs.environment_layout import BACKENDS
from comfydock_core.core.usecases.history.changes import WORKFLOWS
from comfydock_core.core.usecases.merging.answers import Answers
from comfydock_core.core.usecases.merging.manifest_merging import Later, ManifestMerging, Required
from comfydock_core.core.usecases.merging.workflow_merging import merge_workflow
from comfydock_core.core.usecases.moving.definition_files import LOCK, MANIFEST, PYTHON, is_of_python
from comfydock_core.integrations.git.history import read_objects
from comfydock_core.managers.uv_project.merging import merge_lock
from comfydock_core.models.file_moves import TreeFile

Files = Mapping[str, TreeFile]
_LOCKS = "workflow-locks/"
_JSON = ".json"


class DefinitionMerging:
    """One merge of three trees of files of one repository.

    After `merge`, `files` are those that differ from ours: a file that is there, new bytes, or `None` for one that
    goes. `texts` are the manifest and lock that packages are to be resolved from, where both sides changed them; else
    the files of one side stand for that.
    """

    def __init__(
        self,
        repository: str,
        trees: tuple[Files, Files, Files],
        answers: Answers,
        later: Later,
        required: Required,
    ) -> None:
        """`trees` are those of the common ancestor, ours and theirs; `required` is as in `ManifestMerging`."""
        self._repository = repository
        self._base, self._ours, self._theirs = trees
        self._required = required
        self._answers = answers
        self._later = later
        self.files: dict[str, TreeFile | bytes | None] = {}
        self.texts: dict[str, str] | None = None
        self.decided: list[str] = []

    def merge(self) -> None:
        """Raises `ManifestDamaged`, `MergeRefused`, `HistoryDamaged`, `GitFailed`."""
        self._merge_python()
        for path in sorted(self._base.keys() | self._ours.keys() | self._theirs.keys()):
            if not is_of_python(path) and not path.startswith(_LOCKS):
                self._merge_file(path)
        self._settle_locks()

    def _merge_file(self, path: str) -> None:
        before, mine, other = (side.get(path) for side in (self._base, self._ours, self._theirs))
        if other in (mine, before):
            return
        if mine == before:
            self.files[path] = other
        elif path.startswith(WORKFLOWS) and path.endswith(_JSON) and mine is not None and other is not None:
            self._merge_workflow(path, before, mine, other)
        else:
            kind, name = ("workflow", _workflow(path)) if path.startswith(WORKFLOWS) else ("file", path)
            sides = [None if file is None else "this version" for file in (mine, other)]
            if self._answers.takes_theirs(f"{kind}:{name}", f"the {kind} {name}", *sides):
                self.files[path] = other

    def _merge_workflow(self, path: str, before: TreeFile | None, mine: TreeFile, other: TreeFile) -> None:
        contents = self._contents([file for file in (before, mine, other) if file is not None])
        old = b"" if before is None else contents[before.object]
        ours, theirs = contents[mine.object], contents[other.object]
        merged = merge_workflow(_workflow(path), old, ours, theirs, self._answers)
        if merged == theirs:
            self.files[path] = other
        elif merged != ours:
            self.files[path] = merged

    def _settle_locks(self) -> None:
        """The lock of a workflow is for the version that it was made of; one of neither goes, to be made anew."""
        for path in sorted(self._base.keys() | self._ours.keys() | self._theirs.keys()):
            if not path.startswith(_LOCKS):
                continue
            before, mine, other = (side.get(path) for side in (self._base, self._ours, self._theirs))
            if other in (mine, before):
                continue
            workflow = WORKFLOWS + path.removeprefix(_LOCKS)
            result = self.files.get(workflow, self._ours.get(workflow))
            if mine == before or result == self._theirs.get(workflow):
                self.files[path] = other
            elif result != self._ours.get(workflow):
                self.files[path] = None
                self.decided.append(
                    f"the lock of the workflow {_workflow(workflow)} is gone: `workflow lock` makes it anew"
                )

    def _merge_python(self) -> None:
        """What packages are locked in, as one: where both sides changed it, the manifests are merged."""
        before, mine, other = (
            {path: file for path, file in side.items() if is_of_python(path)}
            for side in (self._base, self._ours, self._theirs)
        )
        if other in (mine, before):
            return
        if mine == before:
            self.files |= {
                path: other.get(path) for path in mine.keys() | other.keys() if mine.get(path) != other.get(path)
            }
            return
        first, second, third = (self._text(side.get(MANIFEST)) for side in (before, mine, other))
        merging = ManifestMerging(first, second, third, self._answers, self._later, self._required)
        locks = [self._text(side.get(LOCK)) for side in (before, mine, other)]
        self.texts = {MANIFEST: merging.merge(), LOCK: merge_lock(locks[0], locks[1], locks[2])}
        self.decided += merging.decided
        self._merge_rest_of_python(before, mine, other)

    def _merge_rest_of_python(self, before: Files, mine: Files, other: Files) -> None:
        """The version of Python, and locks of back ends that only the other side has or changed."""
        sides = [side.get(PYTHON) for side in (before, mine, other)]
        if sides[2] not in (sides[0], sides[1]) and (
            sides[1] == sides[0]
            or self._answers.takes_theirs("python", "the version of Python", *(self._text(one) for one in sides[1:]))
        ):
            self.files[PYTHON] = sides[2]
        for path in other:
            if path.startswith(f"{BACKENDS}/") and mine.get(path) == before.get(path) != other[path]:
                self.files[path] = other[path]

    def _text(self, file: TreeFile | None) -> str:
        return "" if file is None else self._contents([file])[file.object].decode("utf-8", "replace")

    def _contents(self, files: list[TreeFile]) -> dict[str, bytes]:
        return dict(read_objects(self._repository, [file.object for file in files]))


def _workflow(path: str) -> str:
    return path.removeprefix(WORKFLOWS).removesuffix(_JSON)
