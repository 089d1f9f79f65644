"""`ModelSymlinkManager`: the link from ComfyUI's `models` to the workspace's models directory."""

import contextlib
import os
import shutil

from comfydock_core.models.exceptions import (
    ModelsDirectoryNotFound,
    UnexpectedDirectory,
)
from comfydock_core.utils import native
from comfydock_core.utils.files.filesystem import make_directory_link, remove_tree

_PLACEHOLDERS = (".gitkeep", ".gitignore", "Put models here.txt")
_FILES_NAMED = 10


class ModelSymlinkManager:
    """Works on one `models` link. Methods raise `OSError` beside what they say."""

    def __init__(self, link: str) -> None:
        self._link = link

    def link_to(self, directory: str) -> None:
        """Make the link lead to `directory`; a link to elsewhere is replaced, a stock directory removed.

        Raises `ModelsDirectoryNotFound`, and `UnexpectedDirectory` when files would be lost.
        """
        self.refuse_loss(directory)
        if native.link_target(self._link) is None and os.path.lexists(self._link):
            remove_tree(self._link)
        make_directory_link(self._link, os.path.abspath(directory))

    def refuse_loss(self, directory: str) -> None:
        """Raise what `link_to` raises, and change nothing."""
        if not os.path.isdir(directory):
            raise ModelsDirectoryNotFound(
                f"the models directory `{directory}` does not exist",
                hint="make it, or correct `global_model_directory` in the workspace's `.metadata/workspace.json`; after"
                " moving the workspace `comfydock doctor --fix` does that",
                context={"path": directory},
            )
        if native.link_target(self._link) is None and os.path.lexists(self._link):
            self._refuse_own_files()

    def replace_checkout_directory(self, directory: str) -> None:
        """Like `link_to`, for a checkout made just now: what lies in its `models` is git's own and goes unasked.

        Files that ComfyUI reads there (`configs/*.yaml`) are put into `directory` first, never over anything.
        """
        if os.path.isdir(directory) and native.link_target(self._link) is None and os.path.isdir(self._link):
            put_stock_files(self._link, directory)
        if native.link_target(self._link) is None and os.path.isdir(self._link):
            remove_tree(self._link)
        self.link_to(directory)

    def _refuse_own_files(self) -> None:
        files = own_files(self._link)
        if files:
            raise UnexpectedDirectory(
                f"`{self._link}` holds files: {', '.join(files[:_FILES_NAMED])}",
                hint="move them to the workspace's models directory first",
                context={"path": self._link, "files": files[:_FILES_NAMED]},
            )


def put_stock_files(stock: str, directory: str) -> None:
    """Copy what a checkout has in its `models` into a models directory, never over anything. Raises `OSError`."""
    for name in own_files(stock):
        _put_where_absent(f"{stock}/{name}", directory, name)


def _put_where_absent(source: str, directory: str, name: str) -> None:
    """Copy a stock file, unless something is in its place or the models directory is not ours to write to."""
    target = os.path.join(directory, name)
    if os.path.islink(source) or os.path.lexists(target):
        return
    # A directory of models may be shared and read-only, or have a file where stock has a directory: it stays as it is.
    with contextlib.suppress(PermissionError, FileExistsError, NotADirectoryError):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(source, "rb") as stock, open(target, "xb") as file:
            shutil.copyfileobj(stock, file)


def own_files(directory: str) -> list[str]:
    """The files below `directory`, relative, except the placeholders of a fresh checkout. Links count as files."""
    if not os.path.isdir(directory):
        return [os.path.basename(directory)]
    found: list[str] = []
    for parent, directories, files in os.walk(directory):
        links = [name for name in directories if os.path.islink(os.path.join(parent, name))]
        own = [name for name in (*files, *links) if not is_placeholder(name)]
        found += [os.path.relpath(os.path.join(parent, name), directory) for name in own]
    return sorted(found)


def is_placeholder(name: str) -> bool:
    """Whether a file only keeps a directory of ComfyUI's `models` in git."""
    return name in _PLACEHOLDERS or (name.startswith("put_") and "_here" in name)
