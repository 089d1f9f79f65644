"""`Environment`: what can be done with one environment, one short method for each use case."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.utils import native

TYPE_CHECKING = False  # Type checkers take it for true; `typing` would cost start time.
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from comfydock_core.models.environment import EnvironmentStatus
    from comfydock_core.models.packages.backends import PartState
    from comfydock_core.models.packages.python_packages import ListedConstraint, ListedPackage
    from comfydock_core.models.packs.imports import ImportReport
    from comfydock_core.models.packs.node_packs import ListedPack
    from comfydock_core.models.packs.pack_needs import PackNeeds, Reasons
    from comfydock_core.models.protocols import Reporter
    from comfydock_core.models.running import RunningComfyUI
    from comfydock_core.models.workflow.status import DetailedWorkflowStatus
    from comfydock_core.repositories.run_log import RunLog


class Environment:
    """One environment on disk. Cheap to make; each method loads what it needs."""

    def __init__(self, layout: EnvironmentLayout, workspace: WorkspaceLayout) -> None:
        self.layout = layout
        self.workspace = workspace

    @property
    def name(self) -> str:
        return self.layout.name

    def status(self) -> "EnvironmentStatus":
        """How the environment is, changing nothing. Raises `ManifestDamaged`, `WorkspaceDamaged`.

        No lock is taken: what changed while it was looked at is looked at again. Git works while the rest is loaded and
        read; only an environment without a record of its installation costs a dry run of uv.
        """
        from comfydock_core.repositories.operation_marks import consistent

        status, swapped = consistent(self.layout.root, self._look)
        status.operation_in_progress = swapped
        return status

    def glance(self) -> "EnvironmentStatus":
        """The same without asking uv: packages without a record of their installation stay `unrecorded`."""
        from comfydock_core.repositories.operation_marks import consistent

        status, swapped = consistent(self.layout.root, self._look_at_files)
        status.operation_in_progress = swapped
        return status

    def own_bytes(self) -> int:
        """The space that the environment takes for itself: what it shares with others by links is left out."""
        from comfydock_core.utils.files.filesystem import freed_by_removing

        return freed_by_removing(self.layout.root)

    def _look(self) -> "EnvironmentStatus":
        status = self._look_at_files()
        if status.packages.state == "unrecorded":
            from comfydock_core.analyzers.packages.package_dry_run import ask_uv

            status.packages = ask_uv(self.layout, self.workspace, self.manifest())
        return status

    def _look_at_files(self) -> "EnvironmentStatus":
        from comfydock_core.analyzers.git_probes import GitProbes

        probes = GitProbes(self.layout)
        try:
            # Git is at work from here on, while these are loaded and the manifest is read.
            from comfydock_core.analyzers.status_scanner import StatusScanner
            from comfydock_core.repositories.workspace_config_reader import read_config

            models_directory = read_config(self.workspace.config_file).models_directory
            status = StatusScanner(self.layout, self._recorded_or_read(), models_directory, probes).scan()
            note = self.workspace.import_note(self.name)
            if native.is_file(note):
                from comfydock_core.repositories.import_note import read_note

                status.packs.imports = read_note(note, status.packs.wanted)
            packs = status.packs
            packs.changed_files = self._changed_files([name for name in packs.present if packs.wanted[name]])
            if native.is_file(f"{self.layout.definition}/.git/comfydock-converted"):
                from comfydock_core.repositories.history.conversion_note import tell_converted

                tell_converted(self.layout.definition, status.definition)
            if native.is_directory(f"{self.layout.definition}/patches"):
                from comfydock_core.core.usecases.history.held_patches import tell_patched

                tell_patched(self.layout, self.workspace, self._recorded_or_read(), status)
            status.running = self.noted_running()
            status.workflows = self._workflows()
            return status
        finally:
            probes.close()

    def _changed_files(self, directories: list[str]) -> dict[str, list[str]]:
        """The files of node packs that are not as they came, by the pack's directory.

        A look at sizes and times tells where something may have changed since they were compared last.
        """
        if not directories:
            return {}
        from comfydock_core.analyzers.pack_files import PackFiles

        files = PackFiles(self.layout.custom_nodes, self.workspace.changed_files_note(self.name), directories)
        if files.open_questions:
            from comfydock_core.analyzers.pack_comparison import answer_questions

            answer_questions(files, self.workspace.packs)
        return files.changed()

    def _workflows(self) -> "DetailedWorkflowStatus | None":
        """How the workflows are, `None` without any."""
        layout = self.layout
        places = (layout.workflows, layout.committed_workflows)
        if not any(native.is_directory(place) and native.system.listdir(place) for place in places):
            return None
        from comfydock_core.managers.workflow_manager import WorkflowManager

        return WorkflowManager(layout, self.workspace).states() or None

    def noted_running(self) -> "list[RunningComfyUI]":
        """The ComfyUIs that `run` started and that run still, by a look at their notes. Raises `OSError`."""
        notes = f"{self.layout.root}/.ops/run"
        if not native.is_directory(notes) or not native.list_names(notes):
            return []
        from comfydock_core.repositories.run_state import recorded

        return recorded(self.layout.root)

    def _recorded_or_read(self) -> dict[str, object]:
        """The manifest, by the quicker way while it is what was installed from."""
        from comfydock_core.repositories.install_record import recorded_manifest

        return recorded_manifest(self.layout.venv, self.layout.manifest) or self.manifest()

    def manifest_text(self) -> str:
        """The manifest as it is written. Raises `ManifestDamaged`."""
        from comfydock_core.repositories.definition.manifest_reader import read_manifest_text

        return read_manifest_text(self.layout.manifest)

    def manifest(self) -> dict[str, object]:
        """The manifest as nested tables. Raises `ManifestDamaged`."""
        from comfydock_core.repositories.definition.manifest_reader import read_manifest

        return read_manifest(self.layout.manifest)

    def manifest_section(self, address: str) -> object:
        """The part under a dotted key. Raises `SectionNotFound`, `ManifestDamaged`, `InvalidSetting`."""
        from comfydock_core.core.usecases.definition.manifest import manifest_section

        return manifest_section(self.manifest(), address)

    def manifest_section_text(self, address: str) -> str:
        """The same part as TOML. Raises what `manifest_section` raises."""
        from comfydock_core.core.usecases.definition.manifest import manifest_section_text

        return manifest_section_text(self.manifest(), address)

    def packs(self) -> "list[ListedPack]":
        """The node packs of the manifest, in its order. Raises `ManifestDamaged`."""
        from comfydock_core.core.usecases.nodes.listing import list_packs
        from comfydock_core.repositories.definition.tracked_packs import tracked_packs

        packs = tracked_packs(self._recorded_or_read(), self.layout.manifest).values()
        changed = self._changed_files([pack.directory for pack in packs if pack.enabled and not pack.is_development])
        return list_packs(self.layout, packs, self.workspace.import_note(self.name), changed)

    def python_packages(self, *, packs: bool = False) -> "list[ListedPackage]":
        """What the manifest asks for, that of node packs with `packs`. Raises `ManifestDamaged`, `LockDamaged`."""
        from comfydock_core.core.usecases.python_packages.listing import list_packages

        return list_packages(self.layout, packs=packs)

    def constraints(self) -> "list[ListedConstraint]":
        """What limits the versions of packages. Raises `ManifestDamaged`."""
        from comfydock_core.core.usecases.python_packages.listing import list_constraints

        return list_constraints(self.layout)

    def backends(self) -> "list[PartState]":
        """The PyTorch back ends that are locked or chosen here. Raises `ManifestDamaged`, `LockDamaged`."""
        from comfydock_core.core.usecases.definition.backends import backend_states

        return backend_states(self.layout.definition, self.manifest())

    def torch_backend(self) -> str | None:
        """The PyTorch back end that this machine uses, `None` when none is chosen. Raises `ManifestDamaged`."""
        from comfydock_core.core.usecases.definition.backends import chosen_backend

        return chosen_backend(self.layout.definition, self.manifest())

    def pack_needs(self, reporter: "Reporter") -> "PackNeeds":
        """What the workflows need of the node packs. Raises `ManifestDamaged`, `FileSystemError`.

        No code of a pack is run. Without lists of known packs only the code on the disk is asked.
        """
        from comfydock_core.core.usecases.nodes.known_packs import pack_needs

        return pack_needs(self.workspace, self.layout, self.manifest(), reporter)

    def why(self, word: str, reporter: "Reporter") -> "Reasons":
        """Why a node pack, a node class or a Python package is here. Raises `PackNotFound`, `LockDamaged`."""
        from comfydock_core.core.usecases.nodes.known_packs import reasons

        return reasons(self.workspace, self.layout, self.manifest(), word, reporter)

    def verify_packs(self, names: "Sequence[str]", reporter: "Reporter") -> "ImportReport":
        """Whether node packs can be imported, all or those named: ComfyUI is started once, away from the live one.

        Nothing is changed, but the packs' own code runs. Raises `PackNotFound`, `ComfyUIEnded`, `EnvironmentBroken`.
        """
        from comfydock_core.core.usecases.nodes.verifying import verify_packs

        return verify_packs(self.layout, names, reporter)

    def run(self, args: "Sequence[str]", reporter: "Reporter", *, log: str | None = None) -> int:
        """Run ComfyUI on this terminal and return its exit code, 128+N after signal N; again when it asks for that.

        `log` is where its output goes when that is a file. Raises `EnvironmentBroken`, `PortInUse`,
        `EnvironmentChanging`.
        """
        from comfydock_core.core.usecases.running.running import run_comfyui

        return run_comfyui(self.layout, self.workspace, args, reporter, log=log)

    def start(self, args: "Sequence[str]", reporter: "Reporter", *, wait: bool = True) -> "RunningComfyUI":
        """Start ComfyUI in the background and, with `wait`, wait until it serves.

        Raises `ComfyUIEnded` and what `run` raises.
        """
        from comfydock_core.core.usecases.running.background import start_in_background

        return start_in_background(self.layout, self.workspace, args, wait=wait, reporter=reporter)

    def running(self) -> "list[RunningComfyUI]":
        """Every ComfyUI of this environment that runs, those started by hand included."""
        from comfydock_core.repositories.run_state import running_processes

        return running_processes(self.layout.root, self.layout.comfyui, self.layout.venv)

    def stop(self, reporter: "Reporter", *, port: int | None = None) -> "list[RunningComfyUI]":
        """Stop every ComfyUI that `run` or `start` started, or the one on `port`; returns those that were stopped."""
        from comfydock_core.core.usecases.running.background import stop

        return stop(self.layout, port, reporter)

    def run_log(self, port: int | None = None) -> "RunLog":
        """The output of the ComfyUI in the background; of the one on `port`, or of the last one when none runs."""
        from comfydock_core.core.usecases.running.background import run_log

        return run_log(self.layout, self.workspace, port)

    def follow_run_log(self, log: "RunLog") -> "Iterator[str]":
        """What is written to it after what was read, until its ComfyUI ends."""
        from comfydock_core.core.usecases.running.background import follow

        return follow(self.layout, log)
