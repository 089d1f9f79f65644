"""What the patches of node packs, before and after a move, say of the code that lies there."""

from comfydock_core.analyzers.patched_files import lacking, lies_there
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.core.usecases.history.patches import COMFYUI, patch_path
from comfydock_core.core.usecases.moving.patch_sides import PatchSides
from comfydock_core.models.exceptions import PatchUnusable
from comfydock_core.models.file_moves import PatchedFiles
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodePackage


class PackPatches:
    """Of one environment. A pack that is called as ComfyUI is has no patch."""

    def __init__(self, services: EnvironmentServices, sides: PatchSides, reporter: Reporter) -> None:
        self._services = services
        self._sides = sides
        self._reporter = reporter
        self._made: dict[str, PatchedFiles | None] = {}

    def wanted(self, pack: NodePackage) -> PatchedFiles | None:
        """What the patch makes of a pack of the destination, whose code is fetched for it; `None` without one.

        Raises `PatchUnusable`, and what fetching raises.
        """
        what = pack.identifier
        patch = self._sides.after.get(what)
        if patch is None or pack.is_development or what.casefold() == COMFYUI.casefold():
            return None
        if what not in self._made:
            self._made[what] = self._services.nodes.patched(pack, patch, f"`{patch_path(what)}`", self._reporter)
        return self._made[what]

    def applied(self, pack: NodePackage) -> list[PatchedFiles]:
        """The patches that may lie there as committed work. One that does not fit cannot have been applied."""
        found = []
        for patch in self._sides.possible(pack.identifier):
            try:
                made = self._services.nodes.patched(pack, patch, f"`{patch_path(pack.identifier)}`", None)
            except PatchUnusable:
                continue
            if made is not None:
                found.append(made)
        return found

    def is_other(self, before: NodePackage | None, pack: NodePackage, path: str) -> bool:
        """Whether the release that lies at `path` has to become patched otherwise. Raises what `wanted` raises."""
        wanted = self.wanted(pack)
        if before is None:
            patches = [] if wanted is None else [wanted]
            is_unlike = not pack.is_development and self._services.nodes.changed_beyond(pack, path, patches)
            return is_unlike or (wanted is not None and bool(lacking(path, wanted)))
        if not self._sides.moves(pack.identifier):
            return False
        made = {} if wanted is None else {name: one.after for name, one in wanted.files.items()}
        left = {name: one.before for patch in self.applied(before) for name, one in patch.files.items()}
        return any(not lies_there(f"{path}/{name}", file) for name, file in {**left, **made}.items())

    def is_held_back(self, pack: NodePackage, path: str) -> bool:
        """Whether the patch is not applied, though the files that it is for lie there as they came."""
        wanted = self.wanted(pack)
        if wanted is None or not lacking(path, wanted):
            return False
        return all(lies_there(f"{path}/{name}", one.before) or lies_there(f"{path}/{name}", one.after)
                   for name, one in wanted.files.items())  # fmt: skip
