"""A node pack's own files of settings, above all its `pyproject.toml`: small ones, that do not lead out of the pack."""

import os
import tomllib

from comfydock_core.validation.requirement_lines import decoded

_MOST_BYTES = 1_000_000


def settings_text(directory: str, name: str) -> str:
    """The text of a file, empty where there is none that is read. Raises `OSError`."""
    path = f"{directory}/{name}"
    if not os.path.isfile(path) or os.path.islink(path) or os.path.getsize(path) > _MOST_BYTES:
        return ""
    with open(path, "rb") as file:
        return decoded(file.read())


def project_settings(directory: str) -> object:
    """What `pyproject.toml` says, nothing where it is not TOML. Raises `OSError`.

    Whoever reads its dependencies reports what is wrong with it.
    """
    try:
        return parsed(settings_text(directory, "pyproject.toml"))
    except (ValueError, RecursionError):
        return {}


def parsed(text: str) -> dict[str, object]:
    """TOML as editors of all systems write it. Raises `ValueError`, `RecursionError`."""
    return tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))


def at(value: object, *keys: str) -> object:
    """What stands under `keys`, one inside the other; `None` where nothing does."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
