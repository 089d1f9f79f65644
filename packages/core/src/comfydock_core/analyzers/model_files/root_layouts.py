"""How directories of models are laid out: like ComfyUI's own, or like those of others in its example file."""

import os
import re
from collections.abc import Iterator

from comfydock_core.analyzers.model_files.extra_paths import CUSTOM_NODES
from comfydock_core.models.model_files.folders import ModelFolders
from comfydock_core.utils import native
from comfydock_core.validation.requirement_lines import decoded

EXAMPLE = "extra_model_paths.yaml.example"
_SETTINGS = ("base_path", "is_default")
_HEAD = re.compile(r"#?\s?(\w+):\s*")
_SETTING = re.compile(r"#?\s+(\w+):\s*(\||[^#]*?)\s*(?:#.*)?")
_PATH = re.compile(r"#?\s+([^\s#:]+?)/?\s*(?:#.*)?")


def folders_in(root: str, folders: ModelFolders, comfyui: str) -> dict[str, list[str]]:
    """The folders of models in a directory, ComfyUI's names with the ways to them. Raises `OSError`."""
    found: dict[str, list[str]] = {}
    seen: set[tuple[str, str]] = set()
    for folder, way in known_ways(folders, comfyui):
        place = f"{root}/{way}"
        identity = (folder, os.path.realpath(place))
        if os.path.isdir(place) and identity not in seen:
            seen.add(identity)
            found.setdefault(folder, []).append(way)
    return found


def known_ways(folders: ModelFolders, comfyui: str) -> Iterator[tuple[str, str]]:
    """Every folder with each way that may lead to it, those of ComfyUI itself first."""
    own = list(_own_ways(folders))
    yield from own
    yield from ((folder, f"models/{way}") for folder, way in own)
    example = f"{comfyui}/{EXAMPLE}"
    shown = ways_of_example(decoded(native.read_bytes(example) or b"")) if native.is_file(example) else []
    for folder, way in shown:
        name = folders.legacy.get(folder, folder)
        if folders.folder(name) is not None and name != CUSTOM_NODES:  # What node packs ask for would not be installed.
            yield name, way
            if way.startswith("models/"):
                yield name, way.removeprefix("models/")


def _own_ways(folders: ModelFolders) -> Iterator[tuple[str, str]]:
    """The directories of folders below ComfyUI's models directory; one of two folders belongs to the first."""
    taken: set[str] = set()
    for folder in folders:
        for directory in folder.directories:
            way = os.path.relpath(directory, folders.models) if folders.models is not None else ".."
            if not way.startswith("..") and way != "." and way not in taken:
                taken.add(way)
                yield folder.name, way.replace(os.sep, "/")


def ways_of_example(text: str) -> list[tuple[str, str]]:
    """The folders and paths of ComfyUI's example, whose sections are comments for the most part."""
    found: list[tuple[str, str]] = []
    within, folder = False, ""
    for line in text.splitlines():
        if _HEAD.fullmatch(line):
            within, folder = True, ""
        elif not within or line.strip() in ("", "#"):
            folder = ""
        elif (setting := _SETTING.fullmatch(line)) is not None:
            folder = setting[1] if setting[2] == "|" else ""
            if setting[2] not in ("", "|") and setting[1] not in _SETTINGS:
                found.append((setting[1], setting[2].rstrip("/")))
        elif folder and (path := _PATH.fullmatch(line)) is not None:
            found.append((folder, path[1]))
    return found
