"""Making the lock of one workflow from what an environment has."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from comfydock_core.analyzers.workflows.embedded_lock import LockedModels
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.workflows.file_contents import FileContent
from comfydock_core.core.usecases.workflows.input_files import input_path, is_among_inputs
from comfydock_core.core.usecases.workflows.model_notes import category_of
from comfydock_core.integrations.git.head import read_head
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.workflow.candidates import BUILT_IN, INSTALLED, OPTIONAL, ResolutionResult
from comfydock_core.models.workflow.checks import AMBIGUOUS, ELSEWHERE, HERE, RESPELLED, ModelMatch
from comfydock_core.models.workflow.dependencies import BY_WORKFLOW, IN_PROMPT, WorkflowDependencies
from comfydock_core.models.workflow.entries import UNKNOWN
from comfydock_core.models.workflow.lock import (
    LockedClass,
    LockedComfyUI,
    LockedInput,
    LockedModel,
    LockedPack,
    WorkflowLock,
)
from comfydock_core.models.workflow.prompt_view import RUNS, NamedModel
from comfydock_core.records import record
from comfydock_core.resolvers.environment_classes import COMFYUI, EnvironmentClasses
from comfydock_core.resolvers.pack_versions import PackVersions
from comfydock_core.utils.text import some

_FACTS = ("format", "kind", "family", "rank", "parameters")
_NOTHING = FileContent()
_DIGITS = 64


@record
class LockParts:
    """What a lock is made of besides contents: what a workflow needs, and what is here of its models.

    `classes` are what decided about the classes, where somebody did. `sources` are addresses of models besides those
    that the index knows, by the name in the workflow; `earlier` are earlier locks, which count for the same content.
    """

    name: str
    needs: WorkflowDependencies
    matches: tuple[ModelMatch, ...]
    classes: ResolutionResult = field(default_factory=ResolutionResult)
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    earlier: tuple[LockedModels, ...] = ()

    def model_paths(self) -> Iterator[str]:
        """The model files that belong to it."""
        for match in _models(self.matches).values():
            if match.state in (HERE, RESPELLED) and match.decided is not None and match.decided.path is not None:
                yield match.decided.path

    def input_paths(self, environment: EnvironmentLayout) -> Iterator[str]:
        """The input files that are there."""
        for one in self.needs.files:
            path = input_path(environment, one.value)
            if one.state == RUNS and is_among_inputs(environment, one.value) and os.path.isfile(path):
                yield path


@record
class LockMaker:
    """Makes locks in one environment. `contents` are those of the files of its workflows, by path."""

    environment: EnvironmentLayout
    manifest: EnvironmentManifest
    known: EnvironmentClasses
    packs: PackVersions
    contents: Mapping[str, FileContent]

    def make(self, parts: LockParts) -> WorkflowLock:
        """The lock of one workflow."""
        classes = tuple(self._classes(parts))
        owners = {self.known.owners.get(one.type) for one in classes} - {None, COMFYUI}
        packs = {pack.id: pack for owner in sorted(filter(None, owners)) for pack in [self.packs.of(owner)]}
        for one in classes:
            if one.pack is not None and one.pack not in packs:
                packs[one.pack] = self._absent_pack(one, parts)
        return WorkflowLock(
            parts.name,
            self._comfyui(),
            tuple(packs.values()),
            classes,
            tuple(self._model(key, match, parts) for key, match in _models(parts.matches).items()),
            tuple(self._inputs(parts)),
        )

    def _comfyui(self) -> LockedComfyUI:
        commit = read_head(self.environment.comfyui)[0] or self.manifest.comfyui_commit
        repository = self.manifest.comfyui_repository
        return LockedComfyUI(
            self.manifest.comfyui_version,
            commit,
            without_credentials(repository) if repository else None,
            None if commit else "nothing tells which commit of it is here",
        )

    def _classes(self, parts: LockParts) -> Iterator[LockedClass]:
        """Where each class is from: what defines it here, or else what was decided about it."""
        for use in parts.needs.classes:
            owner = self.known.owners.get(use.type)
            decided = parts.classes.of(use.type)
            if owner == COMFYUI:
                yield LockedClass(use.type, None, BUILT_IN, (), not use.runs)
                continue
            by = decided.decided_by if decided is not None else None
            words: tuple[str, ...] = ()
            identifier, problem = None, None
            if owner is not None:
                identifier = self.packs.of(owner).id
                by = by or INSTALLED
                for candidate in decided.candidates if decided is not None else ():
                    if candidate.installed in (identifier, owner):
                        words = tuple(reason.words for reason in candidate.reasons)
            else:
                problem = "nothing here defines it"
                if decided is not None and decided.decided is not None:
                    identifier = decided.decided.identifier
                    words = tuple(reason.words for reason in decided.decided.reasons)
                elif by == BUILT_IN and decided is not None:
                    problem = f"{problem}; {some(decided.notes, 1)}" if decided.notes else problem
            editor_only = decided is not None and decided.editor_only
            optional = not use.runs or by == OPTIONAL or editor_only
            yield LockedClass(use.type, identifier, by, words, optional, problem)

    def _absent_pack(self, one: LockedClass, parts: LockParts) -> LockedPack:
        decided = parts.classes.of(one.type)
        assert decided is not None and decided.decided is not None
        pack = decided.decided
        return LockedPack(
            pack.identifier,
            "",
            version=pack.version,
            repository=without_credentials(pack.repository) if pack.repository else None,
            registry_id=pack.registry_id,
            problem=None if one.optional else "it is not installed, or turned off",
        )

    def _model(self, key: tuple[str, str], match: ModelMatch, parts: LockParts) -> LockedModel:
        folder, name = key
        one, decided = match.reference, match.decided
        path = decided.path if decided is not None and match.state in (HERE, RESPELLED) else None
        content = self.contents.get(path, _NOTHING) if path is not None else _NOTHING
        claims = [entry for locked in parts.earlier if (entry := locked.of(one)) is not None]
        if one.named is not None:
            claims.insert(0, _named(one.named))
        claims = [claim for claim in claims if _may_be(claim, content)]
        absent = claims if path is None else []
        sources = {*content.sources, *parts.sources.get(name, ()), *(url for claim in claims for url in claim.sources)}
        return LockedModel(
            "" if folder == UNKNOWN else folder,
            name,
            content.size,
            content.blake3 or next((claim.blake3 for claim in absent if claim.blake3), None),
            content.sha256 or next((claim.sha256 for claim in absent if claim.sha256), None),
            {fact: value for fact in _FACTS if isinstance(value := content.header.get(fact), str | int)},
            tuple(sorted(set(map(without_credentials, sources)))),
            not _is_needed(match),
            _model_problem(match, path, content),
        )

    def _inputs(self, parts: LockParts) -> Iterator[LockedInput]:
        names = dict.fromkeys(one.value for one in parts.needs.files if one.state == RUNS)
        for name in names:
            path = input_path(self.environment, name)
            if not is_among_inputs(self.environment, name):
                yield LockedInput(name, problem="it lies outside of ComfyUI's inputs, and was not read")
                continue
            content = self.contents.get(path)
            if content is None:
                yield LockedInput(name, problem="it is not here")
            else:
                yield LockedInput(name, content.size, content.blake3, content.sha256, content.problem)


def _models(matches: Iterable[ModelMatch]) -> dict[tuple[str, str], ModelMatch]:
    """One match for each name in each folder, of nodes that run; one that is needed goes before others."""
    found: dict[tuple[str, str], ModelMatch] = {}
    for match in matches:
        key = (category_of(match.reference), match.reference.value)
        if match.reference.state == RUNS and (key not in found or not _is_needed(found[key])):
            found[key] = match
    return found


def _is_needed(match: ModelMatch) -> bool:
    return match.reference.found not in (BY_WORKFLOW, IN_PROMPT) and match.reference.input is not None


def _named(named: NamedModel) -> LockedModel:
    """What the workflow itself says of a model."""
    digest, kind = (named.hash or "").lower(), (named.hash_type or "").upper().replace("-", "")
    is_whole = len(digest) == _DIGITS and not digest.strip("0123456789abcdef")
    return LockedModel(
        "",
        named.name,
        blake3=digest if is_whole and kind == "BLAKE3" else None,
        sha256=digest if is_whole and kind == "SHA256" else None,
        sources=(named.url,) if named.url else (),
    )


def _may_be(claim: LockedModel, content: FileContent) -> bool:
    """Whether no digest says that what is claimed is another content than the one that is here."""
    pairs = ((claim.blake3, content.blake3), (claim.sha256, content.sha256), (claim.size, content.size))
    return all(claimed is None or here is None or claimed == here for claimed, here in pairs)


def _model_problem(match: ModelMatch, path: str | None, content: FileContent) -> str | None:
    if path is not None:
        return content.problem
    if match.state == ELSEWHERE and match.decided is not None:
        return f"under this name it is not here; `{match.decided.folder}/{match.decided.name}` may be it"
    if match.state == AMBIGUOUS:
        return f"{len(match.candidates)} files here may be it"
    return "it is not here"
