"""`logs/<environment>/starts/<key>.json`: what ComfyUI said at its last start with one definition.

The key is made of git's names for the manifest and `uv.lock`, so that a report belongs to every commit with these
files, also when it is made after the start.
"""

import json
import os
from collections.abc import Mapping

from comfydock_core.models.history.starts import StartReport
from comfydock_core.models.packs.imports import PackImport
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic
from comfydock_core.utils.files.git_index import object_name

_FILES = ("pyproject.toml", "uv.lock")
_LARGEST = 4 * 1024 * 1024


def key_of(identities: Mapping[str, str]) -> str | None:
    """The key of a definition by the identities of its files; `None` where it lacks one of them."""
    names = [identities.get(name) for name in _FILES]
    return None if None in names else "-".join(str(name)[:16] for name in names)


def key_of_files(definition: str) -> str | None:
    """The key of a definition on the disk. Raises `OSError`."""
    contents = {name: native.read_bytes(f"{definition}/{name}") for name in _FILES}
    return key_of({name: object_name(content) for name, content in contents.items() if content is not None})


def keep_report(directory: str, key: str, report: StartReport) -> None:
    """Write a report, over an earlier one of the same definition. Raises `OSError`."""
    os.makedirs(directory, exist_ok=True)
    packs = [{"name": one.name, "seconds": one.seconds, "error": one.error} for one in report.packs]
    text = json.dumps({"date": report.date, "understood": report.understood, "packs": packs})
    atomic.write_text(f"{directory}/{key}.json", text)


def read_report(directory: str, key: str | None) -> StartReport | None:
    """The report of a definition. One that cannot be read says nothing: the next start writes another."""
    return None if key is None else _read(f"{directory}/{key}.json")


def unreadable_reports(directory: str) -> list[str]:
    """The files of those that cannot be read. Raises `OSError`."""
    names = native.list_names(directory) if native.is_directory(directory) else []
    return [path for name in names if not is_readable(path := f"{directory}/{name}")]


def is_readable(path: str) -> bool:
    """Whether a file is a report; one that is not there is none that could not be read."""
    return not native.exists(path) or _read(path) is not None


def has_reports(directory: str) -> bool:
    """Whether any start was kept."""
    return native.is_directory(directory) and bool(native.list_names(directory))


def _read(path: str) -> StartReport | None:
    try:
        content = native.read_bytes(path)
        if content is None or len(content) > _LARGEST:
            return None
        found = json.loads(content)
        packs = tuple(
            PackImport(str(one["name"]), float(one["seconds"]), _text(one["error"])) for one in found["packs"]
        )
        return StartReport(str(found["date"]), found["understood"] is True, packs)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
