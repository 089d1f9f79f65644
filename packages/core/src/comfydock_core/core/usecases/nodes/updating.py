"""Updating node packs: to the newest version, to the head of the branch, to what the user's own require by now."""

import os
from collections.abc import Sequence
from dataclasses import replace

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.nodes.adding import findings_of
from comfydock_core.core.usecases.nodes.announcing import announced
from comfydock_core.core.usecases.nodes.planning import plan_changes
from comfydock_core.integrations.git import queries
from comfydock_core.managers.node_manager import NodeManager
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.packs.pack_changes import PackChange, PackFailure, PackOptions, PackPlan
from comfydock_core.models.protocols import NodeInstallCallbacks, Reporter
from comfydock_core.models.shared import NodePackage
from comfydock_core.repositories.definition.tracked_packs import find_pack
from comfydock_core.strategies.pack_policy import lines_of


def plan_updating(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    words: Sequence[str],
    options: PackOptions,
    reporter: Reporter,
    *,
    excluded: Sequence[str] = (),
    callbacks: NodeInstallCallbacks | None = None,
) -> PackPlan:
    """Look for newer releases, of all packs without words; a pack that has none stays, and so do those `excluded`.

    Raises `PackNotFound` for an excluded pack that there is not. Packs of all that cannot be looked up are among the
    failures, while a pack that was named raises `PackNotFound`, `PackHasChanges`, `RemoteError` or
    `RequirementsConflict` unless `keep_going`.
    """
    tracked = services.environment(layout).nodes
    packs = [find_pack(tracked.packs, word) for word in words] if words else list(tracked.packs.values())
    passed_over = {find_pack(tracked.packs, word).identifier for word in excluded}
    changes: list[PackChange] = []
    failures: list[PackFailure] = []
    wanted = {pack.identifier: pack for pack in packs if pack.identifier not in passed_over}
    for number, pack in enumerate(wanted.values(), 1):
        try:
            with announced(callbacks, pack.identifier, number, len(wanted)):
                change = _change(layout, services, tracked, pack, options, reporter)
        except ComfyDockError as error:
            if words and not options.keep_going:
                raise
            failures.append(PackFailure.of(pack.identifier, error))
        else:
            changes += [change] if change is not None else []
    return plan_changes(layout, services, "node update", changes, failures, options, reporter)


def _change(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    tracked: NodeManager,
    pack: NodePackage,
    options: PackOptions,
    reporter: Reporter,
) -> PackChange | None:
    if pack.is_development:
        return _requirements_again(tracked, pack, lenient=options.force)
    reporter.phase(f"Looking for a newer {pack.identifier}")
    latest = services.packs.latest(pack.release, reporter)
    for note in latest.notes:
        reporter.warn(note)
    if (latest.version, latest.source) == (pack.release.version, pack.release.source):
        return None
    own = tracked.own_files(pack, "another version", force=options.force)
    content = services.packs.obtain(latest, reporter)
    requirements = tracked.policy.asked_for(content.directory, lenient=options.force)
    lines, notes = lines_of(requirements)
    # The name stays, whatever the registry calls it today: workflows and settings know the directory.
    release = replace(content.release, identifier=pack.identifier, name=pack.release.name, notes=())
    return PackChange(
        "update",
        before=pack,
        after=NodePackage(release, lines, pack.enabled),
        content=content,
        requirements=requirements,
        findings=findings_of(tracked.path(pack), content.directory),
        commits=_commits(content.directory, pack, release.version),
        notes=(*content.missing, *notes),
        own_files=own,
    )


def _requirements_again(tracked: NodeManager, pack: NodePackage, *, lenient: bool) -> PackChange | None:
    """A development pack has no other release; what its files require may have changed."""
    if not os.path.isdir(tracked.path(pack)):
        return None
    requirements = tracked.policy.asked_for(tracked.path(pack), lenient=lenient)
    lines, notes = lines_of(requirements)
    if lines == pack.requirements:
        return None
    after = replace(pack, requirements=lines)
    return PackChange("track", pack, after, requirements=requirements, notes=notes)


def _commits(directory: str, pack: NodePackage, version: str) -> tuple[str, ...]:
    """The subjects of the commits between two versions; none for packs that do not come from git."""
    if pack.release.source != "git":
        return ()
    return tuple(queries.subjects_between(directory, pack.release.version, version))
