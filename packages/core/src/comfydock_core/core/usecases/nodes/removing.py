"""Removing node packs, and turning them off and on."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.nodes.planning import plan_changes
from comfydock_core.managers.node_manager import NodeManager
from comfydock_core.models.exceptions import ComfyDockError, PackExists, PackNotFound
from comfydock_core.models.packs.pack_changes import PackChange, PackFailure, PackOptions, PackPlan
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import DISABLED, NodePackage
from comfydock_core.repositories.definition.tracked_packs import find_pack
from comfydock_core.utils.text import counted


def plan_removing(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    words: Sequence[str],
    options: PackOptions,
    reporter: Reporter,
    *,
    untrack: bool = False,
    command: str = "node remove",
) -> PackPlan:
    """Take packs out of the manifest and their directories away; with `untrack` the directories stay.

    The directory of a development pack is only turned off. Raises `PackNotFound`, `PackHasChanges`; with `keep_going`
    these are among the plan's failures. Raises what resolving the rest raises.
    """
    tracked = services.environment(layout).nodes

    def change(word: str) -> PackChange:
        pack = find_pack(tracked.packs, word)
        if untrack:
            return PackChange("untrack", before=pack)
        own = tracked.own_files(pack, "removing it", force=options.force)
        if pack.is_development and pack.enabled and os.path.lexists(tracked.path(pack)):
            free = _free_name(layout, pack.release.name)
            return PackChange("remove", before=pack, moved_from=pack.directory, moved_to=free)
        notes = (
            (f"{counted(len(own), 'file')} in its directory did not come with it and are removed, too",) if own else ()
        )
        return PackChange("untrack" if pack.is_development else "remove", before=pack, own_files=own, notes=notes)

    changes, failures = _collected(words, change, options)
    return plan_changes(layout, services, command, changes, failures, options, reporter)


def plan_switching(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    words: Sequence[str],
    options: PackOptions,
    reporter: Reporter,
    *,
    enable: bool,
) -> PackPlan:
    """Turn packs on or off: ComfyUI passes over those that are off, while manifest and lock keep them.

    Packs that are so already are passed over. Raises `PackNotFound`, and `PackExists` when both directories are there.
    """
    tracked = services.environment(layout).nodes

    def change(word: str) -> PackChange | None:
        before = find_pack(tracked.packs, word)
        after = replace(before, enabled=enable)
        if before.enabled == enable:
            return None
        if os.path.lexists(tracked.path(after)):
            raise PackExists(
                f"`{tracked.path(after)}` is in the way",
                hint="move one of the two directories away",
                context={"pack": before.identifier, "path": tracked.path(after)},
            )
        _refuse_missing(before, tracked)
        moves = (before.directory, after.directory)
        return PackChange("enable" if enable else "disable", before, after, moved_from=moves[0], moved_to=moves[1])

    changes, failures = _collected(words, change, options)
    command = "node enable" if enable else "node disable"
    return plan_changes(layout, services, command, changes, failures, options, reporter)


def _refuse_missing(pack: NodePackage, tracked: NodeManager) -> None:
    if not os.path.lexists(tracked.path(pack)):
        raise PackNotFound(
            f"`{pack.identifier}` is not there: `{tracked.path(pack)}` is missing",
            hint="`comfydock sync` fetches it",
            context={"pack": pack.identifier, "path": tracked.path(pack)},
        )


def _collected(
    words: Sequence[str], change: Callable[[str], PackChange | None], options: PackOptions
) -> tuple[list[PackChange], list[PackFailure]]:
    """The changes that the words mean, each pack once, and what could not be done."""
    changes: dict[str, PackChange] = {}
    failures: list[PackFailure] = []
    for word in words:
        try:
            made = change(word)
        except ComfyDockError as error:
            if not options.keep_going:
                raise
            failures.append(PackFailure.of(word, error))
        else:
            if made is not None:
                changes[made.pack.identifier] = made
    return list(changes.values()), failures


def _free_name(layout: EnvironmentLayout, name: str) -> str:
    """A name for a directory that is turned off; one that was turned off before keeps its own."""
    number = 1
    while True:
        free = f"{name}{'' if number == 1 else f'-{number}'}{DISABLED}"
        if not os.path.lexists(f"{layout.custom_nodes}/{free}"):
            return free
        number += 1
