"""What the patches that a definition holds say of the code that lies there: which changes are committed work."""

from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer
from comfydock_core.analyzers.patched_files import is_patched, lacking
from comfydock_core.caching.custom_node_cache import CustomNodeCacheManager, archive_key
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.history.patches import COMFYUI, patch_path
from comfydock_core.core.usecases.moving.comfyui_patching import comfyui_patch
from comfydock_core.core.usecases.moving.patch_sides import lying_patches
from comfydock_core.integrations.git import queries
from comfydock_core.integrations.git.head import read_head
from comfydock_core.models.environment import EnvironmentStatus, HeldPatches
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.file_moves import PatchedFiles
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.pack_release import read_note
from comfydock_core.services.patched_code import patched_commit, patched_directory


def tell_patched(
    layout: EnvironmentLayout, workspace: WorkspaceLayout, manifest: dict[str, object], status: EnvironmentStatus
) -> None:
    """Let a status tell changed files that a patch makes as they are from those that are not committed.

    Raises `ManifestDamaged`, `OSError`.
    """
    found = HeldPatches()
    packs = tracked_packs(manifest, layout.manifest)
    try:
        held = dict(lying_patches(layout))
    except ComfyDockError as error:
        found.unusable.append(error.message)
        held = {}
    for what, patch in held.items():
        pack = packs.get(what)
        if what != COMFYUI and (pack is None or pack.is_development):
            continue
        directory = layout.comfyui if pack is None or what == COMFYUI else f"{layout.custom_nodes}/{pack.directory}"
        try:
            made = _made(layout, workspace, what, pack, directory, patch)
        except ComfyDockError as error:
            found.unusable.append(error.message)
            continue
        if made is not None:
            _compare(status, found, what, directory, made)
    status.patches = found


def _compare(status: EnvironmentStatus, found: HeldPatches, what: str, directory: str, made: PatchedFiles) -> None:
    if lacking(directory, made):
        found.missing.append(what)
    if what == COMFYUI:
        changed = status.comfyui.changed or []
    else:
        changed = status.packs.changed_files.pop(directory.rpartition("/")[2], [])
    committed = [path for path in changed if is_patched(directory, path, [made])]
    others = [path for path in changed if path not in committed]
    if committed:
        found.applied[what] = committed
    if what == COMFYUI:
        status.comfyui.changed = others if status.comfyui.changed is not None else None
    elif others:
        status.packs.changed_files[directory.rpartition("/")[2]] = others


def _made(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    what: str,
    pack: NodePackage | None,
    directory: str,
    patch: bytes,
) -> PatchedFiles | None:
    """What the patch makes of the code as it came, `None` where that is not here to compare with."""
    if what == COMFYUI or pack is None:
        commit = read_head(directory)[0]
        return comfyui_patch(directory, commit, patch) if commit is not None else None
    label = f"`{patch_path(what)}`"
    if NodeGitAnalyzer(directory).is_checkout():
        commit = queries.commit_of(directory, pack.release.version)
        return patched_commit(patch, directory, commit, label=label) if commit is not None else None
    note = read_note(directory)
    kept = None if note is None else CustomNodeCacheManager(workspace.packs).find(archive_key(note[1]))
    return patched_directory(patch, kept.directory, label=label) if kept is not None else None
