"""Getting the code of a node pack's release onto this machine, and from there into environments."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.caching.custom_node_cache import CachedNodeInfo, CustomNodeCacheManager, archive_key, checkout_key
from comfydock_core.caching.repository_mirrors import RepositoryMirrors, clone_listener
from comfydock_core.clients.answers import shown as shown_address
from comfydock_core.integrations.git import changes, queries, remotes, submodules
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import (
    DigestMismatch,
    OfflineRefused,
    PackNotFound,
    PackVersionNotFound,
    UnusableAnswer,
)
from comfydock_core.models.packs.node_packs import PackContent
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodeInfo
from comfydock_core.repositories.pack_release import NOTE, note_text
from comfydock_core.utils.files import archives, atomic
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import measure_tree
from comfydock_core.utils.files.tree_copy import copy_tree
from comfydock_core.utils.git_urls import local_path, submodule_address
from comfydock_core.utils.text import counted, some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.clients.downloads import Downloaded
    from comfydock_core.clients.transport import Transport

_LARGEST_ARCHIVE = 8_000_000_000
_FOR_EVER = float("inf")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FILES_TOLD = 3


class PackContents:
    """The code of packs, kept once in a workspace. Every method can be used by several processes at once."""

    def __init__(
        self,
        directory: str,
        transport: Callable[[], Transport],
        mirrors: RepositoryMirrors,
        *,
        offline: bool = False,
    ) -> None:
        """`directory` is made when it is needed. With `offline` only what is kept can be had.

        `transport` is called when an archive is to be fetched: HTTP is loaded then.
        """
        self._cache = CustomNodeCacheManager(directory)
        self._digests = AnswerCache(f"{directory}/digests")
        self._make_transport = transport
        self._mirrors = mirrors
        self._offline = offline

    @cached_property
    def _transport(self) -> Transport:
        return self._make_transport()

    def obtain(self, release: NodeInfo, reporter: Reporter) -> PackContent:
        """The code of a release, fetched unless it is kept. The release in the answer knows its archive's digest.

        Nothing of a pack runs. Raises `PackVersionNotFound` when it is gone, `DigestMismatch` when it is not what it
        was, `ArchiveRefused`, `OfflineRefused`, `RepositoryNotFound`, `RemoteError`, `ToolError`, `FileSystemError`.
        """
        with disk_errors(f"keep the code of {release.name}"):
            if release.source == "git" and release.repository and _COMMIT.fullmatch(release.version):
                return self._from_git(release, release.repository, reporter)
            if release.source == "registry" and release.download_url:
                return self._from_archive(release, release.download_url, reporter)
        raise PackNotFound(
            f"there is no place to get the code of {release.name} {release.version} from",
            hint="a pack of the registry needs the address of its archive, one from git its repository and full commit",
            context={"name": release.name, "source": release.source, "version": release.version},
        )

    def kept(self, release: NodeInfo) -> PackContent | None:
        """The code of a release if it is kept here, without asking anybody. Raises `FileSystemError`."""
        with disk_errors(f"look at the code of {release.name}"):
            if release.source == "git" and release.repository:
                pack = self._cache.find(checkout_key(release.repository, release.version))
                return None if pack is None else PackContent(release, pack.directory, missing=pack.missing)
            is_known = release.source == "registry" and (release.download_url or release.sha256)
            return self._kept_archive(release, release.download_url or "") if is_known else None

    def archive_of(self, release: NodeInfo) -> str | None:
        """The SHA-256 of the archive that a release of the registry came in, as far as that is known here."""
        known = release.sha256 or self._digest_of(release.download_url or "")
        return known if isinstance(known, str) and _SHA256.fullmatch(known) else None

    def place(self, content: PackContent, target: str) -> None:
        """Copy the code to a place that does not exist yet, with a note of the registry's release.

        Raises `FileSystemError`, and then a part may be left.

        Work files are never hard links to the ones kept here: packs write into their own directories, and would change
        the code of every environment.
        """
        with disk_errors(f"copy the code of {content.release.name}"):
            copy_tree(content.directory, target)
            self.note_release(content.release, target)

    def note_release(self, release: NodeInfo, directory: str) -> None:
        """Note which release of the registry lies in a directory. Raises `FileSystemError`."""
        if release.source == "registry" and release.sha256 is not None:
            with disk_errors(f"note the release of {release.name}"):
                atomic.write_text(f"{directory}/{NOTE}", note_text(release.version, release.sha256))

    def take_in(self, release: NodeInfo, bundle: str, reporter: Reporter) -> None:
        """Keep the commit that a release is pinned to, from a `git bundle`; its name proves that it is that commit.

        Raises `PackVersionNotFound` when it is not in there, `RemoteError`, `ToolError`, `FileSystemError`.
        """
        repository = release.repository or ""
        key = checkout_key(repository, release.version)
        label = f"{release.name} {release.version[:10]}"
        with disk_errors(f"keep the code of {release.name}"), self._cache.making(key, label) as work:
            if self._kept_checkout(key) is not None:
                return
            reporter.phase(f"Unpacking {label}")
            content = f"{work}/content"
            remotes.clone(bundle, content, on_line=clone_listener(reporter), what=release.name)
            remotes.set_address(content, "origin", repository)
            missing = self._checked_out(release, repository, content, reporter)
            self._cache.settle(key, content, label, missing)

    def fetch_archive(self, release: NodeInfo, path: str, reporter: Reporter) -> str:
        """Fetch the archive of a release of the registry into a file, as it is published; returns its SHA-256.

        Raises `PackVersionNotFound` when it is gone, `DigestMismatch` when it is not what it was, `RemoteError`,
        `FileSystemError`.
        """
        with disk_errors(f"fetch {release.name}"):
            fetched = self._download(release, release.download_url or "", path, reporter)
        _compare(release, fetched)
        return fetched.sha256

    def take_in_archive(self, release: NodeInfo, copy: Callable[[str], None], reporter: Reporter) -> bool:
        """Keep a release of the registry from its archive, whose digest the release knows, unless it is kept.

        `copy` makes the file at a path, compared with that digest; whether it was called. Raises what that raises,
        `ArchiveRefused`, `FileSystemError`.
        """
        url, sha256, label = release.download_url or "", release.sha256 or "", f"{release.name} {release.version}"
        with disk_errors(f"keep the code of {release.name}"), self._cache.making(archive_key(sha256), label) as work:
            if url:
                self._digests.keep("archive", [url], {"sha256": sha256})
            if self._cache.find(archive_key(sha256)) is not None:
                return False
            reporter.phase(f"Unpacking {label}")
            copy(f"{work}/archive")
            archives.unpack(f"{work}/archive", f"{work}/content")
            self._cache.settle(archive_key(sha256), f"{work}/content", label)
        return True

    def _from_archive(self, release: NodeInfo, url: str, reporter: Reporter) -> PackContent:
        kept = self._kept_archive(release, url)
        if kept is not None:
            return kept
        label = f"{release.name} {release.version}"
        with self._cache.making(f"url-{_short_digest(url)}", label) as work:
            kept = self._kept_archive(release, url)  # Another command may just have fetched it.
            if kept is not None:
                return kept
            archive = f"{work}/{re.sub(r'[^A-Za-z0-9.+-]+', '-', label)}"
            fetched = self._download(release, url, archive, reporter)
            _compare(release, fetched)
            reporter.phase(f"Unpacking {label}")
            archives.unpack(archive, f"{work}/content")
            pack = self._cache.settle(archive_key(fetched.sha256), f"{work}/content", label)
            self._digests.keep("archive", [url], {"sha256": fetched.sha256})
        return PackContent(replace(release, sha256=fetched.sha256), pack.directory, fetched.carried)

    def _kept_archive(self, release: NodeInfo, url: str) -> PackContent | None:
        """What was fetched before: by the digest that is recorded, else by that which the address had."""
        sha256 = self.archive_of(replace(release, download_url=url))
        if sha256 is None:
            return None
        pack = self._cache.find(archive_key(sha256))
        return None if pack is None else PackContent(replace(release, sha256=sha256), pack.directory)

    def _digest_of(self, url: str) -> object:
        """That of the archive that an address had."""
        return (self._digests.recall("archive", [url], _FOR_EVER) or {}).get("sha256")

    def _download(self, release: NodeInfo, url: str, archive: str, reporter: Reporter) -> Downloaded:
        label = f"{release.name} {release.version}"
        reporter.phase(f"Fetching {label}")

        def on_progress(done: int, total: int | None) -> None:
            reporter.progress(f"Fetching {release.name}", done, total, "bytes")

        try:
            return self._transport.download(url, archive, on_progress=on_progress, max_bytes=_LARGEST_ARCHIVE)
        except UnusableAnswer as error:
            if error.context.get("status") not in (404, 410):
                raise
            raise PackVersionNotFound(
                f"the archive of {label} is gone: `{shown_address(url)}` does not exist",
                hint="choose another version, or name the pack's repository",
                context={"url": shown_address(url), "name": release.name, "version": release.version},
            ) from error

    def _from_git(self, release: NodeInfo, repository: str, reporter: Reporter) -> PackContent:
        key = checkout_key(repository, release.version)
        kept = self._kept_checkout(key)
        if kept is not None:
            return PackContent(release, kept.directory, missing=kept.missing)
        label = f"{release.name} {release.version[:10]}"
        with self._cache.making(key, label) as work:
            kept = self._kept_checkout(key)  # Another command may just have made it.
            if kept is not None:
                return PackContent(release, kept.directory, missing=kept.missing)
            reporter.phase(f"Fetching {label}")
            before = self._size_of_mirror(repository)
            missing = self._check_out(release, repository, f"{work}/content", reporter)
            fetched = max(0, self._size_of_mirror(repository) - before)
            pack = self._cache.settle(key, f"{work}/content", label, missing)
        return PackContent(release, pack.directory, fetched, missing)

    def _kept_checkout(self, key: str) -> CachedNodeInfo | None:
        """A checkout that is whole, or as whole as this machine could make it now."""
        pack = self._cache.find(key)
        if pack is not None and pack.missing and not self._offline and submodules.has_lfs(pack.directory):
            return None
        return pack

    def _check_out(self, release: NodeInfo, repository: str, directory: str, reporter: Reporter) -> tuple[str, ...]:
        """Make a repository with the exact commit checked out; returns what could not be had."""
        self._mirrors.clone(repository, directory, wanted=release.version, reporter=reporter, what=release.name)
        return self._checked_out(release, repository, directory, reporter)

    def _checked_out(self, release: NodeInfo, repository: str, directory: str, reporter: Reporter) -> tuple[str, ...]:
        """Check the exact commit out in a clone; returns what could not be had."""
        commit = release.version
        found = queries.commit_of(directory, commit)
        if found is None and remotes.fetch_commit(directory, repository, commit):
            found = queries.commit_of(directory, commit)
        if found is None:
            raise PackVersionNotFound(
                f"`{without_credentials(repository)}` has no commit `{commit}`, which {release.name} is pinned to",
                hint="its history was rewritten, or the commit was never published; choose another one",
                context={"repository": without_credentials(repository), "ref": commit, "near": []},
            )
        changes.check_out(directory, found, branch=None)
        places, lost = submodules.read(directory)
        if places:
            self._fetch_submodules(release, repository, directory, places, reporter)
        missing = (f"the submodule {some(lost, _FILES_TOLD)} is left empty: the pack gives no address for it",)
        return (*(missing if lost else ()), *self._fetch_large_files(repository, directory, reporter))

    def _fetch_submodules(
        self, release: NodeInfo, repository: str, directory: str, places: list[str], reporter: Reporter
    ) -> None:
        local = local_path(repository) is not None
        if self._offline and not local:
            self._place_submodules(release, repository, directory, reporter)
            return
        reporter.phase(f"Fetching the submodules of {release.name}")
        submodules.fetch(
            directory,
            places,
            repository=repository,
            local=local,
            what=release.name,
            on_line=clone_listener(reporter),
        )

    def _place_submodules(self, release: NodeInfo, repository: str, directory: str, reporter: Reporter) -> None:
        """Check out the submodules, and those in them, from the mirrors of this machine."""
        waiting, placed = [(directory, repository)], 0
        while waiting:
            place, parent = waiting.pop()
            for one in submodules.listed(place, "HEAD")[0]:
                address = submodule_address(one.address, parent)
                placed += 1
                if address is None or placed > submodules.MOST_SUBMODULES:
                    raise OfflineRefused(
                        f"the submodule `{one.path}` of {release.name} is not on this machine, and the network is off",
                        hint="run the command without `--offline`",
                        context={"repository": without_credentials(repository), "wanted": release.version},
                    )
                self._mirrors.place_submodule(place, one, address, reporter=reporter)
                waiting.append((f"{place}/{one.path}", address))

    def _fetch_large_files(self, repository: str, directory: str, reporter: Reporter) -> tuple[str, ...]:
        pointers = submodules.lfs_pointers(directory)
        if not pointers:
            return ()
        if self._offline:
            return (_without_content(pointers, "the network is off"),)
        if not submodules.has_lfs(directory):
            return (_without_content(pointers, "install git-lfs (https://git-lfs.com) to get them"),)
        reporter.phase(f"Fetching {counted(len(pointers), 'file')} from git LFS")
        failure = submodules.fetch_lfs(directory, repository)
        left = submodules.lfs_pointers(directory)
        return (_without_content(left, failure or "git LFS did not fetch them"),) if left else ()

    def _size_of_mirror(self, repository: str) -> int:
        if local_path(repository) is not None:
            return 0
        return measure_tree(self._mirrors.path(repository))[0]


def _compare(release: NodeInfo, fetched: Downloaded) -> None:
    if release.sha256 is None or release.sha256 == fetched.sha256:
        return
    url = shown_address(release.download_url or "")
    raise DigestMismatch(
        f"the archive of {release.name} {release.version} is not the one that was recorded: `{url}` sends another file",
        hint="look at what changed before you trust it; to accept it, remove the pack and add it again",
        context={"url": url, "expected": release.sha256, "found": fetched.sha256, "name": release.name},
    )


def _short_digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _without_content(pointers: list[str], reason: str) -> str:
    listed = some([os.path.normpath(path) for path in pointers], _FILES_TOLD)
    return f"{counted(len(pointers), 'file')} of git LFS without content ({listed}): {reason}"
