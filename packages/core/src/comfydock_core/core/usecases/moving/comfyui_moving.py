"""Moving ComfyUI itself to another commit: only its own files, one by one, so that nothing of the user's is touched."""

import os
from collections.abc import Iterator, Sequence

from comfydock_core.analyzers.git_change_parser import GitChangeParser
from comfydock_core.analyzers.git_probes import comfyui_probe
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.core.usecases.history.patches import COMFYUI
from comfydock_core.core.usecases.moving.comfyui_patching import ComfyUIPatching, patch_comfyui
from comfydock_core.core.usecases.moving.patch_sides import NO_PATCHES, PatchSides
from comfydock_core.integrations.git import queries, remotes
from comfydock_core.integrations.git.committing import look_again
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.index_lock import wait_for_index
from comfydock_core.integrations.git.trees import changed_files, index_of, write_files
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import GitFailed, RefNotFound
from comfydock_core.models.file_moves import ComfyUIMove, FileSwaps
from comfydock_core.models.history.moving import DISCARD, Uncommitted
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.operation import RefChange, Step
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.services.comfyui_repository import chosen_repository
from comfydock_core.services.patched_code import keep_contents
from comfydock_core.services.transaction.execution import Operation
from comfydock_core.services.transaction.file_swaps import plan_file_swaps
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.git_urls import local_path
from comfydock_core.utils.text import counted
from comfydock_core.utils.versions import is_full_commit

# References in ComfyUI's repository to every commit that it was at, so that going back there needs no network ever.
KEPT = "refs/comfydock/kept/"
COMFYUI_INDEX = "ComfyUI/.git/index"
_MODELS = "models/"
_HOLDERS = ("custom_nodes", "input", "models", "output", "temp", "user")
_SHORT = 10


@record
class ComfyUIChange:
    """The move, `None` where ComfyUI stays; what is in its way, and what is to be said."""

    move: ComfyUIMove | None = None
    in_the_way: tuple[Uncommitted, ...] = ()
    notes: tuple[str, ...] = ()


def plan_comfyui(
    layout: EnvironmentLayout,
    services: EnvironmentServices,
    before: Sequence[EnvironmentManifest],
    after: EnvironmentManifest,
    policy: str,
    reporter: Reporter,
    patches: PatchSides = NO_PATCHES,
) -> ComfyUIChange:
    """What going from one definition to another takes of ComfyUI; the mirror gets what it lacks.

    `before` are the definitions that may say where it is, the committed one first; without any it may be anywhere.
    Raises `RefNotFound`, `OfflineRefused`, `RemoteError`, `PatchUnusable`, `GitFailed`, `OSError`.
    """
    found, named = read_head(layout.comfyui)[0], after.comfyui_commit
    wanted = named if named is not None and is_full_commit(named) else found
    is_patched = patches.moves(COMFYUI) or (patches.enforced and COMFYUI in patches.after)
    if wanted is None or (found == wanted and not is_patched):
        return ComfyUIChange()
    if found is None:
        return ComfyUIChange(notes=(f"ComfyUI stays as it is: `{layout.comfyui}` is not a git repository",))
    repository = chosen_repository(after.comfyui_repository)
    source = repository_with(layout, services, repository, wanted, reporter)
    every = changed_files(layout.comfyui, found, wanted, lender=queries.objects_directory(source))
    changes = {path: change for path, change in every.items() if not path.startswith(_MODELS)}
    patched = patch_comfyui(layout.comfyui, found, source, wanted, changes, patches)
    files = {f"ComfyUI/{path}": change.after for path, change in patched.changes.items()}
    swaps = plan_file_swaps(layout.root, files, _kept_directories())
    if found == wanted and not swaps.steps:
        return ComfyUIChange()
    lost = () if policy == DISCARD else tuple(_in_the_way(layout, found, before, patched))
    obstacles = tuple(Uncommitted("comfyui", name, "something else is in its place") for name in swaps.obstacles)
    move = ComfyUIMove(found, wanted, repository, swaps, patched.contents, patched.added)
    return ComfyUIChange(move, lost or obstacles)


def obtain_commit(layout: EnvironmentLayout, services: EnvironmentServices, move: ComfyUIMove) -> None:
    """Let ComfyUI's repository have the commit: new objects, that nothing leads to yet. Raises `GitFailed`."""
    if queries.commit_of(layout.comfyui, move.after) is not None:
        return
    source = local_path(move.repository) or services.mirrors.path(move.repository)
    if not remotes.fetch_objects(layout.comfyui, source, move.after):
        raise GitFailed(
            f"cannot get the commit {move.after[:_SHORT]} of ComfyUI from `{source}`",
            hint="run the command again; `comfydock doctor` looks for what is wrong",
            context={"repository": source, "commit": move.after},
        )


def comfyui_steps(layout: EnvironmentLayout, move: ComfyUIMove) -> Iterator[Step]:
    """What an operation does for a move. Both commits are kept by references, so that git never prunes them."""
    yield from move.files.steps
    yield swap(layout.root, COMFYUI_INDEX, has_new=True)
    for commit in dict.fromkeys((move.before, move.after)):
        if queries.ref_value(layout.comfyui, f"{KEPT}{commit}") is None:
            yield RefChange("ComfyUI", f"{KEPT}{commit}", None, commit)
    if move.before != move.after:
        yield RefChange("ComfyUI", queries.HEAD, queries.ref_value(layout.comfyui, queries.HEAD), move.after)


def told_move(layout: EnvironmentLayout, move: ComfyUIMove) -> PlanStep:
    """The line of a plan for a move."""
    files = counted(len(move.files.steps), "file")
    if move.before == move.after:
        return PlanStep("patch", layout.comfyui, files, deferred=True)
    return PlanStep("move", layout.comfyui, f"{move.before[:_SHORT]} → {move.after[:_SHORT]}, {files}", deferred=True)


def stage_comfyui(
    layout: EnvironmentLayout,
    services: EnvironmentServices,
    move: ComfyUIMove,
    under_way: Operation,
    reporter: Reporter,
) -> None:
    """Build what an operation needs for a move. Raises `GitFailed`, `HistoryDamaged`, `RepositoryBusy`, `OSError`."""
    reporter.phase("Preparing ComfyUI")
    obtain_commit(layout, services, move)
    keep_contents(layout.comfyui, move.contents)
    scratch = f"{under_way.work}/comfyui"
    tree = stage_files(move.files, layout.comfyui, f"{scratch}/tree")
    made = index_of(layout.comfyui, move.after, scratch, move.added)
    look_again(layout.comfyui, f"{tree}/ComfyUI", made)
    os.rename(made, under_way.place(COMFYUI_INDEX))
    put_files(move.files, tree, under_way)
    wait_for_index(f"{layout.root}/{COMFYUI_INDEX}")


def stage_files(files: FileSwaps, repository: str, tree: str) -> str:
    """Write the files of some swaps into a tree of their own, under the names that they get; returns `tree`."""
    os.makedirs(f"{tree}/.cec")
    os.makedirs(f"{tree}/ComfyUI")
    places = {
        f"{tree}/{path}{f'/{below}' if below else ''}": file
        for path, staged in files.staged.items()
        for below, file in staged.items()
    }
    write_files(repository, places)
    return tree


def put_files(files: FileSwaps, tree: str, under_way: Operation) -> None:
    """Move staged files to where the operation takes them from. Raises `OSError`."""
    for path in files.staged:
        os.rename(f"{tree}/{path}", under_way.place(path))


def repository_with(
    layout: EnvironmentLayout, services: EnvironmentServices, repository: str, wanted: str, reporter: Reporter
) -> str:
    """A repository on this machine that has a commit of ComfyUI: its own, the one it came from, or the mirror of that.

    Raises `RefNotFound`, `OfflineRefused`, `RemoteError`, `GitFailed`.
    """
    if queries.commit_of(layout.comfyui, wanted) is not None:
        return layout.comfyui
    reporter.phase(f"Fetching ComfyUI {wanted[:_SHORT]}")
    place = local_path(repository)
    if place is not None:
        commit = queries.commit_of(place, wanted) if queries.is_repository(place) else None
    else:
        place = services.mirrors.path(repository)
        commit = services.mirrors.fetched_commit(repository, wanted, reporter=reporter)
    if commit is not None:
        return place
    shown = without_credentials(repository)
    raise RefNotFound(
        f"`{shown}` has no commit `{wanted}`",
        hint="it may be in another clone: fetch it in ComfyUI's directory with git, then run the command again",
        context={"repository": shown, "ref": wanted},
    )


def _in_the_way(
    layout: EnvironmentLayout,
    found: str,
    before: Sequence[EnvironmentManifest],
    patched: ComfyUIPatching,
) -> Iterator[Uncommitted]:
    known = [one.comfyui_commit for one in before if one.comfyui_commit is not None]
    if known and found not in known:
        yield Uncommitted("comfyui", "ComfyUI", f"it is at {found[:_SHORT]}, and {known[0][:_SHORT]} is committed")
    modified = set(_modified(layout))
    for path, change in patched.changes.items():
        if path in patched.committed:
            continue
        if path in modified:
            yield Uncommitted("comfyui", f"ComfyUI/{path}", "changed, not committed")
        elif change.before is None and os.path.lexists(f"{layout.comfyui}/{path}"):
            yield Uncommitted("comfyui", f"ComfyUI/{path}", "a file of your own, where that version has one, too")


def _modified(layout: EnvironmentLayout) -> list[str]:
    probe = comfyui_probe(layout)
    output, _ = probe.answer()
    return GitChangeParser(output).modified if output is not None else []


def _kept_directories() -> list[str]:
    return ["ComfyUI", *(f"ComfyUI/{name}" for name in _HOLDERS)]
