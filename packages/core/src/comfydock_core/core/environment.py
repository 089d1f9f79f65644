"""`Environment`: what can be done with one environment, one short method for each use case."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout

TYPE_CHECKING = False  # Type checkers take it for true; `typing` would cost start time.
if TYPE_CHECKING:
    from collections.abc import Sequence

    from comfydock_core.models.backends import PartState
    from comfydock_core.models.environment import EnvironmentStatus


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

        Git works while the rest is loaded and read; only an environment without a record of its installation costs a
        dry run of uv.
        """
        from comfydock_core.analyzers.git_probes import GitProbes

        probes = GitProbes(self.layout)
        try:
            from comfydock_core.core.usecases.status import environment_status

            status = environment_status(self.layout, self.workspace, self._recorded_or_read(), probes)
        finally:
            probes.close()
        if status.packages.state == "unrecorded":
            from comfydock_core.analyzers.package_dry_run import ask_uv

            status.packages = ask_uv(self.layout, self.workspace, self.manifest())
        return status

    def _recorded_or_read(self) -> dict[str, object]:
        """The manifest, by the quicker way while it is what was installed from."""
        from comfydock_core.repositories.install_record import recorded_manifest

        return recorded_manifest(self.layout.venv, self.layout.manifest) or self.manifest()

    def manifest_text(self) -> str:
        """The manifest as it is written. Raises `ManifestDamaged`."""
        from comfydock_core.repositories.manifest_reader import read_manifest_text

        return read_manifest_text(self.layout.manifest)

    def manifest(self) -> dict[str, object]:
        """The manifest as nested tables. Raises `ManifestDamaged`."""
        from comfydock_core.repositories.manifest_reader import read_manifest

        return read_manifest(self.layout.manifest)

    def manifest_section(self, address: str) -> object:
        """The part under a dotted key. Raises `SectionNotFound`, `ManifestDamaged`, `InvalidSetting`."""
        from comfydock_core.core.usecases.manifest import manifest_section

        return manifest_section(self.manifest(), address)

    def manifest_section_text(self, address: str) -> str:
        """The same part as TOML. Raises what `manifest_section` raises."""
        from comfydock_core.core.usecases.manifest import manifest_section_text

        return manifest_section_text(self.manifest(), address)

    def backends(self) -> "list[PartState]":
        """The PyTorch back ends that are locked or chosen here. Raises `ManifestDamaged`, `LockDamaged`."""
        from comfydock_core.core.usecases.backends import backend_states

        return backend_states(self.layout.definition, self.manifest())

    def torch_backend(self) -> str | None:
        """The PyTorch back end that this machine uses, `None` when none is chosen. Raises `ManifestDamaged`."""
        from comfydock_core.core.usecases.backends import chosen_backend

        return chosen_backend(self.layout.definition, self.manifest())

    def run(self, args: "Sequence[str]", *, replace: bool = False) -> int:
        """Run ComfyUI on this terminal and return its exit code, 128+N after signal N. Raises `EnvironmentBroken`.

        With `replace` the call does not return on POSIX: the process becomes ComfyUI.
        """
        from comfydock_core.core.usecases.running import run_comfyui

        return run_comfyui(self.layout, args, replace=replace)
