"""Building an environment from what another tool wrote down: what it pins stays, as far as it fits together.

The packages that it pins are not asked for: ComfyUI and the packs say what they require, and get these versions. What
nothing requires is reported instead.
"""

import functools
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace

from comfydock_core.configs.defaults import TORCH_PACKAGES
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.usecases.environments.adding_what_fits import AddingWhatFits, Addition
from comfydock_core.core.usecases.environments.adopted_packages import TOOLS, belongs_to_pytorch
from comfydock_core.core.usecases.environments.creating import fetch_comfyui, read_requirements
from comfydock_core.core.usecases.environments.new_environment import finish_environment, staged_environment
from comfydock_core.core.usecases.sharing.foreign_templates import known_models, workflow_entry
from comfydock_core.managers.pack_places import path_of
from comfydock_core.models.environments.creation import CreationPlan
from comfydock_core.models.exceptions import NotFoundError, RemoteError, RequirementsConflict, TemplateDamaged
from comfydock_core.models.foreign import ForeignDefinition, OpenPoint
from comfydock_core.models.operation import Initiator
from comfydock_core.models.protocols import ImportCallbacks, Reporter
from comfydock_core.models.shared import NodePackage
from comfydock_core.models.sharing import ForeignImport, ImportOutcome
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.definition.uv_lock import read_lock
from comfydock_core.strategies.pack_policy import PackPolicy, lines_of
from comfydock_core.utils.files import atomic
from comfydock_core.utils.files.filesystem import remove_tree
from comfydock_core.utils.package_names import public_version
from comfydock_core.validation.requirements import pin_of

_WORKFLOWS = "workflows/"


def import_foreign(
    layout: WorkspaceLayout,
    services: WorkspaceServices,
    creation: CreationPlan,
    foreign: ForeignImport,
    initiator: Initiator,
    reporter: Reporter,
    callbacks: ImportCallbacks,
) -> ImportOutcome:
    """Build the planned environment; whatever stops it, nothing has its name then.

    Raises what creating one raises, and `TemplateDamaged` where a link of ComfyUI's repository leads out of it.
    """
    with staged_environment(layout, creation, "import the definition", initiator, reporter) as staged:
        building = _Building(staged, services.environment(staged), creation, foreign.definition, reporter, callbacks)
        building.build()
    missing = {**foreign.missing, **building.missing}
    workflow = foreign.definition.workflow
    return ImportOutcome(
        creation.directory,
        tuple(missing),
        (),
        (),
        () if workflow is None else (workflow,),
        open=(*foreign.open, *building.open),
    )


class _Building:
    """One environment under construction. `missing` are packs that could not be had, with the reasons."""

    def __init__(
        self,
        layout: EnvironmentLayout,
        services: EnvironmentServices,
        plan: CreationPlan,
        definition: ForeignDefinition,
        reporter: Reporter,
        callbacks: ImportCallbacks,
    ) -> None:
        self._layout = layout
        self._services = services
        self._plan = plan
        self._definition = definition
        self._reporter = reporter
        self._callbacks = callbacks
        self._pins = [pin for name, version in definition.pins.items() if (pin := pin_of(name, version)) is not None]
        self.open: list[OpenPoint] = []
        self.missing: dict[str, str] = {}

    def build(self) -> None:
        """The story. The marker of a finished environment comes last."""
        layout, services, plan = self._layout, self._services, self._plan
        with services.uv_project.creating_venv(plan.python, self._reporter):
            commit = fetch_comfyui(layout, services.comfyui, plan.comfyui, self._reporter)
            self._reporter.phase(f"Preparing Python {plan.python}")
        requirements = read_requirements(layout, plan.comfyui, self._reporter)
        os.mkdir(layout.definition)
        atomic.write_text(layout.python_version, f"{plan.python}\n")
        services.pyproject.create(plan, commit=commit, requirements=requirements)
        self._lock(self._fetched_packs())
        services.uv_project.choose_backend(plan.torch_backend)
        self._reporter.phase("Installing Python packages")
        services.uv_project.install(plan.torch_backend, self._reporter)
        self._place_files()
        self._reporter.phase("Linking the models directory")
        services.models_link.replace_checkout_directory(plan.models_directory)
        finish_environment(layout, services, self._reporter)

    # Node packs

    def _fetched_packs(self) -> list[NodePackage]:
        """The packs that could be had, with what they require, each in its place."""
        assert self._plan.template is not None
        policy = replace(PackPolicy.of(self._services.pyproject.read()), python=self._plan.python)
        packs = tracked_packs(dict(self._plan.template.manifest), self._definition.path).values()
        return [self._with_requirements(pack, policy) for pack in packs if self._fetch(pack)]

    def _fetch(self, pack: NodePackage) -> bool:
        place = self._place_of(pack)
        try:
            self._services.nodes.fetch(pack, place, self._reporter)
        except (NotFoundError, RemoteError) as error:
            if not self._plan.keep_going:
                error.hint = f"{error.hint}; `--keep-going` creates the environment without it"
                raise
            self._leave_out(pack, error.message)
            return False
        self._callbacks.on_pack(pack.release.name, None)
        return True

    def _with_requirements(self, pack: NodePackage, policy: PackPolicy) -> NodePackage:
        lines, notes = lines_of(policy.asked_for(self._place_of(pack), lenient=True))
        self.open += [OpenPoint(pack.release.name, note, lacking=False) for note in notes]
        return replace(pack, requirements=lines)

    def _leave_out(self, pack: NodePackage, reason: str) -> None:
        place = self._place_of(pack)
        if os.path.lexists(place):
            remove_tree(place)
        self.missing[pack.release.name] = reason
        self._callbacks.on_pack(pack.release.name, reason)
        self._reporter.warn(f"the node pack {pack.release.name} is missing: {reason}")

    def _place_of(self, pack: NodePackage) -> str:
        return f"{self._layout.root}/{path_of(pack)}"

    # Packages

    def _lock(self, packs: Sequence[NodePackage]) -> None:
        """Lock what ComfyUI and the packs that are turned on require, then the others as far as they fit."""
        self._reporter.phase("Resolving Python packages, with the versions that are pinned")
        backend, services = self._plan.torch_backend, self._services
        turned_on, turned_off = ([pack for pack in packs if pack.enabled is enabled] for enabled in (True, False))
        services.pyproject.put_packs(turned_on)
        try:
            self._lock_all()
        except RequirementsConflict as error:
            if not self._plan.keep_going:
                error.hint = "`--keep-going` leaves out the node packs that do not fit the others"
                raise
            services.pyproject.remove_packs([pack.identifier for pack in turned_on])
            self._lock_all()
            turned_off = [*turned_on, *turned_off]
        self._add_what_fits(turned_off)
        services.uv_project.lock_backend(backend, self._reporter)
        self._compare(read_lock(self._layout.lock).versions())

    def _lock_all(self) -> None:
        uv_project, backend = self._services.uv_project, self._plan.torch_backend
        if not self._pins or not uv_project.lock_as_installed(backend, self._pins, self._reporter):
            uv_project.lock(backend, self._reporter)

    def _add_what_fits(self, packs: Sequence[NodePackage]) -> None:
        more = AddingWhatFits(self._layout, self._services, self._plan.torch_backend, self._pins, self._reporter)
        put = self._services.pyproject.put_packs
        more.add([Addition(pack.release.name, functools.partial(put, [pack])) for pack in packs])
        for pack in packs:
            if pack.release.name in more.refused:
                self._leave_out(pack, more.refused[pack.release.name])

    def _compare(self, locked: Mapping[str, set[str]]) -> None:
        """Say which pins nothing asks for, and which had to give way. PyTorch's builds bring what they are made of."""
        for name, version in self._definition.pins.items():
            found = sorted(map(public_version, locked.get(name, ())))
            if version in found or name in TOOLS or belongs_to_pytorch(name):
                continue
            if not found and name in TORCH_PACKAGES and self._plan.torch_backend == "none":
                continue
            self.open.append(OpenPoint(f"{name}=={version}", self._why(name, version, found), lacking=False))

    def _why(self, name: str, version: str, found: list[str]) -> str:
        if found:
            return f"{', '.join(found)} is taken instead"
        return f"nothing asks for it; `comfydock -e {self._plan.name} py add {name}=={version}` adds it"

    # Files

    def _place_files(self) -> None:
        """Workflows where ComfyUI and the definition have them, and inputs."""
        for name, content in self._definition.files.items():
            self._write(f"{self._layout.definition}/{name}", content)
            if name.startswith(_WORKFLOWS):
                self._write(f"{self._layout.comfyui}/user/default/{name}", content)
        entry = workflow_entry(self._definition)
        if entry is not None:
            self._services.pyproject.put_workflow(entry, known_models(self._definition))
        for name, place in self._definition.inputs.items():
            target = self._inside(f"{self._layout.comfyui}/input/{name}")
            if place is not None:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.move(place, target)

    def _write(self, path: str, content: bytes) -> None:
        os.makedirs(os.path.dirname(self._inside(path)), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def _inside(self, path: str) -> str:
        """The path, unless a link in ComfyUI's repository leads out of the environment."""
        root = os.path.realpath(self._layout.root)
        if os.path.realpath(path).startswith(f"{root}{os.sep}"):
            return path
        raise TemplateDamaged(
            f"`{os.path.relpath(path, self._layout.root)}` leads out of the environment",
            hint="the repository of ComfyUI has a link there; take it from another with `--comfyui-repository`",
            context={"path": path},
        )
