"""From the changes that are wanted to one plan: tried against the lock, as swaps of names."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.usecases.definition.explaining import explained
from comfydock_core.core.usecases.definition.redefining import (
    plan_redefinition,
    redefine,
    refuse_changed_versions,
    steps_of,
)
from comfydock_core.managers.pack_places import CUSTOM_NODES
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import (
    ComfyDockError,
    PackageChangeRefused,
    RemoteError,
    RequirementsConflict,
    UvFailed,
)
from comfydock_core.models.operation import Swap
from comfydock_core.models.packages.redefinition import Redefinition
from comfydock_core.models.packs.pack_changes import PackChange, PackFailure, PackOptions, PackPlan
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodePackage
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files.disk_errors import disk_errors

INSTALL_SCRIPT = "install.py"
# Where a requirement comes from when that is not an index, without the way, the reference and the part inside.
_ADDRESS = re.compile(r"(?:git\+)?(?:https?|ssh|file)://(?:[^/@\s]*@)?([^\s;#@]+)")
_GIVES_REASON = "uv gives the reason"


def plan_changes(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    command: str,
    changes: Sequence[PackChange],
    failures: Sequence[PackFailure],
    options: PackOptions,
    reporter: Reporter,
) -> PackPlan:
    """The plan of some changes, resolved unless `options` say not to; nothing of the environment is written.

    With `keep_going` changes that do not fit are left out, one after the other, and are among the failures. Raises
    `RequirementsConflict`, `PackageChangeRefused`, `LockOutdated`, what locking raises.
    """
    with disk_errors(f"plan the change of {layout.name}"):
        wanted, missed = list(changes), list(failures)
        new = _tried(layout, services, wanted, missed, options, reporter)
        if options.run_install_script and new.venv == "keep" and any(map(has_install_script, wanted)):
            new = replace(new, venv="link", reason=f"`{INSTALL_SCRIPT}` runs in it")
        for warning in new.warnings:
            reporter.warn(warning)
        steps, work = steps_of(layout, new)
        for change in wanted:
            steps += _swaps(layout, change)
            work.append(_told(layout, change))
        copied = [change.content.directory for change in wanted if change.content is not None]
        plan = plan_redefinition(layout, command, new, steps if wanted else [], work, copied=copied)
    return PackPlan(layout.name, command, tuple(wanted), tuple(missed), new, options, plan)


def _tried(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    changes: list[PackChange],
    failures: list[PackFailure],
    options: PackOptions,
    reporter: Reporter,
) -> Redefinition:
    """The definition with all changes; those that do not fit are moved to the failures where that is wanted."""
    try:
        return _redefined(layout, services, changes, options, reporter)
    except (UvFailed, RemoteError) as error:
        _name_who_asks(error, changes, services.environment(layout).nodes.packs.values())
        raise
    except PackageChangeRefused:
        if not options.keep_going:
            raise
    except RequirementsConflict as error:
        if not options.keep_going:
            raise _explained(layout, services, changes, error, reporter) from error
    fitting: list[PackChange] = []
    for change in tuple(changes):
        try:
            _redefined(layout, services, [*fitting, change], options, reporter)
        except RequirementsConflict as error:
            # The search for the reason takes its time: it is worth it for one change, not for each of many.
            told = error if len(changes) > 1 else _explained(layout, services, changes, error, reporter)
            failures.append(PackFailure.of(change.pack.identifier, told))
        except PackageChangeRefused as error:
            failures.append(PackFailure.of(change.pack.identifier, error))
        else:
            fitting.append(change)
    changes[:] = fitting
    return _redefined(layout, services, fitting, options, reporter)


def _name_who_asks(error: ComfyDockError, changes: Sequence[PackChange], known: Iterable[NodePackage]) -> None:
    """Say in the hint whose requirement uv could not get: the address in its words, or else all that is new."""
    packs = [change.after for change in changes if change.after is not None]
    for pack in [*packs, *known]:
        for line in pack.requirements:
            address = _ADDRESS.search(line)
            if address is not None and address[1] in error.message:
                error.hint = (
                    f"`{pack.identifier}` asks for `{without_credentials(line)}`; {error.hint or _GIVES_REASON}"
                )
                error.context["pack"] = pack.identifier
                return
    if isinstance(error, UvFailed):
        named = ", ".join(pack.identifier for pack in packs)
        error.hint = error.hint or f"{_GIVES_REASON}; what it was asked for comes from {named}"


def _explained(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    changes: Sequence[PackChange],
    error: RequirementsConflict,
    reporter: Reporter,
) -> RequirementsConflict:
    asked = {change.pack.identifier: change.requirements for change in changes if change.requirements is not None}
    adding = [change.pack.identifier for change in changes if change.before is None]
    return explained(layout, services, lambda own: _edit(own, changes), error, reporter, asked=asked, adding=adding)


def _redefined(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    changes: Sequence[PackChange],
    options: PackOptions,
    reporter: Reporter,
) -> Redefinition:
    new = redefine(layout, services, lambda own: _edit(own, changes), reporter, test=options.test)
    if options.strict:
        refuse_changed_versions(new)
    return new


def _edit(own: EnvironmentServices, changes: Sequence[PackChange]) -> None:
    gone = [change.before.identifier for change in changes if change.before is not None and _leaves(change)]
    own.pyproject.remove_packs(gone)
    own.pyproject.put_packs([change.after for change in changes if change.after is not None])


def _leaves(change: PackChange) -> bool:
    """Whether the entry of before has to go; one of the same identifier is written over."""
    assert change.before is not None
    return change.after is None or change.after.identifier != change.before.identifier


def _swaps(layout: EnvironmentLayout, change: PackChange) -> Iterator[Swap]:
    """The names among the custom nodes that a change concerns."""
    root, before, after = layout.root, change.before, change.after
    if change.moved_from is not None and change.moved_to is not None:
        source = f"{CUSTOM_NODES}/{change.moved_from}"
        yield swap(root, f"{CUSTOM_NODES}/{change.moved_to}", has_new=True, source=source)
        return
    if after is not None and (change.content is not None or change.link is not None):
        yield swap(root, f"{CUSTOM_NODES}/{after.directory}", has_new=True)
    old_goes = change.action in ("replace", "update", "remove", "link") and before is not None
    if old_goes and before is not None and (after is None or before.directory != after.directory):
        gone = swap(root, f"{CUSTOM_NODES}/{before.directory}", has_new=False)
        if gone.has_old:
            yield gone


def _told(layout: EnvironmentLayout, change: PackChange) -> PlanStep:
    """One line of the plan."""
    release = change.pack.release
    place = f"{layout.custom_nodes}/{change.pack.directory}"
    before = change.before.release.version[:10] if change.before is not None else ""
    detail = {
        "update": f"{before} → {release.version[:10]}",
        "replace": f"{before} → {release.version[:10]}",
        "remove": "its files are kept as a disabled pack" if change.moved_to else "removed; `undo` brings it back",
        "untrack": "its files stay",
        "link": f"a link to {change.link}",
    }.get(change.action, release.version[:10])
    return PlanStep(change.action, place, f"{release.identifier}: {detail}", deferred=change.content is not None)


def has_install_script(change: PackChange) -> bool:
    """Whether the new code brings a script that wants to be run once."""
    return change.content is not None and os.path.isfile(f"{change.content.directory}/{INSTALL_SCRIPT}")
