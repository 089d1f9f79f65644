"""`just release`: from a clean tree to `dist/release/`, everything that people download."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from build import describe
from build.artifacts import Builder, publish
from build.paths import Layout
from build.portable.pins import read_portable
from build.release.archive import write_archive
from build.release.bill import write_bill
from build.release.components import (
    Component,
    interpreter_component,
    portable_components,
    python_components,
)
from build.release.share import write_share
from build.release.sums import write_sums
from build.symbols import broken, needs_of
from build.symbols import version as symbols_version
from build.venvs import find_uv

# Distributions that Nuitka's part of the program comes from, beside those that the artifact's settings name.
_RUNTIME = ("nuitka",)
_SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


class ReleaseError(Exception):
    """A release cannot be made from this tree."""


def release_of(root: Path, say: Callable[[str], None] = print) -> "Release":
    """The release of a checkout, on Linux with the program for old systems. Raises `ReleaseError`."""
    portable = platform_name() == "linux-x86_64"
    if sys.platform == "linux" and not portable:
        raise ReleaseError("a release for Linux is made on x86_64, where there is an interpreter for old systems")
    return Release(Builder.of(Layout(root, portable=portable), say))


@dataclass(frozen=True, slots=True)
class Release:
    """One release of this tree for this kind of machine."""

    builder: Builder
    form: str = "nuitka"

    @property
    def directory(self) -> Path:
        return self.builder.layout.root / "dist" / "release"

    @property
    def name(self) -> str:
        """Like `comfydock-2.0.0-linux-x86_64`; releases and the programs that install them agree on it."""
        return f"comfydock-{self._version}-{platform_name()}"

    @property
    def _version(self) -> str:
        return describe.version(self.builder.layout)

    def make(self, *, dirty: bool = False) -> Path:
        """Make everything aside, then put it in place of an earlier one. Raises `ReleaseError` and what building does.

        `dirty` takes a tree with changes; the commit in the description says so then.
        """
        commit, seconds = self._commit(dirty=dirty)
        artifact = self.builder.make(self.form)
        if self._is_current(artifact, commit):
            self.builder.say("release: up to date")
            return self.directory
        self._check_symbols(artifact)
        fresh = self.directory.with_name(".release.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        self._write_archive(artifact, fresh, commit, seconds)
        self._write_documentation(fresh, seconds)
        self._write_packages(fresh, seconds)
        for name in ("install.sh", "install.ps1"):
            shutil.copyfile(self.builder.layout.root / "build/install" / name, fresh / name)
        write_sums(fresh)
        publish(fresh, self.directory)
        for path in sorted(self.directory.iterdir()):
            self.builder.say(f"release: {path.stat().st_size / 1e6:7.2f} MB  {path.name}")
        return self.directory

    def _is_current(self, artifact: Path, commit: str) -> bool:
        """Whether the release on disk is of this commit, with nothing beside it, and of this artifact."""
        path = self.directory / f"{self.name}.artifact.json"
        if commit.endswith("-dirty") or not path.is_file():
            return False
        found = json.loads(path.read_text("utf-8"))
        fingerprint = describe.read(artifact).get("fingerprint")
        return bool(found.get("commit") == commit and found.get("fingerprint") == fingerprint)

    def _check_symbols(self, artifact: Path) -> None:
        """Refuse a program that would not run where it is said to run."""
        if self.builder.layout.portable:
            oldest = read_portable(self.builder.layout.config).glibc
            faults = broken(needs_of(artifact), symbols_version(oldest))
            if faults:
                raise ReleaseError("the program is not portable:\n" + "\n".join(faults))

    def _commit(self, *, dirty: bool) -> tuple[str, int]:
        """The commit of the tree and its time."""
        commit = describe.commit(self.builder.layout)
        if commit is None:
            raise ReleaseError("a release is made from a commit, and this is no git repository")
        if commit.endswith("-dirty") and not dirty:
            raise ReleaseError("the tree has changes that are not committed; a release is made from a commit")
        command = ["git", "-C", str(self.builder.layout.root), "show", "-s", "--format=%ct", "HEAD"]
        return commit, int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    def _write_archive(self, artifact: Path, fresh: Path, commit: str, seconds: int) -> None:
        """The program with its licences and what belongs below `share/`, its bill and its description."""
        tree = self.builder.layout.work / "release" / self.name
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(artifact, tree, symlinks=True)
        components = tuple(self._components())
        write_share(self.builder.layout, tree / "share")
        write_licences(tree / "licenses", components)
        # How long a build took is no part of what was built.
        description = {key: value for key, value in describe.read(artifact).items() if key != "build"}
        text = json.dumps({**description, "commit": commit}, indent=2) + "\n"
        (tree / describe.DESCRIPTION).write_text(text, "utf-8")
        (fresh / f"{self.name}.artifact.json").write_text(text, "utf-8")
        write_bill(fresh / f"{self.name}.cdx.json", self._version, commit, seconds, components)
        suffix = ".zip" if sys.platform == "win32" else ".tar.gz"
        write_archive(tree, fresh / f"{self.name}{suffix}", seconds)

    def _write_documentation(self, fresh: Path, seconds: int) -> None:
        """What lies below `share/`, for those who package the program themselves, and the reference to be read."""
        tree = self.builder.layout.work / "release" / self.name / "share"
        write_archive(tree, fresh / f"comfydock-{self._version}-share.tar.gz", seconds)
        shutil.copyfile(tree / "doc/comfydock/reference.html", fresh / f"comfydock-{self._version}-reference.html")

    def _write_packages(self, fresh: Path, seconds: int) -> None:
        """Wheels and source archives of both packages."""
        environ = {**os.environ, "SOURCE_DATE_EPOCH": str(seconds)}
        command = [find_uv(), "build", "--quiet", "--all-packages", "--out-dir", str(fresh)]
        subprocess.run(command, cwd=self.builder.layout.root, env=environ, check=True)
        (fresh / ".gitignore").unlink(missing_ok=True)

    def _components(self) -> Iterator[Component]:
        """Libraries are the portable interpreter's, or came with one whose licence names theirs."""
        settings, layout = self.builder.artifact, self.builder.layout
        site_packages = next(layout.build_venv.glob("lib/python*/site-packages"))
        names = [name.replace("_", "-") for name in settings.third_party]
        yield from python_components(site_packages, (*names, *settings.programs, *_RUNTIME))
        if layout.portable:
            yield from portable_components(layout)
        else:
            yield interpreter_component(Path(self.builder.interpreter.executable))


def platform_name() -> str:
    """How a release calls the kind of machine that it is made on; the program looks for this name."""
    machine = platform.machine().lower()
    return f"{_SYSTEMS.get(sys.platform, sys.platform)}-{_MACHINES.get(machine, machine)}"


def write_licences(directory: Path, components: tuple[Component, ...]) -> None:
    """A directory for each component with the files that state its licence, and a list of all."""
    lines = ["ComfyDock contains:\n\n"]
    for component in sorted(components, key=lambda one: one.name):
        place = directory / component.name
        place.mkdir(parents=True, exist_ok=True)
        for path in component.licence_files:
            shutil.copyfile(path, place / path.name)
        lines.append(f"{component.name} {component.version} ({component.licence}): licenses/{component.name}/\n")
    (directory / "README.txt").write_text("".join(lines), "utf-8")
