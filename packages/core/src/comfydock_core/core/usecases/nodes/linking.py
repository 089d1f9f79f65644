"""Working on a node pack where it lies: a link among the custom nodes leads to somebody's own checkout."""

import os

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.nodes.planning import plan_changes
from comfydock_core.models.exceptions import InvalidSetting, PackExists
from comfydock_core.models.packs.pack_changes import PackChange, PackOptions, PackPlan
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodeInfo, NodePackage
from comfydock_core.repositories.definition.tracked_packs import is_directory_name, matching_pack
from comfydock_core.strategies.pack_policy import lines_of


def plan_linking(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    path: str,
    name: str | None,
    options: PackOptions,
    reporter: Reporter,
) -> PackPlan:
    """Put a link to `path` among the custom nodes, as `name` or what the directory is called.

    A pack of that name becomes a development pack; its directory is kept by the operation. The checkout itself is only
    read. Raises `InvalidSetting`, `PackExists`, `PackHasChanges`, what resolving raises.
    """
    target = os.path.abspath(os.path.expanduser(path))
    wanted = name or os.path.basename(target)
    _refuse_unusable(layout, target)
    tracked = services.environment(layout).nodes
    before = matching_pack(tracked.packs, wanted)
    if before is not None:
        tracked.own_files(before, "a link in its place", force=options.force)
    directory = before.release.name if before is not None else _checked(wanted)
    _refuse_in_the_way(f"{layout.custom_nodes}/{directory}", before, force=options.force)
    requirements = tracked.policy.asked_for(target, lenient=options.force)
    lines, notes = lines_of(requirements)
    identifier = before.identifier if before is not None else wanted
    registry_id = before.release.registry_id if before is not None else None
    release = NodeInfo(identifier, directory, "development", "dev", registry_id=registry_id)
    change = PackChange(
        "link",
        before,
        NodePackage(release, lines),
        link=target,
        requirements=requirements,
        notes=notes,
    )
    return plan_changes(layout, services, "node dev-link", [change], [], options, reporter)


def _checked(name: str) -> str:
    if not is_directory_name(name):
        raise InvalidSetting(
            f"`{name}` cannot be the name of a directory",
            hint="choose another name with `--name`",
            context={"name": name},
        )
    return name


def _refuse_unusable(layout: EnvironmentLayout, target: str) -> None:
    if not os.path.isdir(target):
        raise InvalidSetting(
            f"`{target}` is not a directory",
            hint="name the directory of a node pack",
            context={"path": target},
        )
    inside = os.path.realpath(layout.custom_nodes)
    if os.path.realpath(target).startswith(f"{inside}{os.sep}"):
        raise InvalidSetting(
            f"`{target}` lies among the custom nodes itself",
            hint=f"`comfydock node add {os.path.basename(target)} --dev` adopts it where it is",
            context={"path": target},
        )


def _refuse_in_the_way(place: str, before: NodePackage | None, *, force: bool) -> None:
    if before is None and os.path.lexists(place) and not force:
        raise PackExists(
            f"`{place}` is in the way, and not in the manifest",
            hint="`--force` puts the link in its place, which `undo` reverts; `--name` chooses another name",
            context={"path": place},
        )
