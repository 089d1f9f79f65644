"""What becomes of node packs on the way from one definition to another."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.core.usecases.moving.pack_patching import PackPatches
from comfydock_core.managers.pack_places import is_obtainable
from comfydock_core.models.exceptions import PackHasChanges
from comfydock_core.models.history.moving import DISCARD, PackMoves, Uncommitted
from comfydock_core.models.packages.syncing import PackToFetch
from comfydock_core.models.shared import DISABLED, NodePackage
from comfydock_core.repositories.definition.tracked_packs import version_instead
from comfydock_core.repositories.pack_release import is_release, read_note
from comfydock_core.utils import native
from comfydock_core.utils.text import counted

Packs = Mapping[str, NodePackage]
_SHORT = 10


class PackMover:
    """Plans one move, pack by pack.

    `committed` are the packs of the commit before, `present` those of the manifest as it is, `wanted` those of the
    destination. Packs that no manifest knows stay as they are. `patches` are those of the packs on both sides.
    """

    def __init__(
        self,
        layout: EnvironmentLayout,
        services: EnvironmentServices,
        *,
        committed: Packs,
        present: Packs,
        wanted: Packs,
        policy: str,
        patches: PackPatches,
    ) -> None:
        self._layout = layout
        self._services = services
        self._before = {pack.directory: pack for packs in (committed, present) for pack in packs.values()}
        self._manifests = (committed, present)
        self._wanted = wanted
        self._patches = patches
        self._force = policy == DISCARD
        self._added: list[PackToFetch] = []
        self._renamed: list[tuple[str, str]] = []
        self._copied: list[tuple[str, str]] = []
        self._removed: list[str] = []
        self._notes: list[str] = []
        self._unobtainable: list[str] = []
        self._lost: list[Uncommitted] = []

    def plan(self) -> tuple[PackMoves, tuple[Uncommitted, ...]]:
        """The moves, and the uncommitted work in the packs that is in the way. Raises `OSError`, `FileSystemError`."""
        for pack in self._wanted.values():
            self._bring(pack)
        used = {pack.directory for pack in self._wanted.values()} | {before for before, _ in self._renamed}
        used |= {*self._removed, *(after for _, after in self._copied)}
        for directory, pack in self._before.items():
            if directory not in used and os.path.lexists(self._path(directory)):
                self._take_away(pack)
        moves = PackMoves(
            tuple(self._added), tuple(self._removed), tuple(self._renamed), tuple(self._copied), tuple(self._notes),
            tuple(self._unobtainable),
        )  # fmt: skip
        return moves, tuple(self._lost)

    def _bring(self, pack: NodePackage) -> None:
        """See to it that a pack of the destination is there."""
        path = self._path(pack.directory)
        if os.path.lexists(path):
            self._bring_to_version(pack, path)
            return
        for name in self._other_names(pack):
            if self._fits(pack, self._path(name)):
                self._renamed.append((name, pack.directory))
                return
        if is_obtainable(pack):
            self._added.append(self._with_own_files(pack))
        else:
            self._unobtainable.append(pack.release.name)

    def _with_own_files(self, pack: NodePackage) -> PackToFetch:
        """With files that did not come with it, where it lies at another version and is turned on or off besides."""
        other = replace(pack, enabled=not pack.enabled).directory
        before = self._before.get(other)
        is_used = any(one.directory == other for one in self._wanted.values())
        patch = self._patches.wanted(pack)
        if before is None or before.is_development or is_used or not _is_real_directory(self._path(other)):
            return PackToFetch(pack, patch=patch)
        try:
            names = self._own_files(before)
        except PackHasChanges:
            return PackToFetch(pack, patch=patch)  # Taking it away is going to be refused.
        self._removed.append(other)
        return PackToFetch(pack, own_files=names, own_files_in=other, patch=patch)

    def _bring_to_version(self, pack: NodePackage, path: str) -> None:
        """Replace what lies there at another version. Links and development packs are somebody's own."""
        before = self._before.get(pack.directory)
        was_development = before is not None and before.is_development
        if pack.is_development:
            if before is not None and not was_development and native.link_target(path) is None:
                self._bring_development(pack, before)
            return
        if was_development:
            self._copied.append((pack.directory, self._free_name(pack.release.name)))
            self._added.append(PackToFetch(pack, "a development pack", patch=self._patches.wanted(pack)))
            return
        if native.link_target(path) is not None:
            return
        is_other = self._is_other(pack, path)
        if not is_other and not (before is not None and self._patches.is_other(before, pack, path)):
            return
        found = version_instead(pack, path)
        if found is not None and not self._force and self._is_by_hand(pack, path):
            reason = f"it is at {found[:_SHORT]}, which no manifest says"
            self._lost.append(Uncommitted("pack", pack.release.name, reason))
            return
        try:
            instead = found or ("another version" if is_other else None)
            own = self._own_files(before or pack)
            self._added.append(PackToFetch(pack, instead, own, patch=self._patches.wanted(pack)))
        except PackHasChanges as error:
            self._lost.append(Uncommitted("pack", pack.release.name, str(error.context["changes"])))

    def _bring_development(self, pack: NodePackage, before: NodePackage) -> None:
        """Let a development pack that was put aside take the place of another pack of its name again."""
        name = pack.release.name
        kept = f"{name}{DISABLED}"
        owner = self._before.get(kept)
        is_taken = any(other.directory == kept for other in self._wanted.values())
        if is_taken or (owner is not None and not owner.is_development) or not os.path.lexists(self._path(kept)):
            self._unobtainable.append(name)
            self._notes.append(f"{name} is a development pack there, which is not here any more; another pack of that"
                               " name stays in its place")  # fmt: skip
            return
        try:
            own = self._own_files(before)
        except PackHasChanges as error:
            self._lost.append(Uncommitted("pack", name, str(error.context["changes"])))
            return
        if own and not self._force:
            reason = f"{counted(len(own), 'file')} in its directory did not come with it"
            self._lost.append(Uncommitted("pack", name, reason))
            return
        self._copied.append((kept, pack.directory))
        self._removed.append(kept)

    def _is_by_hand(self, pack: NodePackage, path: str) -> bool:
        """Whether somebody put another version there than any manifest had."""
        known = [one for packs in self._manifests for one in packs.values() if one.directory == pack.directory]
        return bool(known) and all(version_instead(one, path) is not None for one in known)

    def _is_other(self, pack: NodePackage, path: str) -> bool:
        """Whether another version lies there, as far as that can be determined, or by what the manifest said."""
        if version_instead(pack, path) is not None or _is_other_archive(pack, path):
            return True
        before = self._before.get(pack.directory)
        if before is None or before.release.version == pack.release.version:
            return False
        return not is_release(path, pack.release.version)

    def _take_away(self, pack: NodePackage) -> None:
        """Put away what the destination does not have.

        What only is here, a development pack or files that did not come with the pack, is turned off instead: it comes
        back under its name when an environment goes back.
        """
        path, name = self._path(pack.directory), pack.release.name
        if pack.is_development or native.link_target(path) is not None:
            if pack.enabled:
                self._turn_off(pack)
            return
        try:
            own = self._own_files(pack)
        except PackHasChanges as error:
            self._lost.append(Uncommitted("pack", name, str(error.context["changes"])))
            return
        if not own:
            self._removed.append(pack.directory)
        elif pack.enabled:
            kept = self._turn_off(pack)
            self._notes.append(f"{name} is turned off, not removed: {counted(len(own), 'file')} in its directory"
                               f" did not come with it (`{kept}`)")  # fmt: skip

    def _turn_off(self, pack: NodePackage) -> str:
        free = self._free_name(pack.release.name)
        self._renamed.append((pack.directory, free))
        return free

    def _free_name(self, name: str) -> str:
        """A name that is free for what is turned off, and that is found again: the first is the pack's own."""
        number = 1
        taken = {after for _, after in (*self._renamed, *self._copied)}
        taken |= {pack.directory for pack in self._wanted.values()}
        while True:
            free = f"{name}{'' if number == 1 else f'-{number}'}{DISABLED}"
            if free not in taken and not os.path.lexists(self._path(free)):
                return free
            number += 1

    def _own_files(self, pack: NodePackage) -> tuple[str, ...]:
        patches = self._patches.applied(pack)
        return self._services.nodes.own_files(pack, "going there", force=self._force, patches=patches)

    def _other_names(self, pack: NodePackage) -> Iterator[str]:
        """Where the same pack may lie under another name: turned on or off, by a manifest or by an earlier move."""
        for name in (replace(pack, enabled=not pack.enabled).directory, f"{pack.release.name}{DISABLED}"):
            is_of_other = any(other.directory == name for other in self._wanted.values())
            if not is_of_other and os.path.lexists(self._path(name)):
                yield name

    def _fits(self, pack: NodePackage, path: str) -> bool:
        """Whether that is the pack at the version that is wanted, for sure."""
        before = self._before.get(os.path.basename(path))
        if pack.is_development:
            return before is None or before.is_development
        if (before is not None and before.is_development) or _is_other_archive(pack, path):
            return False
        if before is not None and before.release == pack.release:
            is_there = version_instead(pack, path) is None
        else:
            is_there = is_release(path, pack.release.version)
        return is_there and not self._patches.is_other(before, pack, path)

    def _path(self, directory: str) -> str:
        return f"{self._layout.custom_nodes}/{directory}"


def _is_other_archive(pack: NodePackage, path: str) -> bool:
    """Whether the registry's release there is of another pack, that has the same name and version."""
    noted = read_note(path)
    return noted is not None and pack.release.sha256 is not None and noted[1] != pack.release.sha256


def _is_real_directory(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)
