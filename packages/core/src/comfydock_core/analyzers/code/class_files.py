"""The files that may define node classes, of ComfyUI and of node packs, and by what they count as unchanged."""

import os
from collections.abc import Iterable

from comfydock_core.utils.files.listed_once import ListedOnce

_PASSED_OVER = frozenset({"__pycache__", "node_modules", "site-packages", ".git", ".venv", "venv"})
_COMFYUI_PARTS = ("comfy_extras", "comfy_api_nodes")
# The node that ComfyUI has among the custom nodes.
STOCK_FILE = "websocket_image_save.py"
# Nodes of the editor itself, which no Python defines.
OF_THE_EDITOR = frozenset({"Note", "MarkdownNote", "PrimitiveNode", "Reroute"})


def files_of_pack(place: str, listed: ListedOnce | None = None) -> list[str]:
    """The files that may define node classes of a pack, which is a directory or a single file."""
    if os.path.isfile(place):
        return [place]
    return (listed or ListedOnce()).files(place, (".py", ".js", ".mjs"), _is_entered)


def files_of_comfyui(comfyui: str, listed: ListedOnce | None = None) -> list[str]:
    """The files that may define node classes of ComfyUI itself."""
    listed = listed or ListedOnce()
    files = [f"{comfyui}/nodes.py", f"{comfyui}/custom_nodes/{STOCK_FILE}"]
    for part in _COMFYUI_PARTS:
        files += listed.files(f"{comfyui}/{part}", (".py",), _is_entered)
    return [file for file in files if os.path.isfile(file)]


class ClassFiles:
    """The files of places, listed and looked at once for all who ask: that is most of what remembering costs."""

    def __init__(self, comfyui: str, listed: ListedOnce | None = None) -> None:
        """`listed` is what others look at, too."""
        self._listed = listed or ListedOnce()
        self._comfyui = os.path.normpath(comfyui)
        self._files: dict[str, list[str]] = {}
        self._stamps: dict[str, str] = {}

    def of(self, place: str) -> list[str]:
        """The files of ComfyUI, or of a pack."""
        place = os.path.normpath(place)
        if place not in self._files:
            files_of = files_of_comfyui if place == self._comfyui else files_of_pack
            self._files[place] = files_of(place, self._listed)
        return self._files[place]

    def stamp(self, place: str, further: Iterable[str] = ()) -> str:
        """Another text when one of them, or of `further` files, is written, comes or goes."""
        place = os.path.normpath(place)
        if place not in self._stamps:
            self._stamps[place] = self._listed.stamp(self.of(place))
        others = list(further)
        return f"{self._stamps[place]} {self._listed.stamp(others)}" if others else self._stamps[place]


def _is_entered(name: str) -> bool:
    return name not in _PASSED_OVER and not name.startswith(".")
