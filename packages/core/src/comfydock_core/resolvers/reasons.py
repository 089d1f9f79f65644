"""Why something is in an environment: a node pack, a node class, a Python package."""

import os
from collections import deque
from collections.abc import Iterable

from comfydock_core.analyzers.packages.requirement_files import named_requirements
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.exceptions import NotFoundError, PackNotFound
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.packs.pack_needs import Asker, ClassReason, PackageReason, PackNeeds, PackReason, Reasons
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.backend_choice import read_choice
from comfydock_core.repositories.definition.backend_parts import locked_backends, read_part
from comfydock_core.repositories.definition.tracked_packs import group_name
from comfydock_core.repositories.definition.uv_lock import Table, UvLock, read_lock, tables
from comfydock_core.repositories.node_data.node_index import NodeIndex
from comfydock_core.resolvers.installed_packs import InstalledPack, InstalledPacks
from comfydock_core.resolvers.pack_needs import Survey, survey
from comfydock_core.utils.package_names import normal_name, requirement_name
from comfydock_core.utils.text import did_you_mean, nearest

_MOST_CHAINS = 20


def why(
    word: str,
    layout: EnvironmentLayout,
    manifest: dict[str, object],
    index: NodeIndex | None,
    answers: AnswerCache,
    reporter: Reporter,
) -> Reasons:
    """Everything that the word names, and why it is there. Without an index the lists are not asked.

    Raises `PackNotFound` when it names nothing, `ManifestDamaged`, `LockDamaged`, `BackendPartRefused`.
    """
    seen = survey(layout, manifest, index, answers, reporter)
    needs = seen.needs()
    reasons = Reasons(
        word,
        packs=_packs(word, seen.packs, needs, layout, manifest),
        classes=_classes(word, seen),
        packages=_packages(word, seen.packs, layout, manifest),
        unread=needs.unread,
    )
    if not (reasons.packs or reasons.classes or reasons.packages):
        raise _nothing(word, seen)
    return reasons


def _packs(
    word: str, packs: InstalledPacks, needs: PackNeeds, layout: EnvironmentLayout, manifest: dict[str, object]
) -> tuple[PackReason, ...]:
    pack = packs.named(word) or packs.at(word)
    need = needs.of(pack.identifier) if pack is not None else None
    if pack is None or need is None:
        return ()
    groups = _groups(manifest, layout)
    group = group_name(pack.release) if pack.release is not None else None
    if group is not None and group in groups:
        return (PackReason(need, pack.repository, group, tuple(groups[group])),)
    return (PackReason(need, pack.repository, None, _own_requirements(pack)),)


def _own_requirements(pack: InstalledPack) -> tuple[str, ...]:
    """What the pack itself asks for, where the manifest has nothing of it."""
    return tuple(text for _, text in named_requirements(f"{pack.place}/requirements.txt")) if pack.place else ()


def _classes(word: str, seen: Survey) -> tuple[ClassReason, ...]:
    installed = tuple(pack.identifier for pack in seen.packs.defining(word))
    built_in = seen.classifier.is_builtin(word)
    known = seen.index.candidates(word) if seen.index is not None else []
    users = tuple(one.name for one in seen.workflows if any(use.type == word for use in one.uses))
    if not (installed or built_in or known or users):
        return ()
    likely: list[str] = []
    others: list[str] = []
    for identifier in dict.fromkeys(one.identifier for one in known):
        pack = seen.packs.named(identifier)
        if pack is None or pack.identifier in installed:
            others.append(identifier)
        else:
            likely.append(pack.identifier)
    origin = "installed" if likely and not (built_in or installed) else seen.classifier.classify(word)
    return (ClassReason(word, built_in, installed, tuple(likely), tuple(others), users, origin),)


def _packages(
    word: str, packs: InstalledPacks, layout: EnvironmentLayout, manifest: dict[str, object]
) -> tuple[PackageReason, ...]:
    name = requirement_name(word)
    if name is None or normal_name(word.strip()) != name:
        return ()
    askers = list(_askers(packs, layout, manifest))
    direct = {asker_name for asker_name, asker in askers if asker.kind != "constraint"}
    lock = read_lock(layout.lock) if os.path.exists(layout.lock) else UvLock(())
    versions = lock.versions().get(name, set())
    own = tuple(asker for asker_name, asker in askers if asker_name == name) + _of_backend(name, layout)
    if not versions and not own:
        return ()
    chains = tuple(chains_to(name, lock, direct))
    origins = tuple(
        tuple(asker for asker_name, asker in askers if asker_name == chain[0] and asker.kind != "constraint")
        for chain in chains
    )
    return (PackageReason(name, tuple(sorted(versions)), own, chains, origins),)


def _of_backend(name: str, layout: EnvironmentLayout) -> tuple[Asker, ...]:
    """The PyTorch of this machine, where its lock has the package. Raises `BackendPartRefused`."""
    backend = read_choice(layout.definition)
    if backend is None or backend not in locked_backends(layout.definition):
        return ()
    found = [one for one in read_part(layout.definition, backend).packages if one.name == name]
    return tuple(Asker("backend", backend, f"{one.name}=={one.version}") for one in found)


def chains_to(name: str, lock: UvLock, direct: Iterable[str]) -> list[tuple[str, ...]]:
    """The shortest way to a package from each package that is asked for directly, shortest first."""
    wanted_by: dict[str, set[str]] = {}
    for package in lock.packages:
        for needed in _dependencies(package):
            wanted_by.setdefault(needed, set()).add(str(package["name"]))
    ways: dict[str, tuple[str, ...]] = {name: (name,)}
    ahead = deque([name])
    while ahead:
        at = ahead.popleft()
        for above in sorted(wanted_by.get(at, ())):
            if above not in ways:
                ways[above] = (above, *ways[at])
                ahead.append(above)
    found = [ways[root] for root in set(direct) if root in ways and root != name]
    return sorted(found, key=lambda chain: (len(chain), chain))[:_MOST_CHAINS]


def _dependencies(package: Table) -> Iterable[str]:
    """What a locked package needs, that of its extras too."""
    optional = package.get("optional-dependencies")
    extras = [tables(optional, key) for key in optional] if isinstance(optional, dict) else []
    for needed in [*tables(package, "dependencies"), *(one for extra in extras for one in extra)]:
        if isinstance(needed.get("name"), str):
            yield str(needed["name"])


def _askers(
    packs: InstalledPacks, layout: EnvironmentLayout, manifest: dict[str, object]
) -> Iterable[tuple[str, Asker]]:
    """Every requirement of the manifest with the name of its package and who it comes from."""
    known = EnvironmentManifest(manifest, layout.manifest)
    project = known.project
    of_comfyui = {name for name, _ in named_requirements(f"{layout.comfyui}/requirements.txt")}
    for name, text in _named(project.get("dependencies")):
        yield name, Asker("comfyui" if name in of_comfyui else "user", "", text)
    owners = {group_name(pack.release): pack.identifier for pack in packs.all if pack.release is not None}
    for group, texts in _groups(manifest, layout).items():
        kind, owner = ("pack", owners[group]) if group in owners else ("group", group)
        for name, text in _named(texts):
            yield name, Asker(kind, owner, text)
    for name, text in _named(known.uv.get("constraint-dependencies")):
        yield name, Asker("constraint", "", text)


def _groups(manifest: dict[str, object], layout: EnvironmentLayout) -> dict[str, list[str]]:
    groups = EnvironmentManifest(manifest, layout.manifest).groups
    return {
        name: [text for text in texts if isinstance(text, str)]
        for name, texts in groups.items()
        if isinstance(texts, list)
    }


def _named(texts: object) -> Iterable[tuple[str, str]]:
    """Requirements with the names of their packages; what has no name is passed over."""
    for text in texts if isinstance(texts, list) else ():
        if isinstance(text, str) and (name := requirement_name(text)) is not None:
            yield name, text


def _nothing(word: str, seen: Survey) -> NotFoundError:
    names = {name for pack in seen.packs.all for name in (pack.identifier, pack.name)}
    near = nearest(word, sorted(names | {kind for pack in seen.packs.all for kind in pack.classes.names}), limit=3)
    return PackNotFound(
        f"nothing here is called `{word}`: neither a node pack, nor a node class, nor a Python package",
        hint=did_you_mean(near) if near else "`comfydock node search WORDS` searches the packs that are not installed",
        context={"word": word, "near": near},
    )
