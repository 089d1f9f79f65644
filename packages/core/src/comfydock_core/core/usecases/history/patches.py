"""Where a definition holds the local changes to ComfyUI and to node packs: `patches/<what>.patch`."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

COMFYUI = "ComfyUI"
DIRECTORY = "patches"
_END = ".patch"
_PLAIN = re.compile(rb"[A-Za-z0-9_@+-]")


def patch_path(what: str) -> str:
    """The file in a definition with the patch of `what`: `COMFYUI`, or a pack by its identifier in the manifest.

    Other letters than plain ones are written as in addresses (`%20`), so that no identifier leads elsewhere.
    """
    return f"{DIRECTORY}/{_written(what)}{_END}"


def held_patches(paths: Iterable[str]) -> dict[str, str]:
    """Which patches a definition holds, by `what` each is of; `paths` are those of all its files.

    Files that are named otherwise are somebody's own.
    """
    found = {}
    for path in paths:
        name = path.removeprefix(f"{DIRECTORY}/")
        if name != path and name.endswith(_END):
            what = unquote(name.removesuffix(_END), errors="surrogateescape")
            if patch_path(what) == path:
                found[what] = path
    return found


def _written(what: str) -> str:
    """A point is plain, but not as the first letter."""
    content = what.encode("utf-8", "surrogateescape")
    letters = (content[at : at + 1] for at in range(len(content)))
    return "".join(
        one.decode() if _PLAIN.fullmatch(one) or (one == b"." and at > 0) else f"%{one[0]:02X}"
        for at, one in enumerate(letters)
    )
