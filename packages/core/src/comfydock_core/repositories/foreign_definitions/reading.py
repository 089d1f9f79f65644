"""Recognising and reading a definition in the format of another tool, by its name and by what it holds."""

import os

# What reads YAML and archives is loaded when there is one.
from comfydock_core.models.exceptions import TemplateDamaged
from comfydock_core.models.foreign import ForeignDefinition
from comfydock_core.repositories import foreign_definitions
from comfydock_core.repositories.foreign_definitions.checking import LARGEST, Value, damaged
from comfydock_core.repositories.foreign_definitions.json_text import plain_json
from comfydock_core.repositories.foreign_definitions.manager_snapshot import parse_snapshot

_ZIP = b"PK\x03\x04"
_TEXTS = (".json", ".yaml", ".yml")
_YAML = (".yaml", ".yml")


def is_foreign(path: str, start: bytes) -> bool:
    """Whether a file is none of ours, by its name and its first bytes."""
    return start.startswith(_ZIP[:2]) or path.lower().endswith((*_TEXTS, ".zip"))


def read_foreign(path: str, scratch: str | None) -> ForeignDefinition:
    """The definition in a file; what is unpacked of it goes to the directory `scratch`, if there is one.

    Raises `TemplateDamaged`, `FileSystemError`, `OSError`.
    """
    with open(path, "rb") as file:
        start = file.read(len(_ZIP))
    if start == _ZIP or not path.lower().endswith(_TEXTS):
        return foreign_definitions.read_comfy_pack(path, scratch)
    with open(path, "rb") as file:
        data = file.read(LARGEST + 1)
    if path.lower().endswith(_YAML):
        return parse_snapshot(foreign_definitions.plain_yaml(data, path), path)
    value = plain_json(data, path)
    root = Value(value, path)
    if root.has("nodes") and root.has("links"):
        raise _of_workflow(path)
    if root.has("custom_nodes") and root["custom_nodes"].is_list():
        return foreign_definitions.parse_pack_snapshot(value, path)
    return parse_snapshot(value, path)


def _of_workflow(path: str) -> TemplateDamaged:
    error = damaged(path, "it is a workflow, which does not say what it was made with")
    name = os.path.basename(path).removesuffix(".json")
    error.hint = f"copy it to the workflows of an environment; `comfydock workflow resolve {name}` gets what it needs"
    return error
