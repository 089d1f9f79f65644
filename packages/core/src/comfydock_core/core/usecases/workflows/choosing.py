"""`workflow node`: which node pack a class is from, as somebody says, for one workflow or for all of an environment."""

from collections.abc import Iterable

from comfydock_core.analyzers.workflows.workflow_nodes import read_workflows
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.workflows.deciding import ClassDecider, class_decider
from comfydock_core.core.usecases.workflows.writing_down import MANIFEST, edit_manifest
from comfydock_core.models.exceptions import ClassNotFound
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.operation import ChangePlan, Initiator, Step
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.plans import ChoicePlan, ChosenPack
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.workflow_files import WorkflowFiles
from comfydock_core.resolvers.class_choices import choices_in, choices_of
from comfydock_core.resolvers.pack_identities import PackIdentities
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import nearest, some

_NAMED = 20  # Classes in the context of an error.
_NO_LISTS = "no lists of node packs are here; `comfydock registry update` fetches them"


def plan_choice(
    workspace: WorkspaceLayout,
    environment: EnvironmentLayout,
    node_type: str,
    pack: str | None,
    workflow: str | None,
    reporter: Reporter,
) -> ChoicePlan:
    """Choose a pack for a class, or `None` when it needs none; without a workflow for all of the environment.

    Raises `ClassNotFound`, `WorkflowNotFound`, `ManifestDamaged`, `FileSystemError`.
    """
    workflow = _checked(environment, workflow)
    manifest = read_manifest(environment.manifest)
    with class_decider(workspace, environment, manifest, reporter) as decider:
        _refuse_unknown_class(environment, node_type, workflow, decider)
        choice, notes = _named(decider, node_type, pack, workflow)
    before = _noted(environment, manifest, workflow).get(node_type)
    is_so = before is not None and (before == choice.pack if choice.pack is not None else isinstance(before, bool))
    return ChoicePlan(
        environment.name, choice, _change(environment, "workflow node map", choice, has_any=not is_so), tuple(notes)
    )


def plan_forgetting(environment: EnvironmentLayout, node_type: str, workflow: str | None) -> ChoicePlan:
    """Take a choice back. Raises `ClassNotFound` without one, `WorkflowNotFound`, `ManifestDamaged`."""
    manifest = read_manifest(environment.manifest)
    every = _every_choice(EnvironmentManifest(manifest, environment.manifest))
    if workflow is not None and workflow.removesuffix(".json") not in {one.workflow for one in every}:
        workflow = _checked(environment, workflow)  # One that is gone may still be noted.
    workflow = workflow.removesuffix(".json") if workflow is not None else None
    found = _noted(environment, manifest, workflow)
    if node_type not in found:
        raise _nothing_chosen(node_type, workflow, found, every)
    pack = found[node_type]
    choice = ChosenPack(node_type, pack if isinstance(pack, str) else None, workflow)
    change = _change(environment, "workflow node unmap", choice, has_any=True)
    return ChoicePlan(environment.name, choice, change, forgets=True)


def carry_out_choice(environment: EnvironmentLayout, plan: ChoicePlan, initiator: Initiator, reporter: Reporter) -> str:
    """Write the manifest; returns the operation. Raises `ScopeBusy`, `ChangedMeanwhile`, `ManifestDamaged`."""
    one = plan.choice
    with operation(plan.change, initiator, reporter) as under_way:
        place = under_way.place(MANIFEST)
        if plan.forgets:
            edit_manifest(environment, place, lambda it: it.forget_choice(one.type, workflow=one.workflow))
        else:
            chosen = one.pack if one.pack is not None else False
            edit_manifest(environment, place, lambda it: it.choose_class(one.type, chosen, workflow=one.workflow))
        under_way.commit()
    return under_way.id


def list_choices(environment: EnvironmentLayout) -> list[ChosenPack]:
    """Everything that was chosen in an environment: what holds everywhere, then by workflow.

    Raises `ManifestDamaged`.
    """
    return _every_choice(EnvironmentManifest(read_manifest(environment.manifest), environment.manifest))


def workflow_classes(environment: EnvironmentLayout) -> list[str]:
    """The node classes of all workflows that can be read, sorted."""
    return sorted(_types(environment, None))


def _every_choice(manifest: EnvironmentManifest) -> list[ChosenPack]:
    found = [_chosen(kind, one, None) for kind, one in choices_in(manifest.tool).items()]
    for name, entry in manifest.workflows.items():
        if isinstance(entry, dict):
            found += [_chosen(kind, one, name) for kind, one in choices_in(entry).items()]
    return sorted(found, key=lambda one: (one.workflow is not None, one.workflow or "", one.type))


def _chosen(kind: str, choice: str | bool, workflow: str | None) -> ChosenPack:
    return ChosenPack(kind, choice if isinstance(choice, str) else None, workflow)


def _checked(environment: EnvironmentLayout, workflow: str | None) -> str | None:
    """The name of a workflow that is there. Raises `WorkflowNotFound`."""
    if workflow is None:
        return None
    WorkflowFiles(environment.workflows).path(workflow)
    return workflow.removesuffix(".json")


def _noted(environment: EnvironmentLayout, manifest: dict[str, object], workflow: str | None) -> dict[str, str | bool]:
    known = EnvironmentManifest(manifest, environment.manifest)
    return choices_in(known.tool) if workflow is None else choices_of(known.workflows, workflow)


def _types(environment: EnvironmentLayout, workflow: str | None) -> set[str]:
    workflows, _ = read_workflows(environment.workflows)
    return {use.type for one in workflows if workflow in (None, one.name) for use in one.uses}


def _refuse_unknown_class(
    environment: EnvironmentLayout, node_type: str, workflow: str | None, decider: ClassDecider
) -> None:
    """A class that some workflow uses is known, and for all of them one that the lists have."""
    types = _types(environment, workflow)
    if node_type in types or (workflow is None and decider.index is not None and decider.index.candidates(node_type)):
        return
    near = nearest(node_type, types, limit=3)
    where = f"`{workflow}`" if workflow is not None else "no workflow of the environment"
    raise ClassNotFound(
        f"{where} uses no node class `{node_type}`" if workflow is not None else f"{where} uses a class `{node_type}`",
        hint=_did_you_mean(near) or "names of classes are those that the editor shows as the node's type",
        context={"class": node_type, "workflow": workflow, "known": sorted(types)[:_NAMED]},
    )


def _named(
    decider: ClassDecider, node_type: str, pack: str | None, workflow: str | None
) -> tuple[ChosenPack, list[str]]:
    """The choice by the name that the pack has elsewhere, and what is worth knowing of it."""
    notes = [f"ComfyUI itself has the class `{node_type}`"] if node_type in decider.own else []
    if pack is None:
        return ChosenPack(node_type, None, workflow), notes
    identities = PackIdentities(decider.index, decider.installed)
    key = identities.key_of_chosen(pack)
    known, here = identities.known(key), identities.here(key)
    name = here.identifier if here is not None else known.identifier if known is not None else pack
    if here is None and known is not None and known.refusal is not None:
        notes.append(f"`{name}` cannot be added: {known.refusal}")
    elif here is None and known is not None:
        notes.append(f"`{name}` is not installed; `comfydock node add {name}` adds it")
    elif here is None:
        notes.append(_unknown_pack(pack, decider))
    return ChosenPack(node_type, name, workflow, here.identifier if here is not None else None), notes


def _unknown_pack(pack: str, decider: ClassDecider) -> str:
    if decider.index is None:
        return f"`{pack}` is not installed, and {_NO_LISTS}"
    near = decider.index.near(pack, limit=3) or nearest(
        pack, [one.identifier for one in decider.installed.all], limit=3
    )
    told = _did_you_mean(near)
    return f"no list knows `{pack}`, and it is not installed" + (f"; {told}" if told else "")


def _nothing_chosen(
    node_type: str, workflow: str | None, found: Iterable[str], every: list[ChosenPack]
) -> ClassNotFound:
    """Names the places where something was chosen for it, or classes that are called alike."""
    elsewhere = [one.workflow for one in every if one.type == node_type]
    where = f"for `{workflow}`" if workflow is not None else "for all workflows"
    if elsewhere:
        named = some([f"`--workflow {one}`" for one in elsewhere if one is not None], 3)
        hint = f"something was chosen for it with {named}" if named else "leave `--workflow` out: it holds for all"
    else:
        hint = _did_you_mean(nearest(node_type, found, limit=3)) or "`comfydock workflow node list` shows what was"
    return ClassNotFound(
        f"nothing was chosen {where} for the class `{node_type}`",
        hint=hint,
        context={"class": node_type, "workflow": workflow, "known": sorted(found)[:_NAMED]},
    )


def _did_you_mean(near: list[str]) -> str | None:
    return f"did you mean {some([f'`{name}`' for name in near])}?" if near else None


def _change(environment: EnvironmentLayout, command: str, choice: ChosenPack, *, has_any: bool) -> ChangePlan:
    steps: list[Step] = []
    work: list[PlanStep] = []
    if has_any:
        detail = f"where `{choice.type}` is from"
        with disk_errors("plan the change"):
            steps.append(swap(environment.root, MANIFEST, has_new=True, detail=detail))
        work.append(PlanStep("write", environment.manifest, detail))
    with disk_errors("plan the change"):
        return make_plan(environment.root, command, steps, work=work, fetch_bytes=0, disk_needed=0)
