"""The releases of ComfyDock: which there are, and getting one, verified.

A place of releases is a directory, or the address of one, with `SHA256SUMS` in the format of `sha256sum` and archives
named `comfydock-VERSION-PLATFORM.tar.gz`.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from comfydock_core.clients.transport import Transport
from comfydock_core.configs.defaults import RELEASES
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import DigestMismatch, ReleaseNotFound
from comfydock_core.models.program import Release
from comfydock_core.models.protocols import Reporter
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.versions import is_prerelease, version_key

SUMS = "SHA256SUMS"

_LINE = re.compile(r"(?P<sha256>[0-9a-f]{64}) [ *](?P<name>[^/\\\x00-\x1f]+)")
_LARGEST = 1_000_000_000


class ProgramReleases:
    """The releases for one platform, at one place; without a place those that ComfyDock publishes."""

    def __init__(self, transport: Transport, platform: str, place: str | None = None) -> None:
        """`platform` is like `linux-x86_64`; `place` is a directory, a `file:` address or one of a server."""
        self._transport = transport
        self._platform = platform
        self._place = place.rstrip("/") if place else None

    def find(self, version: str | None = None) -> Release:
        """A version, or the newest: a finished one as long as there is any.

        Raises `ReleaseNotFound`, `FileSystemError` and what `Transport.get` raises.
        """
        place = self._place or (f"{RELEASES}/download/v{version}" if version else f"{RELEASES}/latest/download")
        known = {release.version: release for release in self._releases(place)}
        if version is not None and version in known:
            return known[version]
        if not known or version is not None:
            raise self._not_found(place, version, sorted(known, key=version_key))
        return known[max(known, key=lambda one: (not is_prerelease(one), version_key(one)))]

    def fetch(self, release: Release, path: str, reporter: Reporter) -> None:
        """Put the archive at `path`.

        Raises `DigestMismatch`, and then the file is not to be used, and what `find` raises.
        """
        reporter.phase(f"Fetching ComfyDock {release.version}")
        directory = _directory(release.place)
        if directory is not None:
            with disk_errors(f"copy {release.archive}"):
                shutil.copyfile(f"{directory}/{release.archive}", path)
        else:

            def on_progress(done: int, total: int | None) -> None:
                reporter.progress(release.archive, done, total, "bytes")

            with disk_errors(f"fetch {release.archive}"):
                address = f"{release.place}/{release.archive}"
                self._transport.download(address, path, on_progress=on_progress, max_bytes=_LARGEST)
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != release.sha256:
            raise DigestMismatch(
                f"`{release.archive}` is damaged: its SHA-256 is {found}, `{SUMS}` says {release.sha256}",
                hint="run the command again; if it stays so, do not use what this place offers",
                context={"archive": release.archive, "expected": release.sha256, "found": found},
            )

    def _releases(self, place: str) -> Iterator[Release]:
        suffix = f"-{self._platform}.tar.gz"
        for line in self._sums(place).splitlines():
            match = _LINE.fullmatch(line)
            name = match["name"] if match else ""
            if match and name.startswith("comfydock-") and name.endswith(suffix):
                version = name.removeprefix("comfydock-").removesuffix(suffix)
                if version[:1].isdigit():
                    yield Release(version, name, match["sha256"], place)

    def _sums(self, place: str) -> str:
        directory = _directory(place)
        if directory is None:
            answer = self._transport.get(f"{place}/{SUMS}")
            return "" if answer.status == 404 else answer.body.decode("utf-8", "replace")
        with disk_errors(f"read {SUMS}"):
            try:
                with open(f"{directory}/{SUMS}", encoding="utf-8", errors="replace") as file:
                    return file.read()
            except FileNotFoundError:
                return ""

    def _not_found(self, place: str, version: str | None, known: list[str]) -> ReleaseNotFound:
        wanted = f"release {version} of ComfyDock" if version else "release of ComfyDock"
        place = without_credentials(place)
        return ReleaseNotFound(
            f"there is no {wanted} for {self._platform} in `{place}`",
            hint=f"it has {', '.join(known)}" if known else "COMFYDOCK_RELEASE_URL names another place to look at",
            context={"place": place, "version": version, "platform": self._platform, "known": known},
        )


def _directory(place: str) -> str | None:
    """The directory that a place is, `None` where it is an address of a server."""
    parts = urlsplit(place)
    if parts.scheme == "file":
        return unquote(parts.path)
    return None if parts.scheme in ("http", "https") else os.path.expanduser(place)
