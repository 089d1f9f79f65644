"""What becomes of node packs on the way from one definition to another."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.managers.node_manager import is_obtainable
from comfydock_core.models.exceptions import PackHasChanges
from comfydock_core.models.history.moving import DISCARD, PackMoves, Uncommitted
from comfydock_core.models.packages.syncing import PackToFetch
from comfydock_core.models.shared import DISABLED, NodePackage
from comfydock_core.repositories.definition.tracked_packs import version_instead
from comfydock_core.repositories.pack_release import is_release
from comfydock_core.utils import native
from comfydock_core.utils.text import counted

Packs = Mapping[str, NodePackage]
_SHORT = 10


class PackMover:
    """Plans one move, pack by pack.

    `committed` are the packs of the commit before, `present` those of the manifest as it is, `wanted` those of the
    destination. Packs that no manifest knows stay as they are.
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
    ) -> None:
        self._layout = layout
        self._nodes = services.nodes
        self._before = {pack.directory: pack for packs in (committed, present) for pack in packs.values()}
        self._manifests = (committed, present)
        self._wanted = wanted
        self._force = policy == DISCARD
        self._added: list[PackToFetch] = []
        self._renamed: list[tuple[str, str]] = []
        self._removed: list[str] = []
        self._notes: list[str] = []
        self._unobtainable: list[str] = []
        self._lost: list[Uncommitted] = []

    def plan(self) -> tuple[PackMoves, tuple[Uncommitted, ...]]:
        """The moves, and the uncommitted work in the packs that is in the way. Raises `OSError`, `FileSystemError`."""
        for pack in self._wanted.values():
            self._bring(pack)
        used = {pack.directory for pack in self._wanted.values()} | {before for before, _ in self._renamed}
        for directory, pack in self._before.items():
            if directory not in used and os.path.lexists(self._path(directory)):
                self._take_away(pack)
        moves = PackMoves(
            tuple(self._added), tuple(self._removed), tuple(self._renamed), tuple(self._notes),
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
            self._added.append(PackToFetch(pack))
        else:
            self._unobtainable.append(pack.release.name)

    def _bring_to_version(self, pack: NodePackage, path: str) -> None:
        """Replace what lies there at another version. Links and development packs are somebody's own."""
        if pack.is_development or native.link_target(path) is not None or not self._is_other(pack, path):
            return
        found = version_instead(pack, path)
        if found is not None and not self._force and self._is_by_hand(pack, path):
            reason = f"it is at {found[:_SHORT]}, which no manifest says"
            self._lost.append(Uncommitted("pack", pack.release.name, reason))
            return
        try:
            self._added.append(PackToFetch(pack, found or "another version", self._own_files(pack)))
        except PackHasChanges as error:
            self._lost.append(Uncommitted("pack", pack.release.name, str(error.context["changes"])))

    def _is_by_hand(self, pack: NodePackage, path: str) -> bool:
        """Whether somebody put another version there than any manifest had."""
        known = [one for packs in self._manifests for one in packs.values() if one.directory == pack.directory]
        return bool(known) and all(version_instead(one, path) is not None for one in known)

    def _is_other(self, pack: NodePackage, path: str) -> bool:
        """Whether another version lies there, as far as that can be determined, or by what the manifest said."""
        if version_instead(pack, path) is not None:
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
        """A name that is free, and that is found again: the first is the pack's own."""
        number = 1
        taken = {after for _, after in self._renamed}
        while True:
            free = f"{pack.release.name}{'' if number == 1 else f'-{number}'}{DISABLED}"
            if free not in taken and not os.path.lexists(self._path(free)):
                self._renamed.append((pack.directory, free))
                return free
            number += 1

    def _own_files(self, pack: NodePackage) -> tuple[str, ...]:
        return self._nodes.own_files(pack, "going there", force=self._force)

    def _other_names(self, pack: NodePackage) -> Iterator[str]:
        """Where the same pack may lie under another name: turned on or off, by a manifest or by an earlier move."""
        for name in (replace(pack, enabled=not pack.enabled).directory, f"{pack.release.name}{DISABLED}"):
            is_of_other = any(other.directory == name for other in self._wanted.values())
            if not is_of_other and os.path.lexists(self._path(name)):
                yield name

    def _fits(self, pack: NodePackage, path: str) -> bool:
        """Whether that is the pack at the version that is wanted, for sure."""
        if pack.is_development:
            return True
        directory = os.path.basename(path)
        before = self._before.get(directory)
        if before is not None and before.release == pack.release:
            return version_instead(pack, path) is None
        return is_release(path, pack.release.version)

    def _path(self, directory: str) -> str:
        return f"{self._layout.custom_nodes}/{directory}"
