"""What a manifest asks for, and who: ComfyUI, the user, a group, a node pack, or the release of PyTorch."""

from collections.abc import Iterator

from comfydock_core.analyzers.packages.requirement_files import named_requirements
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.exceptions import InvalidSetting, PackageRefused
from comfydock_core.models.packages.python_packages import COMFYUI, GROUP, PACK, RELEASE, USER, ListedConstraint
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pytorch_settings import (
    Table,
    accelerators_of,
    family_of,
    is_pin,
    uv_settings,
)
from comfydock_core.repositories.definition.tracked_packs import group_name, tracked_packs
from comfydock_core.utils.package_names import normal_name, requirement_name

# A line: the name of its package, its text, what asks for it (`comfyui`, `user`, `group`, `pack`) and the owner.
Line = tuple[str, str, str, str | None]


class AskedFor:
    """One manifest, read once. Raises `ManifestDamaged`."""

    def __init__(self, layout: EnvironmentLayout, manifest: Table | None = None) -> None:
        self.manifest = read_manifest(layout.manifest) if manifest is None else manifest
        self.family = family_of(self.manifest)
        # What else only the release of PyTorch decides about.
        self.accelerators = frozenset(each for found in accelerators_of(self.manifest).values() for each in found)
        self.comfyui = frozenset(name for name, _ in named_requirements(f"{layout.comfyui}/requirements.txt"))
        packs = tracked_packs(self.manifest, layout.manifest).values()
        self.owners = {group_name(pack.release): pack.identifier for pack in packs}

    def groups(self) -> dict[str, list[object]]:
        """Every dependency group with its entries."""
        found = self.manifest.get("dependency-groups")
        return {name: entries for name, entries in found.items() if isinstance(entries, list)} if isinstance(
            found, dict) else {}  # fmt: skip

    def lines(self) -> Iterator[Line]:
        """Every requirement of the project and of its groups."""
        for name, text in self.of_project():
            yield name, text, COMFYUI if name in self.comfyui else USER, None
        for group, entries in self.groups().items():
            kind, owner = (PACK, self.owners[group]) if group in self.owners else (GROUP, group)
            for name, text in _named(entries):
                yield name, text, kind, owner

    def of_project(self) -> list[tuple[str, str]]:
        project = self.manifest.get("project")
        return _named(project.get("dependencies") if isinstance(project, dict) else None)

    def of_group(self, group: str) -> list[tuple[str, str]]:
        return _named(self.groups().get(group))

    def constraints(self) -> list[ListedConstraint]:
        """Every constraint; those that pin the release of PyTorch are not the user's."""
        found = _named(uv_settings(self.manifest).get("constraint-dependencies"))
        return [ListedConstraint(name, text, RELEASE if self.is_of_release(name, text) else USER)
                for name, text in found]  # fmt: skip

    def is_of_release(self, name: str, text: str) -> bool:
        return is_pin(text) and (name in self.family or name in self.accelerators)

    def group(self, word: str) -> str:
        """The group that somebody means: one that is there, whatever its spelling, or a new one.

        Raises `PackageRefused` for the group of a node pack, `InvalidSetting` for what no group can be called.
        """
        wanted = requirement_name(word)
        if wanted is None or wanted != normal_name(word):
            raise InvalidSetting(
                f"`{word}` is not a name for a group",
                hint="letters, digits, `.`, `_` and `-`, with a letter or digit at both ends",
                context={"group": word},
            )
        name = next((group for group in self.groups() if normal_name(group) == wanted), wanted)
        if name in self.owners:
            pack = self.owners[name]
            raise PackageRefused(
                f"the group `{name}` belongs to the node pack `{pack}`",
                hint=f"`comfydock node remove {pack}` takes the pack away, with what it asks for",
                context={"group": name, "pack": pack},
            )
        return name


def package_name(word: str) -> str:
    """The normalised name of a package that somebody wrote without anything else. Raises `InvalidSetting`."""
    name = requirement_name(word)
    if name is None or name != normal_name(word.strip()):
        raise InvalidSetting(
            f"`{word}` is not a name of a package",
            hint="give the name alone, without a version",
            context={"package": word},
        )
    return name


def _named(entries: object) -> list[tuple[str, str]]:
    texts = [text for text in entries if isinstance(text, str)] if isinstance(entries, list) else []
    return [(name, text) for text in texts if (name := requirement_name(text)) is not None]
