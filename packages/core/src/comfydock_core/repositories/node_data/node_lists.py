"""The lists of known node packs and models as files: where they lie, what they hold, and what was noted of them.

`node_mappings.json` is where ComfyDock 1.x has it; the others and the notes lie beside it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.records import record
from comfydock_core.repositories.node_data.list_files import (
    FILES,
    MANAGER_LIST,
    MANAGER_MAP,
    MANAGER_MODELS,
    MANAGER_STATS,
    NODE_DATA,
    file_state,
    list_path,
)
from comfydock_core.repositories.node_data.published import (
    ListedClasses,
    ListedFame,
    ListedPack,
    NodeData,
    read_manager_list,
    read_manager_map,
    read_manager_stats,
    read_node_data,
)
from comfydock_core.repositories.node_data.published_models import read_model_list
from comfydock_core.repositories.node_data.published_values import UnusableList
from comfydock_core.utils.files import atomic

READERS: dict[str, Callable[[bytes], object]] = {
    NODE_DATA: read_node_data,
    MANAGER_LIST: read_manager_list,
    MANAGER_MAP: read_manager_map,
    MANAGER_STATS: read_manager_stats,
    MANAGER_MODELS: read_model_list,
}
_NOTES = "sources.json"


@dataclass(slots=True)
class Lists:
    """What the lists of a directory say. `problems` are of those that cannot be used, `versions` as they say it."""

    data: NodeData | None = None
    packs: list[ListedPack] = field(default_factory=list)
    classes: list[ListedClasses] = field(default_factory=list)
    fame: list[ListedFame] = field(default_factory=list)
    models: list[ModelListEntry] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)

    @property
    def are_empty(self) -> bool:
        return self.data is None and not self.packs and not self.classes


@record
class FetchNote:
    """When a list was fetched from where, and by which tag the server knows it; of the file of exactly that state."""

    url: str
    etag: str | None
    fetched_at: float
    checked_at: float
    state: tuple[int, int]


def read_lists(directory: str) -> Lists:
    """Every list that is there and can be read. Raises `OSError`."""
    lists = Lists()
    for name, reader in READERS.items():
        if file_state(list_path(directory, name)) is None:
            continue
        with open(list_path(directory, name), "rb") as file:
            content = file.read()
        try:
            _keep(lists, name, reader(content))
        except UnusableList as error:
            lists.problems[name] = str(error)
    return lists


def _keep(lists: Lists, name: str, found: object) -> None:
    if isinstance(found, NodeData):
        lists.data, lists.skipped[name] = found, found.skipped
        return
    assert isinstance(found, tuple)
    entries, lists.skipped[name] = found
    if name == MANAGER_LIST:
        lists.packs = entries
    elif name == MANAGER_MAP:
        lists.classes = entries
    elif name == MANAGER_STATS:
        lists.fame = entries
    else:
        lists.models = entries


def read_notes(directory: str) -> dict[str, FetchNote]:
    """What was noted of each list that is still the file it was noted of. Notes that cannot be read are none."""
    try:
        with open(f"{directory}/{_NOTES}", encoding="utf-8") as file:
            noted = json.load(file)
    except (OSError, ValueError, RecursionError):
        return {}
    found = {name: _note(noted.get(name)) for name in FILES} if isinstance(noted, dict) else {}
    return {name: note for name, note in found.items() if note and note.state == file_state(list_path(directory, name))}


def write_notes(directory: str, notes: dict[str, FetchNote]) -> None:
    """Note the state of every list. Raises `OSError`."""
    values = {
        name: {"url": note.url, "etag": note.etag, "fetched_at": note.fetched_at, "checked_at": note.checked_at,
               "state": list(note.state)}
        for name, note in notes.items()
    }  # fmt: skip
    atomic.write_text(f"{directory}/{_NOTES}", json.dumps(values, indent=1) + "\n")


def _note(value: object) -> FetchNote | None:
    if not isinstance(value, dict):
        return None
    url, etag, state = value.get("url"), value.get("etag"), value.get("state")
    times = [value.get("fetched_at"), value.get("checked_at")]
    if not isinstance(url, str) or not isinstance(state, list) or len(state) != 2:
        return None
    fetched, checked = (float(time) if isinstance(time, (int, float)) else 0.0 for time in times)
    if any(type(part) is not int for part in state):
        return None
    return FetchNote(url, etag if isinstance(etag, str) else None, fetched, checked, (state[0], state[1]))
