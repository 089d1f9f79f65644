"""Moving ComfyUI itself to another commit: only its own files, one by one, so that nothing of the user's is touched."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from comfydock_core.analyzers.git_change_parser import GitChangeParser
from comfydock_core.analyzers.git_probes import comfyui_probe
from comfydock_core.configs.defaults import COMFYUI_REPOSITORY
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.integrations.git import queries, remotes
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.trees import changed_files
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import GitFailed, RefNotFound
from comfydock_core.models.history.moving import DISCARD, ComfyUIMove, TreeChange, Uncommitted
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.transaction.file_swaps import plan_file_swaps
from comfydock_core.utils.versions import is_full_commit

# References in ComfyUI's repository to every commit that it was at, so that going back there needs no network ever.
KEPT = "refs/comfydock/kept/"
_MODELS = "models/"
_HOLDERS = ("custom_nodes", "input", "models", "output", "temp", "user")
_SHORT = 10


@dataclass(frozen=True, slots=True)
class ComfyUIChange:
    """The move, `None` where ComfyUI stays; what is in its way, and what is to be said."""

    move: ComfyUIMove | None = None
    in_the_way: tuple[Uncommitted, ...] = ()
    notes: tuple[str, ...] = ()


def plan_comfyui(
    layout: EnvironmentLayout,
    services: EnvironmentServices,
    before: EnvironmentManifest | None,
    after: EnvironmentManifest,
    policy: str,
    reporter: Reporter,
) -> ComfyUIChange:
    """What going from one definition to another takes of ComfyUI; the mirror gets what it lacks.

    Raises `RefNotFound`, `OfflineRefused`, `RemoteError`, `GitFailed`, `OSError`.
    """
    found, wanted = read_head(layout.comfyui)[0], after.comfyui_commit
    if wanted is None or found == wanted or not is_full_commit(wanted):
        return ComfyUIChange()
    if found is None:
        return ComfyUIChange(notes=(f"ComfyUI stays as it is: `{layout.comfyui}` is not a git repository",))
    repository = after.comfyui_repository or COMFYUI_REPOSITORY
    lender = _lender(layout, services, repository, found, wanted, reporter)
    every = changed_files(layout.comfyui, found, wanted, lender=lender)
    changes = {path: change for path, change in every.items() if not path.startswith(_MODELS)}
    files = {f"ComfyUI/{path}": change.after for path, change in changes.items()}
    swaps = plan_file_swaps(layout.root, files, _kept_directories())
    lost = () if policy == DISCARD else tuple(_in_the_way(layout, found, before, changes))
    obstacles = tuple(Uncommitted("comfyui", name, "something else is in its place") for name in swaps.obstacles)
    return ComfyUIChange(ComfyUIMove(found, wanted, repository, swaps), lost or obstacles)


def obtain_commit(layout: EnvironmentLayout, services: EnvironmentServices, move: ComfyUIMove) -> None:
    """Let ComfyUI's repository have the commit: new objects, that nothing leads to yet. Raises `GitFailed`."""
    if queries.commit_of(layout.comfyui, move.after) is not None:
        return
    source = remotes.local_path(move.repository) or services.mirrors.path(move.repository)
    if not remotes.fetch_objects(layout.comfyui, source, move.after):
        raise GitFailed(
            f"cannot get the commit {move.after[:_SHORT]} of ComfyUI from `{source}`",
            hint="run the command again; `comfydock doctor` looks for what is wrong",
            context={"repository": source, "commit": move.after},
        )


def _lender(
    layout: EnvironmentLayout,
    services: EnvironmentServices,
    repository: str,
    found: str,
    wanted: str,
    reporter: Reporter,
) -> str | None:
    """Where the commit is, if ComfyUI's own repository lacks it: the objects of the mirror, or of the repository."""
    if queries.commit_of(layout.comfyui, wanted) is not None:
        return None
    reporter.phase(f"Fetching ComfyUI {wanted[:_SHORT]}")
    place = remotes.local_path(repository)
    if place is not None:
        commit = queries.commit_of(place, wanted) if queries.is_repository(place) else None
        objects = queries.objects_directory(place) if commit is not None else None
    else:
        commit = services.mirrors.fetched_commit(repository, wanted, reporter=reporter)
        objects = f"{services.mirrors.path(repository)}/objects"
    if commit is None or objects is None:
        shown = without_credentials(repository)
        raise RefNotFound(
            f"`{shown}` has no commit `{wanted}`, which ComfyUI was at then",
            hint="it may be in another clone: fetch it in ComfyUI's directory with git, then run the command again",
            context={"repository": shown, "ref": wanted},
        )
    return objects


def _in_the_way(
    layout: EnvironmentLayout,
    found: str,
    before: EnvironmentManifest | None,
    changes: dict[str, TreeChange],
) -> Iterator[Uncommitted]:
    committed = before.comfyui_commit if before is not None else None
    if committed is not None and committed != found:
        yield Uncommitted("comfyui", "ComfyUI", f"it is at {found[:_SHORT]}, and {committed[:_SHORT]} is committed")
    modified = set(_modified(layout))
    for path, change in changes.items():
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
