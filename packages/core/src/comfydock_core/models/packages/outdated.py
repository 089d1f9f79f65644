"""What of an environment has newer versions."""

from collections.abc import Mapping

from comfydock_core.models.packages.syncing import PackageChanges
from comfydock_core.records import record


@record
class NewerComfyUI:
    """ComfyUI as the manifest has it, and the newest of its kind: a release, or the head of its branch.

    `commits` are the subjects between, newest first, as far as they are known here.
    """

    version: str
    commit: str
    latest: str
    latest_commit: str
    commits: tuple[str, ...] = ()


@record
class NewerPack:
    """A node pack that can be updated. `versions` are those of the registry between, newest first."""

    identifier: str
    source: str
    version: str
    latest: str
    versions: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()


@record
class LookupFailure:
    """What could not be looked up: `subject` is `comfyui`, `packages`, `pytorch`, or a node pack's identifier."""

    subject: str
    code: str
    message: str
    hint: str | None = None


@record
class Outdated:
    """What has newer versions. `looked_up` is how many things could be looked up at all.

    `packages` is what an upgrade of all Python packages would change; `release` are the members of the PyTorch family
    with the version that is pinned and a newer one. `notes` are worth telling beside it.
    """

    name: str
    comfyui: NewerComfyUI | None
    packs: tuple[NewerPack, ...]
    packages: PackageChanges
    release: Mapping[str, tuple[str, str]]
    looked_up: int
    failures: tuple[LookupFailure, ...]
    notes: tuple[str, ...] = ()
