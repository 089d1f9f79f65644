"""The files of a merged definition: what either side changed, and what has to be asked."""

from collections.abc import Mapping

from comfydock_core.configs.environment_layout import BACKENDS, WORKFLOWS
from comfydock_core.core.usecases.merging.answers import Answers
from comfydock_core.core.usecases.merging.manifest_merging import Later, ManifestMerging, asked_for, with_packages_of
from comfydock_core.core.usecases.merging.workflow_merging import merge_workflow
from comfydock_core.core.usecases.moving.definition_files import LOCK, MANIFEST, PYTHON, is_of_python
from comfydock_core.core.usecases.moving.required_packages import RequiredPackages
from comfydock_core.integrations.git.history import read_objects
from comfydock_core.managers.uv_project.merging import merge_lock
from comfydock_core.models.exceptions import MergeRefused
from comfydock_core.models.file_moves import TreeFile

Files = Mapping[str, TreeFile]
_LOCKS = "workflow-locks/"
_JSON = ".json"
# The question about all that is installed, where both sides' does not fit together.
_PACKAGES = ("packages", "the packages so that they do not fit together")


class DefinitionMerging:
    """One merge of three trees of files of one repository.

    After `merge`, `files` are those that differ from ours: a file that is there, new bytes, or `None` for one that
    goes. `texts` are the manifest and lock that packages are to be resolved from, where both sides changed them; else
    the files of one side stand for that. `united` are the packages of which both sides asked something else.
    """

    def __init__(
        self,
        repository: str,
        trees: tuple[Files, Files, Files],
        answers: Answers,
        later: Later,
        required: RequiredPackages,
        *,
        contested: bool = False,
        unfit: bool = False,
    ) -> None:
        """`trees` are those of the common ancestor, ours and theirs; the rest is as in `ManifestMerging`.

        With `unfit` it is asked whose packages count as a whole, because both sides' could not be resolved.
        """
        self._contested = contested
        self._unfit = unfit
        self._repository = repository
        self._base, self._ours, self._theirs = trees
        self._required = required
        self._answers = answers
        self._later = later
        self.files: dict[str, TreeFile | bytes | None] = {}
        self.texts: dict[str, str] | None = None
        self.decided: list[str] = []
        self.united: list[str] = []

    def merge(self) -> None:
        """Raises `ManifestDamaged`, `MergeRefused`, `HistoryDamaged`, `GitFailed`."""
        self._merge_python()
        for path in sorted(self._base.keys() | self._ours.keys() | self._theirs.keys()):
            if not is_of_python(path) and not path.startswith(_LOCKS):
                self._merge_file(path)
        self._settle_directories()
        self._settle_locks()

    def _settle_directories(self) -> None:
        """What is a file on one side and a directory on the other cannot be both."""
        present = {path for path in self._ours.keys() | self.files.keys() if self.files.get(path, self._ours.get(path))}
        for path in sorted(present):
            inside = [other for other in present if other.startswith(f"{path}/")]
            if inside:
                is_ours = path in self._ours
                sides = ["a file", "a directory"] if is_ours else ["a directory", "a file"]
                takes_theirs = self._answers.takes_theirs(f"file:{path}", f"`{path}`", *sides)
                for gone in inside if takes_theirs is not is_ours else [path]:
                    self.files[gone] = None

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
            sides = ["removed" if file is None else "added" if before is None else "changed" for file in (mine, other)]
            if self._answers.takes_theirs(f"{kind}:{name}", f"the {kind} `{name}`", *sides):
                self.files[path] = other

    def _merge_workflow(self, path: str, before: TreeFile | None, mine: TreeFile, other: TreeFile) -> None:
        contents = self._contents([file for file in (before, mine, other) if file is not None])
        old = None if before is None else contents[before.object]
        ours, theirs = contents[mine.object], contents[other.object]
        merged = merge_workflow(_workflow(path), old, ours, theirs, self._answers)
        if merged == theirs:
            self.files[path] = other
        elif merged != ours:
            self.files[path] = merged

    def _settle_locks(self) -> None:
        """The lock of a workflow is for the version that it was made of; one of neither goes, to be made anew."""
        for path in sorted(self._base.keys() | self._ours.keys() | self._theirs.keys()):
            if path.startswith(_LOCKS):
                self._settle_lock(path, WORKFLOWS + path.removeprefix(_LOCKS))

    def _settle_lock(self, path: str, workflow: str) -> None:
        before, mine, other = (side.get(path) for side in (self._base, self._ours, self._theirs))
        ours, theirs = self._ours.get(workflow), self._theirs.get(workflow)
        result = self.files.get(workflow, ours)
        name = _workflow(workflow)
        if ours == theirs and other not in (mine, before):
            if mine == before:
                self.files[path] = other
            else:
                self.decided.append(f"kept our lock of the workflow {name}; `comfydock workflow lock` makes a new one")
        elif result == theirs != ours and mine != other:
            self.files[path] = other
        elif result not in (ours, theirs) and mine is not None:
            self.files[path] = None
            self.decided.append(
                f"removed the lock of the workflow {name}, which fits no more; `comfydock workflow lock` makes one"
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
        if self._unfit or self._answers.given(*_PACKAGES) is not None:
            self._take_packages(before, mine, other)
            return
        merging = ManifestMerging(
            (first, second, third), self._answers, self._later, self._required, contested=self._contested
        )
        self.texts = {MANIFEST: merging.merge(), LOCK: self._merged_lock(before, mine, other)}
        self.decided += merging.decided
        self.united += merging.united
        self._merge_rest_of_python(before, mine, other)

    def _take_packages(self, before: Files, mine: Files, other: Files) -> None:
        """All that is installed from one side, as that side has it locked."""
        first, second, third = (self._text(side.get(MANIFEST)) for side in (before, mine, other))
        shown = asked_for(first, second), asked_for(first, third)
        takes_theirs = self._answers.takes_theirs(*_PACKAGES, *shown)
        if any(question.answer is None for question in self._answers.questions):
            return
        chosen = other if takes_theirs else mine
        self.files |= {
            path: chosen.get(path) for path in mine.keys() | chosen.keys() if mine.get(path) != chosen.get(path)
        }
        manifest = with_packages_of((first, second, third), theirs=takes_theirs)
        self.texts = {MANIFEST: manifest, LOCK: self._text(chosen.get(LOCK))}
        self.decided.append(f"ComfyUI, node packs and packages: took all of {'theirs' if takes_theirs else 'ours'}")

    def _merged_lock(self, before: Files, mine: Files, other: Files) -> str:
        """Both locks as one, that of one side where the other has none; empty where neither has."""
        base, ours, theirs = (self._text(side.get(LOCK)) for side in (before, mine, other))
        if not ours or not theirs:
            return ours or theirs
        try:
            return merge_lock(base, ours, theirs)
        except MergeRefused as error:
            error.hint = "on that branch, `comfydock sync --relock` makes the lock anew; commit it, then merge again"
            raise

    def _merge_rest_of_python(self, before: Files, mine: Files, other: Files) -> None:
        """The version of Python, and locks of back ends that only the other side has or changed."""
        sides = [side.get(PYTHON) for side in (before, mine, other)]
        words = [self._text(one).strip() or None for one in sides[1:]]
        if sides[2] not in (sides[0], sides[1]) and (
            sides[1] == sides[0] or self._answers.takes_theirs("python", "the version of Python", *words)
        ):
            self.files[PYTHON] = sides[2]
        for path in before.keys() | other.keys():
            if path.startswith(f"{BACKENDS}/") and mine.get(path) == before.get(path) != other.get(path):
                self.files[path] = other.get(path)

    def _text(self, file: TreeFile | None) -> str:
        return "" if file is None else self._contents([file])[file.object].decode("utf-8", "replace")

    def _contents(self, files: list[TreeFile]) -> dict[str, bytes]:
        return dict(read_objects(self._repository, [file.object for file in files]))


def _workflow(path: str) -> str:
    return path.removeprefix(WORKFLOWS).removesuffix(_JSON)
