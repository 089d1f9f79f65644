"""Artifacts work wherever they lie and however they are called, and leave the environment of others alone."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from build.describe import describe_files, read, version
from build.libraries import OF_THE_SYSTEM, foreign_libraries
from build.paths import Layout
from build.programs import Program, plain_environment
from build.settings import read_artifact
from build.smoke import smoke
from build.workspaces import make_workspace

LAYOUT = Layout()
ARTIFACT = read_artifact(LAYOUT.config)
VERSION = version(LAYOUT)

# What a program needs of the machine beside the artifact, in a root directory of its own.
LOADER = Path("/lib64/ld-linux-x86-64.so.2")


def folder_of(artifact: Program) -> Path:
    return Path(artifact.command[0]).parent


def moved(artifact: Program, target: Path) -> Program:
    """The artifact copied to `target`."""
    shutil.copytree(folder_of(artifact), target, symlinks=True)
    return Program(artifact.form, (str(target / "comfydock"),))


def failures_of(program: Program, scratch: Path) -> str:
    scratch.mkdir(parents=True, exist_ok=True)
    return "\n".join(str(failure) for failure in smoke(program, VERSION, ARTIFACT, LAYOUT.stage, scratch))


def test_an_artifact_works_where_it_was_built(artifact: Program, tmp_path: Path) -> None:
    assert failures_of(artifact, tmp_path) == ""


def test_an_artifact_works_from_a_path_with_spaces_and_other_letters(artifact: Program, tmp_path: Path) -> None:
    place = tmp_path / "große Ablage ☃" / "日本"
    place.mkdir(parents=True)
    assert failures_of(moved(artifact, place / "comfydock"), tmp_path / "scratch") == ""


def test_an_artifact_works_through_links(artifact: Program, tmp_path: Path) -> None:
    program = moved(artifact, tmp_path / "opt" / "comfydock")
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin" / "comfydock"
    link.symlink_to(Path("..") / "opt" / "comfydock" / "comfydock")
    assert failures_of(Program(program.form, (str(link),)), tmp_path / "linked") == ""
    (tmp_path / "elsewhere").symlink_to(tmp_path / "opt")
    alias = Program(program.form, (str(tmp_path / "elsewhere" / "comfydock" / "cfd"),))
    assert failures_of(alias, tmp_path / "alias") == ""


def test_an_artifact_works_by_its_name_in_the_path(artifact: Program, tmp_path: Path) -> None:
    path = {"PATH": f"{folder_of(artifact)}{os.pathsep}{os.defpath}"}
    done = subprocess.run(["comfydock", "--version"], env=path, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == f"comfydock {VERSION}\n"


def test_an_artifact_works_without_any_environment(artifact: Program) -> None:
    done = subprocess.run([*artifact.command, "--version"], env={}, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"comfydock {VERSION}\n", "")
    done = subprocess.run([*artifact.command, "list"], env={}, capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr


def test_an_artifact_that_nobody_may_write_works_and_stays_as_it_is(artifact: Program, tmp_path: Path) -> None:
    program = moved(artifact, tmp_path / "comfydock")
    folder = folder_of(program)
    before = describe_files(folder)
    for path in [*folder.rglob("*"), folder]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    try:
        assert failures_of(program, tmp_path / "scratch") == ""
        assert describe_files(folder) == before
    finally:
        folder.chmod(0o755)
        for path in folder.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)


@pytest.mark.skipif(sys.platform != "linux", reason="the libraries of Linux")
def test_an_artifact_takes_nothing_from_the_machine_but_the_c_library(artifact: Program) -> None:
    folder = folder_of(artifact)
    found = {
        f"{path.name}: {name}"
        for path in [Path(artifact.command[0]), *folder.rglob("*.so*")]
        for name, place in foreign_libraries(path).items()
        if not place.is_relative_to(folder) and not list(folder.rglob(name))
    }
    assert found == set()


@pytest.fixture
def machine_without_python(tmp_path: Path) -> Iterator[Path]:
    """A root directory with the C library and nothing else."""
    root = tmp_path / "root"
    answer = subprocess.run(["ldd", sys.executable], capture_output=True, text=True, check=True).stdout
    libraries = next(Path(word).parent for word in answer.split() if word.endswith("/libc.so.6"))
    for path in [LOADER, *(libraries / name for name in OF_THE_SYSTEM if (libraries / name).exists())]:
        target = root / path.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path.resolve(), target)
    for name in ("tmp", "dev", "proc/self"):
        (root / name).mkdir(parents=True)
    (root / "dev" / "null").write_bytes(b"")
    (root / "proc/self/exe").symlink_to("/comfydock/comfydock")
    yield root


@pytest.mark.skipif(not LOADER.exists(), reason="the dynamic loader of Linux on x86-64")
def test_an_artifact_works_on_a_machine_without_python(artifact: Program, machine_without_python: Path) -> None:
    root = machine_without_python
    if artifact.form == "pyinstaller":  # Its loader wants this one of the machine, though a copy lies in the artifact.
        shutil.copy2(next(folder_of(artifact).rglob("libz.so.1")), next(root.rglob("libc.so.6")).parent)
    shutil.copytree(folder_of(artifact), root / "comfydock", symlinks=True)
    chroot = shutil.which("chroot", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert chroot is not None
    become_root = [] if os.geteuid() == 0 else [shutil.which("unshare") or "unshare", "--user", "--map-root-user"]
    command = [*become_root, chroot, str(root), "/comfydock/comfydock"]
    parts = ("sqlite3", "ssl", "ctypes", "json", "rich.console", "urllib3", "comfydock_core.core")
    for words, text in ((("--version",), VERSION), (("--help",), "usage: comfydock"), (("__check", *parts), "work")):
        done = subprocess.run([*command, *words], env={"HOME": "/tmp"}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert text in done.stdout


_GIT = """#!/bin/sh
[ -e "$SEEN" ] || env -0 > "$SEEN"
exec "$REAL_GIT" "$@"
"""


@pytest.mark.parametrize(
    "more", [{}, {"PYTHONHOME": "/nowhere", "PYTHONPATH": "/none", "LD_LIBRARY_PATH": "/usr/none"}]
)
def test_children_get_the_environment_of_the_caller(program: Program, more: dict[str, str], tmp_path: Path) -> None:
    if program.form == "source" and more:
        more = {"LD_LIBRARY_PATH": "/usr/none"}
    seen = tmp_path / "seen"
    (tmp_path / "bin").mkdir()
    git = tmp_path / "bin" / "git"
    git.write_text(_GIT, "utf-8")
    git.chmod(0o755)
    real = shutil.which("git")
    assert real is not None
    environment = {
        "PATH": f"{git.parent}{os.pathsep}{os.environ['PATH']}",
        "REAL_GIT": real,
        "SEEN": str(seen),
        "COMFYDOCK_HOME": str(make_workspace(tmp_path / "workspace", 1)),
        **more,
    }
    done = program.run(("status",), environment)
    assert done.returncode == 0, done.stderr
    child = dict(line.split("=", 1) for line in seen.read_text("utf-8").split("\0") if line)
    for name in ("PATH", "HOME", "LANG", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH"):
        expected = {**plain_environment(), **environment}.get(name)
        assert child.get(name) == expected, name
    assert [name for name in child if name.startswith(("_PYI", "_MEI", "NUITKA", "LD_LIBRARY_PATH_ORIG"))] == []


def test_an_artifact_says_what_it_is(artifact: Program) -> None:
    folder = folder_of(artifact)
    told = read(folder)
    files = told["files"]
    assert isinstance(files, dict)
    assert told["version"] == VERSION
    assert told["form"] == artifact.form
    assert {name: (facts["size"], facts["sha256"]) for name, facts in files.items()} == describe_files(folder)
    assert int(str(told["size_without_programs"])) <= 60_000_000
    assert "uv" in files
    uv = subprocess.run([folder / "uv", "--version"], capture_output=True, text=True)
    assert uv.stdout.startswith("uv ")


def test_an_artifact_uses_the_uv_that_it_carries(artifact: Program, tmp_path: Path) -> None:
    """Also modules that are not compiled know that they are part of a frozen program."""
    home = make_workspace(tmp_path / "workspace", 0)
    done = artifact.run(["doctor", "--json"], {"COMFYDOCK_HOME": str(home)})
    found = json.loads(done.stdout)["data"]["findings"]
    assert [one["message"] for one in found if str(folder_of(artifact) / "uv") in one["message"]], found
