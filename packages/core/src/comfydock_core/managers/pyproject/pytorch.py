"""PyTorch in the manifest: the release that all machines share. No back end, no index and no local version is in it."""

from collections.abc import Callable, Collection, Iterable, Mapping

import tomlkit
from tomlkit.items import Array, InlineTable, Table

from comfydock_core.configs.defaults import TORCH_PACKAGES
from comfydock_core.repositories.definition.pytorch_settings import accelerators_of, family_of, is_pin
from comfydock_core.utils.package_names import requirement_name


def add_family(comfydock: Table, family: Iterable[str] = TORCH_PACKAGES) -> None:
    """Say which packages each back end has its own builds of."""
    pytorch = tomlkit.table()
    pytorch["family"] = list(family)
    comfydock["pytorch"] = pytorch


def set_release(
    document: tomlkit.TOMLDocument,
    release: Mapping[str, str],
    accelerators: Mapping[str, Collection[str]],
    constrained: Mapping[str, str],
) -> None:
    """Pin the family to a release and leave its accelerators out of the shared lock.

    `constrained` are accelerators that something else requires, which then must fit the release. The user's own
    constraints and exclusions stay as they are.
    """
    manifest = document.unwrap()
    ours = {*family_of(manifest), *(each for found in accelerators_of(manifest).values() for each in found)}
    uv = uv_table(document)
    pins = [f"{name}=={version}" for name, version in [*release.items(), *sorted(constrained.items())]]

    def is_ours(item: object) -> bool:
        return isinstance(item, str) and is_pin(item) and requirement_name(item) in ours

    _replace(uv, "constraint-dependencies", is_ours, pins)
    scoped = [_exclusion(name, accelerators[name]) for name in release if accelerators.get(name)]
    family = set(family_of(manifest))
    _replace(uv, "exclude-dependencies", lambda item: _excludes_for(item) in family, scoped)


def uv_table(document: tomlkit.TOMLDocument) -> Table:
    """`[tool.uv]`, made if need be."""
    tool = document.setdefault("tool", tomlkit.table(is_super_table=True))
    uv: Table = tool.setdefault("uv", tomlkit.table())
    return uv


def _replace(uv: Table, key: str, is_ours: Callable[[object], bool], new: Iterable[object]) -> None:
    """Take our entries out of an array and put the new ones behind those that stay."""
    present = uv.get(key)
    kept = [item for item in present if not is_ours(item)] if isinstance(present, list) else []
    entries = [*kept, *new]
    if entries:
        uv[key] = multiline(entries)
    elif key in uv:
        del uv[key]


def multiline(values: Iterable[object]) -> Array:
    """An array with one value on each line, so that two changes rarely meet in a merge."""
    array = tomlkit.array().multiline(True)
    for value in values:
        array.append(value)
    return array


def _exclusion(name: str, dependencies: Iterable[str]) -> InlineTable:
    package = tomlkit.inline_table()
    package["name"] = name
    entry = tomlkit.inline_table()
    entry["package"] = package
    entry["dependencies"] = sorted(dependencies)
    return entry


def _excludes_for(item: object) -> str | None:
    """The package whose requirements an exclusion is about, `None` for one that is about all."""
    package = item.get("package") if isinstance(item, dict) else None
    name = package.get("name") if isinstance(package, dict) else None
    return requirement_name(name) if isinstance(name, str) else None
