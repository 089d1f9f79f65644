"""The installation of ComfyDock itself: putting another version in place, going back to the one before, removing it.

A version lies in a directory that is never written to again. One link says which is in use, and replacing it is the one
step that installs: whatever stops a command, the version before works, or the new one. The installer of a release makes
the same (`build/install/install.sh`), so either can follow the other.
"""

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from comfydock_core.configs.program_layout import BEING_MADE, COMMANDS, THROUGH_CURRENT, ProgramLayout
from comfydock_core.integrations import process
from comfydock_core.models.exceptions import ProgramInUse, ProgramNotInstalled, ReleaseBroken
from comfydock_core.models.program import InstalledProgram, Release
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.program.program_releases import ProgramReleases
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files import archives, atomic
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import remove_tree

_PROGRAM = "comfydock"
_TOKEN_BYTES = 3
# Another command may be about to make a version of this age the current one.
_FRESH_SECONDS = 600.0
_ABANDONED_SECONDS = 24 * 3600.0


class ProgramInstallation:
    """The installation that a program belongs to."""

    def __init__(self, layout: ProgramLayout) -> None:
        self._layout = layout

    @classmethod
    def of(cls, program: str | None) -> "ProgramInstallation":
        """The one that `program`, the path of a frozen program, was started from. Raises `ProgramNotInstalled`."""
        if program is None:
            raise ProgramNotInstalled(
                "this ComfyDock runs from source or was installed as a Python package",
                hint="update it with what installed it: `pip install --upgrade comfydock-cli`, `pipx upgrade`"
                " or `uv tool upgrade`",
            )
        versions = os.path.dirname(os.path.dirname(os.path.realpath(program)))
        layout = ProgramLayout(os.path.dirname(os.path.dirname(versions)))
        if versions != layout.versions or not os.path.islink(layout.current):
            raise ProgramNotInstalled(
                f"`{program}` was not put there by ComfyDock's installer",
                hint="install it with the `install.sh` of a release; then it can update itself",
                context={"program": program},
            )
        return cls(layout)

    def state(self) -> InstalledProgram:
        """What is installed. Raises `FileSystemError`."""
        with disk_errors("look at what is installed"):
            current, previous = _target(self._layout.current), _target(self._layout.previous)
        back = previous if previous != current and self._has(previous) else None
        return InstalledProgram(self._layout.prefix, _version(current), None if back is None else _version(back))

    def install(self, release: Release, releases: ProgramReleases, reporter: Reporter) -> None:
        """Fetch a release, verify it, try whether it starts, and make it the version in use.

        Raises `DigestMismatch`, `ArchiveRefused`, `ReleaseBroken`, `FileSystemError`, and what `Transport` raises; then
        nothing has changed.
        """
        with disk_errors("install the release"), self._work() as work:
            fault("download")
            releases.fetch(release, f"{work}/{release.archive}", reporter)
            fault("unpack")
            reporter.phase("Unpacking it")
            archives.unpack(f"{work}/{release.archive}", f"{work}/unpacked")
            fault("try")
            _check_start(f"{work}/unpacked", release)
            # What was unpacked in small pieces lies in memory in small pieces, and starts slower than a copy of it.
            shutil.copytree(f"{work}/unpacked", f"{work}/copied", symlinks=True)
            name = f"{release.version}-{secrets.token_hex(_TOKEN_BYTES)}"
            os.utime(f"{work}/copied")
            os.rename(f"{work}/copied", f"{self._layout.versions}/{name}")
            fault("switch")
            self._switch(name, work)
            fault("link")
            self._place_links(work)
            fault("clean up")
            self._remove_old_versions()

    def go_back(self) -> None:
        """Make the version before this one the version in use, and this one the one before.

        The caller saw in `state` that there is one. Raises `FileSystemError`.
        """
        with disk_errors("go back to the version before"), self._work() as work:
            fault("switch back")
            self._switch(_target(self._layout.previous), work)
            fault("link back")
            self._place_links(work)

    def uninstall(self) -> None:
        """Remove everything that installing made: links, versions, directories that are empty then.

        Raises `ProgramInUse`, `FileSystemError`; what was interrupted can be begun again with the installer.
        """
        running = _running_from(self._layout.versions)
        if running:
            raise ProgramInUse(
                f"ComfyDock is still running: process {', '.join(map(str, running))}",
                hint="stop the ComfyUIs that it started with `comfydock run --stop`, or wait for the command to end",
                context={"processes": running},
            )
        with disk_errors("remove ComfyDock"):
            directories = self._made()
            for link in self._our_links():
                fault("remove a link")
                os.unlink(link)
            fault("remove the versions")
            remove_tree(self._layout.versions)
            for directory in sorted(filter(None, directories), reverse=True):
                with contextlib.suppress(OSError):  # It is not empty, or gone already.
                    os.rmdir(directory)

    def _has(self, name: str) -> bool:
        return bool(name) and os.path.isdir(f"{self._layout.versions}/{name}")

    @contextlib.contextmanager
    def _work(self) -> Iterator[str]:
        """A directory beside the versions, so that what is made there can be renamed to its place."""
        work = f"{self._layout.versions}/{BEING_MADE}{secrets.token_hex(_TOKEN_BYTES)}"
        os.mkdir(work)
        try:
            yield work
        finally:
            remove_tree(work)

    def _switch(self, name: str, work: str) -> None:
        """Name the version in use and the one before it: first the latter, so that it is never lost."""
        before = _target(self._layout.current)
        if before != name:
            _point(self._layout.previous, before, work)
        fault("switch current")
        _point(self._layout.current, name, work)

    def _place_links(self, work: str) -> None:
        """Links for the commands and for what the version brings; what is there and is not ours stays."""
        wanted = {f"{self._layout.bin}/{_PROGRAM}": f"../lib/comfydock/current/{_PROGRAM}"}
        wanted |= {f"{self._layout.bin}/{name}": _PROGRAM for name in COMMANDS if name != _PROGRAM}
        for name in _brought(self._layout.current):
            up = "../" * (1 + name.count("/"))
            wanted[f"{self._layout.share}/{name}"] = f"{up}lib/comfydock/current/share/{name}"
        for link, target in wanted.items():
            if not os.path.lexists(link) or _is_ours(link):
                self._make_directory(os.path.dirname(link))
                _point(link, target, work)
        for link in self._our_links():
            if not os.path.exists(link):
                os.unlink(link)

    def _make_directory(self, directory: str) -> None:
        """Make it with what is missing above it, and note what was made."""
        missing = []
        while not os.path.isdir(directory):
            missing.append(directory)
            directory = os.path.dirname(directory)
        if missing:
            atomic.write_text(self._layout.made, "".join(f"{one}\n" for one in (*self._made(), *missing)))
            os.makedirs(missing[0], exist_ok=True)

    def _made(self) -> list[str]:
        """The directories that were made, as they were noted."""
        noted = Path(self._layout.made)
        return noted.read_text("utf-8", "surrogateescape").splitlines() if noted.is_file() else []

    def _our_links(self) -> list[str]:
        """Every link of ours, those to other links of ours first.

        Looked for where the versions that are there have them: `share` may hold half a disk of other things.
        """
        possible = {f"{self._layout.bin}/{name}" for name in COMMANDS}
        for version in os.listdir(self._layout.versions):
            brought = _brought(f"{self._layout.versions}/{version}")
            possible |= {f"{self._layout.share}/{name}" for name in brought}
        return sorted(filter(_is_ours, possible), key=lambda link: (THROUGH_CURRENT in os.readlink(link), link))

    def _remove_old_versions(self) -> None:
        """Remove all but the version in use, the one before it, and what is running or was made just now."""
        kept = {_target(self._layout.current), _target(self._layout.previous)}
        for name in os.listdir(self._layout.versions):
            path = f"{self._layout.versions}/{name}"
            if name in kept or os.path.islink(path) or not os.path.isdir(path):
                continue
            age = time.time() - os.stat(path).st_mtime
            is_old = age > (_ABANDONED_SECONDS if name.startswith(BEING_MADE) else _FRESH_SECONDS)
            if is_old and not _running_from(path):
                remove_tree(path)


def _check_start(directory: str, release: Release) -> None:
    """Raise `ReleaseBroken` unless the program in the directory says that it is the release."""
    command = [f"{directory}/{_PROGRAM}", "--version"]
    if not os.access(command[0], os.X_OK):
        raise ReleaseBroken(f"`{release.archive}` holds no program that can be run")
    ran = process.capture(command, cwd=directory, env=dict(os.environ))
    if ran.returncode != 0 or ran.output.strip() != f"{_PROGRAM} {release.version}":
        said = (ran.output + ran.errors).strip().partition("\n")[0]
        raise ReleaseBroken(
            f"ComfyDock {release.version} does not start here: {said or f'exit code {ran.returncode}'}",
            hint="the installed version stays in use; `comfydock self update --to VERSION` takes another one",
            context={"version": release.version, "exit_code": ran.returncode, "output": said},
        )


def _point(link: str, target: str, work: str) -> None:
    """Make a link, or replace one, in one step."""
    new = f"{work}/link"
    os.symlink(target, new)
    os.replace(new, link)


def _brought(version: str) -> Iterator[str]:
    """What the directory of a version has for `share`, relative to it."""
    root = f"{version}/share"
    for place, _, names in os.walk(root):
        yield from (os.path.relpath(f"{place}/{name}", root) for name in names)


def _is_ours(path: str) -> bool:
    if not os.path.islink(path):
        return False
    target = os.readlink(path)
    return THROUGH_CURRENT in target or (target == _PROGRAM and os.path.basename(path) in COMMANDS)


def _target(link: str) -> str:
    """The name that a link leads to, empty where there is no link."""
    return os.readlink(link) if os.path.islink(link) else ""


def _version(directory: str) -> str:
    """The version that a directory's name tells: what stands before the token."""
    return directory.rpartition("-")[0]


def _running_from(directory: str) -> list[int]:
    """Other processes whose program lies in a directory; none where the system does not tell."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError):  # It has ended, or it is somebody else's.
                if os.readlink(f"/proc/{name}/exe").startswith(f"{directory}/"):
                    found.append(int(name))
    return sorted(found)
