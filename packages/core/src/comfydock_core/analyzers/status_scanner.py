"""Gathering what `status` tells, on the fast path: files, and two git commands that run meanwhile."""

from comfydock_core.analyzers.git_change_parser import GitChangeParser
from comfydock_core.analyzers.git_probes import GitProbe, GitProbes
from comfydock_core.analyzers.packages.package_state import compare_with_record
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.integrations.git.head import read_head
from comfydock_core.models.environment import (
    ComfyUIState,
    EnvironmentStatus,
    GitStatus,
    ModelsLinkState,
    PackageSyncStatus,
    PackState,
    VersionDifference,
)
from comfydock_core.models.manifest import EnvironmentManifest, table, text
from comfydock_core.repositories.definition.backend_choice import read_choice
from comfydock_core.repositories.pack_release import other_release, pack_directories
from comfydock_core.utils import native

_SHORT = 10
_EXTRA_PATHS = "extra_model_paths.yaml"
_LARGEST = 256 * 1024
_UNPLAIN = frozenset("$\\'\"")


class StatusScanner:
    """Looks at one environment. Raises `ManifestDamaged`; whatever else cannot be told is reported as such."""

    def __init__(
        self,
        layout: EnvironmentLayout,
        manifest: dict[str, object],
        models_directory: str | None,
        probes: GitProbes,
    ) -> None:
        self._layout = layout
        self._manifest = manifest
        self._known = EnvironmentManifest(manifest, layout.manifest)
        self._models_directory = models_directory
        self._probes = probes
        self._backend = self._chosen_backend()

    def scan(self) -> EnvironmentStatus:
        """Everything; `packages.state` is `unrecorded` where only uv could tell. Git is asked for last."""
        layout = self._layout
        packs, packages, link = self._packs(), self._packages(), self._models_link()
        self._look_at_models(link)
        return EnvironmentStatus(
            name=layout.name,
            path=layout.root,
            complete=native.exists(layout.complete_marker),
            python_version=self._known.python_version,
            torch_backend=self._backend,
            comfyui=self._comfyui(),
            definition=definition_state(self._probes.definition),
            packages=packages,
            packs=packs,
            models_link=link,
        )

    def _chosen_backend(self) -> str | None:
        """The choice of this machine; a manifest of 1.x may have it."""
        try:
            return read_choice(self._layout.definition) or self._known.torch_backend
        except OSError:
            return None  # As good as no choice; the packages are compared with it and will differ.

    def _comfyui(self) -> ComfyUIState:
        version = self._known.comfyui_version
        kind = self._known.comfyui_version_type or (kind_of_version(version) if version else None)
        pinned = self._known.comfyui_commit or (version if kind == "commit" else None)
        state = ComfyUIState(version, kind, pinned, native.is_file(f"{self._layout.comfyui}/main.py"))
        state.commit, state.branch = read_head(self._layout.comfyui)
        output, state.unknown = self._probes.comfyui.answer()
        if output is not None:
            seen = GitChangeParser(output)
            state.changed = seen.modified
            state.commit = state.commit or seen.commit
        elif state.present and state.unknown is None:
            state.unknown = "`ComfyUI` is not a git repository"
        return state

    def _packages(self) -> PackageSyncStatus:
        try:
            found = compare_with_record(self._layout.definition, self._layout.venv, self._manifest, self._backend)
            return found or PackageSyncStatus("unrecorded", None)
        except (OSError, ValueError) as error:
            return PackageSyncStatus("unknown", "record", f"the record of the installation cannot be read: {error}")

    def _packs(self) -> PackState:
        state = PackState()
        wanted = state.wanted = self._wanted_packs()
        try:
            found = pack_directories(self._layout.custom_nodes)
        except OSError as error:
            state.unknown = f"`custom_nodes` cannot be read: {error}"
            return state
        state.present = [name for name in found if name in wanted]
        state.untracked = [name for name in found if name not in wanted]
        state.missing = sorted(wanted.keys() - set(found))
        for name in state.present:
            version = wanted[name]  # Development packs, which are at whatever version they are, want none.
            other = other_release(f"{self._layout.custom_nodes}/{name}", version) if version is not None else None
            if version is not None and other is not None:
                state.changed.append(VersionDifference(name, version, other))
        return state

    def _wanted_packs(self) -> dict[str, str | None]:
        """The directories that the manifest's nodes live in, with their versions, but for those that are turned off.

        Very old manifests nest development nodes once more.
        """
        path = self._layout.manifest
        nodes = self._known.nodes
        wanted: dict[str, str | None] = {}
        for identifier in nodes:
            entry = table(nodes, identifier, path)
            nested = identifier == "development" and entry and all(isinstance(item, dict) for item in entry.values())
            for key, node in entry.items() if nested else [(identifier, entry)]:
                if isinstance(node, dict) and node.get("enabled") is not False:
                    development = nested or text(node, "source", path) == "development"
                    version = None if development else text(node, "version", path)
                    wanted[text(node, "name", path) or key] = version
        return wanted

    def _models_link(self) -> ModelsLinkState:
        link, expected = self._layout.models_link, self._models_directory
        target = native.link_target(link)
        if expected is None:
            return ModelsLinkState("not-configured", target, None)
        if target is None:
            return ModelsLinkState("directory" if native.exists(link) else "missing", None, expected)
        if not native.is_directory(link):
            return ModelsLinkState("dangling", target, expected)
        return ModelsLinkState("linked" if same_directory(link, expected) else "elsewhere", target, expected)

    def _look_at_models(self, link: ModelsLinkState) -> None:
        """Whether the directories of models can be read, as far as that is to be seen without reading YAML."""
        if link.state in ("linked", "elsewhere", "directory") and not _is_readable(self._layout.models_link):
            link.unreadable.append(link.target or self._layout.models_link)
        for path in _base_paths(f"{self._layout.comfyui}/{_EXTRA_PATHS}"):
            if not native.is_directory(path):
                link.absent.append(path)
            elif not _is_readable(path):
                link.unreadable.append(path)


def _base_paths(file: str) -> list[str]:
    """What the lines with a `base_path` say, where that is a whole path in plain words: `doctor` reads all of it."""
    try:
        if not native.exists(file) or native.system.stat(file).st_size > _LARGEST:
            return []
        lines = (native.read_bytes(file) or b"").decode("utf-8").splitlines()
    except (OSError, ValueError):
        return []
    named = [value for line in lines for key, _, value in [line.strip().partition(": ")] if key == "base_path"]
    found = dict.fromkeys(value.partition(" #")[0].strip().strip("'\"") for value in named)
    return [f"{native.home()}{path[1:]}" if path.startswith("~/") else path
            for path in found if path.startswith(("/", "~/")) and not _UNPLAIN & set(path)]  # fmt: skip


def _is_readable(directory: str) -> bool:
    return native.system.access(directory, native.system.R_OK | native.system.X_OK)


def definition_state(probe: GitProbe) -> GitStatus:
    """The git state of `.cec`, from git's answer."""
    state = GitStatus(probe.repository)
    output, state.unknown = probe.answer()
    if output is not None:
        seen = GitChangeParser(output)
        state.branch = seen.branch
        state.head = seen.commit[:_SHORT] if seen.commit else None
        state.modified, state.untracked = seen.modified, seen.untracked
    return state


def kind_of_version(version: str) -> str:
    """What a manifest's version is when it does not say: leading `v` release, `main`/`master` branch, else commit."""
    if version.startswith("v"):
        return "release"
    return "branch" if version in ("main", "master") else "commit"


def same_directory(first: str, second: str) -> bool:
    """Whether two paths lead to one directory."""
    try:
        one, other = native.system.stat(first), native.system.stat(second)
    except (OSError, ValueError):
        return False
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
