"""A machine at work on a definition: its own virtual environment and caches, real uv, real indexes over HTTP."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from comfydock_core.analyzers.packages.package_state import compare_with_record
from comfydock_core.configs.environment_layout import part_path
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.uv_project_manager import UVProjectManager
from comfydock_core.models.environment import PackageSyncStatus
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from tests.support.reporters import RecordingReporter

MANIFEST = """[project]
name = "comfydock-env-lock"
version = "0.1.0"
requires-python = ">=3.11,<3.12"
dependencies = [
    {dependencies},
]

[tool.uv]
package = false
default-groups = "all"
{settings}
[dependency-groups]
{groups}
[tool.comfydock.pytorch]
family = ["torch", "torchvision", "torchaudio"]
"""

COMFYUI = ("torch", "torchvision", "torchaudio", "einops", "numpy>=1.25")


@dataclass(slots=True)
class Machine:
    """One machine and the definition it works on."""

    definition: Path
    place: Path
    reporter: RecordingReporter = field(default_factory=RecordingReporter)

    @property
    def venv(self) -> Path:
        return self.place / "venv"

    @property
    def uv(self) -> UVCommand:
        return UVCommand(
            project=str(self.definition),
            venv=str(self.venv),
            cache=str(self.place / "cache"),
            python_installs=str(self.place / "pythons"),
        )

    @property
    def project(self) -> UVProjectManager:
        return UVProjectManager(str(self.definition), str(self.venv), self.uv)

    def write(self, *dependencies: str, settings: str = "", **groups: str) -> None:
        """A new manifest that asks for these."""
        listed = ",\n    ".join(f'"{text}"' for text in dependencies or COMFYUI)
        lines = "".join(f'{name} = ["{text}"]\n' for name, text in groups.items())
        text = MANIFEST.format(dependencies=listed, settings=settings, groups=lines)
        (self.definition / "pyproject.toml").write_text(text)

    def add_pack(self, **groups: str) -> None:
        """Groups that a pack brings."""
        manifest = self.definition / "pyproject.toml"
        lines = "".join(f'{name} = ["{text}"]\n' for name, text in groups.items())
        manifest.write_text(manifest.read_text().replace("[dependency-groups]\n", f"[dependency-groups]\n{lines}"))

    def lock(self, backend: str) -> "Machine":
        """The base, and the part of a back end."""
        self.project.lock(backend, self.reporter)
        self.project.lock_backend(backend, self.reporter)
        return self

    def lock_backend(self, backend: str) -> None:
        self.project.lock_backend(backend, self.reporter)

    def install(self, backend: str) -> bool:
        if not self.venv.exists():
            self.project.create_venv("3.11", self.reporter)
        self.project.choose_backend(backend)
        return self.project.install(backend, self.reporter)

    def installed(self) -> set[str]:
        """The distributions in the virtual environment, as `name==version`."""
        places = self.venv.glob("lib/python3.*/site-packages/*.dist-info")
        pairs = (path.name.removesuffix(".dist-info").split("-", 1) for path in places)
        return {f"{name.replace('_', '-')}=={version}" for name, version in pairs}

    def state(self, backend: str) -> PackageSyncStatus | None:
        manifest = read_manifest(str(self.definition / "pyproject.toml"))
        return compare_with_record(str(self.definition), str(self.venv), manifest, backend)

    def part(self, backend: str) -> Path:
        return Path(part_path(str(self.definition), backend))

    def pip(self, *words: str) -> None:
        """uv pip by hand, as users do."""
        command = [self.uv.program, "pip", *words, "--python", str(self.venv), "--quiet"]
        subprocess.run(command, check=True, env=self.uv.environment(), cwd=self.place)


def new_machine(place: Path) -> Machine:
    """A machine with a definition of its own that asks for what ComfyUI asks for."""
    definition = place / "definition"
    definition.mkdir(parents=True)
    machine = Machine(definition, place)
    machine.write()
    return machine


def files_of(directory: Path) -> dict[str, bytes]:
    """Every file below, without git's own."""
    paths = [path for path in sorted(directory.rglob("*")) if path.is_file() and ".git/" not in str(path)]
    return {str(path.relative_to(directory)): path.read_bytes() for path in paths}
