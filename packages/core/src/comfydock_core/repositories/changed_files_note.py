"""`logs/<environment>/changed_files.json`: which files of the node packs were changed, and what they looked like then.

Each pack has a stamp of the sizes and times of its files: while it is the same, nobody is asked again. Read by `status`
where there are packs. A note that cannot be read says nothing; the next answer writes another one.
"""

from comfydock_core.utils import light_json, native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class NotedFiles:
    """What was found in one pack when its files had this `stamp`."""

    __slots__ = ("changed", "stamp")

    def __init__(self, stamp: str, changed: list[str]) -> None:
        self.stamp = stamp
        self.changed = changed


def note_text(packs: "Mapping[str, NotedFiles]") -> str:
    """What the note says of the packs, by directory."""
    return light_json.dumps(
        {"packs": {name: {"stamp": noted.stamp, "changed": noted.changed} for name, noted in packs.items()}}
    )


def read_note(path: str) -> dict[str, NotedFiles]:
    """What was noted, by directory."""
    try:
        content = light_json.loads((native.read_bytes(path) or b"{}").decode("utf-8"))
    except (OSError, ValueError):
        return {}
    packs = content.get("packs") if isinstance(content, dict) else None
    found: dict[str, NotedFiles] = {}
    for name, entry in packs.items() if isinstance(packs, dict) else ():
        stamp, changed = (entry.get("stamp"), entry.get("changed")) if isinstance(entry, dict) else (None, None)
        if isinstance(stamp, str) and isinstance(changed, list) and all(isinstance(file, str) for file in changed):
            found[name] = NotedFiles(stamp, changed)
    return found
