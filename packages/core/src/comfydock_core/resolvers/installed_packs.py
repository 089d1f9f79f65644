"""The node packs of an environment: those of the manifest, and those that only lie among the custom nodes."""

import os
from collections.abc import Iterable

from comfydock_core.analyzers.code.remembered_classes import RememberedClasses
from comfydock_core.analyzers.present_packs import present_packs
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.packs.defined_classes import DefinedClasses
from comfydock_core.models.shared import NodeInfo, NodePackage
from comfydock_core.records import record
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.node_data.node_index import NodeIndex
from comfydock_core.utils.git_urls import normal_address


@record
class InstalledPack:
    """One pack; `release` is what the manifest says, `None` for one that only lies there.

    `place` is `None` while it is not on the disk; its classes are then those of the lists.
    """

    identifier: str
    name: str
    tracked: bool
    place: str | None
    classes: DefinedClasses
    release: NodeInfo | None = None

    @property
    def registry_id(self) -> str | None:
        return None if self.release is None else self.release.registry_id

    @property
    def repository(self) -> str | None:
        return None if self.release is None else self.release.repository

    def defines(self, node_type: str) -> bool:
        return node_type in self.classes.names


class InstalledPacks:
    """All of them, to be found by any of their names."""

    def __init__(self, packs: Iterable[InstalledPack], index: NodeIndex | None) -> None:
        self.all = tuple(packs)
        self._index = index
        self._by_name: dict[str, InstalledPack] = {}
        self._by_address: dict[str, InstalledPack] = {}
        for pack in self.all:
            for name in (pack.identifier, pack.registry_id, pack.name):
                if name:
                    self._by_name.setdefault(name.casefold(), pack)
            if pack.repository:
                self._by_address.setdefault(normal_address(pack.repository), pack)

    def named(self, identifier: str) -> InstalledPack | None:
        """The pack of an identifier, an older one of it, or a directory, whatever its case."""
        found = self._by_name.get(identifier.casefold())
        if found is not None or self._index is None:
            return found
        known = self._index.package(identifier)
        if known is None:
            return None
        found = self._by_name.get(known.identifier.casefold())
        return found or (self.at(known.repository) if known.repository else None)

    def at(self, address: str) -> InstalledPack | None:
        """The pack that comes from an address."""
        return self._by_address.get(normal_address(address))

    def classes(self) -> frozenset[str]:
        """Every node class that one of them defines."""
        return frozenset[str]().union(*(pack.classes.names for pack in self.all))

    def defining(self, node_type: str) -> list[InstalledPack]:
        return [pack for pack in self.all if pack.defines(node_type)]


def installed_packs(
    layout: EnvironmentLayout, manifest: dict[str, object], index: NodeIndex | None, classes: RememberedClasses
) -> InstalledPacks:
    """Every pack of an environment with its classes. Raises `ManifestDamaged`."""
    present = present_packs(layout.custom_nodes)
    tracked = [
        _tracked(pack, layout, present, index, classes) for pack in tracked_packs(manifest, layout.manifest).values()
    ]
    names = {pack.name for pack in tracked}
    others = [
        InstalledPack(name, name, False, place, classes.of_pack(place))
        for name, place in present.items()
        if name not in names
    ]
    return InstalledPacks([*tracked, *others], index)


def tracked_names(layout: EnvironmentLayout, manifest: dict[str, object], index: NodeIndex) -> set[str]:
    """The identifiers of the manifest's packs in small letters, those of the lists too. Raises `ManifestDamaged`."""
    names: set[str] = set()
    for pack in tracked_packs(manifest, layout.manifest).values():
        release = pack.release
        known = index.package_of_repository(release.repository) if release.repository else None
        names |= {name.lower() for name in (pack.identifier, release.registry_id, known and known.identifier) if name}
    return names


def _tracked(
    pack: NodePackage,
    layout: EnvironmentLayout,
    present: dict[str, str],
    index: NodeIndex | None,
    classes: RememberedClasses,
) -> InstalledPack:
    release, path = pack.release, f"{layout.custom_nodes}/{pack.directory}"
    place = present.get(release.name) or (path if os.path.isdir(path) else None)
    if place is not None:
        found = classes.of_pack(place)
    else:
        found = _listed(release.registry_id or pack.identifier, release.repository, index)
    return InstalledPack(pack.identifier, release.name, True, place, found, release)


def _listed(identifier: str, repository: str | None, index: NodeIndex | None) -> DefinedClasses:
    """The classes that the lists give a pack that is not on the disk."""
    known = None
    if index is not None:
        known = index.package_of_repository(repository) if repository else None
        known = known or index.package(identifier)
    names = frozenset(index.classes_of(known.identifier)) if index is not None and known is not None else frozenset()
    return DefinedClasses(names, ("its code is not here",))
