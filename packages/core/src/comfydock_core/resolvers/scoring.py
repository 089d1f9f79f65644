"""Scoring the packs that a class may be from, with all classes of the workflow in view."""

import math
from collections.abc import Iterator, Mapping, Sequence

from comfydock_core.models.node_mapping import COMFYUI, CORE, REGISTRY, NodeMapping
from comfydock_core.models.packs.node_data import KnownPack
from comfydock_core.models.packs.node_use import NodeUse
from comfydock_core.models.workflow.candidates import CandidatePack, Reason
from comfydock_core.repositories.node_data.name_patterns import is_anchored
from comfydock_core.resolvers import evidence
from comfydock_core.resolvers.installed_packs import InstalledPacks
from comfydock_core.resolvers.pack_identities import PackIdentities, address_of, same_name


class Scoring:
    """The candidates of each class of one workflow."""

    def __init__(
        self,
        uses: Mapping[str, NodeUse],
        listed: Mapping[str, Sequence[NodeMapping]],
        named: Mapping[str, frozenset[str]],
        identities: PackIdentities,
        installed: InstalledPacks | None,
    ) -> None:
        """`listed` are the lists' candidates of each class, `named` the keys of the packs that its nodes name."""
        self._uses = uses
        self._listed = listed
        self._named = named
        self._identities = identities
        self._installed = installed
        self._defining: dict[str, list[str]] = {node_type: self._defining_keys(node_type) for node_type in uses}
        self._ranked: dict[str, tuple[CandidatePack, ...]] = {}
        self._classes: dict[str, dict[str, float]] = {}
        self._saved_with: dict[str, set[str]] = {}
        self._count_classes()

    def _defining_keys(self, node_type: str) -> list[str]:
        if self._installed is None:
            return []
        return sorted({self._identities.key_of_installed(pack) for pack in self._installed.defining(node_type)})

    def _count_classes(self) -> None:
        """For each pack its classes in this workflow, each with the share that it has in it."""
        for node_type in self._uses:
            keys = {one.identifier for one in self._listed.get(node_type, ()) if one.pattern is None}
            keys |= set(self._defining[node_type])
            for key in keys:
                self._classes.setdefault(key, {})[node_type] = 1.0 / len(keys)
            for key in self._named.get(node_type, ()):
                self._saved_with.setdefault(key, set()).add(node_type)

    def defining(self, node_type: str) -> dict[str, bool]:
        """The installed packs that define a class, by identifier, and whether for the editor alone."""
        packs = self._installed.defining(node_type) if self._installed is not None else []
        return {
            self._identities.identifier(self._identities.key_of_installed(pack)): node_type in pack.classes.editor_only
            for pack in packs
        }

    def named_identifiers(self, node_type: str, *, known: bool = False) -> frozenset[str]:
        """The packs that the nodes of a class name; with `known` those alone that lists have or that are here."""
        keys = self._named.get(node_type, ())
        return frozenset(
            self._identities.identifier(key) for key in keys if not known or self._identities.is_known(key)
        )

    def chosen(self, use: NodeUse, identifier: str) -> CandidatePack:
        """The pack that the user chose, known or not."""
        key = self._identities.key_of_chosen(identifier)
        known, here = self._identities.known(key), self._identities.here(key)
        return CandidatePack(
            identifier=identifier,
            name=known.name if known is not None else here.name if here is not None else identifier,
            score=evidence.NAMED,
            reasons=(Reason("chosen", "you chose it", evidence.NAMED),),
            registry_id=self._registry_id(key, use),
            repository=known.repository if known is not None else here.repository if here is not None else None,
            installed=None if here is None else here.identifier,
            refusal=known.refusal if known is not None else None,
        )

    def ranked(self, use: NodeUse) -> tuple[CandidatePack, ...]:
        """The candidates of a class, best first."""
        if use.type not in self._ranked:
            candidates = [self._candidate(key, use) for key in self._keys(use)]
            self._ranked[use.type] = tuple(sorted(candidates, key=lambda one: (-one.score, one.identifier)))
        return self._ranked[use.type]

    def _keys(self, use: NodeUse) -> list[str]:
        listed = {one.identifier for one in self._listed.get(use.type, ())}
        return sorted(listed | self._named.get(use.type, frozenset()) | set(self._defining.get(use.type, ())))

    def _candidate(self, key: str, use: NodeUse) -> CandidatePack:
        known, here = self._identities.known(key), self._identities.here(key)
        reasons = sorted(self._reasons(key, known, use), key=lambda one: (-abs(one.weight), one.kind))
        identifier = self._identities.identifier(key)
        return CandidatePack(
            identifier=identifier,
            name=known.name if known is not None else here.name if here is not None else identifier,
            score=round(math.fsum(one.weight for one in reasons), 6),
            reasons=tuple(reasons),
            registry_id=self._registry_id(key, use),
            repository=self._repository(key),
            version=use.version if key in self._named.get(use.type, ()) else None,
            installed=None if here is None else here.identifier,
            refusal=known.refusal if known is not None else None,
        )

    def _registry_id(self, key: str, use: NodeUse) -> str | None:
        known, here = self._identities.known(key), self._identities.here(key)
        if known is not None and known.source == REGISTRY:
            return known.identifier
        if here is not None and here.registry_id:
            return here.registry_id
        return use.cnr_id if use.cnr_id != CORE and key in self._named.get(use.type, ()) else None

    def _repository(self, key: str) -> str | None:
        known, here = self._identities.known(key), self._identities.here(key)
        if known is not None and known.repository:
            return known.repository
        if here is not None and here.repository:
            return here.repository
        return self._identities.address(key)

    def _reasons(self, key: str, known: KnownPack | None, use: NodeUse) -> Iterator[Reason]:
        yield from self._said_by_the_node(key, known, use)
        yield from self._said_by_lists(key, use)
        yield from self._said_by_the_workflow(key, use)
        yield from self._said_by_what_is_here(key, use)
        if known is not None and known.source != COMFYUI:
            told = (None if self._belongs(key, use) else evidence.copier(known), evidence.stars(known),
                    evidence.age(known, self._newest(use)), evidence.refusal(known))  # fmt: skip
            yield from (reason for reason in told if reason is not None)

    def _said_by_the_node(self, key: str, known: KnownPack | None, use: NodeUse) -> Iterator[Reason]:
        address = address_of(use.aux_id)
        if key in self._named.get(use.type, ()):
            names = " and ".join(f"`{one}`" for one in (use.cnr_id, use.aux_id) if one)
            if self._identities.is_known(key):
                yield Reason("saved-with", f"the workflow was saved with it, as {names}", evidence.NAMED)
            else:
                words = f"the workflow was saved with {names}, which no list has"
                yield Reason("saved-with", words, evidence.NAMED_UNKNOWN)
            if known is not None and any(one.version == use.version for one in known.versions):
                yield Reason("version", f"its version {use.version} is in the registry", evidence.SAVED_VERSION)
        elif address is not None and same_name(address.rpartition("/")[2], self._identities.repository_name(key)):
            words = f"the workflow was saved with `{use.aux_id}`, which has the same name: it moved, or is a fork"
            yield Reason("same-name", words, evidence.SAME_NAME)

    def _belongs(self, key: str, use: NodeUse) -> bool:
        """Whether somebody says outright that the class is from this pack."""
        if key in self._named.get(use.type, ()):
            return True
        return any(one.claimed and one.identifier == key for one in self._listed.get(use.type, ()))

    def _said_by_lists(self, key: str, use: NodeUse) -> Iterator[Reason]:
        everything = self._listed.get(use.type, ())
        mine = [one for one in everything if one.identifier == key]
        patterns = [one.pattern for one in mine if one.pattern is not None]
        if patterns:
            weight = evidence.ANCHORED_PATTERN if any(map(is_anchored, patterns)) else evidence.LOOSE_PATTERN
            yield Reason("pattern", f"its classes are called like this: `{patterns[0]}`", weight)
        elif mine:
            source = "the registry" if any(one.source == REGISTRY for one in mine) else "ComfyUI-Manager's list"
            yield Reason("listed", f"{source} has the class for it", evidence.LISTED)
            if any(one.signature and one.signature in use.signatures for one in mine):
                yield Reason("inputs", "its class has exactly these inputs", evidence.SIGNATURE)
            if any(one.claimed for one in mine):
                yield Reason("claimed", "ComfyUI-Manager's list says that the class belongs to it", evidence.CLAIMED)
        elif any(one.pattern is None for one in everything) and self._has_listed_classes(key):
            yield Reason("not-listed", "the lists know its classes, and this is none of them", evidence.NOT_LISTED)

    def _has_listed_classes(self, key: str) -> bool:
        known = self._identities.known(key)
        return known is not None and known.classes > 0

    def _said_by_the_workflow(self, key: str, use: NodeUse) -> Iterator[Reason]:
        others = {node_type: share for node_type, share in self._classes.get(key, {}).items() if node_type != use.type}
        told = evidence.neighbours(math.fsum(others.values()), len(others), len(self._uses) - 1)
        if told is not None and key != CORE:
            yield told
        saved = len(self._saved_with.get(key, set()) - {use.type})
        if saved and key != CORE:
            words = "another node of the workflow was" if saved == 1 else f"{saved} other classes of the workflow were"
            yield Reason("neighbours", f"{words} saved with it", evidence.NEIGHBOUR_NAMED)

    def _said_by_what_is_here(self, key: str, use: NodeUse) -> Iterator[Reason]:
        here = self._identities.here(key)
        if here is None:
            return
        if here.defines(use.type):
            where = " for the editor" if use.type in here.classes.editor_only else ""
            yield Reason("installed", f"it is installed, and its code defines the class{where}", evidence.DEFINES)
        elif here.classes.complete:
            words = "it is installed, and its code does not define the class: another version may"
            yield Reason("installed", words, evidence.DOES_NOT_DEFINE)
        else:
            words = "it is installed, and not all that it defines is known before it runs"
            yield Reason("installed", words, evidence.MAY_DEFINE)

    def _newest(self, use: NodeUse) -> float:
        packs = [self._identities.known(key) for key in self._keys(use)]
        return max((pack.updated for pack in packs if pack is not None and pack.updated is not None), default=0.0)
