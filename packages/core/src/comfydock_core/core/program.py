"""`Program`: ComfyDock itself, one short method for each use case. It belongs to no workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import ReleaseNotFound
from comfydock_core.models.plan import PlanStep

if TYPE_CHECKING:
    from collections.abc import Callable

    from comfydock_core.models.program import InstalledProgram, Release
    from comfydock_core.models.protocols import Reporter
    from comfydock_core.services.program import ProgramInstallation, ProgramReleases


class Program:
    """The installation that this program was started from, and the releases that could take its place."""

    def __init__(
        self, find_installation: Callable[[], ProgramInstallation], find_releases: Callable[[], ProgramReleases]
    ) -> None:
        """Both are asked when they are needed: looking for a release needs no installation."""
        self._find_installation = find_installation
        self._find_releases = find_releases

    def installed(self) -> InstalledProgram:
        """What the installer put there. Raises `ProgramNotInstalled`, `FileSystemError`."""
        return self._find_installation().state()

    def offered(self, version: str | None = None) -> Release:
        """The release of a version, or the newest. Raises `ReleaseNotFound`, `RemoteError`, `FileSystemError`."""
        return self._find_releases().find(version)

    def update(self, release: Release, reporter: Reporter) -> None:
        """Put a release in place of the version in use, which stays to go back to.

        Raises `ProgramNotInstalled`, `DigestMismatch`, `ArchiveRefused`, `ReleaseBroken`, `RemoteError`,
        `FileSystemError`; then the version in use is still the same.
        """
        self._find_installation().install(release, self._find_releases(), reporter)

    def go_back(self) -> InstalledProgram:
        """Put the version before in place of the one in use. Raises `ReleaseNotFound`, `ProgramNotInstalled`."""
        installation = self._find_installation()
        if installation.state().previous is None:
            raise ReleaseNotFound(
                "there is no version of ComfyDock to go back to: nothing was installed before this one",
                hint="`comfydock self update --to VERSION` installs another one",
            )
        installation.go_back()
        return installation.state()

    def uninstall(self) -> InstalledProgram:
        """Remove all versions; workspaces stay. Raises `ProgramNotInstalled`, `ProgramInUse`, `FileSystemError`."""
        installation = self._find_installation()
        state = installation.state()
        installation.uninstall()
        return state


def plan_update(installed: InstalledProgram, release: Release) -> list[PlanStep]:
    """What `update` will do."""
    return [
        PlanStep("fetch", release.archive, f"from {without_credentials(release.place)}"),
        PlanStep("verify", release.archive, f"SHA-256 {release.sha256}"),
        PlanStep("install", f"ComfyDock {release.version}", f"in {installed.prefix}"),
        PlanStep("keep", f"ComfyDock {installed.version}", "to go back to"),
    ]


def plan_uninstall(installed: InstalledProgram) -> list[PlanStep]:
    """What `uninstall` will do."""
    versions = [installed.version, *([installed.previous] if installed.previous else [])]
    return [
        *(PlanStep("remove", f"ComfyDock {version}", f"from {installed.prefix}") for version in versions),
        PlanStep("remove", "commands, completions and manual pages", f"below {installed.prefix}"),
    ]
