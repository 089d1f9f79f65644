"""JSON of strangers as plain values."""

import json

from comfydock_core.repositories.foreign_definitions.checking import LARGEST, damaged


def plain_json(data: bytes, path: str) -> object:
    """The value in a file. Raises `TemplateDamaged`, naming `path`."""
    if len(data) > LARGEST:
        raise damaged(path, f"it has more than {LARGEST} bytes, more than such a file can need")
    try:
        found: object = json.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise damaged(path, f"it is no JSON: {error}") from error
    except RecursionError as error:
        raise damaged(path, "it is nested too deeply") from error
    return found
