"""What ComfyUI said of its node packs when it imported them."""

from collections.abc import Iterable
from dataclasses import asdict

from comfydock_core.records import record


@record
class PackImport:
    """One pack, by the name of its directory or file. `seconds` is what importing it took.

    `error` is `None` for one that was imported; otherwise the first line of the reason, empty where none was given.
    """

    name: str
    seconds: float
    error: str | None = None

    @property
    def failed(self) -> bool:
        return self.error is not None


@record
class ImportReport:
    """All packs of one start, in the order of the report: quickest first."""

    packs: tuple[PackImport, ...]

    @property
    def failed(self) -> tuple[PackImport, ...]:
        return tuple(pack for pack in self.packs if pack.failed)

    def of(self, names: Iterable[str]) -> tuple[PackImport, ...]:
        """What it says of some packs; ComfyUI leaves out those that it did not try to import."""
        wanted = set(names)
        return tuple(pack for pack in self.packs if pack.name in wanted)

    def as_dict(self) -> dict[str, object]:
        return {"packs": [asdict(pack) for pack in self.packs]}
