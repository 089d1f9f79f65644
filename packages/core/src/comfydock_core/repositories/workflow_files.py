"""The workflows of an environment on disk: what ComfyUI's editor saves, in subdirectories too."""

from __future__ import annotations

import os
from collections.abc import Iterator

# The errors are loaded when one is raised.
import comfydock_core
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.exceptions import WorkflowNotFound

_END = ".json"


class WorkflowFiles:
    """The files of one directory of workflows. A name is the path below it, with `/` and without `.json`."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def names(self) -> list[str]:
        """All names, sorted; files that are hidden are the editor's own notes. Raises `FileSystemError`."""
        with disk_errors("list the workflows"):
            return sorted(self._below(self.directory, ""))

    def path(self, name: str) -> str:
        """The file of a workflow; its name may have its `.json`. Raises `WorkflowNotFound`."""
        plain = name.removesuffix(_END)
        path = os.path.join(self.directory, *f"{plain}{_END}".split("/"))
        if ".." in plain.split("/") or not os.path.isfile(path):
            raise self._unknown(plain)
        return path

    def has(self, name: str) -> bool:
        plain = name.removesuffix(_END)
        return ".." not in plain.split("/") and os.path.isfile(os.path.join(self.directory, f"{plain}{_END}"))

    def _below(self, directory: str, prefix: str) -> Iterator[str]:
        """Links are not followed to directories: workflows lie where the editor saves them."""
        try:
            entries = sorted(os.scandir(directory), key=lambda one: one.name)
        except FileNotFoundError:
            return
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._below(entry.path, f"{prefix}{entry.name}/")
            elif entry.name.endswith(_END) and entry.is_file():
                yield prefix + entry.name[: -len(_END)]

    def _unknown(self, name: str) -> WorkflowNotFound:
        known = self.names()
        near = nearest(name, known, limit=1)
        return comfydock_core.models.WorkflowNotFound(
            f"there is no workflow `{name}`, and no file of that name",
            hint=f"did you mean `{near[0]}`?"
            if near
            else "`comfydock workflow list` shows the workflows that there are",
            context={"workflow": name, "known": known[:100]},
        )
