"""What other tools write down of an installation of ComfyUI, as far as it goes, and what it leaves open."""

from collections.abc import Mapping
from dataclasses import field

from comfydock_core.records import record


@record
class OpenPoint:
    """Something that a file of another tool does not say, or that cannot be made as it says.

    `lacking` says that the environment is without it.
    """

    item: str
    reason: str
    lacking: bool = True

    @property
    def text(self) -> str:
        """Both in a line."""
        return f"{self.item}: {self.reason}"

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {"item": self.item, "reason": self.reason, "lacking": self.lacking}


@record
class ForeignPack:
    """A node pack: `place` is the address of a repository, or an identifier of the registry where `registered`.

    `version` is a commit or the registry's version, `None` where the file has none.
    """

    place: str
    version: str | None
    registered: bool = False
    enabled: bool = True

    @property
    def words(self) -> str:
        """How people name this version of it."""
        return self.place if self.version is None else f"{self.place}@{self.version}"


@record
class ForeignModel:
    """A model: ComfyUI's folder, the name in it, and what is known of its content and its sources."""

    folder: str
    name: str
    size: int | None = None
    sha256: str | None = None
    sources: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The folder and the name as one path."""
        return f"{self.folder}/{self.name}" if self.folder else self.name


@record
class ForeignDefinition:
    """A definition in the format of another tool, which `kind` names.

    `pins` are versions of packages (`name==version`) by their normal names. `models` are needed by `workflow`, if there
    is one; `files` are those of a definition by their paths in it. `inputs` are files for ComfyUI's `input` by their
    paths in it: where each lies, `None` where nothing was unpacked. `open` is what it leaves open.
    """

    path: str
    kind: str
    comfyui: str | None = None
    python: str | None = None
    packs: tuple[ForeignPack, ...] = ()
    pins: Mapping[str, str] = field(default_factory=dict)
    models: tuple[ForeignModel, ...] = ()
    workflow: str | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    inputs: Mapping[str, str | None] = field(default_factory=dict)
    open: tuple[OpenPoint, ...] = ()


@record
class WrittenSnapshot:
    """A snapshot for ComfyUI-Manager. `target` is the file, `None` where it was only made.

    `not_held` is what of the environment such snapshots have no place for.
    """

    environment: str
    target: str | None
    values: Mapping[str, object]
    content: bytes
    not_held: tuple[str, ...]
