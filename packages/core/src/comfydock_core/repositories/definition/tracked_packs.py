"""The node packs of a manifest. Format: `[tool.comfydock.nodes.<identifier>]` of ComfyDock 1.x, with keys of ours."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping

from comfydock_core.models.exceptions import PackNotFound
from comfydock_core.models.manifest import EnvironmentManifest, damaged, table
from comfydock_core.models.manifest import text as text_of
from comfydock_core.models.shared import NodeInfo, NodePackage
from comfydock_core.repositories.pack_release import other_release
from comfydock_core.utils.text import did_you_mean, nearest

_DEVELOPMENT = "development"
# What an entry says of a release, in the order in which it is written.
ENTRY_KEYS = ("name", "registry_id", "repository", "version", "download_url", "source", "branch", "sha256")
_OUTSIDE = frozenset("/\\\0")
_LONGEST = 255


def tracked_packs(manifest: dict[str, object], path: str) -> dict[str, NodePackage]:
    """Every node pack by its identifier, in the order of the manifest. Raises `ManifestDamaged`, naming `path`.

    Very old manifests have their development packs one table deeper.
    """
    known = EnvironmentManifest(manifest, path)
    nodes, groups = known.nodes, known.groups
    return {identifier: _pack(identifier, entry, groups, path) for identifier, entry in _entries(nodes, path)}


def find_pack(packs: Mapping[str, NodePackage], word: str) -> NodePackage:
    """The pack that somebody means: by identifier, name, registry's identifier or repository, whatever the case.

    Raises `PackNotFound` with the nearest names.
    """
    found = matching_pack(packs, word)
    if found is None:
        names = sorted({*packs, *(pack.release.name for pack in packs.values())})
        near = nearest(word, names)
        raise PackNotFound(
            f"the environment has no node pack `{word}`",
            hint=did_you_mean(near) if near
            else "`comfydock node list` shows those that it has",
            context={"pack": word, "near": near},
        )  # fmt: skip
    return found


def matching_pack(packs: Mapping[str, NodePackage], word: str) -> NodePackage | None:
    """The same, `None` when there is none."""
    if word in packs:
        return packs[word]
    wanted = word.lower()
    for kind in ("identifier", "name", "registry_id"):
        for pack in packs.values():
            if (getattr(pack.release, kind) or "").lower() == wanted:
                return pack
    return None


def versions_by_directory(packs: Iterable[NodePackage]) -> dict[str, str | None]:
    """The version that the manifest wants of each pack, by its directory; none of a development pack."""
    return {pack.directory: None if pack.is_development else pack.release.version for pack in packs}


def version_instead(pack: NodePackage, path: str) -> str | None:
    """The version that lies at `path` instead of the manifest's, `None` where it is that one or cannot be determined.

    Development packs are at whatever version they are.
    """
    return None if pack.is_development else other_release(path, pack.release.version)


def group_name(release: NodeInfo) -> str:
    """`<slug>-<8 digits>`: of the name, and of what tells packs of that name apart."""
    slug = re.sub(r"[^a-z0-9]+", "-", release.name.lower()).strip("-") or "pack"
    key = release.repository or release.registry_id or release.name
    return f"{slug}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def is_directory_name(name: str) -> bool:
    """Whether a name is exactly one component of a path: others would stand for what holds all packs."""
    if not name or name in (".", "..") or not _OUTSIDE.isdisjoint(name):
        return False
    return len(name.encode("utf-8", "surrogatepass")) <= _LONGEST


def _checked_names(identifier: str, name: str, path: str) -> str:
    """The name, if a directory among the packs can have it and its entry has one too. Raises `ManifestDamaged`."""
    if not identifier:
        raise damaged(path, f"a node pack (`name = {name!r}`) stands there without an identifier")
    if not is_directory_name(name):
        raise damaged(path, f"the node pack `{identifier}` has the name `{name}`, which no directory has")
    return name


def _entries(nodes: dict[str, object], path: str) -> Iterator[tuple[str, dict[str, object]]]:
    for identifier in nodes:
        entry = table(nodes, identifier, path)
        nested = identifier == _DEVELOPMENT and entry and all(isinstance(item, dict) for item in entry.values())
        for key, node in entry.items() if nested else [(identifier, entry)]:
            if isinstance(node, dict):
                yield key, {"source": _DEVELOPMENT, "version": "dev", **node} if nested else node


def _pack(identifier: str, entry: dict[str, object], groups: dict[str, object], path: str) -> NodePackage:
    def text(key: str) -> str | None:
        return text_of(entry, key, path)

    release = NodeInfo(
        identifier=identifier,
        name=_checked_names(identifier, (text("name") or "") if "name" in entry else identifier, path),
        source=text("source") or _guessed_source(entry),
        version=text("version") or "",
        repository=text("repository"),
        registry_id=text("registry_id"),
        download_url=text("download_url"),
        branch=text("branch"),
        sha256=text("sha256"),
    )
    lines = groups.get(group_name(release))
    requirements = tuple(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ()
    return NodePackage(release, requirements, enabled=entry.get("enabled") is not False)


def _guessed_source(entry: dict[str, object]) -> str:
    """What an entry is that does not say it."""
    if entry.get("version") == "dev":
        return _DEVELOPMENT
    return "git" if entry.get("repository") and not entry.get("download_url") else "registry"
