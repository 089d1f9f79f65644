"""Planning a move: an environment becomes what a commit says, with its branch, all of it or nothing."""

import os
import tempfile
from collections.abc import Iterator, Mapping

from comfydock_core.configs.environment_layout import BACKENDS, INDEX, EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.definition.backends import used_backend
from comfydock_core.core.usecases.definition.staging import stage_definition
from comfydock_core.core.usecases.history.fitness import refuse_unfit
from comfydock_core.core.usecases.history.patches import held_patches
from comfydock_core.core.usecases.moving.comfyui_moving import ComfyUIChange, comfyui_steps, plan_comfyui, told_move
from comfydock_core.core.usecases.moving.definition_files import (
    LOCK,
    MANIFEST,
    PYTHON,
    Snapshot,
    has_own_workflows,
    is_live_workflow,
    is_of_python,
    plan_definition,
    plan_workflows,
    take_snapshot,
)
from comfydock_core.core.usecases.moving.pack_patching import PackPatches
from comfydock_core.core.usecases.moving.packs_moving import PackMover
from comfydock_core.core.usecases.moving.patch_sides import sides_of_move
from comfydock_core.core.usecases.moving.python_moving import plan_python
from comfydock_core.core.usecases.moving.stash_making import StashMaker
from comfydock_core.integrations.git.committing import CommitBuilder
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.history import read_objects
from comfydock_core.integrations.git.index_lock import wait_for_index
from comfydock_core.integrations.git.trees import write_files
from comfydock_core.managers.pack_places import CUSTOM_NODES, path_of
from comfydock_core.models.exceptions import ManifestDamaged, UncommittedWork
from comfydock_core.models.file_moves import ComfyUIMove, FileSwaps, TreeFile
from comfydock_core.models.history.moving import (
    DISCARD,
    STASH,
    Destination,
    MovePlan,
    PackMoves,
    PythonMove,
    Uncommitted,
)
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.operation import ChangePlan, RefChange, Step
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.definition.manifest_reader import parse_manifest, read_manifest
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.history.conversion_note import NOTE
from comfydock_core.services.transaction import make_plan
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import counted, listed

_SHORT = 10
_SHOWN = 10


def plan_move(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    destination: Destination,
    reporter: Reporter,
    *,
    policy: str,
    rehearsal: bool,
    message: str | None = None,
) -> MovePlan:
    """What it takes to be at `destination`. The environment stays as it is; caches may get what it needs.

    `policy` says what becomes of uncommitted work that is in the way, `message` is that of a stash. In a `rehearsal`
    nothing is left in the repository, and the plan cannot be carried out where it stashes. Raises `UncommittedWork`,
    `RepositoryUnfit`, `RepositoryBusy`, `HistoryDamaged`, `ManifestDamaged`, `LockDamaged`, `BackendNotLocked`,
    `RefNotFound`, `RemoteError`, `FileSystemError`.
    """
    refuse_unfit(layout)
    wait_for_index(f"{layout.root}/{INDEX}")
    reporter.phase("Looking at the environment")
    with (
        disk_errors("look at the definition", layout.definition),
        tempfile.TemporaryDirectory(prefix="comfydock-move-") as scratch,
    ):
        planner = _Planner(layout, services, destination, reporter, policy, scratch, rehearsal=rehearsal)
        return planner.plan(message)


class _Planner:
    def __init__(
        self,
        layout: EnvironmentLayout,
        services: WorkspaceServices,
        destination: Destination,
        reporter: Reporter,
        policy: str,
        scratch: str,
        *,
        rehearsal: bool,
    ) -> None:
        self._layout = layout
        self._services = services
        self._destination = destination
        self._reporter = reporter
        self._policy = policy
        self._scratch = scratch
        self._rehearsal = rehearsal
        self._head = read_head(layout.definition)[0]

    def plan(self, message: str | None) -> MovePlan:
        layout, destination = self._layout, self._destination
        directory = f"{self._scratch}/commit"
        os.mkdir(directory)
        builder = CommitBuilder(layout.definition, directory, head=self._head, rehearsal=self._rehearsal)
        snapshot = take_snapshot(builder, layout, destination.commit, destination.objects)
        lost = [*snapshot.in_the_way()] if self._policy not in (STASH, DISCARD) else []
        stash = StashMaker(layout, self._services, builder).make(snapshot, message) if self._policy == STASH else None
        changes = snapshot.changes(self._policy)
        python, packs, in_packs, comfyui = self._of_definition(snapshot, changes)
        in_definition = _without_python(changes) if python.changes_definition else changes
        if destination.index is not None and has_own_workflows(layout):
            in_definition = _without_live(in_definition)
        definition = plan_definition(layout, in_definition)
        workflows = plan_workflows(layout, changes, snapshot)
        lost += [*in_packs, *comfyui.in_the_way, *_obstacles(definition), *_obstacles(workflows)]
        if lost:
            raise _refusal(layout, destination, lost, self._policy)
        notes = (*packs.notes, *comfyui.notes, *self._notes(changes))
        refs = (*destination.refs, *((stash.reference,) if stash is not None else ()))
        converted = {path: snapshot.present[path].object for path in snapshot.converted if path not in changes}
        change = self._change(changes, definition, workflows, python, packs, comfyui.move, refs, converted)
        return MovePlan(
            name=layout.name,
            destination=destination,
            definition=definition,
            workflows=workflows,
            changed=tuple(changes),
            of_python={path: file for path, file in changes.items() if is_of_python(path)},
            python=python,
            packs=packs,
            comfyui=comfyui.move,
            notes=notes,
            converted=converted,
            stash=stash.number if stash is not None else None,
            change=change,
        )

    def _of_definition(
        self, snapshot: Snapshot, changes: Mapping[str, TreeFile | None]
    ) -> tuple[PythonMove, PackMoves, tuple[Uncommitted, ...], ComfyUIChange]:
        """Packages, packs and ComfyUI, which the files of the definition decide about, as they are going to be."""
        layout, services = self._layout, self._services
        if not any(is_of_python(path) for path in changes) and not held_patches(changes):
            return PythonMove("", ""), PackMoves(), (), ComfyUIChange()
        trial = stage_definition(layout, self._scratch)
        of_python = {path: file for path, file in changes.items() if is_of_python(path)}
        lay_out(trial, layout.definition, of_python, self._destination.objects)
        python = self._of_python(trial, changes)
        patches = sides_of_move(layout, snapshot, changes, self._destination.objects)
        committed = self._manifest_of(snapshot.head)
        present, wanted = read_manifest(layout.manifest), read_manifest(trial.manifest)
        own = services.environment(layout)
        packs, in_packs = PackMover(
            layout,
            own,
            committed=_packs(committed, layout.manifest),
            present=_packs(present, layout.manifest),
            wanted=tracked_packs(wanted, layout.manifest),
            policy=self._policy,
            patches=PackPatches(own, patches, self._reporter),
        ).plan()
        comfyui = plan_comfyui(
            layout,
            own,
            [EnvironmentManifest(one, layout.manifest) for one in (committed, present) if one is not None],
            EnvironmentManifest(wanted, layout.manifest),
            self._policy,
            self._reporter,
            patches,
        )
        return python, packs, in_packs, comfyui

    def _of_python(self, trial: EnvironmentLayout, changes: Mapping[str, TreeFile | None]) -> PythonMove:
        if not any(is_of_python(path) for path in changes):
            return PythonMove("", "")
        self._reporter.phase("Comparing Python packages")
        self._reporter.phase("Comparing Python packages")
        return plan_python(self._layout, trial, used_backend(self._layout))

    def _manifest_of(self, files: Mapping[str, TreeFile]) -> dict[str, object] | None:
        """The committed manifest; `None` where there is none that can be read, which nothing is compared with then."""
        if MANIFEST not in files:
            return None
        [(_, content)] = read_objects(self._layout.definition, [files[MANIFEST].object])
        try:
            return parse_manifest(content.decode("utf-8", "replace"), MANIFEST)
        except ManifestDamaged:
            return None

    def _notes(self, changes: Mapping[str, TreeFile | None]) -> Iterator[str]:
        if any(path.startswith("workflows/") for path in changes) and not has_own_workflows(self._layout):
            yield f"`{self._layout.workflows}` leads out of the environment, so its workflows stay as they are"

    def _change(
        self,
        changes: Mapping[str, TreeFile | None],
        definition: FileSwaps,
        workflows: FileSwaps,
        python: PythonMove,
        packs: PackMoves,
        comfyui: ComfyUIMove | None,
        refs: tuple[RefChange, ...],
        converted: Mapping[str, str],
    ) -> ChangePlan:
        layout, root = self._layout, self._layout.root
        steps: list[Step] = [*definition.steps, *workflows.steps]
        if python.changes_definition:
            steps += [swap(root, f".cec/{name}", has_new=True) for name in (*_rewritten(python), PYTHON, BACKENDS)]
        is_left = os.path.lexists(f"{layout.definition}/{NOTE}") and (changes or self._moves_head(refs))
        if python.converts or is_left:
            steps.append(swap(root, f".cec/{NOTE}", has_new=python.converts or bool(converted)))
        for before, after in packs.renamed:
            source = f"{CUSTOM_NODES}/{before}"
            steps.append(swap(root, f"{CUSTOM_NODES}/{after}", has_new=True, source=source))
        steps += [swap(root, f"{CUSTOM_NODES}/{after}", has_new=True) for _, after in packs.copied]
        steps += [swap(root, path_of(wanted.pack), has_new=True) for wanted in packs.added]
        steps += [swap(root, f"{CUSTOM_NODES}/{directory}", has_new=False) for directory in packs.removed]
        if comfyui is not None:
            steps += comfyui_steps(layout, comfyui)
        if python.venv != "keep":
            steps.append(swap(root, ".venv", has_new=True, source=python.source))
        if changes or self._destination.index is not None or self._moves_head(refs):
            steps.append(swap(root, INDEX, has_new=True))
        steps += refs
        disturbs = python.venv != "keep" or packs != PackMoves() or comfyui is not None
        return make_plan(
            root,
            self._destination.command,
            steps,
            work=[*_told(layout, changes, python, packs, comfyui)],
            inputs=[f"{layout.definition}/.git/HEAD", layout.manifest, layout.lock],
            disturbs=[root] if disturbs else (),
            fetch_bytes=0 if python.venv in ("keep", "kept") and not packs.added else None,
        )

    def _moves_head(self, refs: tuple[RefChange, ...]) -> bool:
        """Whether what is committed is another commit then, so that git's index has to go with it."""
        return self._destination.commit != self._head and any(ref.repository == ".cec" for ref in refs)


def lay_out(
    trial: EnvironmentLayout, repository: str, changes: Mapping[str, TreeFile | None], objects: str | None = None
) -> None:
    """Let a staged definition have some files of a commit; `objects` is as in `Destination`.

    Raises `HistoryDamaged`, `OSError`.
    """
    for path in changes:
        place = f"{trial.definition}/{path}"
        if os.path.lexists(place):
            os.unlink(place)
    places = {f"{trial.definition}/{path}": file for path, file in changes.items() if file is not None}
    write_files(repository, places, lender=objects)


def _without_python(changes: Mapping[str, TreeFile | None]) -> dict[str, TreeFile | None]:
    """The other files, where what packages are locked in is made anew as a whole."""
    made = (MANIFEST, LOCK, PYTHON, ".gitignore", ".gitattributes")
    return {path: file for path, file in changes.items() if path not in made and not path.startswith(f"{BACKENDS}/")}


def _without_live(changes: Mapping[str, TreeFile | None]) -> dict[str, TreeFile | None]:
    """The other files, where workflows become uncommitted work: their copies are what is committed."""
    return {path: file for path, file in changes.items() if not is_live_workflow(path, file)}


def _rewritten(python: PythonMove) -> tuple[str, ...]:
    return (MANIFEST, LOCK, ".gitignore", ".gitattributes") if python.converts else (MANIFEST, LOCK)


def _packs(manifest: dict[str, object] | None, path: str) -> dict[str, NodePackage]:
    """The packs of a manifest that somebody leaves; what is wrong in it does not matter any more."""
    try:
        return {} if manifest is None else tracked_packs(manifest, path)
    except ManifestDamaged:
        return {}


def _obstacles(files: FileSwaps) -> Iterator[Uncommitted]:
    for name in files.obstacles:
        yield Uncommitted("definition", name, "something else is in its place")


def _told(
    layout: EnvironmentLayout,
    changes: Mapping[str, TreeFile | None],
    python: PythonMove,
    packs: PackMoves,
    comfyui: ComfyUIMove | None,
) -> Iterator[PlanStep]:
    """The lines of the plan."""
    if changes:
        yield PlanStep("write", layout.definition, counted(len(changes), "file"), deferred=True)
    if python.converts:
        yield PlanStep("convert", layout.definition, "made by ComfyDock 1.x", deferred=True)
    if python.relock:
        yield PlanStep("lock", layout.lock, "the commit has no lock", deferred=True)
    for backend in python.parts:
        yield PlanStep("lock", f"{layout.definition}/{BACKENDS}", f"PyTorch for {backend}", deferred=True)
    if comfyui is not None:
        yield told_move(layout, comfyui)
    for wanted in packs.added:
        release, found = wanted.pack.release, wanted.found
        instead = f" instead of {found[:_SHORT]}" if found is not None else ""
        patched = ", patched" if wanted.patch is not None else ""
        detail = f"{release.version[:_SHORT]}{instead}{patched}"
        yield PlanStep("fetch", f"{layout.root}/{path_of(wanted.pack)}", detail, True)
    for directory in packs.removed:
        yield PlanStep("remove", f"{layout.custom_nodes}/{directory}", "`undo` brings it back")
    for before, after in packs.renamed:
        yield PlanStep("rename", f"{layout.custom_nodes}/{before}", after)
    for before, after in packs.copied:
        yield PlanStep("copy", f"{layout.custom_nodes}/{before}", after, deferred=True)
    if python.venv != "keep":
        words = {"link": "a linked copy is brought up to date", "fresh": "built anew", "kept": "an earlier one"}
        yield PlanStep("install", layout.venv, f"{words[python.venv]}: {python.reason}", deferred=python.venv != "kept")


def _refusal(
    layout: EnvironmentLayout, destination: Destination, lost: list[Uncommitted], policy: str
) -> UncommittedWork:
    code = [one for one in lost if one.kind in ("pack", "comfyui")]
    ways = "`comfydock commit` keeps it" if len(code) < len(lost) else "commit it in its own repository"
    if policy != STASH and len(code) < len(lost):
        ways += ", `--stash` puts it aside"
    return UncommittedWork(
        f"{counted(len(lost), 'uncommitted change')} of `{layout.name}` would be overwritten by going to"
        f" {destination.label}:{listed([one.text for one in lost], _SHOWN)}",
        hint=f"{ways}, and `--discard` goes on without it",
        context={"environment": layout.name, "uncommitted": [one.as_dict() for one in lost]},
    )
