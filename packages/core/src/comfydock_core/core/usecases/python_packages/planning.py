"""From what is wanted of the Python packages to one plan, tried on a copy of the definition."""

import tomllib
from collections.abc import Callable, Iterator

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.definition.explaining import explained
from comfydock_core.core.usecases.definition.redefining import (
    plan_redefinition,
    redefine,
    refuse_changed_versions,
    steps_of,
)
from comfydock_core.core.usecases.python_packages.adding import wish_to_add
from comfydock_core.core.usecases.python_packages.asked_for import AskedFor
from comfydock_core.core.usecases.python_packages.constraining import wish_to_constrain, wish_to_unconstrain
from comfydock_core.core.usecases.python_packages.removing import wish_to_remove, wish_to_remove_group
from comfydock_core.core.usecases.python_packages.wish import Wish
from comfydock_core.integrations.uv_errors import unknown_packages
from comfydock_core.models.exceptions import PackageNotFound, RequirementsConflict
from comfydock_core.models.packages.python_packages import PackagePlan, PackageRequest, RequirementChange
from comfydock_core.models.packages.redefinition import Redefinition
from comfydock_core.models.protocols import Reporter
from comfydock_core.utils.files.disk_errors import disk_errors

_MANIFEST = "pyproject.toml"
_WISHES: dict[str, tuple[str, Callable[[EnvironmentLayout, PackageRequest, Reporter], Wish]]] = {
    "add": ("py add", wish_to_add),
    "remove": ("py remove", wish_to_remove),
    "remove-group": ("py remove-group", wish_to_remove_group),
    "constrain": ("constraint add", wish_to_constrain),
    "unconstrain": ("constraint remove", wish_to_unconstrain),
}


def plan_packages(
    layout: EnvironmentLayout, services: WorkspaceServices, request: PackageRequest, reporter: Reporter
) -> PackagePlan:
    """What the request takes, resolved unless it says not to; nothing of the environment is written.

    Raises `RequirementsConflict`, `PackageChangeRefused`, `LockOutdated`, what the wish of its kind and locking raise.
    """
    command, make_wish = _WISHES[request.action]
    with disk_errors(f"plan the change of {layout.name}"):
        wish = make_wish(layout, request, reporter)
        new = _tried(layout, services, wish, request, reporter)
        for warning in new.warnings:
            reporter.warn(warning)
        concerns = bool(new.files) or new.relock
        steps, work = steps_of(layout, new) if concerns else ([], [])
        plan = plan_redefinition(layout, command, new, steps, work)
    return PackagePlan(layout.name, command, tuple(requirement_changes(layout, new)), wish.notes, new, plan)


def _tried(
    layout: EnvironmentLayout, services: WorkspaceServices, wish: Wish, request: PackageRequest, reporter: Reporter
) -> Redefinition:
    try:
        new = redefine(layout, services, lambda own: wish.edit(own, request.test), reporter,
                       test=request.test, upgrade=wish.upgrade, named=wish.names)  # fmt: skip
    except RequirementsConflict as error:
        _refuse_unknown(wish, error)
        raise explained(layout, services, lambda own: wish.edit(own, False), error, reporter) from error
    if request.strict:
        refuse_changed_versions(new)
    return new


def _refuse_unknown(wish: Wish, error: RequirementsConflict) -> None:
    """Raise `PackageNotFound` where what was named is in no index: nothing collides then."""
    unknown = [name for name in unknown_packages(str(error.context.get("output"))) if name in wish.names]
    if unknown:
        told = " and ".join(f"`{name}`" for name in unknown)
        raise PackageNotFound(
            f"no package index has {told}",
            hint="look at the spelling; indexes of your own are named by UV_INDEX",
            context={"packages": unknown},
        ) from error


def requirement_changes(layout: EnvironmentLayout, new: Redefinition) -> Iterator[RequirementChange]:
    """The lines of the manifest that change."""
    content = new.files.get(_MANIFEST)
    if content is None:
        return
    before, after = AskedFor(layout), AskedFor(layout, tomllib.loads(content.decode("utf-8")))
    old, now = _places(before), _places(after)
    for place in dict.fromkeys([*old, *now]):
        yield from _changed_lines(place, old.get(place, []), now.get(place, []))


def _places(asked: AskedFor) -> dict[str, list[tuple[str, str]]]:
    constraints = [(one.name, one.constraint) for one in asked.constraints()]
    groups = {group: asked.of_group(group) for group in asked.groups()}
    return {"project": asked.of_project(), **groups, "constraints": constraints}


def _changed_lines(
    place: str, before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> Iterator[RequirementChange]:
    gone = [line for line in before if line not in after]
    for name, text in [line for line in after if line not in before]:
        old = next((line for line in gone if line[0] == name), None)
        if old is not None:
            gone.remove(old)
        yield RequirementChange(place, name, None if old is None else old[1], text)
    for name, text in gone:
        yield RequirementChange(place, name, text, None)
