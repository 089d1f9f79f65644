"""The files of the lists of node packs: what they are called, and whether they are others."""

import json
import os

SCHEMA_VERSION = 3  # Of the index that is made of them.
INDEX = "node_index.sqlite"

NODE_DATA = "node-data"
MANAGER_LIST = "manager-list"
MANAGER_MAP = "manager-map"
MANAGER_STATS = "manager-stats"
MANAGER_MODELS = "manager-models"
FILES = {
    NODE_DATA: "node_mappings.json",
    MANAGER_LIST: "custom-node-list.json",
    MANAGER_MAP: "extension-node-map.json",
    MANAGER_STATS: "github-stats.json",
    MANAGER_MODELS: "model-list.json",
}


def list_path(directory: str, name: str) -> str:
    return f"{directory}/{FILES[name]}"


def file_state(path: str) -> tuple[int, int] | None:
    """What changes when a file is replaced: size and time in nanoseconds; `None` without one. Raises `OSError`."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size, found.st_mtime_ns


def lists_stamp(directory: str) -> str:
    """What the index has to be made from: our schema, and the files as they are now."""
    states = {name: file_state(list_path(directory, name)) for name in FILES}
    return json.dumps([SCHEMA_VERSION, sorted(states.items())])
