"""One mirror for each repository elsewhere, shared by every environment of a workspace.

`<workspace>/comfydock_cache/git/<key>.git`: the first clone fetches it, every later one is made of links and asks the
network only for commits that are not there yet. A repository on this machine is cloned directly: git links its objects
by itself, and a mirror would be one more copy.
"""

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence

from comfydock_core.caching.base import ContentCacheBase
from comfydock_core.caching.mirror_names import MIRROR, mirror_key, mirror_path
from comfydock_core.integrations.git import carrying, mirrors, queries, remotes, submodules
from comfydock_core.integrations.git.remotes import RemoteRefs
from comfydock_core.integrations.git.submodules import Submodule
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import GitFailed, OfflineRefused
from comfydock_core.models.protocols import Reporter
from comfydock_core.utils.files.filesystem import remove_tree
from comfydock_core.utils.git_urls import local_path
from comfydock_core.utils.versions import is_full_commit, looks_like_commit


class RepositoryMirrors(ContentCacheBase):
    """The mirrors of one workspace. Every method can be used by several processes at once."""

    _ending = MIRROR

    def __init__(self, directory: str, *, offline: bool = False) -> None:
        """`directory` is made when it is needed. With `offline` nothing is fetched."""
        super().__init__(directory)
        self._offline = offline

    def path(self, repository: str) -> str:
        """Where the mirror of a repository is or would be."""
        return mirror_path(self._directory, repository)

    def known_refs(self, repository: str) -> RemoteRefs | None:
        """What the mirror knew of the repository when it was last updated, or `None` without one. No network."""
        mirror = self.path(repository)
        try:
            return remotes.list_refs(mirror) if mirrors.is_mirror(mirror) else None
        except GitFailed:
            return None

    def known_commit(self, repository: str, revision: str) -> str | None:
        """The full commit of a revision that the mirror has, or `None`. No network."""
        mirror = self.path(repository)
        return queries.commit_of(mirror, revision) if mirrors.is_mirror(mirror) else None

    def fetched_commit(
        self, repository: str, revision: str, *, reporter: Reporter, what: str = "ComfyUI"
    ) -> str | None:
        """The full commit of a revision, after updating the mirror where it lacks it; `None` when there is no such.

        `repository` is elsewhere, not on this machine. Raises what `clone` raises.
        """
        with self._locked(mirror_key(repository), without_credentials(repository)):
            return _commit(self._obtain(repository, revision, what, reporter), revision)

    def clone(
        self, repository: str, directory: str, *, wanted: str | None, reporter: Reporter, what: str = "ComfyUI"
    ) -> None:
        """Clone with the whole history and `origin` set to `repository`; nothing is checked out yet.

        The mirror is updated when it lacks the commit `wanted`, and always when that is a name or `None`. What the
        repository does not have either is not told here: the clone lacks it then. Raises `OfflineRefused`,
        `RepositoryNotFound`, `RemoteError`, `ToolError`, `FileSystemError`, `OSError`.
        """
        on_line = clone_listener(reporter)
        if local_path(repository) is not None:
            remotes.clone(repository, directory, on_line=on_line, what=what)
            return
        with self._locked(mirror_key(repository), without_credentials(repository)):
            mirror = self._obtain(repository, wanted, what, reporter)
            mirrors.clone(mirror, repository, directory, what=what, on_line=on_line)

    def place_submodule(self, worktree: str, one: Submodule, repository: str, *, reporter: Reporter) -> None:
        """Check a submodule out whose repository this is. Raises what `clone` raises."""
        with self._locked(mirror_key(repository), without_credentials(repository)):
            mirror = self._obtain(repository, one.commit, f"the submodule {one.path}", reporter)
            submodules.place(worktree, one, mirror, without_credentials(repository))

    def submodules(self, repository: str, commit: str) -> tuple[list[Submodule], list[str]]:
        """The submodules of a commit that the mirror has, and the places of those without an address. No network.

        Raises `GitFailed`.
        """
        return submodules.listed(self.path(repository), commit)

    def large_files(self, repository: str, commit: str) -> list[str]:
        """The files of a commit that the mirror has whose content lies elsewhere (LFS). No network."""
        return submodules.lfs_pointers_at(self.path(repository), commit)

    def references(self, repository: str) -> dict[str, str] | None:
        """Every reference that the mirror has, or `None` without one. No network. Raises `GitFailed`."""
        mirror = self.path(repository)
        return mirrors.references(mirror) if mirrors.is_mirror(mirror) else None

    def write_history(
        self, repository: str, place: str, *, wanted: Sequence[str], known: Mapping[str, str], reporter: Reporter
    ) -> tuple[str | None, dict[str, str], bool]:
        """Write everything that the mirror has beyond some `known` references as a `git bundle`, after fetching the
        commits that are `wanted` and not there.

        Returns the default branch, all references, and whether who has the `known` ones can read it. Where the
        references are the `known` ones, nothing is written. Raises what `clone` raises.
        """
        with self._locked(mirror_key(repository), without_credentials(repository)):
            for commit in wanted or (None,):
                mirror = self._obtain(repository, commit, "the history", reporter)
            references = mirrors.references(mirror)
            branch = mirrors.default_branch(mirror)
            if references == known:
                return branch, references, True
            there = mirrors.commits_among(mirror, known.values())
            on_top = len(there) == len(known)
            carrying.write_history(mirror, references, place, there if on_top else ())
            return branch, references, on_top

    def take_in(self, repository: str, bundles: Sequence[str], branch: str | None) -> None:
        """Add what somebody else's mirror has, from files of `git bundle`, each on top of those before.

        Raises `GitFailed`, also where something that they need is in none of them, `ScopeBusy`, `OSError`.
        """
        mirror = self.path(repository)
        with self._locked(mirror_key(repository), without_credentials(repository)):
            is_new = not mirrors.is_mirror(mirror)
            place = f"{self._directory}/.{mirror_key(repository)}.{secrets.token_hex(4)}" if is_new else mirror
            try:
                if is_new:
                    mirrors.create(place)
                for bundle in bundles:
                    mirrors.take_in(place, bundle)
                if branch is not None:
                    mirrors.set_default_branch(place, branch)
                if is_new:
                    if os.path.lexists(mirror):
                        os.rename(mirror, f"{place}-old")
                    os.rename(place, mirror)
            finally:
                self._remove_leftovers(mirror_key(repository))

    def remove(self, mirror: str) -> None:
        """Remove a mirror by its path, when nobody uses it any more. Raises `OSError`."""
        key = os.path.basename(mirror).removesuffix(MIRROR)
        with self._locked(key, mirror):
            remove_tree(mirror) if os.path.isdir(mirror) else os.unlink(mirror)

    def _obtain(self, repository: str, wanted: str | None, what: str, reporter: Reporter) -> str:
        """A sound mirror that has what is wanted, if the repository does."""
        mirror = self.path(repository)
        if os.path.lexists(mirror):
            if mirrors.is_mirror(mirror) and self._is_of_use(mirror, repository, wanted, what, reporter):
                return mirror
            reporter.warn(f"the local mirror of {without_credentials(repository)} is damaged and is fetched again")
        self._make(mirror, repository, wanted, what, reporter)
        return mirror

    def _is_of_use(self, mirror: str, repository: str, wanted: str | None, what: str, reporter: Reporter) -> bool:
        """Bring a mirror up to date where it has to be; whether it is undamaged then."""
        try:
            if not self._has(mirror, wanted):
                self._update(mirror, repository, wanted, what, reporter)
        except GitFailed as error:
            reporter.line(error.message)
            return False
        return mirrors.is_sound(mirror, _commit(mirror, wanted))

    def _has(self, mirror: str, wanted: str | None) -> bool:
        """Whether the mirror need not be updated."""
        if self._offline and wanted is None:
            return True
        return wanted is not None and (self._offline or looks_like_commit(wanted)) and bool(_commit(mirror, wanted))

    def _update(self, mirror: str, repository: str, wanted: str | None, what: str, reporter: Reporter) -> None:
        self._refuse_when_offline(repository, wanted)
        mirrors.update(mirror, repository, what=what, on_line=clone_listener(reporter))
        if wanted is not None and is_full_commit(wanted) and _commit(mirror, wanted) is None:
            mirrors.fetch_commit(mirror, repository, wanted)

    def _make(self, mirror: str, repository: str, wanted: str | None, what: str, reporter: Reporter) -> None:
        """Make the mirror aside and put it in place; a damaged one that is there goes only then."""
        self._refuse_when_offline(repository, wanted)
        aside = f"{self._directory}/.{mirror_key(repository)}.{secrets.token_hex(4)}"
        try:
            mirrors.create(aside)
            self._update(aside, repository, wanted, what, reporter)
            if os.path.lexists(mirror):
                os.rename(mirror, f"{aside}-old")
            os.rename(aside, mirror)
        finally:
            self._remove_leftovers(mirror_key(repository))

    def _refuse_when_offline(self, repository: str, wanted: str | None) -> None:
        if self._offline:
            shown = without_credentials(repository)
            raise OfflineRefused(
                f"`{shown}`{f' at {wanted[:10]}' if wanted else ''} is not on this machine, and the network is off",
                hint="run the command without `--offline`",
                context={"repository": shown, "wanted": wanted},
            )

    @contextlib.contextmanager
    def _locked(self, key: str, shown: str) -> Iterator[None]:
        with self._making(key, f"the mirror of {shown}"):
            yield


def clone_listener(reporter: Reporter) -> Callable[[str], None]:
    """Hears git's lines: counts become progress, the rest is passed on."""

    def hear(line: str) -> None:
        step = remotes.clone_progress(line)
        if step is None:
            reporter.line(line)
        else:
            reporter.progress(step[0], step[1], step[2], "objects")

    return hear


def _commit(mirror: str, wanted: str | None) -> str | None:
    return None if wanted is None else queries.commit_of(mirror, wanted)
