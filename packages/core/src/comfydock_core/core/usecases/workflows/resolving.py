"""`workflow resolve`: decide where a workflow's classes and models are from, and what follows from it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from comfydock_core.analyzers.workflow_dependency_parser import WorkflowDependencyParser
from comfydock_core.analyzers.workflows.embedded_lock import LockedModels, embedded_lock, with_lock
from comfydock_core.analyzers.workflows.opening import OpenedWorkflow, open_content
from comfydock_core.analyzers.workflows.refusals import NoWorkflow
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.places import models_directory
from comfydock_core.core.usecases.workflows.deciding import ClassDecider, class_decider
from comfydock_core.core.usecases.workflows.deciding_models import ModelDecider
from comfydock_core.core.usecases.workflows.earlier_models import EarlierModels
from comfydock_core.core.usecases.workflows.knowledge import known_classes
from comfydock_core.core.usecases.workflows.local_models import model_matcher
from comfydock_core.core.usecases.workflows.model_notes import ModelNotes, ModelUses, is_needed, place_of
from comfydock_core.core.usecases.workflows.model_origins import ModelOrigins
from comfydock_core.core.usecases.workflows.opening import read_workflow, unreadable
from comfydock_core.managers.pyproject.workflow_entries import read_entry, read_known_models
from comfydock_core.managers.pyproject.workflows import with_sources
from comfydock_core.managers.workflow_manager import WorkflowManager
from comfydock_core.models.protocols import ModelResolutionStrategy, NodeResolutionStrategy, Reporter
from comfydock_core.models.workflow.candidates import CandidatePack, ResolutionResult
from comfydock_core.models.workflow.checks import AMBIGUOUS, ELSEWHERE, HERE, MISSING, ModelMatch
from comfydock_core.models.workflow.dependencies import ModelReference, WorkflowDependencies
from comfydock_core.models.workflow.entries import OPTIONAL, UNKNOWN, UNRESOLVED, ModelEntry, WorkflowEntry
from comfydock_core.models.workflow.model_origin import FROM_LIST, FROM_LOCK, FROM_USER, ModelOrigin
from comfydock_core.models.workflow.plans import Decisions, ValueChange, WantedModel, WorkflowResolution
from comfydock_core.models.workflow.prompt_view import RUNS, NamedModel
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.workflow_locks import WorkflowLocks
from comfydock_core.resolvers.model_matching import ModelMatcher
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.listed_once import ListedOnce
from comfydock_core.utils.json_places import replace_values

_SHA256_DIGITS = 64
_HEXADECIMAL = frozenset("0123456789abcdef")


def plan_resolution(
    workspace: WorkspaceLayout,
    environment: EnvironmentLayout,
    name: str,
    nodes: NodeResolutionStrategy,
    models: ModelResolutionStrategy,
    decisions: Decisions,
    reporter: Reporter,
) -> WorkflowResolution:
    """Decide about a workflow of an environment; what the strategies decide is noted in `decisions`.

    Raises `WorkflowNotFound`, `WorkflowUnreadable`, `ManifestDamaged`, `ModelPathsInvalid`, `EnvironmentBroken`,
    `ModelIndexDamaged`, `WorkflowLockDamaged`, `FileSystemError`.
    """
    name = name.removesuffix(".json")
    path = WorkflowManager(environment, workspace).path(name)
    read, opened = _read(name, path)
    manifest = read_manifest(environment.manifest)
    listed = ListedOnce()
    known = known_classes(workspace, environment, reporter, listed)
    view = opened.view(known.classes, known.editor_only)
    needs = WorkflowDependencyParser(known.classes).parse(view)
    locks = [lock for lock in (WorkflowLocks(environment).read(name), embedded_lock(opened.raw).lock) if lock]
    for lock in locks:
        needs = with_lock(needs, lock)
    locked = tuple(map(LockedModels, locks))
    before, known_models = read_entry(manifest, name), read_known_models(manifest)
    with class_decider(workspace, environment, manifest, reporter) as decider:
        classes = _decided(decider, name, needs, nodes, decisions)
        has_lists = decider.index is not None
    earlier, uses = EarlierModels(before), ModelUses(opened.raw, view)
    with disk_errors("look at the directories of models"):
        matcher, known_origins = model_matcher(workspace, environment, listed), ModelOrigins(workspace, environment)
        decider_of_models = ModelDecider(matcher, models, decisions, earlier, known_models, uses)
        asked = [one for one in needs.models if is_needed(one)]

        def look() -> tuple[tuple[ModelMatch, ...], dict[ModelReference, ModelOrigin]]:
            found = tuple(decider_of_models.decide(one) for one in asked if one.state == RUNS)
            missing = [match.reference for match in found if match.state == MISSING]
            known = {one: _with_locks(known_origins.of(one, name), one, locked) for one in missing}
            return found, {one: _as_typed(origin, decisions.urls.get(one.value)) for one, origin in known.items()}

        matches, origins = look()
        optional = {use for one in before.models if one.importance == OPTIONAL for use in one.uses}
        unknown = [one for one in matches if one.state == MISSING and not origins[one.reference].urls
                   and uses.of(one.reference) not in optional]  # fmt: skip
        if [one for one in unknown if decider_of_models.ask(one)]:
            matches, origins = look()
        changes = dict(_changes(matches, matcher, opened, decisions.writes))
        uses.written = {reference: one.new for reference, one in changes.items()}
        # What only the list of models says is not noted: the name proves nothing, and the list may be right tomorrow.
        urls = {one.value: origin.urls for one, origin in origins.items() if origin.known_from != FROM_LIST}
        notes = ModelNotes(uses, earlier, models_directory(workspace), workspace.model_index, urls)
        entries, files = notes.of(matches, tuple(one for one in asked if one.state != RUNS))
        without = {uses.noted(one.reference) for one in matches if one.reference.value in decisions.optional}
        entries = tuple(replace(one, importance=OPTIONAL) if without & {*one.uses} else one for one in entries)
    importance = {use: one.importance for one in entries for use in one.uses}
    entry = WorkflowEntry(
        name,
        before.path or f"workflows/{name}.json",
        tuple(sorted({one.installed or one.identifier for one in classes.packs})),
        _choices(before, classes, decisions),
        entries,
    )
    wanted = {
        reference: one
        for reference, origin in origins.items()
        if (one := _wanted(reference, origin, entries, uses)) is not None
    }
    return WorkflowResolution(
        environment.name,
        name,
        path,
        classes,
        matches,
        tuple(one for one in classes.packs if one.installed is None and one.refusal is None),
        tuple(one for one in classes.classes if one.is_open or (one.decided and _is_refused(one.decided))),
        tuple(changes.values()),
        tuple(wanted.values()),
        tuple(one for one in matches if one.state == MISSING and one.reference not in wanted),
        tuple(one for one in matches if one.state == AMBIGUOUS),
        tuple(one for one in matches if one.state == ELSEWHERE and not _is_loadable(one, matcher)),
        entry,
        files,
        read,
        _content(read, changes.values()),
        entry != before or any(with_sources(one, (there := known_models.get(one.hash))) != there for one in files),
        {match.reference: importance[uses.noted(match.reference)] for match in matches},
        has_lists,
        {one.value: origin.entries for one, origin in origins.items() if origin.entries and one not in wanted},
    )


def _content(read: bytes, changes: Iterable[ValueChange]) -> bytes | None:
    """The text of a workflow with some values written anew, `None` without any."""
    changed = replace_values(read, {place: one.new for one in changes for place in one.places})
    return changed if changed != read else None


def _read(name: str, path: str) -> tuple[bytes, OpenedWorkflow]:
    """The text, and what it says: read once, so that places in it are right."""
    read = read_workflow(path)
    try:
        return read, open_content(read)
    except NoWorkflow as error:
        raise unreadable(name, error) from error


def _decided(
    decider: ClassDecider, name: str, needs: WorkflowDependencies, nodes: NodeResolutionStrategy, decisions: Decisions
) -> ResolutionResult:
    """Where the classes are from, with what the strategy says about those that are open."""
    found = decider.decide(name, needs, decisions.packs)
    for one in found.open:
        if one.type in decisions.skipped:
            continue
        chosen = nodes.choose_pack(one)
        if chosen is not None:
            decisions.packs[one.type] = chosen
        else:
            decisions.skipped.add(one.type)
    return decider.decide(name, needs, decisions.packs)


def _is_refused(pack: CandidatePack) -> bool:
    return pack.installed is None and pack.refusal is not None


def _choices(before: WorkflowEntry, classes: ResolutionResult, decisions: Decisions) -> dict[str, str | bool]:
    """The choices that the manifest notes: earlier ones and new ones, of classes that the workflow still has."""
    every = {**before.choices, **(decisions.packs if decisions.remembers else {})}
    return {kind: chosen for kind, chosen in every.items() if classes.of(kind) is not None}


def _with_locks(origin: ModelOrigin, one: ModelReference, locks: tuple[LockedModels, ...]) -> ModelOrigin:
    """Where a missing model can be had, with what locks noted.

    What a lock knows by its digest is asked for first: another address may lead to another content.
    """
    entries = [entry for locked in locks if (entry := locked.of(one)) is not None]
    digest = next((entry.sha256 for entry in entries if entry.sha256), None)
    first = [url for entry in entries if entry.sha256 and entry.sha256 == digest for url in entry.sources]
    others = [url for entry in entries for url in entry.sources]
    if not others:
        return replace(origin, sha256=digest or origin.sha256)
    told = origin.urls if origin.known_from != FROM_LIST else ()
    urls = tuple(dict.fromkeys((*first, *told, *others)))
    known_from = FROM_LOCK if first or not told else origin.known_from
    return replace(origin, urls=urls, known_from=known_from, sha256=digest or origin.sha256)


def _as_typed(origin: ModelOrigin, url: str | None) -> ModelOrigin:
    """An address that somebody typed goes before what is known."""
    return origin if url is None else replace(origin, urls=(url, *origin.urls), known_from=FROM_USER)


def _wanted(
    one: ModelReference, origin: ModelOrigin, entries: tuple[ModelEntry, ...], uses: ModelUses
) -> WantedModel | None:
    """What to fetch for a missing model with a source that is certain, as it is noted."""
    use = uses.of(one)
    noted = next((entry for entry in entries if use in entry.uses and entry.status == UNRESOLVED), None)
    if not origin.urls or noted is None or noted.category == UNKNOWN:
        return None
    place = noted.relative_path or place_of(one)
    digest = origin.sha256 if origin.known_from == FROM_LOCK else _sha256(one.named) or origin.sha256
    return WantedModel(one, origin.urls, place, noted.importance, digest, origin.known_from)


def _sha256(named: NamedModel | None) -> str | None:
    if named is None or named.hash is None or (named.hash_type or "").upper().replace("-", "") != "SHA256":
        return None
    digest = named.hash.strip().lower()
    return digest if len(digest) == _SHA256_DIGITS and _HEXADECIMAL.issuperset(digest) else None


def _is_loadable(match: ModelMatch, matcher: ModelMatcher) -> bool:
    """Whether the file lies in a folder that the input reads, so that writing its name is enough."""
    decided = match.decided
    return decided is not None and matcher.is_read(match.reference, decided.folder)


def _changes(
    matches: tuple[ModelMatch, ...], matcher: ModelMatcher, opened: OpenedWorkflow, values: frozenset[str] | None
) -> Iterator[tuple[ModelReference, ValueChange]]:
    """Names as they are here, in place of those that the workflow has. A place is written once."""
    written: set[str] = set()
    for match in matches:
        one, decided = match.reference, match.decided
        if opened.carrier is not None or decided is None or match.state == HERE or not _is_loadable(match, matcher):
            continue
        places = tuple(place for each in one.places if (place := opened.place + each) not in written)
        if places and decided.name != one.value and (values is None or one.value in values):
            written.update(places)
            yield one, ValueChange(places, one.value, decided.name, decided.reason)
