"""Node packs that a manifest has and the disk lacks."""

from comfydock_core.analyzers.status_scanner import pack_directories
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.integrations.git import changes, queries, remotes
from comfydock_core.models.exceptions import RefNotFound
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.syncing import PackToFetch
from comfydock_core.repositories import manifest_values

_DEVELOPMENT = "development"
_OUTSIDE = frozenset("/\\\0")


def missing_packs(
    layout: EnvironmentLayout, manifest: dict[str, object]
) -> tuple[tuple[PackToFetch, ...], tuple[str, ...]]:
    """Those that git has, and the names of those that nothing here can fetch. Raises `ManifestDamaged`, `OSError`."""
    path = layout.manifest
    nodes = manifest_values.table(manifest_values.tool_table(manifest, path), "nodes", path)
    present = set(pack_directories(layout.custom_nodes))
    packs: list[PackToFetch] = []
    unobtainable: list[str] = []
    for identifier in nodes:
        entry = manifest_values.table(nodes, identifier, path)
        name = pack_directory(identifier, entry, path)
        if name in present or _nests_others(identifier, entry):
            continue
        repository, version = (manifest_values.text(entry, key, path) for key in ("repository", "version"))
        if repository and version and manifest_values.text(entry, "source", path) == "git":
            packs.append(PackToFetch(name, repository, version, f"ComfyUI/custom_nodes/{name}"))
        else:
            unobtainable.append(name)
    return tuple(packs), tuple(unobtainable)


def pack_directory(identifier: str, entry: dict[str, object], path: str) -> str:
    """The name of a pack's directory. Raises `ManifestDamaged` for one that would not lie among the packs."""
    name = manifest_values.text(entry, "name", path) or identifier
    if name in (".", "..") or not _OUTSIDE.isdisjoint(name):
        raise manifest_values.damaged(
            path, f"the node pack `{identifier}` has the name `{name}`, which no directory has"
        )
    return name


def stage_pack(pack: PackToFetch, place: str, services: EnvironmentServices, reporter: Reporter) -> None:
    """Clone a pack and check its version out. Raises `RefNotFound`, `RepositoryNotFound`, `RemoteError`."""
    reporter.phase(f"Cloning {pack.name}")
    services.mirrors.clone(pack.repository, place, wanted=pack.version, reporter=reporter, what=pack.name)
    commit = queries.commit_of(place, pack.version)
    if commit is None and remotes.fetch_commit(place, pack.repository, pack.version):
        commit = queries.commit_of(place, pack.version)
    if commit is None:
        raise RefNotFound(
            f"`{pack.repository}` has no commit `{pack.version}`, which the manifest wants for {pack.name}",
            hint="that repository's history was rewritten, or the commit was never published; correct the manifest",
            context={"repository": pack.repository, "ref": pack.version, "pack": pack.name},
        )
    changes.check_out(place, commit, branch=None)


def _nests_others(identifier: str, entry: dict[str, object]) -> bool:
    """Very old manifests have their development nodes one table deeper."""
    return identifier == _DEVELOPMENT and bool(entry) and all(isinstance(item, dict) for item in entry.values())
