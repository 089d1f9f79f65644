"""What the lock of PyTorch for each back end relies on in uv, tried with the real program."""

import re
import tomllib
from pathlib import Path

import pytest

from comfydock_core.analyzers.packages.package_dry_run import judge_dry_run
from comfydock_core.managers.uv_project.installing import _UNMET as UNMET
from comfydock_core.models.exceptions import HashMismatch, LockOutdated
from comfydock_core.utils.files import atomic
from tests.support.indexes import WITHOUT_HASHES, Indexes
from tests.support.machines import Machine

EXCLUDED = 'exclude-dependencies = [{ package = { name = "torch" }, dependencies = ["nvidia-cublas", "triton"] }]\n'


def unheard(line: str) -> None:
    """Lines do not matter here."""


def locked(machine: Machine) -> set[str]:
    machine.uv.lock(unheard)
    packages = tomllib.loads((machine.definition / "uv.lock").read_text())["package"]
    return {package["name"] for package in packages}


def sync(machine: Machine, pylock: str) -> None:
    path = machine.place / "pylock.toml"
    atomic.write_text(str(path), pylock)
    if not machine.venv.exists():
        machine.project.create_venv("3.11", machine.reporter)
    machine.uv.sync_pylock(str(path), unheard)


def test_an_exclusion_for_one_package_leaves_the_demands_of_others(machine: Machine) -> None:
    machine.write("torch", settings=EXCLUDED)
    assert "triton" not in locked(machine)
    machine.write("torch", "kernels", settings=EXCLUDED)
    assert {"triton", "kernels"} <= locked(machine)
    assert "nvidia-cublas" not in locked(machine)


def test_an_export_refuses_a_lock_that_is_older_than_the_manifest(machine: Machine) -> None:
    with pytest.raises(LockOutdated):
        machine.uv.export_pylock(())
    machine.write("einops")
    machine.uv.lock(unheard)
    machine.write("einops", "numpy")
    with pytest.raises(LockOutdated):
        machine.uv.export_pylock(())


def test_an_export_leaves_out_what_it_is_told_and_keeps_the_range_of_python(machine: Machine) -> None:
    machine.write("torchvision", settings=EXCLUDED)
    machine.uv.lock(unheard)
    document = tomllib.loads(machine.uv.export_pylock(["torch", "torchvision"]))
    assert [package["name"] for package in document["packages"]] == ["numpy", "sympy"]
    assert document["requires-python"] == "==3.11.*"


def test_a_sync_removes_what_is_not_named(machine: Machine) -> None:
    machine.write("einops")
    machine.uv.lock(unheard)
    sync(machine, machine.uv.export_pylock(()))
    machine.pip("install", "numpy")
    sync(machine, machine.uv.export_pylock(()))
    assert machine.installed() == {"einops==0.8"}


def test_a_sync_takes_what_has_no_hash_so_that_it_must_be_refused_before(machine: Machine) -> None:
    machine.write("einops")
    machine.uv.lock(unheard)
    hashed = machine.uv.export_pylock(())
    sync(machine, re.sub(r"hashes = \{[^}]*\}", "hashes = {}", hashed))
    assert machine.installed() == {"einops==0.8"}


def test_a_sync_refuses_another_hash_and_does_not_look_at_what_is_installed(machine: Machine) -> None:
    machine.write("einops")
    machine.uv.lock(unheard)
    pylock = machine.uv.export_pylock(())
    digest = pylock.split('sha256 = "')[1][:64]
    other = pylock.replace(digest, "0" * 64)
    with pytest.raises(HashMismatch):
        sync(machine, other)
    sync(machine, pylock)
    sync(machine, other)
    assert machine.installed() == {"einops==0.8"}


def test_a_compiled_lock_has_the_hashes_that_its_index_lacks(machine: Machine, indexes: Indexes) -> None:
    project = machine.place / "project"
    project.mkdir()
    index = f"pytorch-{WITHOUT_HASHES}={indexes.pytorch}/{WITHOUT_HASHES}"
    (project / "in.txt").write_text(f"torch==2.9.1+{WITHOUT_HASHES}\n")
    output = project / "pylock.toml"
    uv = machine.uv.inside(str(project))
    uv.compile_pylock(["in.txt"], str(output), ["sympy"], unheard, doing="try", index=index)
    (package,) = tomllib.loads(output.read_text())["packages"]
    assert "sha256" in package["wheels"][0]["hashes"]


def test_a_compiled_lock_drops_the_upper_bound_of_python_but_not_the_environments(machine: Machine) -> None:
    project = machine.place / "project"
    project.mkdir()
    text = '[project]\nname = "x"\nversion = "0"\nrequires-python = ">=3.11,<3.12"\ndependencies = ["einops"]\n'
    settings = "[tool.uv]\nenvironments = [\"python_full_version < '3.12'\"]\n"
    for more, marker in (("", None), (settings, "python_full_version < '3.12'")):
        (project / "pyproject.toml").write_text(text + more)
        output = project / "pylock.toml"
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("UV_NO_CONFIG")
            machine.uv.inside(str(project)).compile_pylock(["pyproject.toml"], str(output), (), unheard, doing="try")
        document = tomllib.loads(output.read_text())
        assert document["requires-python"] == ">=3.11"
        assert document["packages"][0].get("marker") == marker
        output.unlink()


def test_a_compiled_lock_keeps_the_versions_of_the_one_that_is_there(machine: Machine) -> None:
    project = machine.place / "project"
    project.mkdir()
    uv, output = machine.uv.inside(str(project)), project / "pylock.toml"
    (project / "in.txt").write_text("kornia==0.8.1\n")
    uv.compile_pylock(["in.txt"], str(output), (), unheard, doing="try", dependencies=False)
    output.write_text(output.read_text() + '\n[tool.comfydock]\nbackend = "cpu"\n')
    (project / "in.txt").write_text("kornia\n")
    uv.compile_pylock(["in.txt"], str(output), (), unheard, doing="try", dependencies=False)
    assert 'version = "0.8.1"' in output.read_text()
    assert "comfydock" not in output.read_text()


def test_what_does_not_fit_together_is_told_in_known_words(machine: Machine) -> None:
    machine.project.create_venv("3.11", machine.reporter)
    machine.pip("install", "--no-deps", "older-numpy", "numpy==2.3", "kornia")
    told = machine.uv.check()
    assert told.returncode != 0
    found = [match.groups() for line in told.text.splitlines() if (match := UNMET.search(line))]
    assert sorted(found) == [("kornia", "torch>=2"), ("older-numpy", "numpy<2")]


def test_a_dry_run_of_a_sync_says_what_would_change_in_known_words(machine: Machine) -> None:
    machine.write("einops", "numpy==1.26")
    machine.uv.lock(unheard)
    sync(machine, machine.uv.export_pylock(()))
    path = str(machine.place / "pylock.toml")
    assert judge_dry_run(machine.uv.sync_pylock_dry_run(path)).state == "in-sync"
    machine.pip("install", "kornia", "torch==2.10.0", "--no-deps")
    machine.pip("uninstall", "einops")
    machine.write("einops", "torch==2.9.1")
    machine.uv.lock(unheard)
    atomic.write_text(path, machine.uv.export_pylock(("sympy", "triton", "nvidia-cublas")))
    state = judge_dry_run(machine.uv.sync_pylock_dry_run(path))
    assert (state.missing, sorted(state.extra)) == (["einops 0.8"], ["kornia 0.8.2", "numpy 1.26"])
    assert [(change.name, change.found, change.expected) for change in state.changed] == [("torch", "2.10.0", "2.9.1")]


def test_paths_in_an_export_are_relative_to_the_project(machine: Machine) -> None:
    local: Path = machine.place / "local"
    local.mkdir()
    (local / "pyproject.toml").write_text('[project]\nname = "mine"\nversion = "1"\n[tool.uv]\npackage = true\n')
    machine.write("mine", settings='[tool.uv.sources]\nmine = {path = "../local"}\n')
    machine.uv.lock(unheard)
    (package,) = tomllib.loads(machine.uv.export_pylock(()))["packages"]
    assert package["directory"]["path"] == "../local"
