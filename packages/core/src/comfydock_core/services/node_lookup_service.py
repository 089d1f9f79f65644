"""Which release of a node pack is meant, whoever has it: the registry, a repository, or a directory here."""

import os
from dataclasses import replace

from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import InvalidSetting, PackRefused
from comfydock_core.models.packs.node_packs import PackReference
from comfydock_core.models.protocols import KnownPacks, Reporter
from comfydock_core.models.registry import RegistryVersion
from comfydock_core.models.shared import NodeInfo
from comfydock_core.resolvers.pack_references import pack_name, parse_reference, possible_refs
from comfydock_core.services.registry_lookup import (
    NIGHTLY,
    Offer,
    RegistryLookup,
    acceptable,
    check_pack,
    choose,
    newer,
)
from comfydock_core.services.repository_lookup import FoundCommit, RepositoryLookup
from comfydock_core.utils.git_urls import local_path

REGISTRY = "registry"
GIT = "git"
DEVELOPMENT = "development"
DEVELOPMENT_VERSION = "dev"


class NodeLookupService:
    """Turns what somebody named into a pinned release."""

    def __init__(
        self, registry: RegistryLookup, repositories: RepositoryLookup, known: KnownPacks | None = None
    ) -> None:
        self._registry = registry
        self._repositories = repositories
        self._known = known

    def release(self, reference: PackReference, reporter: Reporter, *, force: bool = False) -> NodeInfo:
        """The release that a reference means: what it names, else the newest.

        The registry's newest is that which nothing speaks against, a repository's the head of its default branch.
        With `force` a version that was flagged, banned, deleted or deprecated is taken too, and a note says so. A
        directory is a pack under development, whatever history it has. Raises `PackNotFound` and `PackVersionNotFound`
        with near names, `PackRefused`, `RepositoryNotFound`, `RemoteError`, `ToolError`.
        """
        if reference.kind == "directory":
            return _of_directory(reference)
        if reference.kind == "git":
            return self._of_repository(reference, reporter)
        return self._of_registry(reference, reporter, force)

    def latest(self, release: NodeInfo, reporter: Reporter) -> NodeInfo:
        """The release to update to; the same one, perhaps with notes, when there is nothing newer.

        Name, identifier and repository stay. A pack from git goes to the head of the branch that it follows, one
        without a branch nowhere. Raises what `release` raises.
        """
        if release.source == GIT:
            return self._newer_commit(release)
        if release.source != REGISTRY:
            return replace(release, notes=(f"{release.name} is a development pack, which follows no release",))
        identifier = release.registry_id or release.identifier
        offer = self._registry.offer(identifier, reporter)
        if offer is None:
            raise self._registry.not_found(identifier, reporter)
        found = newer(offer, release.version)
        if found is None:
            return replace(release, notes=_faults(offer, release.version))
        found = self._registry.with_address(offer.node, found, reporter)
        if found.download_url is None:
            return self._from_tag(offer, found, reporter, name=release.name, identifier=release.identifier)
        return replace(release, version=found.version, download_url=found.download_url, sha256=None, notes=())

    def others(self, release: NodeInfo, reporter: Reporter) -> list[NodeInfo]:
        """The other versions of a pack of the registry that nothing speaks against and that have an archive.

        Newest first; none for packs from elsewhere. Raises `RemoteError`.
        """
        if release.source != REGISTRY:
            return []
        offer = self._registry.offer(release.registry_id or release.identifier, reporter)
        versions = [] if offer is None else acceptable(offer)
        return [
            replace(release, version=one.version, download_url=one.download_url, sha256=None, notes=())
            for one in versions
            if one.version != release.version and one.download_url is not None
        ]

    def _newer_commit(self, release: NodeInfo) -> NodeInfo:
        if release.repository is None or release.branch is None:
            note = f"{release.name} is at {release.version[:10]} and follows no branch; name one with `@BRANCH`"
            return replace(release, notes=(note,))
        found = self._repositories.branch_head(release.repository, release.branch, release.name)
        if found.branch != release.branch:
            note = f"its branch `{release.branch}` is gone; {release.name} follows `{found.branch}` now"
            return replace(release, version=found.commit, branch=found.branch, notes=(note,))
        return release if found.commit == release.version else replace(release, version=found.commit, notes=())

    def _of_repository(self, reference: PackReference, reporter: Reporter) -> NodeInfo:
        address = reference.address or ""
        name = pack_name(address)
        if reference.ref is None:
            found = self._repositories.head(address, name)
        else:
            found = self._repositories.commit(address, possible_refs(reference), name, reporter)
        pack = None if self._known is None else self._known.package_of_repository(address)
        identifier = pack.identifier if pack is not None and pack.source == REGISTRY else None
        return _from_git(address, found, name=name, identifier=identifier)

    def _of_registry(self, reference: PackReference, reporter: Reporter, force: bool) -> NodeInfo:
        identifier = reference.identifier or ""
        offer = self._registry.offer(identifier, reporter)
        if offer is None:
            return self._of_lists(reference, reporter)
        if reference.version == NIGHTLY and NIGHTLY not in (one.version for one in offer.versions):
            return replace(self._from_head(offer), notes=check_pack(offer, force=force))
        version, notes = choose(offer, reference.version, force=force)
        version = self._registry.with_address(offer.node, version, reporter)
        if version.download_url is None:
            release = self._from_tag(offer, version, reporter)
            return replace(release, notes=(*release.notes, *notes))
        return NodeInfo(
            identifier=offer.node.identifier,
            name=pack_name(offer.node.identifier),
            source=REGISTRY,
            version=version.version,
            repository=offer.node.repository,
            registry_id=offer.node.identifier,
            download_url=version.download_url,
            notes=notes,
        )

    def _of_lists(self, reference: PackReference, reporter: Reporter) -> NodeInfo:
        """A pack that the registry does not have, from the repository that the lists tell of."""
        identifier = reference.identifier or ""
        pack = self._registry.listed(identifier)
        repository = _elsewhere(pack.repository) if pack is not None else None
        if repository is None:
            raise self._registry.not_found(identifier, reporter)
        name = pack_name(repository)
        if reference.version in (None, NIGHTLY):
            found = self._repositories.head(repository, name)
        else:
            found = self._repositories.commit(repository, _tags_of(reference.version or ""), name, reporter)
        note = f"the registry has no `{identifier}`; it comes from its repository"
        return replace(_from_git(repository, found, name=name), notes=(note,))

    def _from_head(self, offer: Offer) -> NodeInfo:
        repository = _repository_of(offer, NIGHTLY)
        found = self._repositories.head(repository, offer.node.identifier)
        name = pack_name(offer.node.identifier)
        return _from_git(repository, found, name=name, identifier=offer.node.identifier)

    def _from_tag(
        self,
        offer: Offer,
        version: RegistryVersion,
        reporter: Reporter,
        *,
        name: str | None = None,
        identifier: str | None = None,
    ) -> NodeInfo:
        """A version whose archive nobody has, from the tag that its author gave it."""
        repository = _repository_of(offer, version.version)
        found = self._repositories.commit(repository, _tags_of(version.version), offer.node.identifier, reporter)
        made = _from_git(
            repository, found, name=name or pack_name(offer.node.identifier), identifier=offer.node.identifier
        )
        note = f"the registry has no archive of {offer.node.identifier} {version.version}; it comes from its repository"
        return replace(made, identifier=identifier or made.identifier, branch=None, notes=(*made.notes, note))


def _from_git(repository: str, found: FoundCommit, *, name: str, identifier: str | None = None) -> NodeInfo:
    notes: tuple[str, ...] = ()
    if without_credentials(repository) != repository:
        notes = ("the login in the address is not kept; a credential helper of git gives it to later commands",)
    return NodeInfo(
        identifier=identifier or name,
        name=name,
        source=GIT,
        version=found.commit,
        repository=repository,
        registry_id=identifier,
        branch=found.branch,
        notes=notes,
    )


def _of_directory(reference: PackReference) -> NodeInfo:
    name = os.path.basename((reference.path or "").rstrip("/\\"))
    return NodeInfo(identifier=name, name=name, source=DEVELOPMENT, version=DEVELOPMENT_VERSION)


def _repository_of(offer: Offer, version: str) -> str:
    """The repository of a pack of which there is no archive. Raises `PackRefused` without one."""
    repository = _elsewhere(offer.node.repository)
    if repository is not None:
        return repository
    raise PackRefused(
        f"the registry has neither an archive of {offer.node.identifier} {version} nor the address of its repository",
        hint="choose another version, or name the pack's repository if you know it",
        context={"identifier": offer.node.identifier, "version": version},
    )


def _elsewhere(address: str | None) -> str | None:
    """An address that somebody published, if it is a repository's and not of this machine."""
    try:
        found = parse_reference(address or "").address
    except InvalidSetting:
        return None
    return found if found is not None and local_path(found) is None else None


def _tags_of(version: str) -> tuple[str, ...]:
    """How authors tag a version."""
    bare = version.removeprefix("v")
    return tuple(dict.fromkeys((version, f"v{bare}", bare)))


def _faults(offer: Offer, version: str) -> tuple[str, ...]:
    """What the registry says by now of a version that is in use."""
    reasons = (one.refusal for one in offer.versions if one.version == version)
    return tuple(f"{offer.node.identifier} {version} {reason}" for reason in reasons if reason is not None)
