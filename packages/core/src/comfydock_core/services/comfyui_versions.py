"""Which version of ComfyUI a user means: the newest release, a release, a branch or a commit."""

from comfydock_core.caching.comfyui_cache import ComfyUICacheManager
from comfydock_core.clients.github_client import GitHubClient
from comfydock_core.configs.defaults import COMFYUI_REPOSITORY
from comfydock_core.integrations.git import queries, remotes
from comfydock_core.integrations.git.remotes import RemoteRefs
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.environments.creation import ComfyUISpec
from comfydock_core.models.exceptions import OfflineRefused, RefNotFound, RemoteError
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.comfyui_repository import chosen_repository
from comfydock_core.utils.git_urls import github_repository, local_path, same_repository
from comfydock_core.utils.text import did_you_mean, nearest
from comfydock_core.utils.versions import is_full_commit, looks_like_commit, newest_tag

_NAMES_SHOWN = 10


class ComfyUIVersions:
    """Resolves versions by asking the repository, and GitHub where the repository is there.

    Without the network the local mirror is asked, which knows what it was told last.
    """

    def __init__(self, github: GitHubClient, cache: ComfyUICacheManager, *, offline: bool = False) -> None:
        self._github = github
        self._cache = cache
        self._offline = offline

    def repository(self, named: str | None) -> str:
        """What `chosen_repository` says."""
        return chosen_repository(named)

    def is_default(self, repository: str) -> bool:
        return same_repository(repository, COMFYUI_REPOSITORY)

    def resolve(self, repository: str, ref: str | None, reporter: Reporter) -> ComfyUISpec:
        """The version that `ref` means. `None` and `latest` are the newest release.

        Raises `RefNotFound` with the nearest names, `RepositoryNotFound`, `RemoteError`, `ToolError`.
        """
        refs = self.refs(repository)
        if ref is None or ref == "latest":
            return self._latest(repository, refs, reporter)
        return (
            _named(repository, ref, refs)
            or self._commit(repository, ref, refs, reporter)
            or _raise_not_found(repository, ref, refs)
        )

    def refs(self, repository: str) -> RemoteRefs:
        """The branches and tags of a repository, without the network as they were last seen.

        Raises `OfflineRefused`, `RepositoryNotFound`, `RemoteError`.
        """
        if not self._offline or local_path(repository) is not None:
            return remotes.list_refs(repository)
        known = self._cache.known_refs(repository)
        if known is not None:
            return known
        raise OfflineRefused(
            f"`{without_credentials(repository)}` is needed, but the network is turned off",
            hint="run the command without `--offline`, or name a repository on this machine",
            context={"repository": without_credentials(repository)},
        )

    def _latest(self, repository: str, refs: RemoteRefs, reporter: Reporter) -> ComfyUISpec:
        tag = self._latest_by_github(repository, reporter)
        if tag is None or tag not in refs.tags:
            tag = newest_tag(list(refs.tags))
        if tag is not None:
            return ComfyUISpec(repository, tag, "release", refs.tags[tag])
        branch = refs.default_branch
        if branch is None or branch not in refs.branches:
            raise RefNotFound(
                f"`{without_credentials(repository)}` has neither releases nor a default branch",
                hint="name a branch or a commit with `--comfyui REF`",
                context={"repository": without_credentials(repository), "branches": sorted(refs.branches)},
            )
        reporter.warn(f"{without_credentials(repository)} has no releases; taking its branch {branch}")
        return ComfyUISpec(repository, branch, "branch", refs.branches[branch])

    def _latest_by_github(self, repository: str, reporter: Reporter) -> str | None:
        place = github_repository(repository)
        if place is None or self._offline:
            return None
        try:
            release = self._github.latest_release(*place)
        except RemoteError as error:
            reporter.warn(f"GitHub's API did not help ({error.message}); taking the highest version tag")
            return None
        return release.tag_name if release else None

    def _commit(self, repository: str, ref: str, refs: RemoteRefs, reporter: Reporter) -> ComfyUISpec | None:
        """A commit, completed from what is at hand: the tips, the repository on disk, or GitHub."""
        if not looks_like_commit(ref):
            return None
        short = ref.lower()
        path = local_path(repository)
        if path is not None:
            found = queries.commit_of(path, short)
            return ComfyUISpec(repository, found, "commit", found) if found else None
        tips = {commit for commit in (*refs.branches.values(), *refs.tags.values()) if commit.startswith(short)}
        if len(tips) == 1:
            (commit,) = tips
            return ComfyUISpec(repository, commit, "commit", commit)
        if is_full_commit(short):
            return ComfyUISpec(repository, short, "commit", short)
        known = self._cache.known_commit(repository, short)
        if known is None and not self._offline:
            known = self._commit_by_github(repository, short, reporter)
        return ComfyUISpec(repository, short, "commit", known)

    def _commit_by_github(self, repository: str, ref: str, reporter: Reporter) -> str | None:
        place = github_repository(repository)
        if place is None:
            return None
        try:
            return self._github.commit(*place, ref)
        except RemoteError as error:
            reporter.warn(f"GitHub's API did not help ({error.message}); the clone will tell the commit")
            return None


def _named(repository: str, ref: str, refs: RemoteRefs) -> ComfyUISpec | None:
    """A tag or a branch. A tag goes before a branch of the same name, as a release is what is meant then."""
    if ref in refs.tags:
        return ComfyUISpec(repository, ref, "release", refs.tags[ref])
    if f"v{ref}" in refs.tags and "." in ref:
        return ComfyUISpec(repository, f"v{ref}", "release", refs.tags[f"v{ref}"])
    if ref in refs.branches:
        return ComfyUISpec(repository, ref, "branch", refs.branches[ref])
    return None


def _raise_not_found(repository: str, ref: str, refs: RemoteRefs) -> ComfyUISpec:
    near = nearest(ref, [*refs.tags, *refs.branches])
    shown = without_credentials(repository)
    question = did_you_mean(near[:3])
    raise RefNotFound(
        f"`{shown}` has no release, branch or commit `{ref}`",
        hint=question if near else "`latest` is the newest release",
        context={"repository": shown, "ref": ref, "near": near, "branches": sorted(refs.branches)[:_NAMES_SHOWN]},
    )
