"""What the patches of ComfyUI's own files, before and after, do to the way from one commit of it to another."""

from collections.abc import Mapping

from comfydock_core.analyzers.patched_files import lies_there
from comfydock_core.core.usecases.history.patches import COMFYUI
from comfydock_core.core.usecases.moving.patch_sides import PatchSides
from comfydock_core.integrations.git.patching import unusable
from comfydock_core.integrations.git.trees import read_tree
from comfydock_core.models.exceptions import PatchUnusable
from comfydock_core.models.file_moves import PatchedFiles, TreeChange, TreeFile
from comfydock_core.records import record
from comfydock_core.services.patched_code import patched_commit

LABEL = "`patches/ComfyUI.patch`"
# What lies there is the user's, but for files that ComfyUI itself brings.
_OF_USER = ("custom_nodes/", "input/", "models/", "output/", "temp/", "user/")
_MODELS = "models/"


@record
class ComfyUIPatching:
    """The files that change, with patches taken into account. `committed` are those that lie there as a patch makes
    them, and `contents` and `added` what the new patch brings."""

    changes: Mapping[str, TreeChange]
    committed: frozenset[str]
    contents: Mapping[str, bytes]
    added: Mapping[str, TreeFile]


def patch_comfyui(
    directory: str,
    found: str,
    source: str,
    wanted: str,
    changes: Mapping[str, TreeChange],
    patches: PatchSides,
) -> ComfyUIPatching:
    """`changes` are those from the commit `found` to `wanted`, which the repository `source` has.

    Raises `PatchUnusable` where the new patch cannot be applied, `HistoryDamaged`, `GitFailed`, `OSError`.
    """
    before = [_explanation(directory, found, patch) for patch in patches.possible(COMFYUI)]
    expected = before[0] if patches.expected(COMFYUI) is not None else None
    after = patches.after.get(COMFYUI)
    made = comfyui_patch(source, wanted, after) if after is not None else None
    known = [one for one in before if one is not None]
    paths = sorted({path for one in (*known, *((made,) if made is not None else ())) for path in one.files})
    tree = read_tree(source, wanted) if paths else {}
    found_changes, committed = dict(changes), set()
    for path in paths:
        plain = changes[path].before if path in changes else tree.get(path)
        then = made.files[path].after if made is not None and path in made.files else tree.get(path)
        now = expected.files[path].after if expected is not None and path in expected.files else plain
        place = f"{directory}/{path}"
        if any(path in one.files and lies_there(place, one.files[path].after) for one in known):
            committed.add(path)
        is_applied_anyway = patches.enforced and lies_there(place, plain)
        if lies_there(place, then) or (now == then and not is_applied_anyway):
            found_changes.pop(path, None)
        else:
            found_changes[path] = TreeChange(plain, then)
    new = {} if made is None else made.new
    added = {
        path: file for path, file in new.items() if path in found_changes or lies_there(f"{directory}/{path}", file)
    }
    return ComfyUIPatching(found_changes, frozenset(committed), {} if made is None else made.contents, added)


def comfyui_patch(repository: str, commit: str, patch: bytes) -> PatchedFiles:
    """What a patch makes of a commit of ComfyUI; the user's own directories are none of its business.

    Raises `PatchUnusable`, `HistoryDamaged`, `GitFailed`, `OSError`.
    """
    made = patched_commit(patch, repository, commit, label=LABEL)
    for path, change in made.files.items():
        if path.startswith(_MODELS) or (path.startswith(_OF_USER) and change.before is None):
            raise unusable(LABEL, f"it names `{path}`, which is not of ComfyUI's code")
    return made


def _explanation(directory: str, commit: str, patch: bytes) -> PatchedFiles | None:
    """What a patch that may be applied makes of the files; one that does not fit them cannot be."""
    try:
        return comfyui_patch(directory, commit, patch)
    except PatchUnusable:
        return None
