"""ComfyUI itself, kept once for a workspace: its history in a mirror, checkouts made from that."""

from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.integrations.git import changes, queries, remotes
from comfydock_core.integrations.git.remotes import RemoteRefs
from comfydock_core.models.environments.creation import ComfyUISpec as ComfyUISpec
from comfydock_core.models.exceptions import RefNotFound
from comfydock_core.models.protocols import Reporter


class ComfyUICacheManager:
    """The versions of ComfyUI that this machine has, and the others by its mirrors."""

    def __init__(self, mirrors: RepositoryMirrors) -> None:
        self._mirrors = mirrors

    def known_refs(self, repository: str) -> RemoteRefs | None:
        """Branches and tags as they were last seen, or `None`. No network."""
        return self._mirrors.known_refs(repository)

    def known_commit(self, repository: str, revision: str) -> str | None:
        """The full commit of a revision that is on this machine, or `None`. No network."""
        return self._mirrors.known_commit(repository, revision)

    def clone(self, spec: ComfyUISpec, directory: str, reporter: Reporter) -> None:
        """Clone with the whole history; nothing is checked out yet. Raises what `RepositoryMirrors.clone` raises."""
        self._mirrors.clone(spec.repository, directory, wanted=spec.commit or spec.ref, reporter=reporter)

    def check_out(self, spec: ComfyUISpec, directory: str, reporter: Reporter) -> str:
        """Clone into `directory` and check the version out; returns the full commit.

        Raises `RefNotFound` and what `RepositoryMirrors.clone` raises.
        """
        reporter.phase(f"Cloning ComfyUI {spec}")
        self.clone(spec, directory, reporter)
        commit = _find_commit(directory, spec)
        changes.check_out(directory, commit, branch=spec.ref if spec.kind == "branch" else None)
        return commit


def _find_commit(worktree: str, spec: ComfyUISpec) -> str:
    """The planned commit in the clone; one that no branch leads to is fetched by its name."""
    wanted = spec.commit or spec.ref
    found = queries.commit_of(worktree, wanted)
    if found is None and remotes.fetch_commit(worktree, spec.repository, wanted):
        found = queries.commit_of(worktree, wanted)
    if found is None:
        raise RefNotFound(
            f"`{spec.public_repository}` has no commit `{wanted}`",
            hint="name a release, a branch, or a commit in full",
            context={"repository": spec.public_repository, "ref": spec.ref, "near": []},
        )
    return found
