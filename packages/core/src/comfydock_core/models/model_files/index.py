"""What the index knows of model files: where they lie, which content they hold, and where that came from."""

from dataclasses import asdict, dataclass, field
from typing import NamedTuple

# Where a root comes from.
WORKSPACE = "workspace"
ENVIRONMENT = "environment"
# A folder that no environment knows, or none at all.
NO_FOLDER = ""


# Named tuples, because a scan makes one for every file: quicker to make, and nothing that the collector looks through.
class FileState(NamedTuple):
    """By what a file counts as unchanged: its bytes, its time in nanoseconds, and which file it is on which device."""

    size: int
    mtime_ns: int
    inode: int
    device: int

    def is_same_as(self, other: "FileState") -> bool:
        """Whether nothing speaks for a change. Numbers of devices are not kept over a restart, and do not count."""
        return (self.size, self.mtime_ns, self.inode) == (other.size, other.mtime_ns, other.inode)

    def is_one_file_with(self, other: "FileState") -> bool:
        """Whether both are names of one file."""
        return (self.device, self.inode) == (other.device, other.inode)


@dataclass(frozen=True, slots=True)
class ModelLocation:
    """A file that holds a model.

    `root` and `path`, which is relative to it with forward slashes, say where; `folder` is ComfyUI's name of the kind,
    `NO_FOLDER` where it has none. `blake3` and `sha256` are `None` until the file was read whole, and again when it
    changed since. `header` is what `read_header` said of the file, as a JSON object.
    """

    root: str
    path: str
    folder: str
    state: FileState
    blake3: str | None = None
    sha256: str | None = None
    header: dict[str, object] | None = None
    absent: bool = False

    @property
    def full_path(self) -> str:
        return f"{self.root}/{self.path}"

    @property
    def file_name(self) -> str:
        return self.path.rpartition("/")[2]

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "path": self.full_path,
            "root": self.root,
            "folder": self.folder or None,
            "size": self.state.size,
            "blake3": self.blake3,
            "sha256": self.sha256,
            "absent": self.absent,
            "header": self.header,
        }


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class DigestClaim:
    """A whole digest, BLAKE3 or SHA-256, that a file should have, and by whom that is said."""

    digest: str
    by: str


@dataclass(frozen=True, slots=True)
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


class FoundFile(NamedTuple):
    """A model file as a scan found it."""

    path: str
    folder: str
    state: FileState


@dataclass(frozen=True, slots=True)
class RootScan:
    """What a scan found below one root: all files, and the directories and files that could not be looked at.

    `present` is false for a root that is not there, of which nothing can be said then.
    """

    root: ScanRoot
    present: bool
    files: tuple[FoundFile, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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
