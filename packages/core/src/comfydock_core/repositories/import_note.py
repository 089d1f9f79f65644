"""`logs/<environment>/imports.json`: what ComfyUI said of its node packs when it last started there.

Each pack has the version that the manifest had then: what is said of another version holds no more. Read by `status`
where there is such a file.
"""

from comfydock_core.models.environment import NotedImport
from comfydock_core.utils import light_json, native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from comfydock_core.models.packs.imports import ImportReport


def note_text(report: "ImportReport", versions: "Mapping[str, str | None]") -> str:
    """What the note of a report says; `versions` are those of the manifest by directory."""
    packs = {
        pack.name: {"seconds": pack.seconds, "error": pack.error, "version": versions.get(pack.name)}
        for pack in report.packs
    }
    return light_json.dumps({"packs": packs})


def read_note(path: str, versions: "Mapping[str, str | None]") -> dict[str, NotedImport]:
    """What was said of the packs of `versions` that are at the same version still, by directory.

    A note that cannot be read says nothing: the next start writes another one.
    """
    try:
        content = light_json.loads((native.read_bytes(path) or b"{}").decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    packs = content.get("packs") if isinstance(content, dict) else None
    found: dict[str, NotedImport] = {}
    for name, entry in packs.items() if isinstance(packs, dict) else ():
        if name in versions and isinstance(entry, dict) and entry.get("version") == versions[name]:
            seconds, error = entry.get("seconds"), entry.get("error")
            if isinstance(seconds, (int, float)):
                found[name] = NotedImport(seconds, error if isinstance(error, str) else None)
    return found
