"""Paths that strangers wrote, as paths that stay inside of a directory on every system."""

import re

from comfydock_core.repositories.foreign_definitions.checking import Value
from comfydock_core.utils.file_names import stands_for_git

_DRIVE = re.compile(r"[A-Za-z]:")
_LONGEST_WORD = 255
_MODELS = "models"


def inner_path(path: str) -> str | None:
    """The path with `/` between its words, `None` for one that leads out of its directory, or nowhere."""
    words = path.replace("\\", "/").removeprefix("./").split("/")
    if not path or _DRIVE.match(path) or any(word in ("", ".", "..") for word in words):
        return None
    if any(stands_for_git(word) or len(word.encode("utf-8", "replace")) > _LONGEST_WORD for word in words):
        return None
    if any(ord(letter) < 32 or ord(letter) == 127 or 0xD800 <= ord(letter) < 0xE000 for letter in path):
        return None
    return "/".join(words)


def model_place(path: str, value: Value, *, usual: str = "") -> tuple[str, str]:
    """Folder and name of a model, by its path in ComfyUI's directory or in `models`. Raises `TemplateDamaged`.

    `usual` is the folder of one without any.
    """
    inner = inner_path(path)
    if inner is None:
        raise value.refused(f"`{path}` is no path below the models directory")
    words = inner.split("/")
    if words[:2] == ["ComfyUI", _MODELS]:
        words = words[1:]
    if words[0] == _MODELS and len(words) > 1:
        words = words[1:]
    folder, name = (words[0], "/".join(words[1:])) if len(words) > 1 else (usual, words[0])
    if folder and inner_path(folder) is None:
        raise value.refused(f"`{folder}` is no folder of models")
    return folder, name
