"""`workflow resolve`: decide where a workflow's classes and models are from, and note and write what follows."""

import os
import shutil
from collections.abc import Mapping

from comfydock_core.analyzers.workflow_dependency_parser import WorkflowDependencyParser
from comfydock_core.analyzers.workflows.opening import OpenedWorkflow
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.places import models_directory
from comfydock_core.core.usecases.workflows.deciding import ClassDecider, class_decider
from comfydock_core.core.usecases.workflows.knowledge import known_classes
from comfydock_core.core.usecases.workflows.local_models import model_matcher
from comfydock_core.core.usecases.workflows.model_notes import ModelNotes, category_of, importance_of
from comfydock_core.core.usecases.workflows.model_origins import ModelOrigins
from comfydock_core.core.usecases.workflows.opening import FoundWorkflow, open_found
from comfydock_core.managers.pyproject.workflows import read_entry, read_known_models
from comfydock_core.managers.pyproject_manager import PyprojectManager
from comfydock_core.models.operation import ChangePlan, Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import ModelResolutionStrategy, NodeResolutionStrategy, Reporter
from comfydock_core.models.workflow.candidates import ResolutionResult
from comfydock_core.models.workflow.checks import AMBIGUOUS, ELSEWHERE, HERE, MISSING, ModelMatch
from comfydock_core.models.workflow.dependencies import BY_WORKFLOW, IN_PROMPT, ModelReference, WorkflowDependencies
from comfydock_core.models.workflow.entries import UNKNOWN, WorkflowEntry
from comfydock_core.models.workflow.plans import (
    FROM_LIST,
    Decisions,
    ModelOrigin,
    ValueChange,
    WantedModel,
    WorkflowResolution,
)
from comfydock_core.models.workflow.prompt_view import RUNS, NamedModel
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.workflow_files import WorkflowFiles
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.json_places import replace_values
from comfydock_core.utils.text import counted

_MANIFEST = ".cec/pyproject.toml"
_SHA256_DIGITS = 64


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
    `FileSystemError`.
    """
    path = WorkflowFiles(environment.workflows).path(name)
    found = FoundWorkflow(name.removesuffix(".json"), path, True)
    opened = open_found(found)
    manifest = read_manifest(environment.manifest)
    known = known_classes(workspace, environment, reporter)
    view = opened.view(known.classes, known.editor_only)
    needs = WorkflowDependencyParser(known.classes).parse(view)
    before = read_entry(manifest, found.name)
    with class_decider(workspace, environment, manifest, reporter) as decider:
        classes = _decided(decider, found.name, needs, nodes, decisions)
    with disk_errors("look at the directories of models"):
        matcher, known_origins = model_matcher(workspace, environment), ModelOrigins(workspace, environment)
        matches = tuple(_chosen(matcher.match(one), models, decisions) for one in needs.models if one.state == RUNS)
        origins = {
            match.reference: known_origins.of(match.reference, found.name)
            for match in matches
            if match.state == MISSING and _is_needed(match)
        }
        fetch = tuple(one for match in matches if (one := _wanted(match, before, origins)) is not None)
        # What only the list of models says is not noted: the name proves nothing, and the list may be right tomorrow.
        sources = {one.reference.value: one.urls for one in fetch if one.known_from != FROM_LIST}
        notes = ModelNotes(opened.raw, view, before, models_directory(workspace), workspace.model_index, sources)
        entries, files = notes.of(matches)
    entry = WorkflowEntry(
        found.name,
        before.path or f"workflows/{found.name}.json",
        tuple(sorted({one.identifier for one in classes.packs})),
        _choices(before, classes, decisions),
        entries,
    )
    changes = tuple(change for match in matches if (change := _change(match, opened)) is not None)
    known_before = read_known_models(manifest)
    fetched = {one.reference.value for one in fetch}
    return WorkflowResolution(
        environment.name,
        found.name,
        path,
        classes,
        tuple(one for one in classes.packs if not one.installed and one.refusal is None),
        tuple(one for one in classes.classes if one.is_open or (one.decided and one.decided.refusal)),
        changes,
        fetch,
        tuple(
            match
            for match in matches
            if match.state == MISSING and _is_needed(match) and match.reference.value not in fetched
        ),
        tuple(match for match in matches if match.state == AMBIGUOUS),
        tuple(match for match in matches if match.state == ELSEWHERE and not _is_loadable(match) and _is_needed(match)),
        entry,
        files,
        _content(path, changes),
        entry != before or any(known_before.get(one.hash) is None for one in files),
        {one.value: origin.entries for one, origin in origins.items() if origin.entries and one.value not in fetched},
    )


def _decided(
    decider: ClassDecider, name: str, needs: WorkflowDependencies, nodes: NodeResolutionStrategy, decisions: Decisions
) -> ResolutionResult:
    """Where the classes are from, with what the strategy says about those that are open."""
    found = decider.decide(name, needs, decisions.packs)
    for one in found.open:
        chosen = nodes.choose_pack(one)
        if chosen is not None:
            decisions.packs[one.type] = chosen
    return decider.decide(name, needs, decisions.packs)


def _chosen(match: ModelMatch, models: ModelResolutionStrategy, decisions: Decisions) -> ModelMatch:
    """With what the strategy says about a model that several files may be."""
    if match.state != AMBIGUOUS:
        return match
    value = match.reference.value
    paths = [one.path for one in match.candidates if one.path is not None]
    path = decisions.models.get(value) or models.choose_model(value, paths)
    first = [one for one in match.candidates if one.path == path]
    if path is None or not first:
        return match
    decisions.models[value] = path
    return ModelMatch(match.reference, ELSEWHERE, (*first, *(one for one in match.candidates if one.path != path)))


def _choices(before: WorkflowEntry, classes: ResolutionResult, decisions: Decisions) -> dict[str, str | bool]:
    """The choices that the manifest notes: earlier ones and new ones, of classes that the workflow still has."""
    every = {**before.choices, **(decisions.packs if decisions.remembers else {})}
    return {kind: chosen for kind, chosen in every.items() if classes.of(kind) is not None}


def _wanted(
    match: ModelMatch, before: WorkflowEntry, origins: Mapping[ModelReference, ModelOrigin]
) -> WantedModel | None:
    """A missing model with a source that is certain."""
    one = match.reference
    origin, folder = origins.get(one, ModelOrigin()), category_of(one)
    if not origin.urls or folder == UNKNOWN:
        return None
    earlier = next((each for each in before.models if each.filename == one.value), None)
    to = earlier.relative_path if earlier is not None and earlier.relative_path else None
    digest = one.named.hash if one.named is not None and _is_sha256(one.named) else origin.sha256
    return WantedModel(
        one,
        origin.urls,
        to or f"{folder}/{one.value}".replace("\\", "/"),
        importance_of(one, before),
        digest,
        origin.known_from,
    )


def _is_sha256(named: NamedModel) -> bool:
    kind = (named.hash_type or "").upper().replace("-", "")
    return kind == "SHA256" and named.hash is not None and len(named.hash) == _SHA256_DIGITS


def _is_needed(match: ModelMatch) -> bool:
    """Whether an input asks for it: what only the text of a prompt or the file itself names stops nothing."""
    return match.reference.found not in (BY_WORKFLOW, IN_PROMPT) and match.reference.input is not None


def _is_loadable(match: ModelMatch) -> bool:
    """Whether the file lies in a folder that the input reads, so that writing its name is enough."""
    decided, folders = match.decided, match.reference.folders
    return decided is not None and (not folders or decided.folder in folders)


def _change(match: ModelMatch, opened: OpenedWorkflow) -> ValueChange | None:
    """The name as it is here, in place of the one that the workflow has."""
    one, decided = match.reference, match.decided
    if decided is None or match.state == HERE or not _is_loadable(match) or not _is_needed(match):
        return None
    if opened.carrier is not None or not one.places or decided.name == one.value:
        return None
    places = tuple(opened.place + place for place in one.places)
    return ValueChange(places, one.value, decided.name, decided.reason)


def _content(path: str, changes: tuple[ValueChange, ...]) -> bytes | None:
    """The file as it is to be."""
    if not changes:
        return None
    with open(path, "rb") as file:
        read = file.read()
    return replace_values(read, {place: one.new for one in changes for place in one.places})


def carry_out_resolution(
    environment: EnvironmentLayout, plan: WorkflowResolution, initiator: Initiator, reporter: Reporter
) -> str:
    """Write the workflow and the manifest, both or neither; returns the operation.

    Raises `ScopeBusy`, `ChangedMeanwhile`, `ManifestDamaged`, `FileSystemError`.
    """
    with operation(resolution_change(environment, plan), initiator, reporter) as under_way:
        if plan.content is not None:
            place = under_way.place(_place_of(environment, plan.path))
            with open(place, "xb") as file:
                file.write(plan.content)
            shutil.copymode(plan.path, place)
        if plan.notes:
            place = under_way.place(_MANIFEST)
            shutil.copy2(environment.manifest, place)
            PyprojectManager(place).put_workflow(plan.entry, plan.models)
        under_way.commit()
    return under_way.id


def resolution_change(environment: EnvironmentLayout, plan: WorkflowResolution) -> ChangePlan:
    """The files that are swapped. Raises `OSError`."""
    steps, work = [], []
    if plan.content is not None:
        place = _place_of(environment, plan.path)
        detail = counted(len(plan.changes), "name") + " of models as they are here"
        steps.append(swap(environment.root, place, has_new=True, detail=detail))
        work.append(PlanStep("write", plan.path, detail))
    if plan.notes:
        detail = f"what `{plan.name}` needs"
        steps.append(swap(environment.root, _MANIFEST, has_new=True, detail=detail))
        work.append(PlanStep("write", environment.manifest, detail))
    return make_plan(
        environment.root, "workflow resolve", steps, work=work, fetch_bytes=0, disk_needed=len(plan.content or b"")
    )


def _place_of(environment: EnvironmentLayout, path: str) -> str:
    return os.path.relpath(path, environment.root).replace(os.sep, "/")
