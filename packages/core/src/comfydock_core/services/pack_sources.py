"""Where node packs come from: finding a release, and getting its code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

from comfydock_core.models.packs.node_packs import PackContent, PackReference
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodeInfo
from comfydock_core.services.pack_contents import PackContents
from comfydock_core.utils.versions import is_full_commit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.services.node_lookup_service import NodeLookupService


class PackSources:
    """The registry, repositories, and what the cache has of them."""

    def __init__(self, lookup: Callable[[], NodeLookupService], contents: PackContents) -> None:
        """`lookup` is called when something is to be found: what asks registries and repositories is loaded then."""
        self._make_lookup = lookup
        self._contents = contents

    @cached_property
    def _lookup(self) -> NodeLookupService:
        return self._make_lookup()

    def find(self, reference: PackReference, reporter: Reporter, *, force: bool = False) -> NodeInfo:
        """The release that a reference means. Raises what `NodeLookupService.release` raises."""
        return self._lookup.release(reference, reporter, force=force)

    def latest(self, release: NodeInfo, reporter: Reporter) -> NodeInfo:
        """The release to update to; the same version when there is none. Raises what
        `NodeLookupService.latest` raises.
        """
        return self._lookup.latest(release, reporter)

    def other_versions(self, release: NodeInfo, reporter: Reporter) -> list[NodeInfo]:
        """The other acceptable releases of a pack of the registry, newest first; none for packs from elsewhere.

        Raises what `NodeLookupService.others` raises.
        """
        return self._lookup.others(release, reporter)

    def obtain(self, release: NodeInfo, reporter: Reporter) -> PackContent:
        """The code of a release, from the cache if it is there.

        Manifests do not say where the archive of a version is when its address was secret, and older ones may lack it
        or have only the beginning of a commit: then the source is asked.
        Raises what finding and `PackContents.obtain` raise.
        """
        if release.source == "registry" and release.download_url is None:
            kept = self._contents.kept(release)
            if kept is not None:
                return kept
            identifier = release.registry_id or release.identifier
            return self._again(PackReference(identifier, "registry", identifier, release.version), release, reporter)
        if release.source == "git" and not is_full_commit(release.version):
            reference = PackReference(release.name, "git", address=release.repository, ref=release.version)
            return self._again(reference, release, reporter)
        return self._contents.obtain(release, reporter)

    def kept(self, release: NodeInfo) -> PackContent | None:
        """The code of a release if the cache has it; nobody is asked. Raises `FileSystemError`."""
        return self._contents.kept(release)

    def archive_of(self, release: NodeInfo) -> str | None:
        """The SHA-256 of the archive that a release of the registry came in, as far as that is known here."""
        return self._contents.archive_of(release)

    def place(self, content: PackContent, directory: str) -> None:
        """Copy the code to a directory that does not exist yet. Raises `OSError`."""
        self._contents.place(content, directory)

    def take_in(self, release: NodeInfo, bundle: str, reporter: Reporter) -> None:
        """Keep the code of a release from git that somebody else packed. Raises what `PackContents.take_in` raises."""
        self._contents.take_in(release, bundle, reporter)

    def fetch_archive(self, release: NodeInfo, path: str, reporter: Reporter) -> str:
        """Fetch the archive of a release into a file; returns its SHA-256. Raises what `PackContents` raises."""
        return self._contents.fetch_archive(release, path, reporter)

    def take_in_archive(self, release: NodeInfo, copy: Callable[[str], None], reporter: Reporter) -> bool:
        """Keep the code of a release from its archive, which `copy` makes, unless it is kept.

        Raises what `PackContents.take_in_archive` raises.
        """
        return self._contents.take_in_archive(release, copy, reporter)

    def note_release(self, release: NodeInfo, directory: str) -> None:
        """Note in a directory which release of the registry lies there. Raises `FileSystemError`."""
        self._contents.note_release(release, directory)

    def _again(self, reference: PackReference, release: NodeInfo, reporter: Reporter) -> PackContent:
        """The code of a release that is looked up; what speaks against it was weighed when it was added."""
        found = self._lookup.release(reference, reporter, force=True)
        content = self._contents.obtain(replace(found, sha256=release.sha256), reporter)
        return replace(content, release=replace(content.release, identifier=release.identifier, name=release.name))
