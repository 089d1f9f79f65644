"""PyTorch back ends: what one of them replaces or adds in the Python lock."""

from collections.abc import Mapping

from comfydock_core.records import record


@record
class PartPackage:
    """A package of a part. `unhashed` names its files that have no hash, or what it has instead of files."""

    name: str
    version: str
    unhashed: tuple[str, ...]


@record
class BackendPart:
    """`backends/<back end>/pylock.toml`. `release` are the versions of the PyTorch family, without local parts.

    `own_release` says that the back end's index does not have the release of the environment. `elsewhere` are the
    members of the family that its index lacks and that come from the general one.
    """

    backend: str
    path: str
    text: str
    release: Mapping[str, str]
    index: str | None
    own_release: bool
    elsewhere: tuple[str, ...]
    packages: tuple[PartPackage, ...]


@record
class PartFinding:
    """Why a part cannot be used. `kind`: `damaged`, `stale`, `duplicate`, `no-hash` or `not-locked`."""

    backend: str
    kind: str
    message: str

    def as_dict(self) -> dict[str, object]:
        return {"backend": self.backend, "kind": self.kind, "message": self.message}


@record
class PartState:
    """A back end of an environment as `backend list` tells it. `part` is `None` when it cannot be read."""

    backend: str
    chosen: bool
    bytes: int
    part: BackendPart | None
    findings: tuple[PartFinding, ...]

    @property
    def state(self) -> str:
        """`usable`, or the kind of the first finding."""
        return self.findings[0].kind if self.findings else "usable"

    def as_dict(self) -> dict[str, object]:
        part = self.part
        return {
            "backend": self.backend,
            "chosen": self.chosen,
            "state": self.state,
            "bytes": self.bytes,
            "release": dict(part.release) if part else None,
            "own_release": part.own_release if part else None,
            "index": part.index if part else None,
            "packages": len(part.packages) if part else None,
            "findings": [finding.as_dict() for finding in self.findings],
        }
