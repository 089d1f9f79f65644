"""Limiting the versions of packages that something else asks for."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.core.usecases.python_packages.asked_for import AskedFor, package_name
from comfydock_core.core.usecases.python_packages.wish import Wish
from comfydock_core.models.addresses import without_credentials_in
from comfydock_core.models.exceptions import InvalidSetting, PackageNotFound, PackageRefused
from comfydock_core.models.packages.python_packages import USER, PackageRequest
from comfydock_core.models.protocols import Reporter
from comfydock_core.utils.text import did_you_mean, nearest
from comfydock_core.validation.requirements import RefusedLine, parts_of, read_line


def wish_to_constrain(layout: EnvironmentLayout, request: PackageRequest, reporter: Reporter) -> Wish:
    """Constraints, in place of those that the user has for the same packages.

    Raises `InvalidSetting` for what limits nothing, `PackageRefused` for what would pin PyTorch, `ManifestDamaged`.
    """
    asked = AskedFor(layout)
    new: dict[str, list[str]] = {}
    for word in request.words:
        name, text = _constraint(word, asked)
        new.setdefault(name, []).append(text)
    gone = {one.constraint for one in asked.constraints() if one.kind == USER and one.name in new}
    # What is there already keeps its place.
    staying = gone & {text for texts in new.values() for text in texts}
    fresh = {name: [text for text in dict.fromkeys(texts) if text not in staying] for name, texts in new.items()}

    def edit(own: EnvironmentServices, resolve: bool) -> None:
        own.pyproject.replace_constraints(gone - staying, fresh)

    return Wish(edit)


def wish_to_unconstrain(layout: EnvironmentLayout, request: PackageRequest, reporter: Reporter) -> Wish:
    """Constraints of the user go, by the names of their packages.

    Raises `PackageNotFound` with near names, `PackageRefused` for a pin of PyTorch's release, `InvalidSetting`,
    `ManifestDamaged`.
    """
    constraints = AskedFor(layout).constraints()
    own_names = {one.name for one in constraints if one.kind == USER}
    names = [package_name(word) for word in request.words]
    for name in names:
        if name in own_names:
            continue
        if any(one.name == name for one in constraints):
            raise _of_release(name, f"the constraint of `{name}` cannot be removed")
        near = nearest(name, sorted(own_names))
        raise PackageNotFound(
            f"there is no constraint of `{name}`",
            hint=did_you_mean(near) if near
            else "`comfydock constraint list` shows those that there are",
            context={"package": name, "near": near},
        )  # fmt: skip
    gone = {one.constraint for one in constraints if one.kind == USER and one.name in names}

    def edit(own: EnvironmentServices, resolve: bool) -> None:
        own.pyproject.replace_constraints(gone, {})

    return Wish(edit)


def _constraint(word: str, asked: AskedFor) -> tuple[str, str]:
    line = read_line(word.strip(), 0)
    if isinstance(line, RefusedLine):
        raise _unusable(word, line.reason)
    parts = parts_of(line.text)
    if parts is None or parts.address is not None:
        raise _unusable(word, "an address does not limit versions")
    if parts.extras:
        raise _unusable(word, "a constraint is about versions, not about extras")
    if not parts.limits:
        raise _unusable(word, "it limits nothing")
    if parts.name in asked.family or parts.name in asked.accelerators:
        pins = any(sign in ("==", "===") and not version.endswith("*") for sign, version in parts.limits)
        if pins or any("+" in version for _, version in parts.limits):
            raise _of_release(parts.name, f"`{line.text}` would pin `{parts.name}`")
    return parts.name, line.text


def _unusable(word: str, reason: str) -> InvalidSetting:
    shown, why = without_credentials_in(word), without_credentials_in(reason.partition("\n")[0])
    return InvalidSetting(
        f"`{shown}` is not a constraint: {why}",
        hint='for example `comfydock constraint add "numpy<2"`',
        context={"constraint": shown, "reason": why},
    )


def _of_release(name: str, what: str) -> PackageRefused:
    return PackageRefused(
        f"{what}: all of PyTorch is pinned to one release, which every back end has to have",
        hint=f'a range, such as `comfydock constraint add "{name}<99"`, is taken into account for the next release',
        context={"package": name},
    )
