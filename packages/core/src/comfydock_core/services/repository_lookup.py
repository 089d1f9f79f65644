"""Which commit of a repository is meant, found with as little of the network as it takes."""

from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.clients.github_client import GitHubClient
from comfydock_core.integrations.git import queries, remotes
from comfydock_core.integrations.git.remotes import RemoteRefs
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import OfflineRefused, PackVersionNotFound, RemoteError
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.utils.git_urls import github_repository, local_path
from comfydock_core.utils.text import nearest
from comfydock_core.utils.versions import is_full_commit, looks_like_commit

_NAMES_SHOWN = 10

# Nobody chooses these: they are what a repository begins with.
_DEFAULTS = frozenset({"master", "main", "trunk", "develop"})


@record
class FoundCommit:
    """A full commit, and the branch that it is the head of, when a branch was meant."""

    commit: str
    branch: str | None = None


class RepositoryLookup:
    """Asks git itself. GitHub's API, which may be asked 60 times an hour, only where it saves a clone."""

    def __init__(self, github: GitHubClient, mirrors: RepositoryMirrors, *, offline: bool = False) -> None:
        self._github = github
        self._mirrors = mirrors
        self._offline = offline

    def head(self, repository: str, what: str) -> FoundCommit:
        """The newest commit of the default branch. Raises `PackVersionNotFound` for an empty repository."""
        refs = self.refs(repository, what)
        branch = refs.default_branch
        commit = refs.head if branch is None else refs.branches.get(branch, refs.head)
        if commit is None:
            raise PackVersionNotFound(
                f"`{without_credentials(repository)}` has no default branch with commits",
                hint="name a branch, tag or commit with `@REF`",
                context={"repository": without_credentials(repository), "near": sorted(refs.branches)[:_NAMES_SHOWN]},
            )
        return FoundCommit(commit, branch)

    def branch_head(self, repository: str, branch: str, what: str) -> FoundCommit:
        """The newest commit of a branch. Raises `PackVersionNotFound` when the branch is gone.

        Where that is what default branches are called, it was renamed: the one in its place is meant then.
        """
        refs = self.refs(repository, what)
        default = refs.default_branch
        if branch in _DEFAULTS and branch not in refs.branches and default in refs.branches:
            return FoundCommit(refs.branches[default], default)
        if branch not in refs.branches:
            raise _not_found(repository, branch, refs)
        return FoundCommit(refs.branches[branch], branch)

    def commit(self, repository: str, names: tuple[str, ...], what: str, reporter: Reporter) -> FoundCommit:
        """The commit of the first of some names that there is: a tag, a branch, or a commit, also abbreviated.

        A full commit is believed without asking for it. Raises `PackVersionNotFound`, with the names most like it.
        """
        refs = self.refs(repository, what)
        for name in names:
            if name in refs.tags:
                return FoundCommit(refs.tags[name])
            if name in refs.branches:
                return FoundCommit(refs.branches[name], name)
        for name in names:
            found = self._by_commit(repository, name.lower(), refs, what, reporter)
            if found is not None:
                return FoundCommit(found)
        raise _not_found(repository, names[0], refs)

    def refs(self, repository: str, what: str) -> RemoteRefs:
        """Branches and tags; offline what the mirror knew last. Raises what `remotes.list_refs` raises."""
        if not self._offline or local_path(repository) is not None:
            return remotes.list_refs(repository, what=what)
        known = self._mirrors.known_refs(repository)
        if known is not None:
            return known
        shown = without_credentials(repository)
        raise OfflineRefused(
            f"`{shown}` is needed, but the network is turned off",
            hint="run the command without `--offline`",
            context={"repository": shown},
        )

    def _by_commit(self, repository: str, name: str, refs: RemoteRefs, what: str, reporter: Reporter) -> str | None:
        if not looks_like_commit(name):
            return None
        path = local_path(repository)
        if path is not None:
            return queries.commit_of(path, name)
        if is_full_commit(name):
            return name
        tips = {commit for commit in (*refs.branches.values(), *refs.tags.values()) if commit.startswith(name)}
        if len(tips) == 1:
            return tips.pop()
        return self._completed(repository, name, what, reporter)

    def _completed(self, repository: str, name: str, what: str, reporter: Reporter) -> str | None:
        """The full commit of an abbreviated one: from the mirror, from GitHub, or from the mirror after an update."""
        known = self._mirrors.known_commit(repository, name)
        if known is not None or self._offline:
            return known
        place = github_repository(repository)
        if place is not None:
            try:
                return self._github.commit(*place, name)
            except RemoteError as error:
                reporter.warn(f"GitHub's API did not help ({error.message}); asking the repository itself")
        return self._mirrors.fetched_commit(repository, name, reporter=reporter, what=what)


def _not_found(repository: str, name: str, refs: RemoteRefs) -> PackVersionNotFound:
    shown = without_credentials(repository)
    every = [*refs.tags, *refs.branches]
    near = nearest(name, every) or sorted(every, reverse=True)[:_NAMES_SHOWN]
    listed = ", ".join(f"`{one}`" for one in near[:5])
    return PackVersionNotFound(
        f"`{shown}` has no branch, tag or commit `{name}`",
        hint=f"it has {listed}" if near else "leave out the `@REF` for its default branch",
        context={"repository": shown, "ref": name, "near": near},
    )
