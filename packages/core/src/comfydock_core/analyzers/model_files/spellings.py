"""By which names a model file may be referred to, and which files are no use without others."""

import os
import re
from collections.abc import Container

from comfydock_core.records import record
from comfydock_core.utils.text import folded

_SHARD = re.compile(r"(.+?)[-_.]\d{2,6}-of-(\d{2,6})")
# Files that make one model of the directory that they lie in.
_OF_DIRECTORIES = ("model_index.json", "config.json")
_INDEX_OF_SHARDS = ".index.json"


@record
class Spelling:
    """How one file may be called: its `name`, and `values` without an extension. All are folded.

    `together` names what the file is a part of, the same for all parts, or is `None`.
    """

    name: str
    values: tuple[str, ...]
    together: str | None


class Spellings:
    """Tells how files below roots are called; each directory is looked at once.

    `folders` are the directories of ComfyUI's folders, without links: none of them is a model by itself.
    """

    def __init__(self, folders: Container[str]) -> None:
        self._folders = folders
        self._is_model: dict[str, bool] = {}

    def of(self, root: str, path: str) -> Spelling:
        """For a file by its path below a root. Raises `OSError`."""
        directory, _, file_name = path.rpartition("/")
        name = folded(file_name)
        stem = os.path.splitext(name)[0]
        whole = self._model_directory(root, directory)
        shard = _SHARD.fullmatch(stem)
        values = [stem]
        values += [shard[1]] if shard else []
        values += [folded(os.path.basename(whole))] if whole else []
        together = f"{root}/{whole}" if whole else None
        if shard and together is None:
            together = f"{root}/{directory}/{shard[1]} of {shard[2]}"
        return Spelling(name, tuple(values), together)

    def _model_directory(self, root: str, directory: str) -> str | None:
        """The outermost directory below a root that is one model, with all that is in it."""
        parts = directory.split("/") if directory else []
        for deep in range(1, len(parts) + 1):
            candidate = "/".join(parts[:deep])
            if self._makes_one_model(f"{root}/{candidate}"):
                return candidate
        return None

    def _makes_one_model(self, directory: str) -> bool:
        known = self._is_model.get(directory)
        if known is None:
            is_folder = os.path.realpath(directory) in self._folders
            names = [] if is_folder else [name.lower() for name in os.listdir(directory)]
            known = any(name in _OF_DIRECTORIES or name.endswith(_INDEX_OF_SHARDS) for name in names)
            self._is_model[directory] = known
        return known
