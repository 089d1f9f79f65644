"""Where ComfyUI of an environment looks for models: its folders, and what it would list of them."""

from collections.abc import Iterator, Mapping
from dataclasses import field

from comfydock_core.records import record


@record
class ModelFolder:
    """A kind of models (`checkpoints`, `loras`, …): its directories, first one first, and the extensions that count.

    Without extensions every file counts; the extension of a file without one is the empty text.
    """

    name: str
    directories: tuple[str, ...]
    extensions: frozenset[str]


@record
class FolderDoubt:
    """A line of code that may add a directory, which only a run would tell."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@record
class ModelFolders:
    """All folders of an environment, in ComfyUI's order. `legacy` are old names with those of today.

    `models` is the directory that ComfyUI's own folders are in, `None` where its code did not tell.
    """

    folders: tuple[ModelFolder, ...]
    models: str | None = None
    legacy: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[FolderDoubt, ...] = ()

    def __iter__(self) -> Iterator[ModelFolder]:
        return iter(self.folders)

    def folder(self, name: str) -> ModelFolder | None:
        """The folder of this name, or of the name that it had once."""
        name = self.legacy.get(name, name)
        return next((folder for folder in self.folders if folder.name == name), None)
