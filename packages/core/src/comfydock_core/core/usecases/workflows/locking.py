"""`workflow lock`: note what workflows are made with, exactly."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from comfydock_core.analyzers.workflow_dependency_parser import WorkflowDependencyParser
from comfydock_core.analyzers.workflows.embedded_lock import LockedModels, embedded_lock, with_lock
from comfydock_core.analyzers.workflows.opening import OpenedWorkflow
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.workflows.deciding import class_decider
from comfydock_core.core.usecases.workflows.file_contents import FileContent, known_contents, read_contents
from comfydock_core.core.usecases.workflows.finding import FoundWorkflow
from comfydock_core.core.usecases.workflows.knowledge import known_classes
from comfydock_core.core.usecases.workflows.local_models import model_matcher
from comfydock_core.core.usecases.workflows.lock_embedding import not_writable, refuse_unwritable, with_embedded
from comfydock_core.core.usecases.workflows.lock_making import LockMaker, LockParts
from comfydock_core.core.usecases.workflows.opening import open_found
from comfydock_core.managers.pyproject.workflow_entries import read_entry
from comfydock_core.models.exceptions import ChangedMeanwhile
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.operation import ChangePlan, Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.lock import WorkflowLock
from comfydock_core.models.workflow.lock_text import lock_text
from comfydock_core.models.workflow.locking import CHANGED, NEW, SAME, LockPlan, PlannedLock
from comfydock_core.records import record
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.workflow_files import WorkflowFiles
from comfydock_core.repositories.workflow_locks import WorkflowLocks
from comfydock_core.resolvers.environment_classes import EnvironmentClasses
from comfydock_core.resolvers.pack_versions import PackVersions
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.fingerprints import fingerprint
from comfydock_core.utils.text import counted


@record
class _Opened:
    found: FoundWorkflow
    opened: OpenedWorkflow


def plan_locks(
    workspace: WorkspaceLayout,
    environment: EnvironmentLayout,
    words: Sequence[str],
    reporter: Reporter,
    *,
    embed: bool,
    read: bool,
) -> LockPlan:
    """The locks of the named workflows of an environment, or of all that it has.

    With `read` files are read whole whose digests are not known, which are then noted in the index. Raises
    `WorkflowNotFound`, `WorkflowUnreadable`, `WorkflowNotWritable`, `WorkflowLockDamaged`, `ManifestDamaged`,
    `ModelPathsInvalid`, `EnvironmentBroken`, `ModelIndexDamaged`, `FileSystemError`.
    """
    with disk_errors("look at the manifest"):
        before = {environment.manifest: fingerprint(environment.manifest)}
    workflows = [_open(environment, name, before, embed=embed) for name in words or _names(environment)]
    workflows = list({one.found.name: one for one in workflows}.values())
    values = read_manifest(environment.manifest)
    known = known_classes(workspace, environment, reporter)
    with disk_errors("lock the workflows"):
        parts = _parts(workspace, environment, workflows, values, known, reporter)
        contents = _contents(workspace, environment, parts, reporter, read=read)
        manifest = EnvironmentManifest(values, environment.manifest)
        packs = PackVersions(environment, values, ask_git=True)
        maker = LockMaker(environment, manifest, known, packs, contents)
        planned: list[PlannedLock] = []
        new: dict[str, bytes] = {}
        for workflow, one in zip(workflows, parts, strict=True):
            unread = _unread(environment, one, contents)
            planned.append(_planned(environment, workflow, maker.make(one), new, embed=embed, unread=unread))
        change = _change(environment, before, planned, new) if new else None
    return LockPlan(environment.name, tuple(planned), new, change)


def carry_out_locks(environment: EnvironmentLayout, plan: LockPlan, initiator: Initiator, reporter: Reporter) -> str:
    """Write the locks, all or none; returns the operation, empty when nothing changes.

    Raises `ScopeBusy`, `ChangedMeanwhile`, `FileSystemError`.
    """
    if plan.change is None:
        return ""
    with operation(plan.change, initiator, reporter) as under_way:
        for place, content in plan.contents.items():
            unit = _unit(environment, place)
            path = under_way.place(unit) + place[len(unit) :]
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "xb") as file:
                file.write(content)
            live = f"{environment.root}/{place}"
            if os.path.isfile(live):
                shutil.copymode(live, path)
        under_way.commit()
    return under_way.id


def _names(environment: EnvironmentLayout) -> list[str]:
    return WorkflowFiles(environment.workflows).names()


def _open(environment: EnvironmentLayout, word: str, before: dict[str, str | None], *, embed: bool) -> _Opened:
    """Open a workflow of the environment, noting what it is now in `before`."""
    files = WorkflowFiles(environment.workflows)
    if embed and not files.has(word) and os.path.isfile(os.path.expanduser(word)):
        raise not_writable(word, "it is not among the workflows of the environment")
    path = files.path(word)
    name = os.path.relpath(path, files.directory).replace(os.sep, "/").removesuffix(".json")
    found = FoundWorkflow(name, os.path.join(files.directory, f"{name}.json"), True)
    with disk_errors(f"read `{found.path}`"):
        before[found.path] = fingerprint(found.path)
    opened = open_found(found)
    if embed:
        refuse_unwritable(name, opened)
    return _Opened(found, opened)


def _parts(
    workspace: WorkspaceLayout,
    environment: EnvironmentLayout,
    workflows: Sequence[_Opened],
    manifest: dict[str, object],
    known_here: EnvironmentClasses,
    reporter: Reporter,
) -> list[LockParts]:
    """What each workflow needs and has. Earlier locks are asked for addresses and digests of what is not here now."""
    parser, matcher = WorkflowDependencyParser(known_here.classes), model_matcher(workspace, environment)
    locks, parts = WorkflowLocks(environment), []
    with class_decider(workspace, environment, manifest, reporter) as decider:
        for one in workflows:
            name = one.found.name
            needs = parser.parse(one.opened.view(known_here.classes, known_here.editor_only))
            earlier = [lock for lock in (locks.read(name), embedded_lock(one.opened.raw).lock) if lock is not None]
            told = needs
            for lock in earlier:
                told = with_lock(told, lock)
            matches = tuple(
                replace(matcher.match(each), reference=own) for each, own in zip(told.models, needs.models, strict=True)
            )
            classes_from = decider.decide(name, needs)
            known = tuple(map(LockedModels, earlier))
            parts.append(LockParts(name, needs, matches, classes_from, _sources(manifest, name), known))
    return parts


def _sources(manifest: dict[str, object], name: str) -> dict[str, tuple[str, ...]]:
    """Addresses that the manifest notes, by the name that stands in the workflow."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in read_entry(manifest, name).models:
        found[entry.filename] = (*found.get(entry.filename, ()), *entry.sources)
    return found


def _contents(
    workspace: WorkspaceLayout,
    environment: EnvironmentLayout,
    parts: Sequence[LockParts],
    reporter: Reporter,
    *,
    read: bool,
) -> dict[str, FileContent]:
    models = [path for one in parts for path in one.model_paths()]
    inputs = [path for one in parts for path in one.input_paths(environment)]
    if read:
        return read_contents(workspace, models, inputs, reporter)
    return known_contents(workspace, [*models, *inputs])


def _unread(environment: EnvironmentLayout, parts: LockParts, contents: Mapping[str, FileContent]) -> tuple[str, ...]:
    paths = dict.fromkeys([*parts.model_paths(), *parts.input_paths(environment)])
    return tuple(path for path in paths if contents[path].blake3 is None and contents[path].problem is None)


def _planned(
    environment: EnvironmentLayout,
    workflow: _Opened,
    lock: WorkflowLock,
    new: dict[str, bytes],
    *,
    embed: bool,
    unread: tuple[str, ...],
) -> PlannedLock:
    """Put what is to be written into `new`."""
    locks, name = WorkflowLocks(environment), workflow.found.name
    content, before = lock_text(lock).encode(), locks.content(name)
    state = SAME if content == before else NEW if before is None else CHANGED
    if state != SAME:
        new[locks.place(name)] = content
    embeds = False
    if embed:
        with open(workflow.found.path, "rb") as file:
            document = file.read()
        changed = with_embedded(document, workflow.opened, lock)
        embeds = changed != document
        if embeds:
            new[os.path.relpath(workflow.found.path, environment.root).replace(os.sep, "/")] = changed
    return PlannedLock(lock, locks.path(name), state, embeds, unread)


def _change(
    environment: EnvironmentLayout,
    before: Mapping[str, str | None],
    planned: Sequence[PlannedLock],
    new: Mapping[str, bytes],
) -> ChangePlan:
    """What is swapped. Reading models may have taken long: what the locks were made of must still be the same."""
    units = dict.fromkeys(_unit(environment, place) for place in new)
    steps = [swap(environment.root, unit, has_new=True, detail=_detail(unit, new)) for unit in units]
    unread = dict.fromkeys(path for one in planned for path in one.unread)
    contents = {one.path: one.lock.words for one in planned}
    work = [PlanStep("read", path, "for its digests") for path in unread]
    for place in new:
        path = f"{environment.root}/{place}"
        work.append(PlanStep("write", path, contents.get(path, "with the lock in it")))
    size = sum(map(len, new.values()))
    change = make_plan(
        environment.root, "workflow lock", steps, work=work, inputs=tuple(before), fetch_bytes=0, disk_needed=size
    )
    for path, now in change.inputs:
        if before[path] != now:
            raise ChangedMeanwhile(
                f"`{path}` was changed while the lock was made; nothing was written",
                hint="run the command again: what was read of models is noted",
                context={"path": path},
            )
    return change


def _detail(unit: str, new: Mapping[str, bytes]) -> str:
    inside = sum(place == unit or place.startswith(f"{unit}/") for place in new)
    return f"{counted(inside, 'lock')} of workflows" if unit.startswith(".cec/") else "the lock in the workflow"


def _unit(environment: EnvironmentLayout, place: str) -> str:
    """What is swapped for a file: the file, or the highest directory above it that is not there yet."""
    for above in _above(place):
        if not os.path.lexists(f"{environment.root}/{above}"):
            return above
    return place


def _above(place: str) -> Iterator[str]:
    """The directories above a name, the highest first."""
    steps = place.split("/")
    return ("/".join(steps[:end]) for end in range(1, len(steps)))
