"""What all tests of the library share: a miniature ComfyUI, a workspace, fake programs."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))

from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import open_workspace
from comfydock_core.models.environments.creation import CreateRequest
from comfydock_core.models.operation import Initiator
from comfydock_core.utils.reporting import SilentReporter
from tests.support import any_speed  # noqa: F401 - importing it is all
from tests.support import miniature as support
from tests.support.indexes import Indexes, build_indexes, serving_directory
from tests.support.machines import Machine, new_machine
from tests.support.miniature import Miniature
from tests.support.pack_host import PackHost, pack_host


@pytest.fixture(scope="session")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> Miniature:
    return support.build(tmp_path_factory.mktemp("miniature") / "all")


@pytest.fixture(autouse=True)
def quiet_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the user or of the machine reaches the tests."""
    for name in [name for name in os.environ if name.startswith(("COMFYDOCK_", "UV_", "GITHUB_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture
def local(miniature: Miniature, monkeypatch: pytest.MonkeyPatch) -> Miniature:
    """ComfyDock and uv use the miniature and nothing else."""
    for name, value in miniature.variables().items():
        monkeypatch.setenv(name, value)
    return miniature


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackHost]:
    """The registry, GitHub and a host of git, which ComfyDock and git ask instead of the real ones."""
    with pack_host(tmp_path / "host") as served:
        for name, value in served.variables().items():
            monkeypatch.setenv(name, value)
        yield served


@pytest.fixture
def workspace(local: Miniature, tmp_path: Path) -> Workspace:
    made = Workspace.initialise(Workspace.plan_initialisation(str(tmp_path / "workspace")))
    return open_workspace(made.layout)


def create(workspace: Workspace, name: str = "demo", **options: object) -> Environment:
    request = CreateRequest(name, **{"torch_backend": "cpu", **options})  # type: ignore[arg-type]
    plan = workspace.environments.plan_creation(request, SilentReporter())
    workspace.environments.create(plan, Initiator(("create", name)), SilentReporter())
    return workspace.open_environment(name)


@pytest.fixture
def make_environment(workspace: Workspace) -> Callable[..., Environment]:
    def make(name: str = "demo", **options: object) -> Environment:
        return create(workspace, name, **options)

    return make


@pytest.fixture
def demo(workspace: Workspace) -> Environment:
    """A freshly made environment."""
    return create(workspace)


@pytest.fixture
def fake_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Put a shell script on PATH, in front of everything."""
    directory = tmp_path / "programs"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")

    def make(name: str, script: str) -> Path:
        program = directory / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    return make


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no program at all."""
    (tmp_path / "nothing").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount small file systems in memory; skips where that is not allowed."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        place = tmp_path / f"disk{len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(place)]
        if subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip("mounting a file system is not allowed here")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", str(place)], check=True)


@pytest.fixture(scope="session")
def package_indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexes]:
    """A general package index and those of several PyTorch back ends, over HTTP."""
    root = tmp_path_factory.mktemp("indexes")
    build_indexes(root)
    with serving_directory(root) as indexes:
        yield indexes


@pytest.fixture
def indexes(package_indexes: Indexes, monkeypatch: pytest.MonkeyPatch) -> Indexes:
    """ComfyDock and uv use these and nothing else, and do not wait for what does not answer."""
    for name, value in {**package_indexes.variables(), "UV_HTTP_RETRIES": "0"}.items():
        monkeypatch.setenv(name, value)
    return package_indexes


@pytest.fixture
def machine(indexes: Indexes, tmp_path: Path) -> Machine:
    """A machine with a definition that asks for what ComfyUI asks for."""
    return new_machine(tmp_path / "größe ☃" / "here")


@pytest.fixture
def another_machine(indexes: Indexes, tmp_path: Path, machine: Machine) -> Machine:
    """A second machine, with caches of its own, that works on the same definition."""
    place = tmp_path / "there"
    place.mkdir()
    return Machine(machine.definition, place)
