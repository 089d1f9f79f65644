"""Asking for packages no longer."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.core.usecases.python_packages.asked_for import AskedFor, package_name
from comfydock_core.core.usecases.python_packages.wish import Wish
from comfydock_core.models.exceptions import ConflictError, PackageNotFound, PackageRefused
from comfydock_core.models.packages.python_packages import GROUP, PACK, PackageRequest
from comfydock_core.models.protocols import Reporter
from comfydock_core.utils.package_names import normal_name
from comfydock_core.utils.text import did_you_mean, nearest


def wish_to_remove(layout: EnvironmentLayout, request: PackageRequest, reporter: Reporter) -> Wish:
    """Requirements of the project or of a group go.

    Raises `PackageNotFound` with near names, `PackageRefused` for what ComfyUI asks for unless `force`, and for the
    group of a node pack; `InvalidSetting`, `ManifestDamaged`.
    """
    asked = AskedFor(layout)
    group = None if request.group is None else known_group(asked, request.group)
    present = {name for name, _ in (asked.of_project() if group is None else asked.of_group(group))}
    names = list(dict.fromkeys(package_name(word) for word in request.words))
    for name in names:
        if name not in present:
            raise _not_asked_for(name, present, group, asked)
        if group is None and name in asked.comfyui and not request.force:
            raise _of_comfyui(name)

    def edit(own: EnvironmentServices, resolve: bool) -> None:
        own.uv_project.remove(names, reporter, group=group)
        if group is not None and not AskedFor(layout, own.pyproject.read()).groups().get(group, [None]):
            own.pyproject.remove_group(group)
        own.pyproject.settle_substitutes()

    return Wish(edit)


def wish_to_remove_group(layout: EnvironmentLayout, request: PackageRequest, reporter: Reporter) -> Wish:
    """A group goes with everything in it.

    Raises `PackageNotFound`, `PackageRefused` for the group of a node pack, `ConflictError` where another group
    includes it, `ManifestDamaged`.
    """
    asked = AskedFor(layout)
    (word,) = request.words
    group = known_group(asked, word)
    for other, entries in asked.groups().items():
        included = [entry.get("include-group") for entry in entries if isinstance(entry, dict)]
        if other != group and normal_name(group) in {normal_name(name) for name in included if isinstance(name, str)}:
            raise ConflictError(
                f"the group `{other}` includes `{group}`",
                hint=f"`comfydock py remove-group {other}` removes that one first",
                context={"group": group, "includes": other},
            )

    def edit(own: EnvironmentServices, resolve: bool) -> None:
        own.pyproject.remove_group(group)
        needed = {name for name, *_ in AskedFor(layout, own.pyproject.read()).lines()}
        gone = {name for name, _ in asked.of_group(group)} - needed
        own.pyproject.drop_sources(gone)
        own.pyproject.settle_substitutes()

    return Wish(edit)


def known_group(asked: AskedFor, word: str) -> str:
    """A group that is there and is the user's. Raises `PackageNotFound`, `PackageRefused`, `InvalidSetting`."""
    group = asked.group(word)
    if group in asked.groups():
        return group
    own = [name for name in asked.groups() if name not in asked.owners]
    near = nearest(group, own)
    raise PackageNotFound(
        f"there is no group `{group}`",
        hint=did_you_mean(near) if near else "`comfydock py list` shows the groups with their packages",
        context={"group": group, "near": near},
    )


def _not_asked_for(name: str, present: set[str], group: str | None, asked: AskedFor) -> PackageNotFound:
    near = nearest(name, sorted(present))
    where = "the manifest" if group is None else f"the group `{group}`"
    hint = did_you_mean(near) if near else f"`comfydock node why {name}` explains why a package is here"
    for other, _, kind, owner in asked.lines():
        if other != name:
            continue
        if kind == PACK:
            hint = f"the node pack `{owner}` asks for it; `comfydock node why {name}` says more"
        elif kind == GROUP:
            hint = f"`comfydock py remove {name} --group {owner}` takes it out of that group"
        elif group is not None:
            hint = f"`comfydock py remove {name}`, without a group, is about what it is asked for by"
    return PackageNotFound(
        f"{where} does not ask for `{name}`", hint=hint, context={"package": name, "group": group, "near": near}
    )


def _of_comfyui(name: str) -> PackageRefused:
    return PackageRefused(
        f"ComfyUI itself asks for `{name}`, in its requirements.txt, and may not start without it",
        hint="`--force` removes it all the same",
        context={"package": name},
    )
