"""One identity for all names of a node pack: identifiers of the registry and of lists, repositories, what is here."""

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

from comfydock_core.models.node_mapping import CORE, NodeMapping
from comfydock_core.models.packs.node_data import KnownPack
from comfydock_core.models.packs.node_use import NodeUse
from comfydock_core.resolvers.installed_packs import InstalledPack, InstalledPacks
from comfydock_core.utils.git_urls import github_repository, normal_address

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w-]{0,99}/(?!\.{1,2}$)[\w.-]{1,100}", re.ASCII)
_SEPARATORS = re.compile(r"[-_.\s]+")
_EVERYWHERE = frozenset({"comfyui", "comfy"})


class NodeKnowledge(Protocol):
    """The lists of node packs, as far as finding the pack of a class needs them. `NodeIndex` is one."""

    def candidates(self, name: str) -> list[NodeMapping]:
        """The packs that define a node class."""

    def package(self, identifier: str) -> KnownPack | None:
        """The pack of an identifier or of an older one, whatever its case."""

    def package_of_repository(self, address: str) -> KnownPack | None:
        """The pack that lives at an address, however that is spelled."""


class PackIdentities:
    """Says which pack is meant. A *key* is the same for all names of one pack: its identifier where lists have it."""

    def __init__(self, knowledge: NodeKnowledge | None, installed: InstalledPacks | None) -> None:
        self._knowledge = knowledge
        self._installed = installed
        self._known: dict[str, KnownPack | None] = {}
        self._addresses: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._here = {self._key_of(pack): pack for pack in reversed(installed.all)} if installed is not None else {}
        self._keys = {pack.identifier: key for key, pack in self._here.items()}

    def known(self, identifier: str) -> KnownPack | None:
        """The pack that lists have under an identifier."""
        if identifier not in self._known:
            self._known[identifier] = self._knowledge.package(identifier) if self._knowledge is not None else None
        return self._known[identifier]

    def here(self, key: str) -> InstalledPack | None:
        """The pack of a key, if it is installed."""
        return self._here.get(key)

    def key_of_installed(self, pack: InstalledPack) -> str:
        return self._keys.get(pack.identifier) or self._key_of(pack)

    def key_of_address(self, address: str) -> str:
        """The key of what lies at an address."""
        found = self._knowledge.package_of_repository(address) if self._knowledge is not None else None
        if found is not None:
            return self._remembered(found)
        here = self._installed.at(address) if self._installed is not None else None
        if here is not None:
            return self.key_of_installed(here)
        key = normal_address(address)
        self._addresses.setdefault(key, address)
        return key

    def address(self, key: str) -> str | None:
        """The address that a key stands for which no list has, as it was written."""
        return self._addresses.get(key)

    def key_of_name(self, name: str, listing: Iterable[str] = ()) -> str:
        """The key of an identifier of the registry. `listing` are keys of packs that list classes named after it.

        The Manager's lists have identifiers of their own, and the registry's are mostly names of repositories: a
        pack that has the classes and such a name is the one that is meant.
        """
        known, likely = self.known(name), sorted(listing)
        if known is not None and known.identifier in likely:
            return known.identifier
        here = self._installed.named(name) if self._installed is not None else None
        if here is not None:
            return self.key_of_installed(here)
        alike = [key for key in likely if same_name(self.repository_name(key), name)]
        if alike:
            return max(alike, key=lambda key: (self._stars(key), key))
        if known is not None:
            return self._remembered(known)
        key = f"registry:{name.casefold()}"
        self._names.setdefault(key, name)
        return key

    def is_known(self, key: str) -> bool:
        """Whether lists have the pack of a key, or it is installed."""
        return key == CORE or self.known(key) is not None or self.here(key) is not None

    def identifier(self, key: str) -> str:
        """What names a pack elsewhere: an identifier, the address of what no list has, a directory that is here."""
        here = self.here(key)
        if here is not None and self.known(key) is None:
            return here.identifier
        return self._names.get(key) or self._addresses.get(key) or key

    def key_of_chosen(self, identifier: str) -> str:
        """The key of what a user chose: an identifier, or an address."""
        return self.key_of_address(identifier) if "://" in identifier else self.key_of_name(identifier)

    def repository_name(self, key: str) -> str:
        """The name of a pack's repository without its owner, empty when it is not on GitHub."""
        known = self.known(key)
        github = github_repository(known.repository) if known is not None and known.repository else None
        return github[1] if github is not None else ""

    def _key_of(self, pack: InstalledPack) -> str:
        """Where it comes from says it best; then its identifiers."""
        by_address = (
            self._knowledge.package_of_repository(pack.repository) if self._knowledge and pack.repository else None
        )
        if by_address is not None:
            return self._remembered(by_address)
        for name in (pack.registry_id, pack.identifier):
            known = self.known(name) if name else None
            if known is not None:
                return self._remembered(known)
        return f"here:{pack.identifier}"

    def _remembered(self, known: KnownPack) -> str:
        self._known.setdefault(known.identifier, known)
        return known.identifier

    def _stars(self, key: str) -> int:
        known = self.known(key)
        return (known.stars or 0) if known is not None else 0


def address_of(aux_id: str | None) -> str | None:
    """The address that an `aux_id` means, which is `owner/repository` on GitHub; `None` for anything else."""
    if aux_id is None or not _REPOSITORY.fullmatch(aux_id.removesuffix(".git")):
        return None
    return f"https://github.com/{aux_id.removesuffix('.git')}"


def same_name(first: str, second: str) -> bool:
    """Whether two names of packs are of the same words: the registry changes case, separators and "ComfyUI"."""
    return bool(first) and bool(second) and _words(first) == _words(second)


def _words(name: str) -> frozenset[str]:
    words = frozenset(_SEPARATORS.split(name.casefold())) - {""}
    return words - _EVERYWHERE or words


def named_keys(
    uses: Iterable[NodeUse], listed: Mapping[str, Iterable[NodeMapping]], identities: PackIdentities
) -> dict[str, frozenset[str]]:
    """For each class the packs that its nodes name by `cnr_id` and `aux_id`.

    All classes of one `cnr_id` are looked at together: one that no list has is still from the pack of the others.
    """
    every = tuple(uses)
    listing: dict[str, set[str]] = {}
    for use in every:
        if use.cnr_id:
            listing.setdefault(use.cnr_id, set()).update(one.identifier for one in listed.get(use.type, ()))
    names = {name: CORE if name == CORE else identities.key_of_name(name, listing[name]) for name in sorted(listing)}
    addresses = {aux: address for aux in sorted({use.aux_id or "" for use in every}) if (address := address_of(aux))}
    places = {aux: identities.key_of_address(address) for aux, address in addresses.items()}
    return {use.type: _one_pack(names.get(use.cnr_id or ""), places.get(use.aux_id or ""), identities) for use in every}


def _one_pack(by_name: str | None, by_place: str | None, identities: PackIdentities) -> frozenset[str]:
    """The packs of a node that names one by identifier and by place: the same, unless both are known and differ."""
    if by_name is not None and by_place is not None:
        if not identities.is_known(by_name):
            return frozenset({by_place})
        if not identities.is_known(by_place):
            return frozenset({by_name})
    return frozenset(key for key in (by_name, by_place) if key is not None)
