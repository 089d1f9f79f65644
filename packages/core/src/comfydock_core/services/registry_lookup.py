"""Which version of a pack the registry offers, and what speaks against it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from comfydock_core.clients.registry_client import ComfyRegistryClient
from comfydock_core.models.exceptions import (
    AuthenticationFailed,
    NetworkUnavailable,
    OfflineRefused,
    PackNotFound,
    PackRefused,
    PackVersionNotFound,
    RateLimited,
    RemoteError,
    UnusableAnswer,
)
from comfydock_core.models.protocols import KnownPackage, KnownPacks, KnownVersion, Reporter
from comfydock_core.models.registry import ACTIVE, BANNED, DELETED, PENDING, RegistryNode, RegistryVersion
from comfydock_core.records import record
from comfydock_core.utils.text import did_you_mean, nearest
from comfydock_core.utils.versions import is_prerelease, version_key

_FORBIDDEN = 403  # What the registry answers for the versions of a banned pack.
NIGHTLY = "nightly"
_VERSIONS_SHOWN = 10
_NO_ANSWER = (NetworkUnavailable, OfflineRefused, RateLimited, UnusableAnswer)


@record
class Offer:
    """A pack of the registry with all its versions, newest first."""

    node: RegistryNode
    versions: tuple[RegistryVersion, ...]


class RegistryLookup:
    """Asks the registry, and the lists on this machine when it gives no answer."""

    def __init__(
        self,
        registry: ComfyRegistryClient,
        known: KnownPacks | None = None,
        may_stand_in: Callable[[], bool] = lambda: True,
    ) -> None:
        """`may_stand_in` tells whether the lists are taken for a registry that gives no answer."""
        self._registry = registry
        self._known = known
        self._may_stand_in = may_stand_in

    def offer(self, identifier: str, reporter: Reporter) -> Offer | None:
        """The pack of an identifier, or `None` when the registry has none. Raises `RemoteError`."""
        try:
            node = self._registry.node(identifier, reporter)
            versions = [] if node is None else self._versions(node, reporter)
        except _NO_ANSWER as error:
            return self._from_lists(identifier, error, reporter)
        if node is None:
            return None
        if versions is None:
            node, versions = replace(node, status=BANNED), []
        if not versions and node.latest is not None:
            versions = [node.latest]
        return Offer(node, _newest_first(versions))

    def with_address(self, node: RegistryNode, version: RegistryVersion, reporter: Reporter) -> RegistryVersion:
        """The version with the address of its archive, if the registry tells it anywhere."""
        if version.download_url is not None:
            return version
        try:
            found = self._registry.install(node.identifier, version.version, reporter)
        except _NO_ANSWER as error:
            reporter.warn(f"the registry does not tell where {node.identifier} {version.version} is: {error.message}")
            return version
        return version if found is None else replace(version, download_url=found.download_url)

    def listed(self, identifier: str) -> KnownPackage | None:
        """The pack in the lists on this machine."""
        return None if self._known is None else self._known.package(identifier)

    def not_found(self, identifier: str, reporter: Reporter) -> PackNotFound:
        """The error for an identifier that nobody knows, with the names most like it."""
        near = [] if self._known is None else self._known.near(identifier)
        if not near:
            near = nearest(identifier.lower(), self._found_by_search(identifier, reporter))
        question = did_you_mean(near[:3])
        return PackNotFound(
            f"there is no node pack `{identifier}` in the registry",
            hint=question if near else "search for it with `comfydock node search WORDS`, or name its repository",
            context={"identifier": identifier, "near": near},
        )

    def _found_by_search(self, identifier: str, reporter: Reporter) -> list[str]:
        try:
            return [node.identifier for node in self._registry.search(identifier, reporter, limit=20)]
        except RemoteError as error:
            reporter.line(error.message)
            return []

    def _versions(self, node: RegistryNode, reporter: Reporter) -> list[RegistryVersion] | None:
        """The versions of a pack; `None` when the registry does not give those of a banned one."""
        try:
            return self._registry.versions(node.identifier, reporter)
        except AuthenticationFailed as error:
            if error.context.get("status") != _FORBIDDEN:
                raise
            return None

    def _from_lists(self, identifier: str, error: RemoteError, reporter: Reporter) -> Offer:
        pack = self.listed(identifier)
        if pack is not None and pack.repository:
            error.hint = (
                f"the lists on this machine have it at `{pack.repository}`: "
                f"`comfydock node add {pack.repository}` takes it from there"
            )
        if pack is None or pack.source != "registry" or not pack.versions or not self._may_stand_in():
            raise error
        reporter.warn(f"{error.message}; using the lists of node packs on this machine, which may be older")
        versions = [_of_lists(version) for version in pack.versions]
        return Offer(
            RegistryNode(pack.identifier, pack.identifier, repository=pack.repository), _newest_first(versions)
        )


def choose(offer: Offer, wanted: str | None, *, force: bool) -> tuple[RegistryVersion, tuple[str, ...]]:
    """The version wanted, or the newest that nothing speaks against, with what is to be told of it.

    A pre-release is chosen only when there is nothing else. Raises `PackVersionNotFound`, and unless forced
    `PackRefused`.
    """
    version = _named(offer, wanted) if wanted is not None else _newest(offer)
    reasons = [_of_pack(offer.node), version.refusal]
    against = next((reason for reason in reasons if reason is not None), None)
    if against is not None and not force:
        raise _refused(offer, version, against)
    notes = [f"{offer.node.identifier} {version.version} {reason}" for reason in reasons if reason is not None]
    if version.status == PENDING:
        notes.append(f"{offer.node.identifier} {version.version} has not been checked by the registry yet")
    return version, tuple(notes)


def check_pack(offer: Offer, *, force: bool) -> tuple[str, ...]:
    """What is to be told of a pack whatever its version. Raises `PackRefused` for a banned one, unless forced."""
    reason = _of_pack(offer.node)
    if reason is None:
        return ()
    if not force:
        raise _refused(offer, RegistryVersion(NIGHTLY), reason)
    return (f"{offer.node.identifier} {NIGHTLY} {reason}",)


def acceptable(offer: Offer) -> list[RegistryVersion]:
    """The versions that nothing speaks against, newest first; pre-releases are among them."""
    return [one for one in offer.versions if _is_acceptable(one) and _of_pack(offer.node) is None]


def newer(offer: Offer, version: str) -> RegistryVersion | None:
    """The newest acceptable version, if it comes after `version`; pre-releases only for who has one."""
    wanted = acceptable(offer)
    if not is_prerelease(version):
        wanted = [one for one in wanted if not is_prerelease(one.version)]
    newest = next(iter(wanted), None)
    return newest if newest is not None and version_key(newest.version) > version_key(version) else None


def _named(offer: Offer, wanted: str) -> RegistryVersion:
    for spelling in (wanted, wanted.removeprefix("v"), f"v{wanted}"):
        for version in offer.versions:
            if version.version == spelling:
                return version
    every = [version.version for version in offer.versions]
    near = nearest(wanted, every) or every[:_VERSIONS_SHOWN]
    raise PackVersionNotFound(
        f"the node pack `{offer.node.identifier}` has no version `{wanted}`",
        hint=f"it has {', '.join(f'`{one}`' for one in near[:5])}" if near else "it has no versions at all",
        context={"identifier": offer.node.identifier, "version": wanted, "near": near, "newest": every[:1]},
    )


def _newest(offer: Offer) -> RegistryVersion:
    """The best there is: without a fault before faulty ones, checked before unchecked, releases before pre-releases."""
    if not offer.versions:
        raise PackVersionNotFound(
            f"the node pack `{offer.node.identifier}` has no versions in the registry",
            hint=f"name its repository: `{offer.node.repository}`" if offer.node.repository else None,
            context={"identifier": offer.node.identifier, "near": []},
        )
    return min(
        offer.versions,
        key=lambda one: (one.refusal is not None, not _is_acceptable(one), is_prerelease(one.version)),
    )  # The first of the best is the newest of them.


def _is_acceptable(version: RegistryVersion) -> bool:
    return version.refusal is None and version.status == ACTIVE


def _of_pack(node: RegistryNode) -> str | None:
    """What speaks against every version of a pack."""
    return {BANNED: "belongs to a pack that the registry banned", DELETED: "belongs to a pack that was deleted"}.get(
        node.status
    )


def _refused(offer: Offer, version: RegistryVersion, reason: str) -> PackRefused:
    others = [one.version for one in offer.versions if _is_acceptable(one)]
    hint = "`--force` adds it all the same"
    if others and _of_pack(offer.node) is None:
        hint = f"choose another version, such as `{offer.node.identifier}@{others[0]}`; {hint}"
    return PackRefused(
        f"{offer.node.identifier} {version.version} {reason}",
        hint=hint,
        context={
            "identifier": offer.node.identifier,
            "version": version.version,
            "status": version.status,
            "deprecated": version.deprecated,
            "acceptable": others[:_VERSIONS_SHOWN],
        },
    )


def _newest_first(versions: Sequence[RegistryVersion]) -> tuple[RegistryVersion, ...]:
    return tuple(sorted(versions, key=lambda one: version_key(one.version), reverse=True))


def _of_lists(version: KnownVersion) -> RegistryVersion:
    return RegistryVersion(version.version, deprecated=version.deprecated, download_url=version.download_url)
