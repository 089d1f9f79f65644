"""Virtual environments, whole and damaged, made by real uv."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from comfydock_core.analyzers.packages.virtual_environment import (
    changed_distributions,
    check_contents,
    check_distributions,
    is_relocatable,
    quick_check,
)
from comfydock_core.integrations.uv_command import find_uv
from comfydock_core.models.packages.virtual_environment import VenvFault
from comfydock_core.repositories.install_record import installed_distributions
from comfydock_core.utils.files.tree_copy import copy_tree, link_tree
from tests.support.miniature import Miniature
from tests.support.wheels import write_wheel


def uv(*words: str, cache: Path) -> None:
    environment = {**os.environ, "UV_CACHE_DIR": str(cache), "UV_LINK_MODE": "hardlink"}
    subprocess.run([find_uv(), "--quiet", *words], env=environment, check=True)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> Path:
    """A virtual environment with a few packages; tests work on copies of it."""
    place = tmp_path_factory.mktemp("finished")
    venv, cache = place / "venv", place / "cache"
    uv("venv", "--relocatable", "--no-project", str(venv), cache=cache)
    index = ["--default-index", miniature.index.as_uri()]
    uv("pip", "install", "--python", str(venv), *index, "mini-imaging==1.0", "mini-math<3", cache=cache)
    return venv


@pytest.fixture
def venv(finished: Path, tmp_path: Path) -> Path:
    place = tmp_path / "Umgebung ☃" / "venv"
    place.parent.mkdir()
    copy_tree(str(finished), str(place))
    return place


@pytest.fixture
def overlapping(tmp_path: Path) -> Path:
    """Two distributions that hold one file, as the builds of OpenCV do; it is the second one's."""
    venv, cache = tmp_path / "overlapping", tmp_path / "cache"
    uv("venv", "--relocatable", "--no-project", str(venv), cache=cache)
    for name, content in (("first", "x = 1\n"), ("second", "x = 222\n")):
        wheel = write_wheel(tmp_path, name, "1.0", files={"shared/__init__.py": content})
        uv("pip", "install", "--python", str(venv), "--no-index", str(wheel), cache=cache)
    return venv


def test_a_file_that_two_distributions_hold_may_be_of_either(overlapping: Path) -> None:
    names = installed_distributions(str(packages(overlapping)))
    assert check_distributions(str(overlapping), names) == ()
    assert check_contents(str(overlapping)) == ()


def test_a_shared_file_that_is_of_neither_is_a_fault_of_both(overlapping: Path) -> None:
    (packages(overlapping) / "shared/__init__.py").unlink()
    (packages(overlapping) / "shared/__init__.py").write_text("damaged" * 10)
    names = installed_distributions(str(packages(overlapping)))
    found = {(fault.kind, fault.distribution) for fault in check_distributions(str(overlapping), names)}
    assert found == {("file-size", "first-1.0"), ("file-size", "second-1.0")}


def packages(venv: Path) -> Path:
    (found,) = venv.glob("lib/*/site-packages")
    return found


def faults(venv: Path) -> list[tuple[str, str | None]]:
    return [(fault.kind, fault.distribution) for fault in quick_check(str(venv)).faults]


def deep(venv: Path) -> list[tuple[str, str | None, str]]:
    return [(fault.kind, fault.distribution, fault.path) for fault in check_contents(str(venv))]


def test_a_whole_environment_has_no_faults(venv: Path) -> None:
    check = quick_check(str(venv))
    assert (check.faults, check.relocatable, check.distributions) == ((), True, 3)
    assert check.can_be_copied
    names = installed_distributions(str(packages(venv)))
    assert names == ["mini_base-1.5", "mini_imaging-1.0", "mini_math-2.0"]
    assert check_distributions(str(venv), names) == ()
    assert check_contents(str(venv)) == ()


def test_looking_changes_nothing(venv: Path) -> None:
    before = {path: path.lstat().st_mtime_ns for path in venv.rglob("*")}
    quick_check(str(venv))
    check_contents(str(venv))
    assert {path: path.lstat().st_mtime_ns for path in venv.rglob("*")} == before


@pytest.mark.parametrize("damage", ["emptied", "deleted"])
@pytest.mark.parametrize("file", ["METADATA", "RECORD"])
def test_a_distribution_without_its_papers_is_named(venv: Path, file: str, damage: str) -> None:
    path = packages(venv) / "mini_math-2.0.dist-info" / file
    path.write_bytes(b"") if damage == "emptied" else path.unlink()
    kind = f"{file.lower()}-{'empty' if damage == 'emptied' else 'missing'}"
    assert faults(venv) == [(kind, "mini_math-2.0")]
    assert kind in {fault.kind for fault in check_distributions(str(venv), ["mini_math-2.0"])}
    assert not quick_check(str(venv)).can_be_copied


def test_what_a_killed_upgrade_leaves_beside_the_new_version_is_named(venv: Path) -> None:
    shutil.copytree(packages(venv) / "mini_math-2.0.dist-info", packages(venv) / "Mini.Math-1.9.dist-info")
    assert faults(venv) == [("distribution-twice", "mini_math-2.0")]


def test_a_python_that_is_gone_is_told(venv: Path) -> None:
    (venv / "bin/python").unlink()
    assert faults(venv) == [("python-missing", None)]


def test_a_python_whose_installation_is_gone_is_told(venv: Path, tmp_path: Path) -> None:
    (venv / "bin/python").unlink()
    (venv / "bin/python").symlink_to(tmp_path / "removed")
    assert faults(venv) == [("python-missing", None)]


def test_a_python_that_does_not_start_is_told_with_its_words(venv: Path) -> None:
    (venv / "bin/python").unlink()
    (venv / "bin/python").write_text("#!/bin/sh\necho no such library >&2\nexit 127\n")
    (venv / "bin/python").chmod(0o755)
    (fault,) = quick_check(str(venv)).faults
    assert (fault.kind, fault.detail) == ("python-broken", "no such library")


def test_a_python_that_is_no_program_is_told(venv: Path) -> None:
    (venv / "bin/python").unlink()
    (venv / "bin/python").write_bytes(b"\x7fELF nonsense")
    (venv / "bin/python").chmod(0o755)
    assert faults(venv) == [("python-broken", None)]


def test_an_environment_without_packages_is_told(venv: Path, tmp_path: Path) -> None:
    shutil.rmtree(venv / "lib")
    assert ("packages-missing", None) in faults(venv)
    assert [fault.kind for fault in check_contents(str(venv))] == ["packages-missing"]
    assert faults(tmp_path / "nowhere") == [("python-missing", None), ("packages-missing", None)]


def test_a_module_cut_short_is_found_among_the_changed_ones(venv: Path) -> None:
    module = packages(venv) / "mini_math/__init__.py"
    module.write_bytes(module.read_bytes()[:5])
    assert faults(venv) == []
    (fault,) = check_distributions(str(venv), ["mini_base-1.5", "mini_math-2.0"])
    assert (fault.kind, fault.distribution, fault.path) == ("file-size", "mini_math-2.0", "mini_math/__init__.py")
    assert str(fault).startswith("`mini_math/__init__.py` of mini_math-2.0 has another size: 5 bytes instead of ")


def test_a_module_that_is_gone_is_found_among_the_changed_ones(venv: Path) -> None:
    (packages(venv) / "mini_math/__init__.py").unlink()
    assert check_distributions(str(venv), ["mini_math-2.0"]) == (
        VenvFault("file-missing", "mini_math/__init__.py", "mini_math-2.0"),
    )


def test_a_script_that_is_gone_is_found(venv: Path) -> None:
    (venv / "bin/mini-imaging").unlink()
    (fault,) = check_distributions(str(venv), ["mini_imaging-1.0"])
    assert (fault.kind, fault.path) == ("file-missing", "../../../bin/mini-imaging")


def test_a_distribution_that_is_not_there_is_told(venv: Path) -> None:
    (fault,) = check_distributions(str(venv), ["mini_math-9"])
    assert fault.kind == "distribution-missing"


def test_a_record_that_is_nonsense_is_told(venv: Path) -> None:
    (packages(venv) / "mini_math-2.0.dist-info/RECORD").write_text("mini_math/__init__.py\n")
    (fault,) = check_distributions(str(venv), ["mini_math-2.0"])
    assert (fault.kind, fault.detail) == ("record-unreadable", "line 1 does not hold a path, a hash and a size")


def test_a_changed_file_of_the_same_size_is_found_by_its_hash(venv: Path) -> None:
    module = packages(venv) / "mini_math/__init__.py"
    module.write_bytes(module.read_bytes().replace(b"2.0", b"2.9"))
    assert check_distributions(str(venv), ["mini_math-2.0"]) == ()
    assert deep(venv) == [("file-content", "mini_math-2.0", "mini_math/__init__.py")]


def test_compiled_code_that_is_missing_is_no_fault(venv: Path) -> None:
    record = packages(venv) / "mini_math-2.0.dist-info/RECORD"
    record.write_text(record.read_text() + "mini_math/__pycache__/__init__.cpython-311.pyc,,\n")
    assert check_contents(str(venv)) == ()


@pytest.mark.parametrize(
    ("text", "relocatable"),
    [("relocatable = true\n", True), ("home = /x\nrelocatable=true", True), ("relocatable=True\r\n", True),
     ("relocatable = false\n", False), ("", False), ("\xff relocatable", False)],
)  # fmt: skip
def test_what_the_configuration_says_about_moving(venv: Path, text: str, relocatable: bool) -> None:
    (venv / "pyvenv.cfg").write_text(text, encoding="latin-1")
    assert is_relocatable(str(venv)) is relocatable
    assert quick_check(str(venv)).can_be_copied is relocatable


def test_an_environment_without_its_configuration_cannot_be_moved(venv: Path) -> None:
    (venv / "pyvenv.cfg").unlink()
    assert is_relocatable(str(venv)) is False


def test_what_a_sync_of_a_linked_copy_installed_is_known(venv: Path, miniature: Miniature, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    link_tree(str(venv), str(copy))
    assert changed_distributions(str(venv), str(copy)) == []
    index = ["--default-index", miniature.index.as_uri()]
    uv("pip", "install", "--python", str(copy), *index, "mini-imaging==1.1", cache=tmp_path / "cache")
    assert changed_distributions(str(venv), str(copy)) == ["mini_imaging-1.1"]
    assert check_distributions(str(copy), ["mini_imaging-1.1"]) == ()
    uv("pip", "install", "--python", str(copy), *index, "--reinstall", "mini-math<3", cache=tmp_path / "cache")
    assert changed_distributions(str(venv), str(copy)) == ["mini_base-1.5", "mini_imaging-1.1", "mini_math-2.0"]


def test_of_an_environment_built_anew_everything_is_new(venv: Path, tmp_path: Path) -> None:
    everything = installed_distributions(str(packages(venv)))
    assert changed_distributions(str(tmp_path / "nothing"), str(venv)) == everything
    assert changed_distributions(str(venv), str(tmp_path / "nothing")) == []
