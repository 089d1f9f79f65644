"""Carrying out a move: everything new is built aside, then names are swapped and references moved at once."""

import os
from collections.abc import Iterator

from comfydock_core.analyzers.packages.package_changes import package_changes
from comfydock_core.configs.environment_layout import BACKENDS, INDEX, EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.usecases.definition.staging import stage_definition, stage_venv
from comfydock_core.core.usecases.definition.syncing import convert_definition
from comfydock_core.core.usecases.moving.comfyui_moving import put_files, stage_comfyui, stage_files
from comfydock_core.core.usecases.moving.planning import lay_out
from comfydock_core.integrations.git.committing import look_again
from comfydock_core.integrations.git.index_lock import wait_for_index
from comfydock_core.integrations.git.trees import index_of
from comfydock_core.managers.pack_places import CUSTOM_NODES, carry_over, path_of
from comfydock_core.models.history.moving import MovePlan
from comfydock_core.models.operation import Initiator, Swap
from comfydock_core.models.packages.syncing import PackageChanges, SyncOutcome
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.history.conversion_note import NOTE, note_text
from comfydock_core.services.transaction import operation
from comfydock_core.services.transaction.execution import Operation
from comfydock_core.utils import interruption, native
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files import atomic
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import make_directory_link
from comfydock_core.utils.files.git_index import object_name
from comfydock_core.utils.files.tree_copy import copy_tree

_NOTE = f".cec/{NOTE}"


def carry_out_move(
    layout: EnvironmentLayout, services: WorkspaceServices, plan: MovePlan, initiator: Initiator, reporter: Reporter
) -> SyncOutcome:
    """Execute the plan.

    Raises `ScopeBusy`, `ChangedMeanwhile`, `EnvironmentInUse`, `RepositoryBusy`, `VenvIncomplete`, and what locking,
    installing and fetching raise; then nothing is changed.
    """
    with (
        interruption.termination_raises(),
        disk_errors(f"move the environment {layout.name}"),
        operation(plan.change, initiator, reporter) as under_way,
    ):
        move = _Move(layout, services, plan, under_way, reporter)
        move.stage()
        under_way.commit()
    return SyncOutcome(under_way.id, move.packages)


class _Move:
    """Builds the parts of one move where its operation takes them from."""

    def __init__(
        self,
        layout: EnvironmentLayout,
        services: WorkspaceServices,
        plan: MovePlan,
        under_way: Operation,
        reporter: Reporter,
    ) -> None:
        self._layout = layout
        self._services = services
        self._plan = plan
        self._under_way = under_way
        self._reporter = reporter
        self._converted = dict(plan.converted)
        self.packages = PackageChanges()

    def stage(self) -> None:
        plan, root = self._plan, self._layout.root
        self._stage_python()
        self._stage_packs(self._services.environment(self._layout))
        if plan.comfyui is not None:
            stage_comfyui(self._layout, self._services.environment(self._layout), plan.comfyui, self._under_way,
                          self._reporter)  # fmt: skip
        work, repository = self._under_way.work, self._layout.definition
        tree = stage_files(plan.definition, repository, f"{work}/definition")
        workflows = stage_files(plan.workflows, repository, f"{work}/workflows")
        if self._swaps(INDEX):
            commit = plan.destination.index or plan.destination.commit
            made = index_of(self._layout.definition, commit, self._under_way.work)
            look_again(self._layout.definition, f"{tree}/.cec", made)
            os.rename(made, self._under_way.place(INDEX))
            wait_for_index(f"{root}/{INDEX}")
        put_files(plan.definition, tree, self._under_way)
        put_files(plan.workflows, workflows, self._under_way)
        self._note_conversion()
        fault("move staged")

    def _stage_python(self) -> None:
        python = self._plan.python
        if python.venv == "kept":
            self.packages = package_changes(self._layout.venv, f"{self._layout.root}/{python.source}")
        if not python.changes_definition and python.venv in ("keep", "kept"):
            return
        staged = stage_definition(self._layout, self._under_way.work)
        lay_out(staged, self._layout.definition, self._plan.of_python)
        own = self._services.environment(staged)
        if python.converts:
            convert_definition(self._layout, staged, own, python.backend, self._reporter)
        if python.relock:
            self._reporter.phase("Resolving Python packages")
            own.uv_project.relock(python.backend, self._reporter)
        for backend in python.parts:
            own.uv_project.lock_backend(backend, self._reporter)
        if python.venv != "keep":
            stage_venv(
                self._layout.venv, staged, own, how=python.venv, python=python.python, backend=python.backend,
                reporter=self._reporter,
            )  # fmt: skip
            self.packages = package_changes(self._layout.venv, staged.venv)
        os.makedirs(f"{staged.definition}/{BACKENDS}", exist_ok=True)
        for name in [step.path for step in self._plan.change.steps if isinstance(step, Swap)]:
            is_rewritten = python.changes_definition and name.startswith(".cec/") and name not in self._staged_names()
            if name == ".venv" or (is_rewritten and name not in (INDEX, _NOTE)):
                os.rename(f"{staged.root}/{name}", self._under_way.place(name))
                if python.converts and is_rewritten:
                    self._converted |= self._names_of_contents(name)

    def _names_of_contents(self, name: str) -> dict[str, str]:
        """What git calls the contents of what was staged under a name, by their paths in the definition."""
        digits, inner = len(self._plan.destination.commit), name.removeprefix(".cec/")
        return {path: object_name(content, digits)
                for path, content in _contents_below(self._under_way.place(name), inner)}  # fmt: skip

    def _note_conversion(self) -> None:
        """Note what is converted, so that it is not taken for somebody's work."""
        step = next((step for step in self._plan.change.steps if isinstance(step, Swap) and step.path == _NOTE), None)
        if step is not None and step.has_new:
            destination = self._plan.destination
            text = note_text(destination.index or destination.commit, self._converted)
            atomic.write_text(self._under_way.place(_NOTE), text)

    def _staged_names(self) -> set[str]:
        return {step.path for step in self._plan.definition.steps}

    def _stage_packs(self, services: EnvironmentServices) -> None:
        for wanted in self._plan.packs.added:
            path = path_of(wanted.pack)
            place = self._under_way.place(path)
            before = f"{self._layout.root}/{path}"
            if wanted.own_files_in is not None:
                before = f"{self._layout.custom_nodes}/{wanted.own_files_in}"
            services.nodes.fetch(wanted.pack, place, self._reporter, wanted.patch)
            carry_over(wanted.pack, wanted.own_files, before, place, self._reporter)
        for name, after in self._plan.packs.copied:
            place = self._under_way.place(f"{CUSTOM_NODES}/{after}")
            source = f"{self._layout.custom_nodes}/{name}"
            target = native.link_target(source)
            if target is not None:
                make_directory_link(place, target)
            else:
                copy_tree(source, place)

    def _swaps(self, path: str) -> bool:
        return any(isinstance(step, Swap) and step.path == path for step in self._plan.change.steps)


def _contents_below(place: str, name: str) -> Iterator[tuple[str, bytes]]:
    """The files at a place, by the names that they have below `name`."""
    if os.path.isfile(place):
        with open(place, "rb") as file:
            yield name, file.read()
    for directory, _, names in os.walk(place):
        for inner in names:
            with open(f"{directory}/{inner}", "rb") as file:
                yield f"{name}/{os.path.relpath(file.name, place)}", file.read()
