"""Reading ComfyUI-Manager's `model-list.json`: files of models, and where they can be had."""

import re
from urllib.parse import urlsplit

from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.repositories.node_data.published_values import UnusableList, is_name, json_of, line_of, short_text
from comfydock_core.utils.file_names import safe_name

_MOST_ENTRIES = 100_000
_LONGEST_ADDRESS = 2000
_USUAL_PLACE = "default"
_NO_ADDRESS = re.compile(r"[^\x21-\x7e]|[\\<>\"`]")


def read_model_list(content: bytes) -> tuple[list[ModelListEntry], int]:
    """The files of the list, and how many entries are no file that can be had. Raises `UnusableList`."""
    whole = json_of(content)
    entries = whole.get("models") if isinstance(whole, dict) else None
    if not isinstance(entries, list) or not entries:
        raise UnusableList("it has no list `models`")
    if len(entries) > _MOST_ENTRIES:
        raise UnusableList(f"it has {len(entries)} entries, and {_MOST_ENTRIES} is the most that is read")
    found = [one for entry in entries if (one := _entry(entry)) is not None]
    if not found:
        raise UnusableList("none of its entries can be read")
    return found, len(entries) - len(found)


def _entry(value: object) -> ModelListEntry | None:
    """An entry with the name of a file, an address, and a place that leads nowhere else."""
    if not isinstance(value, dict):
        return None
    name, url, place = value.get("filename"), value.get("url"), _place(value.get("save_path"))
    if not is_name(name) or safe_name(name) != name or not _is_address(url) or place is None:
        return None
    return ModelListEntry(
        file_name=name,
        url=str(url),
        save_path=place,
        kind=short_text(value.get("type")),
        name=short_text(value.get("name")),
        base=short_text(value.get("base")),
        size=short_text(value.get("size")),
        reference=line_of(value.get("reference")),
    )


def _is_address(value: object) -> bool:
    """Whether a file can be asked for there: whole repositories and what carries a password are none."""
    if not isinstance(value, str) or len(value) > _LONGEST_ADDRESS or _NO_ADDRESS.search(value):
        return False
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return usable and bool(parts.path.strip("/")) and without_credentials(value) == value


def _place(value: object) -> str | None:
    """The directory below the models directory, empty for the usual one; `None` when it is none."""
    if value == _USUAL_PLACE:
        return ""
    if not is_name(value) or "\\" in value:
        return None
    steps = value.split("/")
    if steps[-1] == "":
        steps.pop()
    return "/".join(steps) if steps and all(_is_step(step) for step in steps) else None


def _is_step(step: str) -> bool:
    return bool(step.strip()) and step not in (".", "..") and ":" not in step
