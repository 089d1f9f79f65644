"""Going to another ComfyUI: its code, what it requires, and the virtual environment for that, in one operation."""

import tomllib
from dataclasses import replace

from comfydock_core.analyzers.packages.requirement_files import named_requirements
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.usecases.comfyui.classes_between import classes_between
from comfydock_core.core.usecases.definition.explaining import explained
from comfydock_core.core.usecases.definition.redefining import (
    plan_redefinition,
    put_redefinition,
    redefine,
    refuse_changed_versions,
    stage_redefinition,
    steps_of,
)
from comfydock_core.core.usecases.moving.comfyui_moving import (
    ComfyUIChange,
    comfyui_steps,
    plan_comfyui,
    repository_with,
    stage_comfyui,
    told_move,
)
from comfydock_core.core.usecases.moving.patch_sides import PatchSides, held_sides
from comfydock_core.core.usecases.python_packages.planning import requirement_changes
from comfydock_core.integrations.git import queries
from comfydock_core.integrations.git.head import read_head
from comfydock_core.models.environments.comfyui import ClassChanges, ComfyUIPlan, ComfyUIRequest
from comfydock_core.models.environments.creation import ComfyUISpec
from comfydock_core.models.exceptions import (
    NotComfyUI,
    PatchUnusable,
    RefNotFound,
    RequirementsConflict,
    UncommittedWork,
)
from comfydock_core.models.history.moving import REFUSE
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.redefinition import Redefinition
from comfydock_core.models.packages.syncing import SyncOutcome
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.services.comfyui_requirements import comfyui_requirements
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.utils import interruption
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.git_urls import local_path
from comfydock_core.utils.package_names import requirement_name
from comfydock_core.utils.text import counted, listed
from comfydock_core.validation.requirements import admits_python

_PARTS = ("main.py", "requirements.txt", "nodes.py")
_SHOWN = 10


def plan_comfyui_use(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    services: WorkspaceServices,
    request: ComfyUIRequest,
    reporter: Reporter,
) -> ComfyUIPlan:
    """What going to another ComfyUI takes, resolved unless the request says not to; the environment stays as it is.

    Raises `RefNotFound`, `RepositoryNotFound`, `RemoteError`, `NotComfyUI`, `UncommittedWork`, `RequirementsConflict`
    with the packs that do not fit, `PackageChangeRefused`, `LockOutdated`, `BackendNotLocked`, `ManifestDamaged`.
    """
    with disk_errors(f"plan another ComfyUI for {layout.name}"):
        return _Planner(layout, workspace, services, request, reporter).plan()


class _Planner:
    def __init__(
        self,
        layout: EnvironmentLayout,
        workspace: WorkspaceLayout,
        services: WorkspaceServices,
        request: ComfyUIRequest,
        reporter: Reporter,
    ) -> None:
        self._layout = layout
        self._workspace = workspace
        self._services = services
        self._own = services.environment(layout)
        self._request = request
        self._reporter = reporter
        self._known = EnvironmentManifest(read_manifest(layout.manifest), layout.manifest)

    def plan(self) -> ComfyUIPlan:
        layout, known = self._layout, self._known
        wanted = self._wanted()
        source = self._source(wanted)
        commit = queries.commit_of(source, wanted.commit or wanted.ref)
        if commit is None:
            raise RefNotFound(
                f"`{wanted.public_repository}` has no commit `{wanted.ref}`",
                hint="`comfydock comfyui list` shows releases and branches",
                context={"repository": wanted.public_repository, "ref": wanted.ref},
            )
        before = known.comfyui_version or "an unknown version"
        found = read_head(layout.comfyui)[0]
        spec = ComfyUISpec(wanted.repository, wanted.ref, wanted.kind, commit)
        version = commit if spec.kind == "commit" else spec.ref
        if found == commit == known.comfyui_commit and version == known.comfyui_version:
            nothing = make_plan(layout.root, "comfyui use", [])
            return ComfyUIPlan(layout.name, before, spec, (), None, ClassChanges(), (), False, (), None, nothing)
        self._refuse_other_program(source, spec, commit)
        new = self._redefined(source, spec, commit)
        change = self._change(_target(known, spec, commit))
        if change.in_the_way:
            raise _refusal(layout, spec, [one.text for one in change.in_the_way])
        self._reporter.phase("Comparing node classes")
        classes = classes_between(layout, self._workspace, source, commit, self._reporter)
        steps, work = steps_of(layout, new)
        if change.move is not None:
            work.insert(0, told_move(layout, change.move))
        every = [*steps, *(comfyui_steps(layout, change.move) if change.move is not None else ())]
        commits, backwards = self._commits(source, found, commit)
        return ComfyUIPlan(
            name=layout.name,
            before=before,
            after=spec,
            requirements=tuple(requirement_changes(layout, new)),
            redefinition=new,
            classes=classes,
            commits=commits,
            backwards=backwards,
            notes=(*new.warnings, *change.notes, *self._notes(source, commit)),
            move=change.move,
            change=plan_redefinition(layout, "comfyui use", new, every, work),
        )

    def _change(self, target: EnvironmentManifest) -> ComfyUIChange:
        """The way there. What the definition holds of changes to ComfyUI goes along where it fits that version, too;
        where it does not, it counts like any other change."""
        held = held_sides(self._layout)
        patches = PatchSides(held.before, held.after)
        try:
            return plan_comfyui(self._layout, self._own, (), target, REFUSE, self._reporter, patches)
        except PatchUnusable as error:
            found = plan_comfyui(self._layout, self._own, (), target, REFUSE, self._reporter)
            return replace(found, notes=(*found.notes, error.message))

    def _wanted(self) -> ComfyUISpec:
        """The version that is meant; an update follows the branch that the environment is on, else the releases."""
        request, known = self._request, self._known
        repository = self._services.versions.repository(request.repository or known.comfyui_repository)
        ref = request.ref
        if request.update:
            ref = known.comfyui_version if known.comfyui_version_type == "branch" else None
        self._reporter.phase(f"Looking up ComfyUI {ref or 'latest'}")
        return self._services.versions.resolve(repository, ref, self._reporter)

    def _source(self, wanted: ComfyUISpec) -> str:
        if wanted.commit is not None:
            return repository_with(self._layout, self._own, wanted.repository, wanted.commit, self._reporter)
        place = local_path(wanted.repository)
        if place is not None:
            return place
        self._own.mirrors.fetched_commit(wanted.repository, wanted.ref, reporter=self._reporter)
        return self._own.mirrors.path(wanted.repository)

    def _refuse_other_program(self, source: str, spec: ComfyUISpec, commit: str) -> None:
        missing = [part for part in _PARTS if queries.text_at(source, commit, part) is None]
        if missing:
            raise NotComfyUI(
                f"`{spec.public_repository}` at {spec} is not ComfyUI: it has no `{missing[0]}`",
                hint="name another version, or ComfyUI's repository with `--repository`",
                context={"repository": spec.public_repository, "ref": spec.ref, "missing": missing},
            )

    def _redefined(self, source: str, spec: ComfyUISpec, commit: str) -> Redefinition:
        """The definition with that ComfyUI, resolved; what collides is explained."""
        text = queries.text_at(source, commit, "requirements.txt") or ""
        requirements = comfyui_requirements(text, spec, self._reporter)
        gone = {name for name, _ in named_requirements(f"{self._layout.comfyui}/requirements.txt")}
        new = {name: line.text for line in requirements.requirements if (name := requirement_name(line.text))}
        default = self._services.versions.is_default(spec.repository)

        def edit(own: EnvironmentServices) -> None:
            own.pyproject.use_comfyui(spec, commit, default_repository=default, gone=gone, requirements=new)

        try:
            found = redefine(self._layout, self._services, edit, self._reporter, test=self._request.test)
        except RequirementsConflict as error:
            raise explained(self._layout, self._services, edit, error, self._reporter) from error
        if self._request.strict:
            refuse_changed_versions(found)
        return found

    def _commits(self, source: str, found: str | None, commit: str) -> tuple[tuple[str, ...], bool]:
        """The subjects between, newest first, and whether they are left behind."""
        if found is None:
            return (), False
        forward = queries.subjects_between(source, found, commit)
        backward = queries.subjects_between(source, commit, found)
        return (tuple(backward), True) if backward and not forward else (tuple(forward), False)

    def _notes(self, source: str, commit: str) -> list[str]:
        """Whether that version says that it wants another Python."""
        text, python = queries.text_at(source, commit, "pyproject.toml"), self._known.python_version
        try:
            project = tomllib.loads(text or "").get("project")
        except tomllib.TOMLDecodeError:
            return []  # ComfyUI's own file, which nothing else here depends on.
        wanted = project.get("requires-python") if isinstance(project, dict) else None
        if isinstance(wanted, str) and python and not admits_python(wanted, python):
            return [f"this ComfyUI requires Python {wanted}, but the environment has {python}"]
        return []


def carry_out_comfyui_use(
    layout: EnvironmentLayout, services: WorkspaceServices, plan: ComfyUIPlan, initiator: Initiator, reporter: Reporter
) -> SyncOutcome:
    """Execute the plan.

    Raises `ScopeBusy`, `ChangedMeanwhile`, `EnvironmentInUse`, `RepositoryBusy`, `VenvIncomplete`, and what fetching
    and installing raise; then nothing is changed.
    """
    if plan.redefinition is None:
        raise RuntimeError("there is nothing to do")
    with (
        interruption.termination_raises(),
        disk_errors(f"change the ComfyUI of {layout.name}"),
        operation(plan.change, initiator, reporter) as under_way,
    ):
        staged = stage_redefinition(layout, services, plan.redefinition, under_way.work, reporter)
        if plan.move is not None:
            stage_comfyui(layout, services.environment(layout), plan.move, under_way, reporter)
        packages = put_redefinition(layout, staged, plan.redefinition, under_way)
        under_way.commit()
    return SyncOutcome(under_way.id, packages)


def _target(known: EnvironmentManifest, spec: ComfyUISpec, commit: str) -> EnvironmentManifest:
    """What of the manifest to come decides where ComfyUI is to be."""
    tool = {**known.tool, "comfyui_commit_sha": commit, "comfyui_repository": spec.repository}
    return EnvironmentManifest({"tool": {"comfydock": tool}}, "pyproject.toml")


def _refusal(layout: EnvironmentLayout, spec: ComfyUISpec, lines: list[str]) -> UncommittedWork:
    return UncommittedWork(
        f"{counted(len(lines), 'uncommitted change')} in `{layout.name}` would be overwritten by ComfyUI {spec}:"
        f"{listed(lines, _SHOWN)}",
        hint=f"commit what you want to keep on a branch in `{layout.comfyui}`, or discard it with git there",
        context={"environment": layout.name, "uncommitted": lines},
    )
