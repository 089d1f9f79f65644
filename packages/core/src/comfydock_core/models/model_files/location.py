"""A file that holds a model, as the index has it. On the path of `model index find`: plain classes."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any

# A folder that no environment knows, or none at all.
NO_FOLDER = ""


class FileState:
    """By what a file counts as unchanged: its bytes, its time in nanoseconds, and which file it is on which device."""

    __slots__ = ("device", "inode", "mtime_ns", "size")

    def __init__(self, size: int, mtime_ns: int, inode: int, device: int) -> None:
        self.size = size
        self.mtime_ns = mtime_ns
        self.inode = inode
        self.device = device

    @classmethod
    def of(cls, found: "os.stat_result") -> "FileState":
        """That of a file that was looked at."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)

    @property
    def file_id(self) -> tuple[int, int]:
        """Equal for all names of one file, and for them alone."""
        return self.device, self.inode

    def is_same_as(self, other: "FileState", *, by_number: bool = True) -> bool:
        """Whether nothing speaks for a change. Numbers of devices are not kept over a restart, and do not count.

        Not `by_number` for disks whose files have no lasting ones.
        """
        is_same_file = self.inode == other.inode or not by_number
        return self.size == other.size and self.mtime_ns == other.mtime_ns and is_same_file


class ModelLocation:
    """A file that holds a model.

    `root` and `path`, which is relative to it with forward slashes, say where; `folder` is ComfyUI's name of the kind,
    `NO_FOLDER` where it has none. `blake3` and `sha256` are `None` until the file was read whole, and again when it
    changed since. `header` is what `read_header` said of the file, as a JSON object.
    """

    __slots__ = ("absent", "blake3", "folder", "header", "path", "root", "sha256", "state")

    def __init__(
        self,
        root: str,
        path: str,
        folder: str,
        state: FileState,
        blake3: str | None = None,
        sha256: str | None = None,
        header: "dict[str, Any] | None" = None,
        absent: bool = False,
    ) -> None:
        self.root = root
        self.path = path
        self.folder = folder
        self.state = state
        self.blake3 = blake3
        self.sha256 = sha256
        self.header = header
        self.absent = absent

    @property
    def full_path(self) -> str:
        return f"{self.root}/{self.path}"

    @property
    def file_name(self) -> str:
        return self.path.rpartition("/")[2]

    def with_header(self, header: "dict[str, Any] | None") -> "ModelLocation":
        """The same file with what its header says."""
        return ModelLocation(
            self.root, self.path, self.folder, self.state, self.blake3, self.sha256, header, self.absent
        )

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
