"""Asking for more packages."""

from collections.abc import Sequence

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.core.usecases.python_packages.asked_for import AskedFor
from comfydock_core.core.usecases.python_packages.wish import Wish
from comfydock_core.core.usecases.python_packages.words import Wanted, read_request
from comfydock_core.models.exceptions import PackageRefused
from comfydock_core.models.packages.python_packages import PackageRequest
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.pytorch_settings import uv_settings
from comfydock_core.utils.package_names import requirement_name
from comfydock_core.validation.requirements import parts_of


def wish_to_add(layout: EnvironmentLayout, request: PackageRequest, reporter: Reporter) -> Wish:
    """Requirements for the project or a group.

    Raises `PackageRefused` for another build of PyTorch, for another version of what ComfyUI asks for, and for the
    group of a node pack; `InvalidSetting`, `RequirementInvalid`, `FileSystemError`, `ManifestDamaged`.
    """
    asked = AskedFor(layout)
    group = None if request.group is None else asked.group(request.group)
    wanted, notes = read_request(request, layout)
    for one in wanted:
        _refuse_build(one, asked)
        if group is None:
            _refuse_other_version(one, asked)
    # PyTorch's release has its own pins: a bound beside them would only stand in the way of the next release.
    released = [one.text for one in wanted if one.name in asked.family]
    others = [one.text for one in wanted if one.name not in asked.family]
    names = [one.name for one in wanted if one.name is not None]
    upgrade = tuple(names) if request.upgrade else ()

    def edit(own: EnvironmentServices, resolve: bool) -> None:
        add = own.uv_project.add
        if released:
            add(released, reporter, group=group, resolve=False)
        if others:
            add(others, reporter, group=group, editable=request.editable, bounds=request.bounds, resolve=resolve,
                upgrade=upgrade)  # fmt: skip
        own.pyproject.settle_substitutes()
        _refuse_what_only_uv_saw(asked, AskedFor(layout, own.pyproject.read()))

    return Wish(edit, frozenset(names), upgrade, tuple(notes))


def _refuse_build(one: Wanted, asked: AskedFor) -> None:
    parts = parts_of(one.text) if one.name in asked.family else None
    if parts is None:
        return
    if parts.address is not None or any("+" in version for _, version in parts.limits):
        raise _other_build(one.text, parts.name)


def _refuse_what_only_uv_saw(before: AskedFor, after: AskedFor) -> None:
    """What lies on this machine tells its name only when uv looks into it."""
    sources = uv_settings(after.manifest).get("sources")
    for name in sources if isinstance(sources, dict) else ():
        if requirement_name(name) in after.family:
            raise _other_build(name, name)
    kept = after.of_project()
    for name, text in before.of_project():
        if name in before.comfyui and (name, text) not in kept:
            raise PackageRefused(
                f"this would replace `{text}`, which ComfyUI itself asks for",
                hint="with `--group` it is asked for beside that",
                context={"package": name, "comfyui": text},
            )


def _refuse_other_version(one: Wanted, asked: AskedFor) -> None:
    """uv would write it over ComfyUI's own line, which the next ComfyUI could not tell from its own."""
    parts = parts_of(one.text) if one.name in asked.comfyui else None
    theirs: Sequence[str] = [text for name, text in asked.of_project() if name == one.name]
    if parts is None or not theirs or one.text in theirs or not (parts.limits or parts.address):
        return
    hint = "leave the version out: it is asked for already"
    if parts.address is None:
        hint = f'`comfydock constraint add "{one.text}"` limits its versions'
    raise PackageRefused(
        f"ComfyUI itself asks for `{theirs[0]}`, which `{one.text}` would replace",
        hint=hint,
        context={"package": one.name, "requirement": one.text, "comfyui": theirs[0]},
    )


def _other_build(text: str, name: str) -> PackageRefused:
    return PackageRefused(
        f"`{text}` is one build of {name}; which build is installed, each machine chooses for itself",
        hint="`comfydock backend use cu128` chooses the builds of this machine, for example",
        context={"requirement": text, "package": name},
    )
