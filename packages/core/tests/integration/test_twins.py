"""Packages that hold the same files: which one is locked, and what removing one leaves of the other. Real uv."""

from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.managers.pyproject_manager import PyprojectManager
from comfydock_core.models.doctor import NOTE
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.python_packages import PackageRequest
from comfydock_core.repositories.definition.pytorch_settings import uv_settings
from comfydock_core.repositories.definition.uv_lock import read_lock
from comfydock_core.strategies.pack_policy import PackPolicy
from tests.support.machines import Machine
from tests.support.reporters import RecordingReporter
from tests.support.wheels import add_to_index, write_index

Change = Callable[..., RecordingReporter]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index beside the others, with builds of one thing and with two packages that nobody knows to be alike."""
    place = tmp_path / "builds"
    for name in ("onnxruntime", "onnxruntime-gpu"):
        add_to_index(place, name, "1.0", files={"onnxruntime/core.py": f'build = "{name}"\n'})
    add_to_index(place, "wants-cpu", "1.0", requires=["onnxruntime"])
    add_to_index(place, "wants-gpu", "1.0", requires=["onnxruntime-gpu"])
    add_to_index(place, "alpha", "1.0", files={"common/core.py": "of = 'alpha'\n", "common/same.py": ""})
    add_to_index(place, "beta", "1.0", files={"common/core.py": "of = 'the beta'\n", "common/same.py": ""})
    write_index(place)
    monkeypatch.setenv("UV_INDEX", place.as_uri())
    return place


@pytest.fixture
def change(index: Path, workspace: Workspace, demo: Environment) -> Change:
    def carry_out(action: str, *words: str) -> RecordingReporter:
        reporter = RecordingReporter()
        plan = workspace.packages.plan("demo", PackageRequest(action, words), reporter)
        workspace.packages.change(plan, Initiator(("py", action)), reporter)
        return reporter

    return carry_out


def builds(machine: Machine) -> set[str]:
    return {name for name in read_lock(f"{machine.definition}/uv.lock").versions() if name.startswith("onnx")}


@pytest.mark.parametrize("asked", [("onnxruntime", "onnxruntime-gpu"), ("wants-cpu", "wants-gpu")])
@pytest.mark.parametrize(
    ("backend", "chosen"), [("cu128", "onnxruntime-gpu"), ("cpu", "onnxruntime"), ("rocm6.4", "onnxruntime")]
)
def test_one_build_is_locked_by_the_back_end_and_that_is_told(
    machine: Machine, index: Path, asked: tuple[str, ...], backend: str, chosen: str
) -> None:
    machine.write(*asked)
    machine.project.lock(backend, machine.reporter)
    assert builds(machine) == {chosen}
    (told,) = [line for line in machine.reporter.warnings if "holds the same files" in line]
    assert f"{chosen}, which is taken for {backend}" in told


def test_a_choice_stays_on_a_machine_with_another_back_end(machine: Machine, index: Path) -> None:
    machine.write("wants-cpu", "wants-gpu")
    machine.project.lock("cu128", machine.reporter)
    before = (machine.definition / "pyproject.toml").read_bytes()
    machine.project.relock("cpu", machine.reporter)
    assert builds(machine) == {"onnxruntime-gpu"}
    assert (machine.definition / "pyproject.toml").read_bytes() == before


def test_a_choice_ends_when_what_was_chosen_is_asked_for_no_longer(machine: Machine, index: Path) -> None:
    machine.write("wants-cpu", "wants-gpu")
    machine.project.lock("cu128", machine.reporter)
    manifest = machine.definition / "pyproject.toml"
    manifest.write_text(manifest.read_text().replace('    "wants-gpu",\n', ""))
    machine.project.relock("cu128", machine.reporter)
    assert builds(machine) == {"onnxruntime"}
    assert "exclude-dependencies" not in manifest.read_text()


def test_builds_for_different_systems_stand_side_by_side(machine: Machine, index: Path) -> None:
    machine.write("onnxruntime ; sys_platform == 'darwin'", "onnxruntime-gpu ; sys_platform != 'darwin'")
    machine.project.lock("cpu", machine.reporter)
    assert builds(machine) == {"onnxruntime", "onnxruntime-gpu"}


def test_a_build_that_was_left_out_comes_back_when_the_other_goes(change: Change, demo: Environment) -> None:
    change("add", "onnxruntime", "onnxruntime-gpu")
    assert "onnxruntime-gpu" not in read_lock(demo.layout.lock).versions()
    change("remove", "onnxruntime")
    assert {"onnxruntime-gpu"} == read_lock(demo.layout.lock).versions().keys() & {"onnxruntime", "onnxruntime-gpu"}
    assert (site(demo) / "onnxruntime/core.py").read_text() == 'build = "onnxruntime-gpu"\n'


@pytest.mark.parametrize(
    ("backend", "line"), [("cpu", "onnxruntime>=1"), ("cu126", "onnxruntime-gpu>=1"), (None, "onnxruntime-gpu>=1")]
)
def test_a_node_pack_gets_the_build_that_fits_the_back_end(tmp_path: Path, backend: str | None, line: str) -> None:
    (tmp_path / "requirements.txt").write_text("onnxruntime-gpu>=1\n")
    read = PackPolicy.of({}, backend).asked_for(str(tmp_path))
    assert [one.text for one in read.requirements] == [line]
    assert len(read.notes) == (backend == "cpu")


def site(environment: Environment) -> Path:
    (place,) = Path(environment.layout.venv).glob("lib/python3*/site-packages")
    return place


def test_removing_a_package_leaves_the_files_that_another_one_brought_too(change: Change, demo: Environment) -> None:
    change("add", "alpha")
    change("add", "beta")
    change("remove", "alpha")
    assert (site(demo) / "common/core.py").read_text() == "of = 'the beta'\n"
    assert (site(demo) / "common/same.py").exists()
    assert demo.status().packages.contested == []


def test_files_that_two_packages_brought_differently_are_told(
    change: Change, demo: Environment, workspace: Workspace
) -> None:
    change("add", "alpha", "beta")
    assert demo.status().packages.state == "in-sync"
    assert demo.status().packages.contested == ["common/core.py: alpha-1.0 and beta-1.0"]
    found = next(one for one in workspace.health.examine("demo", RecordingReporter()) if "contested" in one.code)
    assert (found.severity, found.details) == (NOTE, ("common/core.py: alpha-1.0 and beta-1.0",))


@pytest.mark.parametrize(("asked", "excluded"), [("onnxruntime", False), ("einops", True)])
def test_a_choice_is_open_again_when_others_of_its_kind_are_asked_for(
    machine: Machine, asked: str, excluded: bool
) -> None:
    machine.write("onnxruntime-gpu", settings='exclude-dependencies = ["mine", "onnxruntime"]')
    manifest = PyprojectManager(str(machine.definition / "pyproject.toml"))
    before = manifest.read()
    machine.write("onnxruntime-gpu", asked, settings='exclude-dependencies = ["mine", "onnxruntime"]')
    manifest.reopen_choices(before)
    assert uv_settings(manifest.read())["exclude-dependencies"] == ["mine", *(["onnxruntime"] if excluded else [])]
