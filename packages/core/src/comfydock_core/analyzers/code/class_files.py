"""The files that may define node classes, of ComfyUI and of node packs, and by what they count as unchanged."""

import os
from collections.abc import Iterable, Iterator

from comfydock_core.utils.files.fingerprints import stamp

_PASSED_OVER = frozenset({"__pycache__", "node_modules", "site-packages", ".git", ".venv", "venv"})
_COMFYUI_PARTS = ("comfy_extras", "comfy_api_nodes")
# The node that ComfyUI has among the custom nodes.
STOCK_FILE = "websocket_image_save.py"
# Nodes of the editor itself, which no Python defines.
OF_THE_EDITOR = frozenset({"Note", "MarkdownNote", "PrimitiveNode", "Reroute"})


def files_of_pack(place: str) -> list[str]:
    """The files that may define node classes of a pack, which is a directory or a single file."""
    return [place] if os.path.isfile(place) else list(_files(place, (".py", ".js", ".mjs")))


def files_of_comfyui(comfyui: str) -> list[str]:
    """The files that may define node classes of ComfyUI itself."""
    files = [f"{comfyui}/nodes.py", f"{comfyui}/custom_nodes/{STOCK_FILE}"]
    for part in _COMFYUI_PARTS:
        files += _files(f"{comfyui}/{part}", (".py",))
    return [file for file in files if os.path.isfile(file)]


class ClassFiles:
    """The files of places, listed and looked at once for all who ask: that is most of what remembering costs."""

    def __init__(self, comfyui: str) -> None:
        self._comfyui = os.path.normpath(comfyui)
        self._files: dict[str, list[str]] = {}
        self._stamps: dict[str, str] = {}

    def of(self, place: str) -> list[str]:
        """The files of ComfyUI, or of a pack."""
        place = os.path.normpath(place)
        if place not in self._files:
            self._files[place] = (files_of_comfyui if place == self._comfyui else files_of_pack)(place)
        return self._files[place]

    def stamp(self, place: str, further: Iterable[str] = ()) -> str:
        """Another text when one of them, or of `further` files, is written, comes or goes."""
        place = os.path.normpath(place)
        if place not in self._stamps:
            self._stamps[place] = stamp(self.of(place))
        others = list(further)
        return f"{self._stamps[place]} {stamp(others)}" if others else self._stamps[place]


def _files(directory: str, ends: tuple[str, ...]) -> Iterator[str]:
    for place, directories, names in os.walk(directory):
        directories[:] = sorted(name for name in directories if name not in _PASSED_OVER and not name.startswith("."))
        for name in sorted(names):
            if name.endswith(ends):
                yield os.path.join(place, name)
