"""Roots: directories that hold folders of models, and changing which ones ComfyUI of an environment reads."""

from comfydock_core.models.model_files.folders import FolderDoubt
from comfydock_core.models.operation import ChangePlan
from comfydock_core.records import record


@record
class ModelRoot:
    """One root, with what ComfyUI would list of it counted. `section` is `None` for ComfyUI's own models directory."""

    path: str
    section: str | None
    folders: tuple[str, ...]
    files: int
    bytes: int
    present: bool
    is_default: bool = False

    def as_dict(self) -> dict[str, object]:
        return {
            "path": self.path,
            "section": self.section,
            "folders": list(self.folders),
            "files": self.files,
            "bytes": self.bytes,
            "present": self.present,
            "default": self.is_default,
        }


@record
class ModelRootsOverview:
    """The roots of an environment, ComfyUI's own first, then in the order of `file`.

    `notes` are lines of the file worth a look, `doubts` lines of node packs that may add directories.
    """

    name: str
    file: str
    roots: tuple[ModelRoot, ...]
    notes: tuple[tuple[int, str], ...] = ()
    doubts: tuple[FolderDoubt, ...] = ()


@record
class RootPlan:
    """What adding or removing a section takes. `folders` are ComfyUI's names with the paths; `content` is the new file.

    Without content the file goes.
    """

    name: str
    section: str
    path: str
    folders: tuple[tuple[str, str], ...]
    content: bytes | None
    change: ChangePlan
