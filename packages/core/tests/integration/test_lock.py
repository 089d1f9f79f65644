"""Locking and installing with real uv and real indexes: one lock for all machines, each installs its own part."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from comfydock_core.core.usecases.definition.backends import backend_states
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.uv_project_manager import UVProjectManager
from comfydock_core.models.exceptions import (
    BackendNotFound,
    BackendNotLocked,
    BackendPartRefused,
    HashMismatch,
    HashMissing,
    InvalidSetting,
    LockOutdated,
    NetworkUnavailable,
    PackagesInconsistent,
    RequirementsConflict,
)
from comfydock_core.repositories import install_record
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from tests.support.indexes import (
    LINUX_ALONE,
    OLD,
    ORDINARY,
    OWN_PACKAGES,
    TORCH_ALONE,
    WITHOUT_HASHES,
    Indexes,
    build_indexes,
    serving_directory,
)
from tests.support.machines import COMFYUI, Machine, files_of
from tests.support.miniature import git
from tests.support.wheels import add_to_index, write_index

BASE = {"einops==0.8", "numpy==2.3", "sympy==1.13"}
# uv builds this by itself, without an index.
LOCAL_PACKAGE = """[project]
name = "mine"
version = "1"
dependencies = ["torch>=2.8"]

[build-system]
requires = ["uv_build"]
build-backend = "uv_build"
"""
NOWHERE = "http://127.0.0.1:9"


def family(local: str) -> set[str]:
    return {f"torch==2.9.1{local}", f"torchvision==0.24.1{local}", f"torchaudio==2.9.1{local}"}


def manifest_of(machine: Machine) -> dict[str, object]:
    return read_manifest(str(machine.definition / "pyproject.toml"))


# The shared lock


def test_the_shared_files_name_no_back_end(machine: Machine, indexes: Indexes) -> None:
    machine.lock(ORDINARY)
    for name in ("pyproject.toml", "uv.lock"):
        text = (machine.definition / name).read_text()
        assert (ORDINARY in text, "pytorch" in text.replace("comfydock.pytorch", ""), "+" in text) == (False,) * 3


def test_the_release_is_what_the_index_of_the_back_end_has_not_the_newest_of_all(machine: Machine) -> None:
    machine.lock("cpu")
    uv = tomllib.loads((machine.definition / "pyproject.toml").read_text())["tool"]["uv"]
    assert uv["constraint-dependencies"] == ["torch==2.9.1", "torchvision==0.24.1", "torchaudio==2.9.1"]


def test_what_torch_needs_on_linux_alone_is_left_out_of_the_shared_lock(machine: Machine) -> None:
    machine.lock("cpu")
    uv = tomllib.loads((machine.definition / "pyproject.toml").read_text())["tool"]["uv"]
    excluded = {"package": {"name": "torch"}, "dependencies": ["nvidia-cublas", "triton"]}
    assert uv["exclude-dependencies"] == [excluded]
    assert "nvidia" not in (machine.definition / "uv.lock").read_text().partition("[[package]]")[2]


def test_the_same_manifest_gives_the_same_bytes_on_another_machine(machine: Machine, another_machine: Machine) -> None:
    manifest = (machine.definition / "pyproject.toml").read_bytes()
    machine.lock(ORDINARY)
    first = files_of(machine.definition)
    for path in ("uv.lock", f"backends/{ORDINARY}/pylock.toml"):
        (machine.definition / path).unlink()
    (machine.definition / "pyproject.toml").write_bytes(manifest)
    another_machine.lock(ORDINARY)
    assert files_of(machine.definition) == first


def test_locking_again_changes_nothing(machine: Machine) -> None:
    first = files_of(machine.lock(ORDINARY).definition)
    assert files_of(machine.lock(ORDINARY).definition) == first


def test_a_package_that_only_others_require_gets_a_release_too(machine: Machine) -> None:
    machine.write("einops", pack="kornia")
    machine.lock("cpu")
    assert manifest_of(machine)["tool"]["uv"]["constraint-dependencies"] == ["torch==2.9.1"]  # type: ignore[index]
    machine.install("cpu")
    assert machine.installed() == {"einops==0.8", "kornia==0.8.2", "sympy==1.13", "torch==2.9.1+cpu"}


def test_without_any_pytorch_no_index_of_a_back_end_is_asked(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMFYDOCK_PYTORCH_INDEX_URL", NOWHERE)
    machine.write("einops")
    machine.lock("cpu")
    machine.install("cpu")
    assert machine.installed() == {"einops==0.8"}
    assert not (machine.definition / "backends").exists()


def test_what_the_user_demands_of_torch_decides_the_release(machine: Machine) -> None:
    machine.write(*COMFYUI, settings='constraint-dependencies = ["torch<2.10", "numpy<2"]')
    machine.lock("pypi")
    constraints = manifest_of(machine)["tool"]["uv"]["constraint-dependencies"]  # type: ignore[index]
    assert constraints[:2] == ["torch<2.10", "numpy<2"]
    assert "torch==2.9.1" in constraints


def test_what_the_user_demands_of_its_accelerators_decides_the_release_too(machine: Machine) -> None:
    machine.write(*COMFYUI, settings='constraint-dependencies = ["triton<3.6"]')
    machine.lock("pypi")
    machine.install("pypi")
    assert {"torch==2.9.1", "triton==3.5.1"} <= machine.installed()


def test_one_member_of_the_family_alone_comes_with_torch_from_the_same_index(machine: Machine) -> None:
    machine.write("torchvision")
    machine.lock(ORDINARY)
    machine.install(ORDINARY)
    assert {"torchvision==0.24.1+cu128", "torch==2.9.1+cu128"} <= machine.installed()
    assert "torchaudio" not in machine.part(ORDINARY).read_text()


def test_an_accelerator_that_a_pack_requires_fits_the_release(machine: Machine) -> None:
    machine.lock("cpu")
    before = files_of(machine.definition)
    manifest = (machine.definition / "pyproject.toml").read_text()
    machine.add_pack(pack="kernels")
    machine.lock(ORDINARY)
    machine.install(ORDINARY)
    assert "triton==3.5.1" in machine.installed()
    locked = (machine.definition / "pyproject.toml").read_text()
    (machine.definition / "pyproject.toml").write_text(locked.replace('pack = ["kernels"]\n', ""))
    machine.project.lock("cpu", machine.reporter)
    assert (machine.definition / "pyproject.toml").read_text() == manifest
    assert (machine.definition / "uv.lock").read_bytes() == before["uv.lock"]


def test_a_setting_of_the_user_s_own_work_does_not_reach_the_lock(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = files_of(machine.lock("cpu").definition)
    monkeypatch.setenv("UV_TORCH_BACKEND", "cu130")
    monkeypatch.setenv("UV_PYTHON", "3.99")
    monkeypatch.setenv("UV_FROZEN", "1")
    assert files_of(machine.lock("cpu").definition) == first


# Parts


def test_adding_a_back_end_is_one_new_file(machine: Machine) -> None:
    before = files_of(machine.lock("cpu").definition)
    machine.lock_backend(ORDINARY)
    after = files_of(machine.definition)
    assert after.keys() - before.keys() == {f"backends/{ORDINARY}/pylock.toml"}
    assert before.items() <= after.items()


def test_a_part_says_what_it_is(machine: Machine, indexes: Indexes) -> None:
    machine.lock(ORDINARY)
    document = tomllib.loads(machine.part(ORDINARY).read_text())
    assert document["tool"]["comfydock"] == {
        "backend": ORDINARY,
        "index": f"{indexes.pytorch}/{ORDINARY}",
        "release": {"torch": "2.9.1", "torchvision": "0.24.1", "torchaudio": "2.9.1"},
    }
    names = [package["name"] for package in document["packages"]]
    assert names == ["nvidia-cublas", "torch", "torchaudio", "torchvision", "triton"]


def test_a_pack_changes_no_part_and_needs_no_index_of_pytorch(
    machine: Machine, another_machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.lock("cpu").lock_backend(ORDINARY)
    parts = {name: text for name, text in files_of(machine.definition).items() if name.startswith("backends")}
    monkeypatch.setenv("COMFYDOCK_PYTORCH_INDEX_URL", NOWHERE)
    machine.add_pack(pack="kornia")
    another_machine.project.lock("cpu", another_machine.reporter)
    assert "kornia" in (machine.definition / "uv.lock").read_text()
    assert parts.items() <= files_of(machine.definition).items()
    monkeypatch.undo()


def test_a_back_end_with_packages_of_its_own_has_them_in_its_part(machine: Machine) -> None:
    machine.lock(OWN_PACKAGES)
    machine.install(OWN_PACKAGES)
    assert machine.installed() == BASE | family("+rocm6.4") | {"pytorch-triton-rocm==3.5.1"}


def test_members_that_an_index_lacks_come_from_the_general_one_and_that_is_said(machine: Machine) -> None:
    machine.lock(TORCH_ALONE)
    machine.install(TORCH_ALONE)
    assert {"torch==2.9.1+xpu", "torchvision==0.24.1", "torchaudio==2.9.1"} <= machine.installed()
    lacking = [text for text in machine.reporter.warnings if "the general package index" in text]
    assert ["torchvision" in lacking[0], "torchaudio" in lacking[1], len(lacking)] == [True, True, 2]
    footer = tomllib.loads(machine.part(TORCH_ALONE).read_text())["tool"]["comfydock"]
    assert footer["from-default-index"] == ["torchaudio", "torchvision"]


def test_hashes_that_an_index_lacks_are_computed_and_the_files_are_named(machine: Machine) -> None:
    machine.lock(WITHOUT_HASHES)
    (warning,) = machine.reporter.warnings
    assert f"torch-2.9.1+{WITHOUT_HASHES}-py3-none-any.whl" in warning
    assert machine.part(WITHOUT_HASHES).read_text().count("sha256") == 3
    machine.install(WITHOUT_HASHES)
    assert f"torch==2.9.1+{WITHOUT_HASHES}" in machine.installed()


@pytest.fixture
def unhashed(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine whose manifest asks for a package from an index that publishes no hashes."""
    index = tmp_path / "plain"
    add_to_index(index, "homemade", "1.0")
    write_index(index)
    page = index / "homemade" / "index.html"
    page.write_text(re.sub(r"#sha256=\w+", "", page.read_text()))
    monkeypatch.setenv("UV_INDEX", index.as_uri())
    machine.write("einops", "homemade")
    return machine


def test_packages_without_hashes_are_refused_and_nothing_is_installed(unhashed: Machine) -> None:
    unhashed.lock("none")
    with pytest.raises(HashMissing, match="homemade") as caught:
        unhashed.install("none")
    assert 'unhashed = ["homemade"]' in str(caught.value.hint)
    assert caught.value.context == {"packages": ["homemade"]}
    assert unhashed.installed() == set()


def test_packages_without_hashes_are_installed_when_the_manifest_names_them(unhashed: Machine) -> None:
    manifest = unhashed.definition / "pyproject.toml"
    manifest.write_text(f'{manifest.read_text()}\n[tool.comfydock]\nunhashed = ["Homemade"]\n')
    unhashed.lock("none").install("none")
    assert unhashed.installed() == {"einops==0.8", "homemade==1.0"}


def test_a_back_end_that_other_systems_lack_is_locked_for_those_that_have_it(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the base differs between systems uv resolves each by itself, and some have no build of PyTorch."""
    monkeypatch.delenv("UV_NO_CONFIG")  # What the question says of systems is a setting of its project.
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no settings"))
    machine.write(*COMFYUI, "kornia", "numpy<2 ; sys_platform == 'darwin'", "numpy>=2 ; sys_platform != 'darwin'")
    machine.lock(LINUX_ALONE)
    text = machine.part(LINUX_ALONE).read_text()
    machine.install(LINUX_ALONE)
    assert f"torch==2.9.1+{LINUX_ALONE}" in machine.installed()
    machine.part(LINUX_ALONE).unlink()
    machine.lock_backend(LINUX_ALONE)
    assert machine.part(LINUX_ALONE).read_text() == text


def test_an_old_back_end_has_its_own_release_and_that_is_said(machine: Machine) -> None:
    machine.lock("cpu").lock_backend(OLD)
    assert machine.reporter.warnings == [f"the index of {OLD} has no torch 2.9.1; its lock is for torch 2.6.0"]
    states = {state.backend: state for state in backend_states(str(machine.definition), manifest_of(machine))}
    assert states[OLD].state == "usable"
    assert states[OLD].part is not None
    assert (states[OLD].part.own_release, states[OLD].part.release["torch"]) == (True, "2.6.0")
    machine.install(OLD)
    assert {f"torch==2.6.0+{OLD}", f"torchvision==0.21.0+{OLD}"} <= machine.installed()


def test_a_pack_that_an_old_back_end_cannot_serve_is_named_and_nothing_is_written(machine: Machine) -> None:
    machine.write(*COMFYUI, pack="modern")
    machine.lock("cpu")
    before = files_of(machine.definition)
    with pytest.raises(RequirementsConflict, match="modern"):
        machine.lock_backend(OLD)
    assert files_of(machine.definition) == before


def test_a_back_end_that_does_not_exist_is_told_and_nothing_is_written(machine: Machine) -> None:
    before = files_of(machine.lock("cpu").definition)
    with pytest.raises(BackendNotFound, match="cu999"):
        machine.lock_backend("cu999")
    assert files_of(machine.definition) == before


def test_an_index_out_of_reach_fails_its_back_end_alone(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files_of(machine.lock("cpu").definition)
    with monkeypatch.context() as away:
        away.setenv("COMFYDOCK_PYTORCH_INDEX_URL", NOWHERE)
        with pytest.raises(NetworkUnavailable, match=ORDINARY):
            machine.lock_backend(ORDINARY)
        machine.install("cpu")
    assert files_of(machine.definition) == {**before, ".pytorch-backend": b"cpu\n"}
    assert machine.installed() == BASE | family("+cpu")


def test_the_first_lock_without_its_index_leaves_no_lock(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files_of(machine.definition)
    monkeypatch.setenv("COMFYDOCK_PYTORCH_INDEX_URL", NOWHERE)
    with pytest.raises(NetworkUnavailable, match="cpu"):
        machine.lock("cpu")
    assert files_of(machine.definition) == before


def test_an_index_that_wants_a_login_gets_it_and_no_file_does(
    machine: Machine, indexes: Indexes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_directory(indexes.root, login=("me", "sesame")) as closed:
        monkeypatch.setenv("COMFYDOCK_PYTORCH_INDEX_URL", closed.pytorch)
        monkeypatch.setenv("UV_INDEX_PYTORCH_CPU_USERNAME", "me")
        monkeypatch.setenv("UV_INDEX_PYTORCH_CPU_PASSWORD", "sesame")
        machine.lock("cpu")
        # Nothing may be cached, so that the installation has to fetch with the login, too.
        fresh = Machine(machine.definition, machine.place / "fresh")
        fresh.place.mkdir()
        fresh.install("cpu")
    assert fresh.installed() == BASE | family("+cpu")
    assert [name for name, content in files_of(machine.definition).items() if b"sesame" in content] == []


def test_an_address_with_a_password_is_refused_and_not_repeated(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMFYDOCK_PYTORCH_INDEX_URL", "https://me:sesame@mirror.example/whl")
    with pytest.raises(InvalidSetting) as caught:
        machine.lock("cpu")
    assert "sesame" not in str(caught.value)


def test_an_index_in_a_directory_serves_as_well(
    machine: Machine, indexes: Indexes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMFYDOCK_PYTORCH_INDEX_URL", (indexes.root / "pytorch").as_uri())
    machine.lock("cpu")
    machine.install("cpu")
    assert machine.installed() == BASE | family("+cpu")


# Installing


def test_two_machines_install_the_union_of_the_shared_lock_and_their_part(
    machine: Machine, another_machine: Machine
) -> None:
    machine.write(*COMFYUI, pack="kornia")
    machine.lock("cpu").lock_backend(ORDINARY)
    machine.install("cpu")
    another_machine.install(ORDINARY)
    assert machine.installed() == BASE | {"kornia==0.8.2"} | family("+cpu")
    added = {"nvidia-cublas==12.8", "triton==3.5.1"}
    assert another_machine.installed() == BASE | {"kornia==0.8.2"} | family("+cu128") | added


def test_without_a_back_end_the_family_is_left_out_though_others_require_it(machine: Machine) -> None:
    machine.write(*COMFYUI, pack="kornia")
    machine.lock("none")
    machine.install("none")
    assert machine.installed() == BASE | {"kornia==0.8.2"}
    assert not (machine.definition / "backends").exists()


def test_the_general_index_is_a_back_end_with_its_own_accelerators(machine: Machine) -> None:
    machine.lock("pypi")
    machine.install("pypi")
    torch = {"torch==2.10.0", "torchvision==0.25.0", "torchaudio==2.10.0"}
    assert machine.installed() == BASE | torch | {"nvidia-cublas==13.0", "triton==3.6.0"}


def test_another_back_end_replaces_the_first_entirely(machine: Machine) -> None:
    machine.lock(ORDINARY).lock_backend("cpu")
    machine.install(ORDINARY)
    assert machine.install("cpu") is True
    assert machine.installed() == BASE | family("+cpu")


def test_what_was_installed_by_hand_is_undone(machine: Machine) -> None:
    machine.lock("cpu")
    machine.install("cpu")
    machine.pip("install", "numpy==1.26", "kornia")
    assert machine.installed() != BASE | family("+cpu")
    assert machine.install("cpu") is True
    assert machine.installed() == BASE | family("+cpu")


def test_a_second_installation_asks_uv_nothing(machine: Machine) -> None:
    machine.lock("cpu")
    assert machine.install("cpu") is True
    missing = UVCommand(project="/x", venv="/x", cache="/x", python_installs="/x", program="/nowhere/uv")
    project = UVProjectManager(str(machine.definition), str(machine.venv), missing)
    assert project.install("cpu", machine.reporter) is False


def test_a_manifest_that_was_changed_after_locking_is_refused(machine: Machine) -> None:
    machine.lock("cpu")
    machine.add_pack(pack="kornia")
    with pytest.raises(LockOutdated):
        machine.install("cpu")
    assert machine.installed() == set()


def test_a_back_end_that_is_not_locked_is_refused(machine: Machine) -> None:
    machine.lock("cpu")
    with pytest.raises(BackendNotLocked) as caught:
        machine.install(ORDINARY)
    assert caught.value.context["known"] == ["cpu"]


def test_a_part_for_another_release_is_refused_until_it_is_locked_again(machine: Machine) -> None:
    machine.lock("cpu")
    manifest = machine.definition / "pyproject.toml"
    text = manifest.read_text().replace("torch==2.9.1", "torch==2.10.0").replace("0.24.1", "0.25.0")
    manifest.write_text(text.replace("torchaudio==2.9.1", "torchaudio==2.10.0"))
    machine.project.lock("pypi", machine.reporter)
    with pytest.raises(BackendPartRefused, match=r"torch 2\.9\.1.*torch 2\.10\.0"):
        machine.install("cpu")
    assert machine.installed() == set()
    machine.lock_backend("pypi")
    machine.install("pypi")
    assert "torch==2.10.0" in machine.installed()


def test_a_package_in_both_files_is_refused_by_name_until_the_part_is_locked_again(machine: Machine) -> None:
    machine.lock(ORDINARY)
    machine.add_pack(pack="kernels")
    machine.project.lock(ORDINARY, machine.reporter)
    with pytest.raises(BackendPartRefused, match="triton"):
        machine.install(ORDINARY)
    machine.lock_backend(ORDINARY)
    assert "triton" not in machine.part(ORDINARY).read_text()
    machine.install(ORDINARY)
    assert {"kernels==1.0", "triton==3.5.1"} <= machine.installed()


def test_a_part_with_a_file_that_has_no_hash_is_refused(machine: Machine) -> None:
    machine.lock("cpu")
    part = machine.part("cpu")
    lines = part.read_text().splitlines(keepends=True)
    cut = [line.partition(", hashes")[0] + " }]\n" if "torchvision-" in line else line for line in lines]
    part.write_text("".join(cut))
    with pytest.raises(BackendPartRefused, match=r"torchvision-0\.24\.1\+cpu-py3-none-any\.whl"):
        machine.install("cpu")
    assert machine.installed() == set()


def test_a_file_that_is_not_the_locked_one_is_refused(machine: Machine, another_machine: Machine) -> None:
    machine.lock("cpu")
    part = machine.part("cpu")
    text = part.read_text()
    digest = text.split('sha256 = "')[1][:64]
    part.write_text(text.replace(digest, "0" * 64))
    with pytest.raises(HashMismatch):
        another_machine.install("cpu")
    assert another_machine.project.is_installed("cpu") is False


def test_the_same_version_with_another_hash_is_installed_again(machine: Machine, tmp_path: Path) -> None:
    build_indexes(tmp_path / "shop")
    with serving_directory(tmp_path / "shop") as shop, pytest.MonkeyPatch.context() as patch:
        for name, value in shop.variables().items():
            patch.setenv(name, value)
        machine.lock("cpu")
        machine.install("cpu")
        wheel = next((tmp_path / "shop/pytorch/cpu/torchaudio").glob("*.whl"))
        before, rebuilt = wheel.read_bytes(), _rebuild(tmp_path / "shop/pytorch/cpu")
        assert rebuilt != before
        machine.part("cpu").unlink()
        fresh = Machine(machine.definition, tmp_path / "fresh")
        fresh.place.mkdir()
        fresh.lock_backend("cpu")
        renewed = UVCommand(
            project=str(machine.definition),
            venv=str(machine.venv),
            cache=str(fresh.place / "cache"),
            python_installs="/x",
        )
        UVProjectManager(str(machine.definition), str(machine.venv), renewed).install("cpu", machine.reporter)
    assert (machine.venv / "lib/python3.11/site-packages/rebuilt.py").read_text() == "again = True\n"


def _rebuild(index: Path) -> bytes:
    from tests.support.wheels import add_to_index, write_index

    wheel = add_to_index(
        index, "torchaudio", "2.9.1+cpu", requires=["torch==2.9.1"], files={"rebuilt.py": "again = True\n"}
    )
    write_index(index)
    return wheel.read_bytes()


def test_packages_that_do_not_fit_together_are_told(machine: Machine) -> None:
    machine.write(*COMFYUI, pack="older-numpy", settings='override-dependencies = ["numpy==2.3"]')
    machine.lock("cpu")
    machine.install("cpu")
    assert "numpy==2.3" in machine.installed()
    # Without the override the same lock would be a mistake: uv's check tells it.
    text = machine.part("cpu").read_text()
    assert "older-numpy==1.0" in machine.installed()
    manifest = machine.definition / "pyproject.toml"
    manifest.write_text(manifest.read_text().replace('override-dependencies = ["numpy==2.3"]\n', ""))
    lock = machine.definition / "uv.lock"
    kept = [line for line in lock.read_text().splitlines(keepends=True) if "overrides" not in line]
    lock.write_text("".join(kept))
    with pytest.raises(PackagesInconsistent):
        machine.install("cpu")
    assert machine.part("cpu").read_text() == text


def test_a_local_package_is_installed_from_its_place(machine: Machine) -> None:
    local = machine.definition.parent / "mein pack"
    (local / "src" / "mine").mkdir(parents=True)
    (local / "src" / "mine" / "__init__.py").write_text("")
    (local / "pyproject.toml").write_text(LOCAL_PACKAGE)
    machine.write(*COMFYUI, "mine", settings='[tool.uv.sources]\nmine = {path = "../mein pack", editable = true}\n')
    machine.lock("cpu")
    machine.install("cpu")
    assert machine.installed() == BASE | family("+cpu") | {"mine==1"}
    with pytest.raises(RequirementsConflict, match="mine"):
        machine.lock_backend(OLD)


# What `status` compares


def test_everything_that_may_differ_shows_in_the_record(machine: Machine) -> None:
    machine.lock("cpu").lock_backend(ORDINARY)
    machine.install("cpu")
    state = machine.state("cpu")
    assert state is not None
    assert state.state == "in-sync"
    for backend in (ORDINARY, "none", None):
        other = machine.state(backend)  # type: ignore[arg-type]
        assert other is not None
        assert (other.state, other.backend_changed, other.part_changed) == ("out-of-sync", True, False)
    part = machine.part("cpu")
    part.write_text(part.read_text() + "# changed\n")
    changed = machine.state("cpu")
    assert changed is not None
    assert (changed.state, changed.part_changed, changed.backend_changed) == ("out-of-sync", True, False)


def test_a_stopped_installation_leaves_no_record_to_rely_on(machine: Machine, another_machine: Machine) -> None:
    machine.lock("cpu").lock_backend(ORDINARY)
    machine.install("cpu")
    part = machine.part(ORDINARY)
    text = part.read_text()
    part.write_text(text.replace(text.split('sha256 = "')[1][:64], "0" * 64))
    with pytest.raises(HashMismatch):
        machine.install(ORDINARY)
    assert install_record.read_record(str(machine.venv)) is None


# What the parts are found to be


def test_every_kind_of_damage_is_found(machine: Machine) -> None:
    machine.lock("cpu").lock_backend(ORDINARY)
    machine.project.choose_backend("cu130")
    machine.part(ORDINARY).write_text("[[packages]\n")
    foreign = machine.part("cu129")
    foreign.parent.mkdir()
    foreign.write_bytes(machine.part("cpu").read_bytes())
    states = {state.backend: state for state in backend_states(str(machine.definition), manifest_of(machine))}
    assert {name: state.state for name, state in states.items()} == {
        "cpu": "usable", ORDINARY: "damaged", "cu129": "damaged", "cu130": "not-locked",
    }  # fmt: skip
    assert json.dumps([state.as_dict() for state in states.values()])


# Git


@pytest.fixture
def repository(machine: Machine) -> Machine:
    """The definition with a history, merged by ComfyDock as `create` arranges it."""
    from comfydock_core.managers.git_manager import GitManager

    machine.lock("cpu")
    GitManager(str(machine.definition)).start_history()
    return machine


def commit(machine: Machine, message: str) -> None:
    git(machine.definition, "add", "--all")
    git(
        machine.definition,
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@example.invalid",
        "commit",
        "--allow-empty",
        "-qm",
        message,
    )


def merge(machine: Machine, branch: str) -> "subprocess.CompletedProcess[str]":
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"]
    command = ["git", *identity, "merge", "--no-edit", branch]
    return subprocess.run(command, cwd=machine.definition, capture_output=True, text=True)


def on_branch(machine: Machine, name: str) -> None:
    git(machine.definition, "checkout", "-q", "-b", name, "main")


def merged_both_ways(machine: Machine, one: str, other: str) -> list[dict[str, bytes]]:
    """What a merge and the `uv lock` after it give, in either direction."""
    results = []
    for ours, theirs in ((one, other), (other, one)):
        git(machine.definition, "checkout", "-q", "-B", f"{ours}-with-{theirs}", ours)
        done = merge(machine, theirs)
        assert done.returncode == 0, done
        machine.project.lock("cpu", machine.reporter)
        commit(machine, "merged")
        results.append(files_of(machine.definition))
    return results


def test_two_branches_that_each_add_a_back_end_merge_by_themselves(repository: Machine) -> None:
    for name in (ORDINARY, OWN_PACKAGES):
        on_branch(repository, f"add-{name}")
        repository.lock_backend(name)
        commit(repository, name)
    one, other = merged_both_ways(repository, f"add-{ORDINARY}", f"add-{OWN_PACKAGES}")
    assert one == other
    assert {f"backends/{name}/pylock.toml" for name in ("cpu", ORDINARY, OWN_PACKAGES)} <= one.keys()
    repository.install(OWN_PACKAGES)


def test_two_branches_that_each_add_a_pack_merge_to_the_same_lock_either_way(repository: Machine) -> None:
    for name, requirement in (("one", "kornia"), ("two", "modern")):
        on_branch(repository, name)
        repository.add_pack(**{f"pack-{name}": requirement})
        repository.project.lock("cpu", repository.reporter)
        commit(repository, name)
    one, other = merged_both_ways(repository, "one", "two")
    assert one["uv.lock"] == other["uv.lock"]
    groups = tomllib.loads(one["pyproject.toml"].decode())["dependency-groups"]
    assert groups == {"pack-one": ["kornia"], "pack-two": ["modern"]}
    (repository.definition / "uv.lock").unlink()
    repository.project.lock("cpu", repository.reporter)
    assert (repository.definition / "uv.lock").read_bytes() == one["uv.lock"]


def test_a_version_that_one_side_holds_back_stays_held_back(repository: Machine) -> None:
    repository.add_pack(pack="kornia")
    repository.project.lock("cpu", repository.reporter)
    commit(repository, "with kornia")
    on_branch(repository, "held")
    repository.project.lock("cpu", repository.reporter, upgrade=["kornia==0.8.1"])
    assert 'version = "0.8.1"' in (repository.definition / "uv.lock").read_text()
    commit(repository, "held")
    on_branch(repository, "other")
    repository.add_pack(other="modern")
    repository.project.lock("cpu", repository.reporter)
    commit(repository, "other")
    one, other = merged_both_ways(repository, "held", "other")
    assert one["uv.lock"] == other["uv.lock"]
    assert b'name = "kornia"\nversion = "0.8.1"' in one["uv.lock"]


def test_an_unfinished_merge_cannot_be_installed(repository: Machine) -> None:
    for name, requirement in (("one", "kornia"), ("two", "modern")):
        on_branch(repository, name)
        repository.add_pack(**{name: requirement})
        repository.project.lock("cpu", repository.reporter)
        commit(repository, name)
    assert merge(repository, "one").returncode == 0
    with pytest.raises(LockOutdated):
        repository.install("cpu")


def test_a_key_that_both_sides_changed_is_an_ordinary_conflict_and_says_which(repository: Machine) -> None:
    manifest = repository.definition / "pyproject.toml"
    text = manifest.read_text()
    for name in ("one", "two"):
        on_branch(repository, name)
        manifest.write_text(f'{text}\n[tool.comfydock.nodes.pack]\nversion = "{name}"\n')
        commit(repository, name)
    done = merge(repository, "one")
    assert done.returncode == 1
    assert "tool.comfydock.nodes.pack.version" in done.stderr
    assert git(repository.definition, "diff", "--name-only", "--diff-filter=U").split() == ["pyproject.toml"]
    assert tomllib.loads(manifest.read_text())["tool"]["comfydock"]["nodes"]["pack"]["version"] == "two"
