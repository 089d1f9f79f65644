"""What the index knows of model files: where they lie, which content they hold, and where that came from."""

from dataclasses import asdict, field
from typing import NamedTuple

from comfydock_core.models.model_files.location import FileState
from comfydock_core.records import record

# Where a root comes from.
WORKSPACE = "workspace"
ENVIRONMENT = "environment"


@record
class ModelSource:
    """Where a content can be had. `kind` is `civitai`, `huggingface` or `url`, `origin` who said so.

    `added` is in Unix seconds. `details` are what the server said of it: versions, files, digests.
    """

    url: str
    kind: str
    origin: str
    added: int
    details: dict[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)


@record
class DigestClaim:
    """A whole digest, BLAKE3 or SHA-256, that a file should have, and by whom that is said."""

    digest: str
    by: str


@record
class ScanRoot:
    """A directory to look for models in.

    `folders` are the directories of ComfyUI's folders below it, each with the folder's name and the file extensions
    that it accepts, lower case with their dot; none means that all of `extensions` are. Those also decide outside of
    the known folders.
    """

    path: str
    kind: str
    folders: tuple[tuple[str, str, frozenset[str]], ...] = ()
    extensions: frozenset[str] = frozenset()


# A named tuple, because a scan makes one for every file, and they are quicker to make than frozen dataclasses.
class FoundFile(NamedTuple):
    """A model file as a scan found it."""

    path: str
    folder: str
    state: FileState


@record
class RootScan:
    """What a scan found below one root: all files, and the directories and files that could not be looked at.

    `present` is false for a root that is not there, of which nothing can be said then. `empty` are directories with
    nothing in them, as one is whose disk is not mounted. `numberless` are devices whose files have no lasting numbers.
    """

    root: ScanRoot
    present: bool
    files: tuple[FoundFile, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    empty: tuple[str, ...] = ()
    numberless: frozenset[int] = frozenset()


@record
class IndexChange:
    """What a scan changed in the index: paths that are new, changed, moved from another path, or gone."""

    root: str
    present: bool
    files: int
    bytes: int
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    gone: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()

    @property
    def nothing_changed(self) -> bool:
        return not (self.added or self.changed or self.moved or self.gone)

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "root": self.root,
            "present": self.present,
            "files": self.files,
            "bytes": self.bytes,
            "added": list(self.added),
            "changed": list(self.changed),
            "moved": [{"from": old, "to": new} for old, new in self.moved],
            "gone": list(self.gone),
            "problems": [{"path": path, "problem": problem} for path, problem in self.problems],
        }


@record
class RootState:
    """A root as the index has it; `scanned` is in Unix seconds, `hashed` the files whose digests are known."""

    path: str
    kind: str
    present: bool
    scanned: int | None
    files: int
    bytes: int
    hashed: int

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return asdict(self)
