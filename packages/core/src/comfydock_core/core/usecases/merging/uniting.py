"""Uniting two sides of a definition: merged by meaning, resolved, with questions where that takes somebody."""

from collections.abc import Mapping

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.merging.answers import Answers
from comfydock_core.core.usecases.merging.definition_merging import DefinitionMerging
from comfydock_core.core.usecases.moving.composing import locked_aside
from comfydock_core.core.usecases.moving.definition_files import LOCK, MANIFEST
from comfydock_core.core.usecases.moving.required_packages import required_packages
from comfydock_core.integrations.git import merging, queries
from comfydock_core.models.exceptions import RequirementsConflict
from comfydock_core.models.file_moves import TreeFile
from comfydock_core.models.history.merging import MergeRequest, Question
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodePackage

# The files of the common ancestor, ours and theirs.
Trees = tuple[Mapping[str, TreeFile], Mapping[str, TreeFile], Mapping[str, TreeFile]]


class Uniting:
    """One merge of three trees of an environment's history, answered as `request` says; nothing is written to it."""

    def __init__(
        self, layout: EnvironmentLayout, services: WorkspaceServices, request: MergeRequest, reporter: Reporter
    ) -> None:
        self._layout = layout
        self._services = services
        self._own = services.environment(layout)
        self._request = request
        self._reporter = reporter
        self._answers = Answers(request.take, request.auto)

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question that came up."""
        return self._answers.questions

    @property
    def is_open(self) -> bool:
        """Whether one of them is not answered."""
        return any(question.answer is None for question in self._answers.questions)

    def refuse_unknown(self) -> None:
        """Raise `QuestionUnknown` for an answer to what nothing asked."""
        self._answers.refuse_unknown()

    def united(self, trees: Trees) -> DefinitionMerging:
        """The merge, with its lock unless a question is open.

        Raises `QuestionUnknown`, `MergeRefused`, `RequirementsConflict`, `ManifestDamaged`, `HistoryDamaged`.
        """
        merged = self._merged(trees)
        return self._resolved(merged, trees) if not self.is_open and merged.texts is not None else merged

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
            self._resolve(merged, trees)
        except RequirementsConflict as error:
            if not merged.united:
                return self._taken_whole(error, trees)
            self._answers = Answers(self._request.take, self._request.auto)
            merged = self._merged(trees, contested=True)
            if not self.is_open:
                try:
                    self._resolve(merged, trees)
                except RequirementsConflict as second:
                    return self._taken_whole(second, trees)
        return merged

    def _taken_whole(self, error: RequirementsConflict, trees: Trees) -> DefinitionMerging:
        """The merge with the packages of one side, as soon as somebody says of which."""
        self._reporter.warn(error.message)
        self._answers = Answers(self._request.take, self._request.auto)
        merged = self._merged(trees, unfit=True)
        if not self.is_open:
            try:
                self._resolve(merged, trees)
            except RequirementsConflict as second:
                raise _unresolvable(second, self._request) from second
        return merged

    def _resolve(self, merged: DefinitionMerging, trees: Trees) -> None:
        """Let uv complete the merged lock, with what both sides have locked as preferences."""
        assert merged.texts is not None
        texts = {name: text.encode("utf-8") for name, text in merged.texts.items() if text}
        files = {**trees[1], **merged.files, MANIFEST: None, LOCK: None, **texts}
        merged.files |= locked_aside(self._layout, self._services, files, self._reporter)

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


def _unresolvable(error: RequirementsConflict, request: MergeRequest) -> RequirementsConflict:
    """The same error, with what can be done about it here."""
    error.hint = (
        f"what this branch and `{request.name}` require does not fit together: change one of them, commit it, and"
        f" {request.command} again"
    )
    return error
