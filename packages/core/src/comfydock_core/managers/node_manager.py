"""`NodeManager`: the node packs of one environment, as its manifest has them and as they lie among the custom nodes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial

from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer, told_files
from comfydock_core.analyzers.own_files import added_files, changed_files
from comfydock_core.analyzers.patched_files import beyond, is_patched
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.integrations.git import queries
from comfydock_core.integrations.git.head import read_head
from comfydock_core.managers.pack_places import carry_over, is_obtainable
from comfydock_core.models.exceptions import PackHasChanges
from comfydock_core.models.file_moves import PatchedFiles
from comfydock_core.models.packs.pack_changes import PackChange
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodeInfo, NodePackage
from comfydock_core.repositories.definition.backend_choice import read_choice
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.pack_release import read_note
from comfydock_core.services.patched_code import patched_commit, patched_directory, put_patched
from comfydock_core.utils.files.filesystem import make_directory_link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.services.pack_sources import PackSources
    from comfydock_core.strategies.pack_policy import PackPolicy


class NodeManager:
    """Reads the manifest once, when it is first needed; then it raises `ManifestDamaged`.

    Nothing here changes an environment in place: what takes a pack's name is built aside, for an operation to swap.
    """

    def __init__(self, layout: EnvironmentLayout, sources: Callable[[], PackSources]) -> None:
        """`sources` is called when code of a pack is asked for: what reaches for the network is loaded then."""
        self._layout = layout
        self._make_sources = sources

    @cached_property
    def _sources(self) -> PackSources:
        return self._make_sources()

    @cached_property
    def _manifest(self) -> dict[str, object]:
        return read_manifest(self._layout.manifest)

    @cached_property
    def packs(self) -> Mapping[str, NodePackage]:
        """The manifest's packs by identifier, in its order."""
        return tracked_packs(self._manifest, self._layout.manifest)

    @cached_property
    def policy(self) -> PackPolicy:
        """Which packages no pack may bring here."""
        from comfydock_core.strategies.pack_policy import PackPolicy

        return PackPolicy.of(self._manifest, read_choice(self._layout.definition))

    def path(self, pack: NodePackage) -> str:
        """Where a pack lies, or would."""
        return f"{self._layout.custom_nodes}/{pack.directory}"

    def own_files(
        self, pack: NodePackage, doing: str, *, force: bool, patches: Sequence[PatchedFiles] = ()
    ) -> tuple[str, ...]:
        """The files in a pack's directory that did not come with it, nor with one of the patches.

        Raises `PackHasChanges` when files of the pack itself were changed otherwise than by a patch, unless `force`. A
        development pack, and what only a link leads to, is left alone anyway.
        """
        path = self.path(pack)
        if pack.is_development or not os.path.isdir(path) or os.path.islink(path):
            return ()
        kept = self._sources.kept(_lying_there(pack, path))
        shipped = None if kept is None else kept.directory
        others = partial(beyond, path, patches=patches)
        changes = NodeGitAnalyzer(path).local_changes(others) or _described_changes(path, shipped, others)
        if changes is not None and not force:
            raise PackHasChanges(
                f"`{pack.identifier}` has {changes}; {doing} would take that away",
                hint=f"commit it elsewhere, keep the pack with `comfydock node add {pack.release.name} --dev --force`,"
                " or go on with `--force`",
                context={"pack": pack.identifier, "path": path, "changes": changes},
            )
        return tuple(name for name in added_files(path, shipped) if not is_patched(path, name, patches))

    def patched(self, pack: NodePackage, patch: bytes, label: str, reporter: Reporter | None) -> PatchedFiles | None:
        """What a patch makes of a pack's code as it came, which is fetched with a `reporter`.

        `None` without one where the code is not on this machine, and for packs that do not come from anywhere. Raises
        `PatchUnusable`, `GitFailed`, `OSError`, and what `PackSources.obtain` does.
        """
        if not is_obtainable(pack):
            return None
        content = self._sources.kept(pack.release)
        if content is None and reporter is not None:
            content = self._sources.obtain(pack.release, reporter)
        directory = self.path(pack) if content is None else content.directory
        if NodeGitAnalyzer(directory).is_checkout():
            wanted = pack.release.version if content is None else read_head(directory)[0]
            commit = queries.commit_of(directory, wanted) if wanted is not None else None
            return None if commit is None else patched_commit(patch, directory, commit, label=label)
        return None if content is None else patched_directory(patch, directory, label=label)

    def changed_beyond(self, pack: NodePackage, path: str, patches: Sequence[PatchedFiles]) -> bool:
        """Whether files of a pack that lies at `path` are others than it and the patches say. Raises `OSError`."""
        analyzer = NodeGitAnalyzer(path)
        if analyzer.is_checkout():
            return bool(beyond(path, analyzer.changed_files() or (), patches))
        kept = self._sources.kept(_lying_there(pack, path))
        return kept is not None and bool(beyond(path, changed_files(path, kept.directory), patches))

    def fetch(self, pack: NodePackage, place: str, reporter: Reporter, patch: PatchedFiles | None = None) -> None:
        """Put a pack's code at `place`, at the version of the manifest. Raises what `PackSources.obtain` does."""
        reporter.phase(f"Fetching {pack.release.name}")
        content = self._sources.obtain(pack.release, reporter)
        for lack in content.missing:
            reporter.warn(f"{pack.release.name}: {lack}")
        self._sources.place(content, place)
        if patch is not None:
            put_patched(place, patch)

    def build(self, change: PackChange, place: str, reporter: Reporter) -> None:
        """Build at `place` what takes the pack's name: new code with the files to carry over, or a link."""
        if change.content is not None and change.after is not None:
            reporter.phase(f"Copying {change.after.release.name}")
            self._sources.place(change.content, place)
            if change.before is not None:
                carry_over(change.pack, change.own_files, self.path(change.before), place, reporter)
        elif change.link is not None:
            make_directory_link(place, change.link)


def _lying_there(pack: NodePackage, path: str) -> NodeInfo:
    """The release that was put there, which need not be the manifest's."""
    noted = read_note(path)
    return pack.release if noted is None else replace(pack.release, version=noted[0], sha256=noted[1])


def _described_changes(path: str, shipped: str | None, others: Callable[[list[str]], list[str]]) -> str | None:
    """What was changed in a pack without a history, where it is known what came."""
    if shipped is None or NodeGitAnalyzer(path).is_checkout():
        return None
    changed = others(changed_files(path, shipped))
    return told_files(changed) if changed else None
