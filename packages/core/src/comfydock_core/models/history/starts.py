"""What ComfyUI said of its node packs at a start, kept for the definition that it was started with."""

from comfydock_core.models.packs.imports import PackImport
from comfydock_core.records import record

FAILS, RECOVERED, SLOWER, FASTER = "fails", "recovered", "slower", "faster"


@record
class StartReport:
    """The last start of a definition. `date` is ISO 8601 in UTC, `seconds` what all imports took together.

    Where ComfyUI reported in a form that is not known, `understood` is false and `packs` says nothing.
    """

    date: str
    understood: bool
    packs: tuple[PackImport, ...] = ()

    @property
    def seconds(self) -> float:
        return sum(pack.seconds for pack in self.packs)


@record
class StartChange:
    """What became of a pack from one start to the next that is known.

    `kind` is `fails`, `recovered`, `slower` or `faster`; `error` is the reason of a failure, the seconds are those of
    importing it.
    """

    kind: str
    pack: str
    error: str | None = None
    before: float | None = None
    after: float | None = None
