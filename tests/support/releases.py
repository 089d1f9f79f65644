"""Releases for tests: small ones with a script for a program, and ones of the compiled program under any version."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from build.describe import version as version_of
from build.paths import Layout
from build.release.archive import write_archive
from build.release.sums import write_sums
from comfydock_core.factories.program_factory import platform_name
from tests.support.programs import ensure_artifact

PLATFORM = platform_name()
_QUICK = 1  # Of gzip: these archives are made to be unpacked once.


def small_release(place: Path, version: str, *, share: Iterable[str] = (), program: str = "") -> Path:
    """Add a release to the directory `place`, whose program is a script that says its version, or the given one."""
    tree = _new_tree(place, version)
    script = program or f"#!/bin/sh\necho comfydock {version}\n"
    (tree / "comfydock").write_text(script)
    (tree / "comfydock").chmod(0o755)
    for name in share:
        path = tree / "share" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name} of {version}\n")
    return _finish(place, tree)


def real_release(place: Path, version: str, artifact: Path | None = None) -> Path:
    """Add a release of the compiled program, without uv, that believes to be `version`.

    Its bytes are changed where they name the version, which must have as many characters as the true one. `artifact` is
    the directory of another build than the ordinary one.
    """
    layout = Layout()
    if artifact is None:
        ensure_artifact(layout, "nuitka")
    true = version_of(layout)
    assert len(version) == len(true)
    tree = _new_tree(place, version)
    shutil.copytree(artifact or layout.artifact("nuitka"), tree, symlinks=True, dirs_exist_ok=True)
    (tree / "uv").unlink()
    program = tree / "comfydock"
    content = program.read_bytes()
    assert true.encode() in content
    program.write_bytes(content.replace(true.encode(), version.encode()))
    (tree / "share/man/man1").mkdir(parents=True, exist_ok=True)
    (tree / f"share/man/man1/comfydock-{version}.1").write_text(version)
    return _finish(place, tree)


def archive_of(place: Path, version: str) -> Path:
    """The archive of a release in a directory."""
    return place / f"comfydock-{version}-{PLATFORM}.tar.gz"


def run_installer(
    script: Path, *words: str, shell: Iterable[str] = ("sh",), env: dict[str, str], cwd: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run the installer with nothing on standard input, in a process group of its own."""
    command = [*shell, str(script), *words]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, cwd=cwd, start_new_session=True
    )


def _new_tree(place: Path, version: str) -> Path:
    tree = place / ".trees" / f"comfydock-{version}-{PLATFORM}"
    tree.mkdir(parents=True)
    return tree


def _finish(place: Path, tree: Path) -> Path:
    write_archive(tree, place / f"{tree.name}.tar.gz", 1_700_000_000, level=_QUICK)
    shutil.rmtree(tree.parent)
    write_sums(place)
    return place
