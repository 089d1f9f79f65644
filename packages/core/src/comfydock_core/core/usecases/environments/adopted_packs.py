"""What becomes of everything among the custom nodes of an installation, and putting it into an environment."""

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace

from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer
from comfydock_core.caching.repository_mirrors import RepositoryMirrors
from comfydock_core.integrations.git import changes, remotes
from comfydock_core.integrations.git.head import repository_of
from comfydock_core.models.environments.adoption import COMFYUI, COPIED, LEFT_OUT, LINKED, TRACKED, PackFate
from comfydock_core.models.environments.installation import FoundEntry, FoundPack, Installation
from comfydock_core.models.exceptions import GitFailed, RequirementInvalid
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import DISABLED, NodeInfo, NodePackage
from comfydock_core.strategies.pack_policy import PackPolicy, lines_of
from comfydock_core.utils import native
from comfydock_core.utils.files.filesystem import make_directory_link, remove_tree
from comfydock_core.utils.files.tree_copy import copy_tree
from comfydock_core.utils.text import some

_CACHES = ("__pycache__",)
_SHOWN = 5
_AS_DEVELOPMENT = "it is copied, and in the manifest as a development pack, which nobody else can fetch"
_LEFT_OUT = {
    "cache": "Python makes it anew",
    "special": "it is neither a file nor a directory",
}


def pack_fates(found: Installation, python: str) -> tuple[PackFate, ...]:
    """What becomes of each name among the custom nodes; what a pack asks for is read as `node add` reads it.

    Of two packs that would have one name, the one that is turned on keeps it. Raises `OSError`.
    """
    policy = replace(PackPolicy.of({}), python=python)
    reasons = {each.name: each.reason for each in found.unidentified}
    taken: set[str] = set()
    identifiers: set[str] = set()
    fates = [_fate_of_entry(entry, found) for entry in found.entries]
    for pack in sorted(found.packs, key=lambda pack: not pack.enabled):
        fate = _fate_of_pack(pack, found, reasons.get(f"custom_nodes/{_place(pack.path, found)}"), taken)
        if fate.pack is not None:
            fate = _with_requirements(_with_own_identifier(fate, identifiers), policy)
        fates.append(fate)
    return tuple(sorted(fates, key=lambda fate: fate.place.lower()))


def take_packs(nodes: str, fates: Iterable[PackFate], mirrors: RepositoryMirrors, reporter: Reporter) -> None:
    """Put everything that is taken over among the custom nodes of an environment, as it is.

    Git checkouts need nothing of the installation then: what kept its repository there, or borrowed objects there, has
    them itself. Raises `OSError`, `GitFailed`.
    """
    for fate in fates:
        if fate.target is None:
            continue
        target = f"{nodes}/{fate.target}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.lexists(target):  # ComfyUI's own, of another release than the installation's.
            remove_tree(target) if os.path.isdir(target) and not os.path.islink(target) else os.unlink(target)
        if fate.fate == LINKED:
            make_directory_link(target, fate.source)
        elif os.path.isdir(fate.source):
            copy_tree(fate.source, target, skip=_CACHES)
            _make_independent(fate, target, mirrors, reporter)
        else:
            shutil.copy2(fate.source, target)


def notes_about_packs(fates: Iterable[PackFate]) -> list[str]:
    """A line for everything that is not taken over as it is, and for what of its requirements is not followed."""
    notes: list[str] = []
    for fate in fates:
        if fate.notes:
            notes.append(f"custom_nodes/{fate.place}: {'; '.join(fate.notes)}")
        notes += [f"custom_nodes/{fate.place}: {note}" for note in fate.about_requirements]
    return notes


def _place(path: str, found: Installation) -> str:
    return os.path.relpath(path, f"{found.comfyui}/custom_nodes")


def _fate_of_entry(entry: FoundEntry, found: Installation) -> PackFate:
    """What is not a pack is copied, but for what is of no use."""
    place = _place(entry.path, found)
    if entry.kind == "comfyui":
        return PackFate(place, entry.path, entry.kind, COMFYUI)
    if entry.kind == "broken-link":
        note = f"it is left out: it is a link to `{os.readlink(entry.path)}`, which is not there"
        return PackFate(place, entry.path, entry.kind, LEFT_OUT, notes=(note,))
    if entry.kind in _LEFT_OUT:
        return PackFate(place, entry.path, entry.kind, LEFT_OUT, notes=(f"it is left out: {_LEFT_OUT[entry.kind]}",))
    source = os.path.realpath(entry.path)
    notes = (f"it was a link to `{source}`",) if os.path.islink(entry.path) else ()
    notes = (*notes, "it is not a node pack; it is copied as it is")
    return PackFate(place, source, entry.kind, COPIED, target=place, notes=notes)


def _fate_of_pack(pack: FoundPack, found: Installation, reason: str | None, taken: set[str]) -> PackFate:
    place = _place(pack.path, found)
    fate = PackFate(place, pack.linked_to or pack.path, pack.kind, TRACKED, pack.enabled)
    reasons = [reason] if reason else []
    if pack.kind == "empty":
        why = "it is left out: it is empty, as git leaves a submodule that was never fetched"
        return replace(fate, fate=LEFT_OUT, notes=(why,))
    name = _free_name(pack.name, taken)
    target = name if pack.enabled else f"{name}{DISABLED}"
    if pack.linked_to is not None and pack.kind == "file":
        reasons.append(f"it was a link to `{pack.linked_to}`")
    if pack.kind == "file":
        return replace(fate, fate=COPIED, target=target, notes=(*reasons, "it is copied, and not in the manifest"))
    if not _is_storable(pack.name):
        why = "no manifest can have such a name; rename it, and `comfydock node add NAME --dev` takes it in"
        return replace(fate, fate=COPIED, target=place, notes=(*reasons, "it is copied, and not in the manifest", why))
    taken.add(name.lower())
    if name != pack.name:
        reasons.append(f"there is another `{pack.name}`: this one is called `{name}`")
    release = replace(_release(pack), name=name)
    linked = pack.linked_to is not None and not _is_inside(pack.linked_to, found)
    if linked:
        release = NodeInfo(name, name, "development", "dev")
    notes = _notes(pack, release, reasons, linked=linked)
    tracked = NodePackage(release, (), pack.enabled)
    return replace(fate, fate=LINKED if linked else TRACKED, target=target, pack=tracked, notes=notes)


def _notes(pack: FoundPack, release: NodeInfo, reasons: list[str], *, linked: bool) -> tuple[str, ...]:
    """What of a pack is not as one might think, and then what becomes of it; nothing where all is well."""
    told = list(reasons)
    if linked:
        return (*told, f"it stays a link to `{pack.linked_to}`, in the manifest as a development pack")
    if pack.linked_to is not None:
        told.append(f"it was a link to `{pack.linked_to}`, in the installation itself")
    if pack.repository_at is not None:
        lost = _has_lost_repository(pack)
        told.append("its files are copied without git" if lost else
                    f"its git repository lay at `{pack.repository_at}`: it becomes a checkout of its own")  # fmt: skip
    if pack.links:
        told.append(f"links in it still lead into the installation: {some(pack.links, _SHOWN)}")
    if told or release.source == "development":
        told.append(_AS_DEVELOPMENT if release.source == "development" else "it is copied as it is")
    if pack.damage is not None and release.source == "git":
        told.append(f"`comfydock node add {release.repository} --force` fetches it anew")
    return tuple(told)


def _is_inside(path: str, found: Installation) -> bool:
    return any(
        f"{path}{os.sep}".startswith(f"{os.path.realpath(root)}{os.sep}") for root in (found.path, found.comfyui)
    )


def _is_storable(name: str) -> bool:
    """Whether a manifest can have the name: text, and nothing that does something to a terminal."""
    return name.isprintable() and not name.endswith(DISABLED)


def _free_name(name: str, taken: set[str]) -> str:
    """The name, or one like it for a pack that is there twice: `NAME-2`."""
    wishes = (name if number == 1 else f"{name}-{number}" for number in range(1, len(taken) + 2))
    return next(wish for wish in wishes if wish.lower() not in taken)


def _with_own_identifier(fate: PackFate, taken: set[str]) -> PackFate:
    """A pack that is there twice, under different names, gets an identifier of its own."""
    assert fate.pack is not None
    release = fate.pack.release
    wishes = [release.identifier, release.name, *(f"{release.name}-{number}" for number in range(2, len(taken) + 3))]
    identifier = next(wish for wish in wishes if wish not in taken)
    taken.add(identifier)
    return replace(fate, pack=replace(fate.pack, release=replace(release, identifier=identifier)))


def _with_requirements(fate: PackFate, policy: PackPolicy) -> PackFate:
    """The pack with what it asks for; a file that cannot be followed costs the requirements, not the pack."""
    assert fate.pack is not None
    try:
        lines, notes = lines_of(policy.asked_for(fate.source, lenient=True))
    except RequirementInvalid as error:
        lines, notes = (), (f"what it asks for is not taken over: {error.message}",)
    return replace(fate, pack=replace(fate.pack, requirements=lines), about_requirements=notes)


def _has_lost_repository(pack: FoundPack) -> bool:
    return pack.repository_at is not None and pack.damage is not None


def _release(pack: FoundPack) -> NodeInfo:
    checkout = pack.checkout
    if checkout is not None and checkout.remote and checkout.commit and not _has_lost_repository(pack):
        return NodeInfo(pack.registry_id or pack.name, pack.name, "git", checkout.commit, checkout.remote,
                           pack.registry_id, branch=checkout.branch)  # fmt: skip
    if pack.kind == "registry" and pack.registry_id and pack.version:
        return NodeInfo(pack.registry_id, pack.name, "registry", pack.version, None, pack.registry_id)
    return NodeInfo(pack.name, pack.name, "development", "dev")


def _make_independent(fate: PackFate, target: str, mirrors: RepositoryMirrors, reporter: Reporter) -> None:
    """Give the checkouts in a copied directory the repositories and objects that they had elsewhere."""
    for source in _checkouts_kept_elsewhere(fate.source):
        copy = os.path.normpath(f"{target}/{os.path.relpath(source, fate.source)}")
        _give_repository(source, copy, mirrors, reporter)
    lenders = lenders_of(f"{fate.source}/.git/objects")
    if lenders and os.path.isdir(f"{target}/.git"):
        try:
            changes.own_all_objects(target, lenders)
        except GitFailed as error:
            reporter.warn(f"custom_nodes/{fate.place} still borrows objects from {some(lenders)}: {error.message}")


def _checkouts_kept_elsewhere(directory: str) -> Iterator[str]:
    """The directories in a pack, or itself, whose `.git` leads out of the pack: worktrees, submodules of others."""
    root = os.path.realpath(directory)
    for place, directories, names in os.walk(directory):
        directories[:] = [name for name in directories if name != ".git"]
        linked = ".git" in names or os.path.islink(f"{place}/.git")
        repository = repository_of(place) if linked else None
        if repository is not None and not os.path.realpath(repository).startswith(f"{root}{os.sep}"):
            yield place


def _give_repository(source: str, copy: str, mirrors: RepositoryMirrors, reporter: Reporter) -> None:
    """Put a clone of the repository where only a file led to it. A damaged one is left out: the files are all there is.

    Differences between files and commit stay what they were.
    """
    os.unlink(f"{copy}/.git")
    checkout, unknown = NodeGitAnalyzer(source).read()
    if unknown is not None or checkout.commit is None:
        return
    aside = f"{copy}.repository"
    try:
        mirrors.clone(os.path.abspath(source), aside, wanted=checkout.commit, reporter=reporter, what=source)
        changes.check_out(aside, checkout.commit, branch=checkout.branch)
        if checkout.remote is None:
            remotes.forget(aside, "origin")
        else:
            remotes.set_address(aside, "origin", checkout.remote)
        lenders = lenders_of(f"{aside}/.git/objects")
        if lenders:
            changes.own_all_objects(aside, lenders)
        os.rename(f"{aside}/.git", f"{copy}/.git")
    except GitFailed as error:
        reporter.warn(f"{source} is copied without git: {error.message}")
    finally:
        if os.path.lexists(aside):
            remove_tree(aside)


def lenders_of(objects: str) -> list[str]:
    """The directories of objects that a repository borrows from, by that of its own. Raises `OSError`."""
    content = (native.read_bytes(f"{objects}/info/alternates") or b"").decode("utf-8", "surrogateescape")
    lines = [line for line in content.splitlines() if line and not line.startswith("#")]
    return [os.path.normpath(os.path.join(objects, line)) for line in lines]
