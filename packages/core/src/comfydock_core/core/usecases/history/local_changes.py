"""What was changed of ComfyUI and of node packs since they came, and what that is as a patch."""

import os
import tempfile
from collections.abc import Iterable, Mapping

from comfydock_core.analyzers.git_change_parser import GitChangeParser
from comfydock_core.analyzers.git_probes import comfyui_probe
from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer
from comfydock_core.analyzers.pack_comparison import answer_questions
from comfydock_core.analyzers.pack_files import PackFiles
from comfydock_core.caching.custom_node_cache import CustomNodeCacheManager, archive_key
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.integrations.git import queries
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.patches import patch_of_checkout, patch_of_files
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.shared import NodePackage
from comfydock_core.records import record
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.pack_release import read_note
from comfydock_core.utils.versions import is_full_commit

# Upstream has it, here a link is in its place.
_NOT_OURS = ("models",)


@record
class LocalChanges:
    """`comfyui` and `packs`, by identifier, are the changed files; `None` where it cannot be determined now.

    Development packs are somebody's own, so nothing in them counts as a change. `tracked` are all packs.
    """

    manifest: dict[str, object]
    tracked: Mapping[str, NodePackage]
    comfyui: list[str] | None
    packs: Mapping[str, list[str] | None]


def find_local_changes(layout: EnvironmentLayout, workspace: WorkspaceLayout) -> LocalChanges:
    """Raises `ManifestDamaged`, `OSError`."""
    probe = comfyui_probe(layout)
    try:
        manifest = read_manifest(layout.manifest)
        tracked = tracked_packs(manifest, layout.manifest)
        packs = _of_packs(layout, workspace, [pack for pack in tracked.values() if not pack.is_development])
        output, _ = probe.answer()
    finally:
        probe.close()
    comfyui = sorted(GitChangeParser(output).modified) if output is not None else None
    return LocalChanges(manifest, tracked, comfyui, packs)


def _of_packs(
    layout: EnvironmentLayout, workspace: WorkspaceLayout, packs: Iterable[NodePackage]
) -> dict[str, list[str] | None]:
    """Only what changed since it was compared last is read again, as for `status`."""
    looked = {
        pack.directory: pack.identifier
        for pack in packs
        if pack.enabled and pack.release.version and os.path.isdir(f"{layout.custom_nodes}/{pack.directory}")
    }
    found: dict[str, list[str] | None] = {pack.identifier: None for pack in packs}
    if not looked:
        return found
    files = PackFiles(layout.custom_nodes, workspace.changed_files_note(layout.name), list(looked))
    if files.open_questions:
        answer_questions(files, workspace.packs)
    found.update({looked[directory]: noted.changed for directory, noted in files.known.items()})
    return found


def patch_of_comfyui(layout: EnvironmentLayout, changes: LocalChanges) -> bytes | None:
    """`None` without a commit to compare with, or when nothing is different. Raises `GitFailed`, `ToolMissing`,
    `ManifestDamaged`."""
    pinned = EnvironmentManifest(changes.manifest, layout.manifest).comfyui_commit
    commit = _commit(layout.comfyui, pinned)
    return (patch_of_checkout(layout.comfyui, commit, without=_NOT_OURS) if commit is not None else None) or None


def patch_of_pack(
    layout: EnvironmentLayout, workspace: WorkspaceLayout, pack: NodePackage, changed: list[str]
) -> bytes | None:
    """Against the commit that the manifest pins, or the archive that is kept. `None` when neither is there.

    Raises `GitFailed`, `ToolMissing`, `OSError`.
    """
    directory = f"{layout.custom_nodes}/{pack.directory}"
    if NodeGitAnalyzer(directory).is_checkout():
        commit = _commit(directory, pack.release.version)
        return (patch_of_checkout(directory, commit) if commit is not None else None) or None
    note = read_note(directory)
    kept = None if note is None else CustomNodeCacheManager(workspace.packs).find(archive_key(note[1]))
    if kept is None:
        return None
    with tempfile.TemporaryDirectory(prefix="comfydock-patch-") as scratch:
        return patch_of_files(kept.directory, directory, changed, scratch) or None


def _commit(worktree: str, pinned: str | None) -> str | None:
    """The commit that is pinned, as far as it is one and there; else what is checked out."""
    if pinned is not None and is_full_commit(pinned) and queries.commit_of(worktree, pinned) is not None:
        return pinned
    return read_head(worktree)[0]
