"""Histories of repositories for a mirror: those that definitions name, and those of submodules of node packs."""

import os

from comfydock_core.caching.mirror_names import mirror_key
from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.integrations.git.submodules import MOST_SUBMODULES
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.mirrors import HISTORIES, MirroredRepository
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.mirrors.store import MirrorWriter
from comfydock_core.utils.git_urls import local_path, submodule_address
from comfydock_core.utils.text import counted

_Commits = dict[str, set[str]]  # Of repositories by their addresses.
_ELSEWHERE = "no mirror has that: it is fetched from where it lies"


class HistoryTaker:
    """Collects what is needed of repositories, and packs it."""

    def __init__(self, mirrors: RepositoryMirrors, writer: MirrorWriter, reporter: Reporter) -> None:
        self._mirrors = mirrors
        self._writer = writer
        self._reporter = reporter
        self._wanted: _Commits = {}
        self._packs: _Commits = {}
        self._had: _Commits = {}
        self.lacking: list[tuple[str, str]] = []

    def want(self, repository: str, commit: str | None, *, of_pack: bool = False) -> None:
        """Need a repository, with a commit of it where one is named; those of node packs with their submodules."""
        address = without_credentials(repository)
        for commits in (self._wanted, self._packs) if of_pack else (self._wanted,):
            commits.setdefault(address, set()).update([commit] if commit else [])

    def take(self) -> None:
        """Have the history of each repository, on top of what is there of it."""
        for repository, commits in sorted(self._wanted.items()):
            self._take(repository, commits)
        self._take_submodules()
        for repository, commits in sorted(self._had.items()):
            files = {path for commit in commits for path in self._mirrors.large_files(repository, commit)}
            if files:
                self.lacking.append((f"{counted(len(files), 'file')} in Git LFS of {repository}", _ELSEWHERE))

    def _take_submodules(self) -> None:
        """Those of node packs, those in them, and so on, as far as they are not more than anybody has."""
        waiting = [(repository, commit) for repository, commits in self._packs.items() for commit in sorted(commits)]
        seen: set[tuple[str, str]] = set()
        while waiting:
            repository, commit = waiting.pop(0)
            if (repository, commit) in seen or commit not in self._had.get(repository, ()):
                continue
            seen.add((repository, commit))
            found, lost = self._mirrors.submodules(repository, commit)
            for path in lost:
                self.lacking.append((_named(path, repository), "the repository gives no address for it"))
            for one in found:
                address = submodule_address(one.address, repository)
                if address is None:
                    self.lacking.append((_named(one.path, repository), "its address leads to no server"))
                elif len(seen) + len(waiting) >= MOST_SUBMODULES:
                    self.lacking.append((_named(one.path, repository), f"it is one of more than {MOST_SUBMODULES}"))
                else:
                    self._take(without_credentials(address), {one.commit})
                    waiting.append((without_credentials(address), one.commit))

    def _take(self, repository: str, commits: set[str]) -> None:
        """Have a repository with some commits, unless they were taken; what cannot be had is told."""
        if repository in self._had and self._had[repository] >= commits:
            return
        if local_path(repository) is not None:
            self.lacking.append((repository, "the repository is on this machine only"))
            return
        self._reporter.phase(f"Packing the history of {repository}")
        try:
            self._write(repository, sorted(commits))
        except ComfyDockError as error:
            self.lacking.append((repository, error.message))

    def _write(self, repository: str, commits: list[str]) -> None:
        known, place = self._writer.now.repositories.get(repository), self._writer.aside()
        parts = () if known is None or not all(map(self._writer.has, known.parts)) else known.parts
        branch, references, on_top = self._mirrors.write_history(
            repository,
            place,
            wanted=commits,
            known=known.references if known is not None and parts else {},
            reporter=self._reporter,
        )
        if os.path.exists(place):
            parts = parts if on_top else ()
            path = f"{HISTORIES}{mirror_key(repository)}.{len(parts) + 1}.bundle"
            self._writer.settle(path, place)
            parts = (*parts, path)
        self._writer.now.repositories[repository] = MirroredRepository(branch, references, parts)
        there = {commit for commit in commits if self._mirrors.known_commit(repository, commit)}
        self._had.setdefault(repository, set()).update(there)
        self.lacking += [(f"{repository} at {commit[:10]}", "the repository does not have that commit")
                         for commit in commits if commit not in there]  # fmt: skip


def _named(path: str, repository: str) -> str:
    return f"the submodule {path} of {repository}"
