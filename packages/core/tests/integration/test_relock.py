"""Locking again, and converting definitions of ComfyDock 1.x, with real uv and real indexes."""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.managers.git_manager import GitManager
from comfydock_core.models.exceptions import NetworkUnavailable, RequirementsConflict
from tests.support.indexes import OLD, ORDINARY, Indexes
from tests.support.machines import COMFYUI, Machine, files_of, new_machine

NOWHERE = "http://127.0.0.1:9"

# As ComfyDock 1.x leaves it after creating for cu128, with things of the user's own in it.
OLDER = """# mine: do not touch
[project]
name = "comfydock-env-old"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["torch", "torchvision", "torchaudio", "numpy>=1.25.0", "einops"] # of ComfyUI

[dependency-groups]
pack-1a2b3c4d = ["kornia"]  # a pack

[tool.uv]
constraint-dependencies = ["torch==2.9.1+cu128", "torchvision==0.24.1+cu128", "torchaudio==2.9.1+cu128", "numpy<3"]

[[tool.uv.index]]
name = "pytorch-cu128"
url = "{pytorch}/cu128"
explicit = true

[[tool.uv.index]]
name = "mine"
url = "{general}"
explicit = true

[tool.uv.sources]
torch = {{ index = "pytorch-cu128" }}
torchvision = {{ index = "pytorch-cu128" }}
torchaudio = {{ index = "pytorch-cu128" }}
einops = {{ index = "mine" }}

[tool.comfydock]
comfyui_version = "v0.3.60"
python_version = "3.11"
torch_backend = "auto"

# a node
[tool.comfydock.nodes.pack]
name = "Pack"
"""


@pytest.fixture
def older(indexes: Indexes, tmp_path: Path) -> Machine:
    """A definition of 1.x that really was locked, with a version that is held back."""
    machine = new_machine(tmp_path / "old one")
    text = OLDER.format(pytorch=indexes.pytorch, general=indexes.general)
    (machine.definition / "pyproject.toml").write_text(text)
    (machine.definition / ".python-version").write_text("3.11\n")
    (machine.definition / ".gitignore").write_text("logs/\nuv.lock\nmine/\n")
    machine.uv.lock(machine.reporter.line, upgrade=["kornia==0.8.1"])
    return machine


def versions(text: str) -> dict[str, str]:
    document = tomllib.loads(text)
    packages = document.get("package") or document["packages"]
    return {package["name"]: package["version"] for package in packages}


def manifest(machine: Machine) -> dict[str, dict[str, dict[str, object]]]:
    return tomllib.loads((machine.definition / "pyproject.toml").read_text())


def test_a_converted_definition_has_the_versions_it_had(older: Machine) -> None:
    before = versions((older.definition / "uv.lock").read_text())
    conversion = older.project.convert("cpu", older.reporter)
    assert conversion is not None
    assert (conversion.backend, conversion.versions_from, conversion.release["torch"]) == ("cu128", "lock", "2.9.1")
    base = versions((older.definition / "uv.lock").read_text())
    part = versions(older.part("cu128").read_text())
    assert {**base, **part} == before
    assert (base["kornia"], base["torch"], part["torch"]) == ("0.8.1", "2.9.1", "2.9.1+cu128")


def test_a_converted_definition_installs_on_other_machines_too(older: Machine) -> None:
    older.project.convert("cpu", older.reporter)
    older.lock_backend("cpu")
    older.install("cpu")
    assert {"torch==2.9.1+cpu", "kornia==0.8.1", "einops==0.8"} <= older.installed()
    assert not [name for name in older.installed() if name.startswith(("nvidia", "triton"))]


def test_a_converted_manifest_keeps_what_is_the_user_s(older: Machine) -> None:
    older.project.convert("cpu", older.reporter)
    text = (older.definition / "pyproject.toml").read_text()
    for comment in ("# mine: do not touch", "# of ComfyUI", "# a pack", "# a node"):
        assert comment in text
    uv = manifest(older)["tool"]["uv"]
    assert isinstance(uv, dict)
    assert [index["name"] for index in uv["index"]] == ["mine"]
    assert uv["sources"] == {"einops": {"index": "mine"}}
    assert uv["constraint-dependencies"] == ["numpy<3", "torch==2.9.1", "torchvision==0.24.1", "torchaudio==2.9.1"]


def test_a_converted_manifest_names_no_machine(older: Machine) -> None:
    conversion = older.project.convert("cpu", older.reporter)
    assert conversion is not None
    assert any("pytorch-cu128" in change for change in conversion.changes)
    text = (older.definition / "pyproject.toml").read_text()
    assert ("cu128" in text, "torch_backend" in text) == (False, False)
    found = manifest(older)
    assert found["project"]["requires-python"] == ">=3.11,<3.12"
    assert found["tool"]["comfydock"]["pytorch"] == {"family": ["torch", "torchvision", "torchaudio"]}


def test_converting_twice_changes_nothing(older: Machine) -> None:
    older.project.convert("cpu", older.reporter)
    before = files_of(older.definition)
    assert older.project.convert("cpu", older.reporter) is None
    assert files_of(older.definition) == before


@pytest.mark.parametrize("spelling", ["inline", "unpinned"])
def test_other_spellings_of_1x_are_converted_alike(older: Machine, indexes: Indexes, spelling: str) -> None:
    path = older.definition / "pyproject.toml"
    text = path.read_text()
    if spelling == "inline":
        start, end = text.index("[[tool.uv.index]]"), text.index("[tool.uv.sources]")
        index = f'index = [{{name = "pytorch-cu128", url = "{indexes.pytorch}/cu128", explicit = true}}]\n\n'
        text = text[:start] + index + text[end:].replace('einops = { index = "mine" }\n', "")
    else:
        text = text.replace('"torch==2.9.1+cu128", "torchvision==0.24.1+cu128", "torchaudio==2.9.1+cu128", ', "")
    path.write_text(text)
    conversion = older.project.convert("cpu", older.reporter)
    assert conversion is not None
    assert (conversion.backend, conversion.release["torch"]) == ("cu128", "2.9.1")
    assert "cu128" not in path.read_text()


def test_without_a_lock_the_installed_packages_tell_the_versions(older: Machine) -> None:
    older.project.create_venv("3.11", older.reporter)
    environment = {**older.uv.environment(), "UV_PROJECT_ENVIRONMENT": str(older.venv)}
    command = [older.uv.program, "sync", "--quiet", "--all-groups", "--frozen"]
    subprocess.run(command, cwd=older.definition, env=environment, check=True)
    os.unlink(older.definition / "uv.lock")
    conversion = older.project.convert("cpu", older.reporter)
    assert conversion is not None
    assert conversion.versions_from == "installed"
    assert versions((older.definition / "uv.lock").read_text())["kornia"] == "0.8.1"
    assert "kornia" not in str(manifest(older)["tool"]["uv"])
    assert older.reporter.warnings == ["there was no `uv.lock`: it was made from the packages that are installed"]


def test_without_a_lock_and_an_installation_the_indexes_tell_and_that_is_said(older: Machine) -> None:
    os.unlink(older.definition / "uv.lock")
    conversion = older.project.convert("cpu", older.reporter)
    assert conversion is not None
    assert (conversion.versions_from, conversion.backend) == ("index", "cu128")
    assert versions((older.definition / "uv.lock").read_text())["kornia"] == "0.8.2"
    assert older.reporter.warnings == ["there was no `uv.lock`: it was made from what the package indexes have now"]


def test_lines_of_git_s_files_are_completed_and_the_user_s_stay(older: Machine) -> None:
    GitManager(str(older.definition)).write_patterns()
    lines = (older.definition / ".gitignore").read_text().splitlines()
    assert ("mine/" in lines, "uv.lock" in lines, ".pytorch-backend" in lines) == (True, False, True)
    assert "uv.lock merge=envlock" in (older.definition / ".gitattributes").read_text()
    before = files_of(older.definition)
    GitManager(str(older.definition)).write_patterns()
    assert files_of(older.definition) == before


# Locking again


def test_a_pack_alone_renews_no_part(machine: Machine) -> None:
    machine.lock("cpu").lock_backend(ORDINARY)
    machine.add_pack(pack="kornia")
    relocked = machine.project.relock("cpu", machine.reporter)
    assert (relocked.locked, relocked.failed, relocked.unusable) == ((), {}, ())


def test_a_pack_that_brings_what_a_part_has_renews_that_part(machine: Machine) -> None:
    machine.lock("cpu").lock_backend(ORDINARY)
    machine.add_pack(pack="kernels")
    relocked = machine.project.relock("cpu", machine.reporter)
    assert (relocked.locked, relocked.unusable) == ((ORDINARY,), ())
    machine.install(ORDINARY)


def test_what_torch_requires_renews_every_part(machine: Machine) -> None:
    machine.lock("cpu").lock_backend(ORDINARY)
    relocked = machine.project.relock("cpu", machine.reporter, upgrade=["sympy==1.12"])
    assert relocked.locked == ("cpu", ORDINARY)
    machine.install("cpu")
    assert "sympy==1.12" in machine.installed()


def test_a_part_of_its_own_release_is_renewed_with_every_change(machine: Machine) -> None:
    machine.lock("cpu").lock_backend(OLD)
    machine.add_pack(pack="kornia")
    assert machine.project.relock("cpu", machine.reporter).locked == (OLD,)
    machine.add_pack(other="modern")
    relocked = machine.project.relock("cpu", machine.reporter)
    assert isinstance(relocked.failed[OLD], RequirementsConflict)


def test_an_index_out_of_reach_fails_its_part_and_not_the_base(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.lock("cpu").lock_backend(ORDINARY)
    part = machine.part(ORDINARY).read_bytes()
    machine.add_pack(pack="kernels")
    with monkeypatch.context() as away:
        away.setenv("COMFYDOCK_PYTORCH_INDEX_URL", NOWHERE)
        relocked = machine.project.relock("cpu", machine.reporter)
    assert isinstance(relocked.failed[ORDINARY], NetworkUnavailable)
    assert [(finding.backend, finding.kind) for finding in relocked.unusable] == [(ORDINARY, "duplicate")]
    assert machine.part(ORDINARY).read_bytes() == part
    machine.install("cpu")


def test_the_newest_release_that_all_back_ends_have_is_pinned(machine: Machine) -> None:
    machine.lock("pypi")
    machine.lock_backend("pypi")
    assert machine.project.upgrade_release(["pypi", "cpu"], machine.reporter)["torch"] == "2.9.1"
    relocked = machine.project.relock("pypi", machine.reporter, backends=["cpu", "pypi"])
    assert (relocked.locked, relocked.unusable) == (("cpu", "pypi"), ())
    assert machine.project.upgrade_release(["pypi"], machine.reporter)["torch"] == "2.10.0"
    relocked = machine.project.relock("pypi", machine.reporter)
    assert relocked.locked == ("cpu", "pypi")
    machine.install("pypi")
    assert "torch==2.10.0" in machine.installed()


@pytest.fixture
def locks(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Whether each call of `uv lock` so far was one without the network."""
    log, program = tmp_path / "calls", tmp_path / "uv"
    program.write_text(f'#!/bin/sh\necho "${{UV_OFFLINE:-0}} $1" >> "{log}"\nexec "{machine.uv.program}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("COMFYDOCK_UV", str(program))
    return lambda: [line.split()[0] for line in log.read_text().splitlines() if line.endswith(" lock")]


def test_asking_for_less_needs_no_network_and_gives_the_lock_of_before(
    machine: Machine, locks: Callable[[], list[str]]
) -> None:
    machine.lock("cpu")
    manifest, lock = (machine.definition / name for name in ("pyproject.toml", "uv.lock"))
    before = manifest.read_bytes(), lock.read_bytes()
    machine.add_pack(pack="kornia", other="modern")
    machine.project.relock("cpu", machine.reporter)
    assert lock.read_bytes() != before[1]
    manifest.write_bytes(before[0])
    asked = len(locks())
    machine.project.relock("cpu", machine.reporter, less=True)
    assert (lock.read_bytes(), locks()[asked:]) == (before[1], ["1"])


def test_what_the_cache_lacks_is_fetched_when_less_is_asked_for(machine: Machine) -> None:
    machine.lock("cpu")
    lock = machine.definition / "uv.lock"
    before = lock.read_bytes()
    machine.add_pack(pack="kornia")
    machine.project.relock("cpu", machine.reporter)
    manifest = machine.definition / "pyproject.toml"
    manifest.write_text(manifest.read_text().replace('pack = ["kornia"]\n', ""))
    shutil.rmtree(machine.place / "cache")
    machine.project.relock("cpu", machine.reporter, less=True)
    assert lock.read_bytes() == before


def test_nothing_of_this_needs_the_family_to_be_there(machine: Machine) -> None:
    machine.write("einops")
    machine.lock("cpu")
    assert machine.project.upgrade_release(["cpu"], machine.reporter) == {}
    machine.write(*COMFYUI)
    assert machine.project.relock("cpu", machine.reporter, backends=["cpu"]).locked == ("cpu",)
