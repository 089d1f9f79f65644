"""What `sync`, `repair` and the choice of a back end are going to do to one environment."""

from comfydock_core.models.file_moves import ComfyUIMove, PatchedFiles
from comfydock_core.models.operation import ChangePlan
from comfydock_core.models.shared import NodePackage
from comfydock_core.records import record


@record
class SyncRequest:
    """How an environment is to become what its definition says.

    `backend` chooses the PyTorch back end of this machine, `None` keeps the choice. `fresh` builds the virtual
    environment anew whatever its state. `relock` resolves a manifest that was changed by hand; without it a lock that
    does not fit is refused. `lock_backends` are back ends to lock PyTorch for again, beside the chosen one.
    """

    command: str = "sync"
    backend: str | None = None
    fresh: bool = False
    relock: bool = False
    lock_backends: tuple[str, ...] = ()
    install: bool = True


@record
class PackageChanges:
    """What became of the installed packages: `name version` of those added and removed, and (name, old, new)."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[tuple[str, str, str], ...] = ()


@record
class SyncOutcome:
    """What was done: the operation's identifier, and the packages that are others now."""

    operation: str
    packages: PackageChanges


@record
class PackToFetch:
    """A node pack to be fetched at the manifest's version.

    `found` is the version that lies there instead, `None` where nothing does. `own_files` are files in its directory
    that did not come with it and go along, relative to it; `own_files_in` is where they lie if not in its place.
    `patch` is what the definition holds of changes to it.
    """

    pack: NodePackage
    found: str | None = None
    own_files: tuple[str, ...] = ()
    own_files_in: str | None = None
    patch: PatchedFiles | None = None


@record
class SyncPlan:
    """What has to change. `venv` is `keep`, `link` (a linked copy is brought up to date) or `fresh`.

    `reasons` say why. `converts` says that the definition is one of ComfyDock 1.x, made neutral. `comfyui` is how
    ComfyUI goes to the manifest's commit. `unobtainable` are node packs that the manifest has, the disk lacks, and
    nothing here can fetch; `held_back` tells what else differs from the definition and is left as it is.
    """

    name: str
    backend: str
    python: str
    venv: str
    reasons: tuple[str, ...]
    chooses: bool
    converts: bool
    relock: bool
    parts: tuple[str, ...]
    packs: tuple[PackToFetch, ...]
    unobtainable: tuple[str, ...]
    held_back: tuple[str, ...]
    models_directory: str | None
    comfyui: ComfyUIMove | None
    change: ChangePlan

    @property
    def nothing_to_do(self) -> bool:
        return not self.change.steps
