"""Whose the requirements of a manifest are, for telling which of them collide."""

from collections.abc import Iterator, Mapping

from comfydock_core.models.packages.conflicts import COMFYUI, PYTORCH, YOU, ConflictLine
from comfydock_core.models.packs.node_packs import PackRequirement, PackRequirements
from comfydock_core.repositories.definition.pytorch_settings import (
    Table,
    accelerators_of,
    family_of,
    is_pin,
    uv_settings,
)
from comfydock_core.repositories.definition.tracked_packs import group_name, tracked_packs
from comfydock_core.utils.package_names import requirement_name

_MANIFEST = "pyproject.toml"


def conflict_members(
    manifest: Table, packs: Mapping[str, PackRequirements], comfyui: PackRequirements
) -> list[ConflictLine]:
    """Every requirement and constraint of the manifest, with whose it is and where that has it.

    `packs` are the requirements of node packs by their identifiers, `comfyui` those of ComfyUI, both read from their
    directories. What is not found there stands in the manifest.
    """
    lines = [*_of_project(manifest, comfyui), *_of_groups(manifest, packs), *_constraints(manifest, packs)]
    return list(dict.fromkeys(lines))


def lines_of_pack(name: str, asked: PackRequirements) -> list[ConflictLine]:
    """The lines of one pack, such as of another version of it that is to be tried."""
    wanted = [ConflictLine(name, one.file, one.line, one.text) for one in asked.requirements]
    return wanted + [ConflictLine(name, one.file, one.line, one.text, constraint=True) for one in asked.constraints]


def _of_project(manifest: Table, comfyui: PackRequirements) -> Iterator[ConflictLine]:
    theirs = {one.text: one for one in comfyui.requirements}
    project = manifest.get("project")
    for text in _texts(project.get("dependencies") if isinstance(project, dict) else None):
        yield _placed(COMFYUI, theirs[text]) if text in theirs else ConflictLine(YOU, _MANIFEST, 0, text)


def _of_groups(manifest: Table, packs: Mapping[str, PackRequirements]) -> Iterator[ConflictLine]:
    groups = manifest.get("dependency-groups")
    owners = _owners(manifest)
    for group, requirements in (groups if isinstance(groups, dict) else {}).items():
        name = owners.get(group, YOU)
        theirs = {one.text: one for one in packs[name].requirements} if name in packs else {}
        for text in _texts(requirements):
            yield _placed(name, theirs[text]) if text in theirs else ConflictLine(name, _MANIFEST, 0, text)


def _constraints(manifest: Table, packs: Mapping[str, PackRequirements]) -> Iterator[ConflictLine]:
    ours = {*family_of(manifest), *(name for found in accelerators_of(manifest).values() for name in found)}
    theirs = {one.text: (name, one) for name, asked in packs.items() for one in asked.constraints}
    for text in _texts(uv_settings(manifest).get("constraint-dependencies")):
        if is_pin(text) and requirement_name(text) in ours:
            yield ConflictLine(PYTORCH, _MANIFEST, 0, text, constraint=True)
        elif text in theirs:
            name, one = theirs[text]
            yield ConflictLine(name, one.file, one.line, text, constraint=True)
        else:
            yield ConflictLine(YOU, _MANIFEST, 0, text, constraint=True)


def _owners(manifest: Table) -> dict[str, str]:
    """The identifier of the pack that each group is of."""
    packs = tracked_packs(manifest, _MANIFEST)
    return {group_name(pack.release): identifier for identifier, pack in packs.items()}


def _placed(name: str, one: PackRequirement) -> ConflictLine:
    return ConflictLine(name, one.file, one.line, one.text)


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
