"""The downloads of a workspace that are not finished: one small file each, which leads to the part.

`comfydock_cache/downloads/ID.json`; the part and its journal lie where the file will. `ID.pause` asks whoever is at
work to stop.
"""

import contextlib
import hashlib
import json
import os

from comfydock_core.models.exceptions import DownloadNotFound
from comfydock_core.models.model_files.downloads import DownloadRequest, KeptDownload
from comfydock_core.services.model_downloads.part import part_path, read_part
from comfydock_core.utils.files import atomic, file_locks

_DIGITS = 8


class KeptDownloads:
    """The list in one directory, which is made when it is needed. Its methods raise `OSError`."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def add(self, request: DownloadRequest) -> None:
        """A download begins, or goes on."""
        os.makedirs(self._directory, exist_ok=True)
        name = identifier_of(request)
        _unlink(f"{self._directory}/{name}.pause")
        content = {"path": request.path, "urls": list(request.urls)}
        atomic.write_bytes(f"{self._directory}/{name}.json", json.dumps(content).encode())

    def remove(self, request: DownloadRequest) -> None:
        """It is finished, or given up."""
        for end in ("json", "pause"):
            _unlink(f"{self._directory}/{identifier_of(request)}.{end}")

    def all(self) -> list[KeptDownload]:
        """Every one, by identifier."""
        try:
            names = sorted(os.listdir(self._directory))
        except FileNotFoundError:
            return []
        found = (self._read(name.removesuffix(".json")) for name in names if name.endswith(".json"))
        return [one for one in found if one is not None]

    def find(self, words: str) -> KeptDownload:
        """The one of an identifier, or of a file's name. Raises `DownloadNotFound`."""
        kept = self.all()
        found = [one for one in kept if words in (one.identifier, one.request.name, one.request.path)]
        if len(found) == 1:
            return found[0]
        raise DownloadNotFound(
            f"several downloads are called `{words}`" if found else f"there is no download `{words}`",
            hint="`comfydock download list` shows their identifiers",
            context={"download": words, "known": [one.identifier for one in kept]},
        )

    def wish_pause(self, identifier: str) -> None:
        """Ask whoever is at work on it to stop."""
        with open(f"{self._directory}/{identifier}.pause", "wb"):
            pass

    def is_pause_wished(self, request: DownloadRequest) -> bool:
        return os.path.exists(f"{self._directory}/{identifier_of(request)}.pause")

    def _read(self, identifier: str) -> KeptDownload | None:
        try:
            with open(f"{self._directory}/{identifier}.json", encoding="utf-8") as file:
                content = json.load(file)
            path, urls = str(content["path"]), tuple(str(url) for url in content["urls"])
            folder, _, name = path.rpartition("/")
            request = DownloadRequest(urls, folder, name)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        if not urls or identifier_of(request) != identifier:
            return None
        part = part_path(request)
        if not os.path.isdir(folder):
            return KeptDownload(identifier, request, "absent", 0, None)
        journal = read_part(part)
        if journal is None and not os.path.exists(part):
            return None  # It came to its end, or never began.
        if journal is None or journal[0].path != path:
            return KeptDownload(identifier, request, _state(part), 0, None)
        return KeptDownload(identifier, journal[0], _state(part), journal[2].total, journal[1].size)


def identifier_of(request: DownloadRequest) -> str:
    """A short name that stays the same for as long as the file is to lie in the same place."""
    return hashlib.sha256(request.path.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]


def _state(part: str) -> str:
    return "paused" if file_locks.is_free(part) else "running"


def _unlink(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
