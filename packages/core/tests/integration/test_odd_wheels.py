"""Wheels that contradict themselves, and wheels that their index replaced. Real uv."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.analyzers.packages.virtual_environment import check_contents
from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import HashMismatch
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packages.python_packages import PackageRequest
from tests.support.miniature import Miniature
from tests.support.reporters import RecordingReporter
from tests.support.wheels import add_to_index, write_index


def rewritten(wheel: Path, change: Callable[[str, str], str]) -> None:
    """Change the text files of a wheel, whatever its `RECORD` says of them."""
    with zipfile.ZipFile(wheel) as archive:
        content = {name: archive.read(name).decode() for name in archive.namelist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, change(name, text))


@pytest.fixture
def odd_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index with a wheel whose `RECORD` has a wrong size, and whose `WHEEL` another tag than its name."""
    place = tmp_path / "odd"
    wheel = add_to_index(place, "odd", "1.0", files={"odd/core.py": "x = 1\n"})

    def contradict(name: str, text: str) -> str:
        if name.endswith("WHEEL"):
            return text.replace("Tag: py3-none-any", "Tag: py3-none-manylinux2010_x86_64")
        return text.replace(",6\n", ",777\n") if name.endswith("RECORD") else text

    rewritten(wheel, contradict)
    write_index(place)
    monkeypatch.setenv("UV_INDEX", place.as_uri())
    return place


def add(workspace: Workspace, *words: str) -> RecordingReporter:
    reporter = RecordingReporter()
    plan = workspace.packages.plan("demo", PackageRequest("add", words), reporter)
    workspace.packages.change(plan, Initiator(("py", "add")), reporter)
    return reporter


def test_a_wheel_that_contradicts_itself_is_installed_as_it_is_and_told(
    workspace: Workspace, demo: Environment, odd_index: Path
) -> None:
    reporter = add(workspace, "odd")
    (told,) = reporter.warnings
    assert told.startswith("what was published contradicts itself")
    assert "odd/core.py" in told
    assert check_contents(demo.layout.venv) == ()
    assert add(workspace, "mini-imaging").warnings == []


def test_what_is_changed_later_is_no_contradiction_of_the_wheel(
    workspace: Workspace, demo: Environment, odd_index: Path
) -> None:
    add(workspace, "odd")
    (module,) = Path(demo.layout.venv).glob("lib/python3*/site-packages/odd/core.py")
    module.unlink()
    module.write_text("x = 2\n")
    (fault,) = check_contents(demo.layout.venv)
    assert (fault.kind, fault.path) == ("file-size", "odd/core.py")


@pytest.fixture
def own_indexes(local: Miniature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of the miniature's indexes, which a test may change."""
    place = tmp_path / "indexes"
    shutil.copytree(local.pytorch, place / "pytorch")
    shutil.copytree(local.index, place / "general")
    monkeypatch.setenv("COMFYDOCK_PYTORCH_INDEX_URL", (place / "pytorch").as_uri())
    monkeypatch.setenv("UV_DEFAULT_INDEX", (place / "general").as_uri())
    return place


def replace_wheel(index: Path, project: str) -> None:
    """What some indexes do: another file under the same name."""
    for wheel in (index / project).glob("*.whl"):
        rewritten(wheel, lambda name, text: text + "\n" if name.endswith("WHEEL") else text)
    write_index(index)


@pytest.mark.parametrize(("index", "project"), [("pytorch/cpu", "torch"), ("general", "mini-math")])
def test_a_remembered_lock_of_replaced_files_is_made_again(
    own_indexes: Path, workspace: Workspace, make_environment: Callable[..., Environment], index: str, project: str
) -> None:
    make_environment("first")
    replace_wheel(own_indexes / index, project)
    assert make_environment("second").status().packages.state == "in-sync"


def test_replaced_files_of_a_lock_that_was_not_remembered_are_refused(
    own_indexes: Path, workspace: Workspace, make_environment: Callable[..., Environment]
) -> None:
    first = make_environment("demo")
    replace_wheel(own_indexes / "general", "mini-math")
    for place in (Path(first.layout.venv), Path(workspace.layout.uv_cache)):
        shutil.rmtree(place)
    with pytest.raises(HashMismatch):
        add(workspace, "mini-imaging")
