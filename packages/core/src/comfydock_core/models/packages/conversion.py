"""What locking and converting did."""

from collections.abc import Mapping

from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.packages.backends import PartFinding
from comfydock_core.records import record


@record
class Relocked:
    """`locked` are the back ends whose parts were made anew, `failed` those that could not be, with the reason.

    `unusable` tells which parts do not fit `uv.lock` now.
    """

    locked: tuple[str, ...]
    failed: Mapping[str, ComfyDockError]
    unusable: tuple[PartFinding, ...]


@record
class Conversion:
    """A definition of ComfyDock 1.x made neutral.

    `backend` is the one that its files named. `changes` are sentences for people. `versions_from` says where the
    versions came from: `lock`, `installed` for a definition without a lock, or `index` where neither helped.
    """

    backend: str
    release: Mapping[str, str]
    versions_from: str
    changes: tuple[str, ...]
