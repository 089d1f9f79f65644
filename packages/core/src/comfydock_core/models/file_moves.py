"""Files of commits, and what it takes that files of an environment become those."""

from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple

from comfydock_core.models.operation import Swap
from comfydock_core.records import record


class TreeFile(NamedTuple):
    """A file of a commit: its mode and the name of its object in git."""

    mode: int
    object: str


class TreeChange(NamedTuple):
    """What two commits have under one path, `None` for nothing."""

    before: TreeFile | None
    after: TreeFile | None


@record
class PatchedFiles:
    """What a patch makes of files: how each was and is to be, by its path.

    `contents` are those of the files that it makes, by the names of their objects.
    """

    files: Mapping[str, TreeChange]
    contents: Mapping[str, bytes]

    @property
    def new(self) -> dict[str, TreeFile]:
        """The files that there were none of before."""
        return {path: one.after for path, one in self.files.items() if one.before is None and one.after is not None}


@record
class FileSwaps:
    """What to swap so that files are others, and what to build for it.

    `staged` are the files that each swap brings, by their paths below it, the empty one being itself. `obstacles` are
    names that are in the way of a new file: nothing is planned for that one.
    """

    steps: list[Swap] = field(default_factory=list)
    staged: dict[str, dict[str, TreeFile]] = field(default_factory=dict)
    obstacles: list[str] = field(default_factory=list)


@record
class ComfyUIMove:
    """ComfyUI goes from one commit to another, by these files. `repository` is where the commit can be had.

    `contents` are those of patched files, by the names of their objects, `added` those that git has to know besides.
    """

    before: str
    after: str
    repository: str
    files: FileSwaps
    contents: Mapping[str, bytes] = field(default_factory=dict)
    added: Mapping[str, TreeFile] = field(default_factory=dict)
