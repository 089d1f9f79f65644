"""`workflow model`: the models of a workflow, how much each matters, and which file a name means."""

import os
from dataclasses import replace

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.workflows.local_models import model_matcher
from comfydock_core.core.usecases.workflows.resolving import plan_resolution
from comfydock_core.core.usecases.workflows.writing_down import resolution_change
from comfydock_core.models.exceptions import ModelNotFound
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.checks import MISSING, ModelMatch
from comfydock_core.models.workflow.entries import ModelEntry
from comfydock_core.models.workflow.plans import Decisions, ImportancePlan, ListedModel, MappedModel, WorkflowResolution
from comfydock_core.resolvers.model_matching import ModelMatcher
from comfydock_core.strategies.automatic import AutomaticModelStrategy, AutomaticNodeStrategy
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import nearest, some


def list_models(
    workspace: WorkspaceLayout, environment: EnvironmentLayout, workflow: str, reporter: Reporter
) -> list[ListedModel]:
    """Every model that nodes of a workflow which run ask for, each value once. Raises what `plan_resolution` raises."""
    plan = _resolution(workspace, environment, workflow, Decisions(), reporter)
    users: dict[tuple[str, tuple[str, ...]], list[ModelMatch]] = {}
    for match in plan.matches:
        users.setdefault((match.reference.value, match.reference.folders), []).append(match)
    urls = {one.reference.value: one.urls for one in plan.fetch}
    return [
        ListedModel(
            value,
            plan.importance[matches[0].reference],
            matches[0].state,
            folders,
            tuple(match.reference.node for match in matches),
            matches[0].decided.path if matches[0].decided is not None else None,
            tuple(f"{one.folder}/{one.name}" for one in matches[0].candidates),
            urls.get(value, ()) if matches[0].state == MISSING else (),
        )
        for (value, folders), matches in users.items()
    ]


def plan_importance(
    workspace: WorkspaceLayout,
    environment: EnvironmentLayout,
    workflow: str,
    model: str,
    importance: str,
    reporter: Reporter,
) -> ImportancePlan:
    """Say how much a model matters: by its value, its file name or its hash. The workflow itself stays as it is.

    Raises `ModelNotFound`, and what `plan_resolution` raises.
    """
    plan = _resolution(workspace, environment, workflow, Decisions(writes=frozenset()), reporter)
    found = [one for one in plan.entry.models if model in _names_of(one)]
    if not found:
        raise _not_asked_for(model, plan, [name for one in plan.entry.models for name in _names_of(one)])
    models = tuple(replace(one, importance=importance) if one in found else one for one in plan.entry.models)
    entry = replace(plan.entry, models=models)
    notes = plan.notes or entry != plan.entry
    noted = replace(plan, entry=entry, notes=notes)
    with disk_errors("plan the change"):
        change = resolution_change(environment, noted, "workflow model importance")
    return ImportancePlan(environment.name, found[0].filename, found[0].importance, importance, noted, change)


def plan_mapping(
    workspace: WorkspaceLayout, environment: EnvironmentLayout, workflow: str, value: str, file: str, reporter: Reporter
) -> MappedModel:
    """Say which file a name means: a path, or `FOLDER/NAME` as ComfyUI lists it. It is written in place of the name.

    Raises `ModelNotFound`, and what `plan_resolution` raises.
    """
    plan = _resolution(workspace, environment, workflow, Decisions(), reporter)
    asked = [one for one in plan.matches if value in (one.reference.value, one.reference.file_name)]
    if not asked:
        values = [one.reference.value for one in plan.matches]
        raise _not_asked_for(value, plan, [*values, *(one.reference.file_name for one in plan.matches)])
    value = asked[0].reference.value
    with disk_errors("look at the directories of models"):
        path = _file(asked[0], file, model_matcher(workspace, environment))
    decisions = Decisions(remembers=True, models={value: path}, writes=frozenset({value}))
    plan = _resolution(workspace, environment, workflow, decisions, reporter)
    with disk_errors("plan the change"):
        change = resolution_change(environment, plan, "workflow model map")
    return MappedModel(value, path, plan, change)


def _resolution(
    workspace: WorkspaceLayout, environment: EnvironmentLayout, workflow: str, decisions: Decisions, reporter: Reporter
) -> WorkflowResolution:
    nodes, models = AutomaticNodeStrategy(), AutomaticModelStrategy()
    return plan_resolution(workspace, environment, workflow, nodes, models, decisions, reporter)


def _names_of(model: ModelEntry) -> set[str]:
    names = {model.filename, *(use.widget_value for use in model.uses)}
    names |= {name.replace("\\", "/").rpartition("/")[2] for name in names}
    return names | ({model.hash} if model.hash else set())


def _file(match: ModelMatch, file: str, matcher: ModelMatcher) -> str:
    """The path that ComfyUI opens for what somebody names. Raises `ModelNotFound`, `OSError`."""
    reference = match.reference
    found = [one.path for one in matcher.listed(reference, file.replace("\\", "/")) if one.path is not None]
    if found:
        return found[0]
    path = os.path.abspath(os.path.expanduser(file))
    chosen = matcher.chosen(reference, path, "you chose it") if os.path.isfile(path) else None
    if chosen is not None and chosen.candidates[0].path is not None:
        return chosen.candidates[0].path
    named = [f"{one.folder}/{one.name}" for one in match.candidates]
    hint = (
        f"files that may be meant: {some([f'`{name}`' for name in named], 5)}"
        if named
        else ("name it as ComfyUI lists it, `FOLDER/NAME`, or by its path")
    )
    if os.path.isfile(path):
        hint = "`comfydock model root list` shows the directories that it reads"
    raise ModelNotFound(
        f"ComfyUI of this environment lists no file `{file}`", hint=hint, context={"file": file, "candidates": named}
    )


def _not_asked_for(what: str, plan: WorkflowResolution, names: list[str]) -> ModelNotFound:
    near = nearest(what, dict.fromkeys(names), limit=3)
    hint = f"did you mean {some([f'`{name}`' for name in near])}?" if near else None
    return ModelNotFound(
        f"`{plan.name}` asks for no model `{what}`",
        hint=hint or "`comfydock workflow model list WORKFLOW` shows those that it asks for",
        context={"workflow": plan.name, "model": what, "known": sorted(set(names))[:100]},
    )
