"""Which node packs lie in a directory, and which release of each.

Git tells of a checkout, a note of what the registry's archive was. The note is a file that is put into the pack's
directory with its code, so that it goes wherever that goes. Format: `<version> <SHA-256 of the archive>`, one line,
UTF-8. Read on the startup path of `status`.
"""

from comfydock_core.integrations.git.head import read_head
from comfydock_core.utils import native

NOTE = ".comfydock-release"

_DIGITS = "0123456789abcdef"


def pack_directories(directory: str) -> list[str]:
    """The directories of custom nodes, sorted; files, hidden, disabled and cache directories are none."""
    if not native.is_directory(directory):
        return []
    return [name for name in native.list_names(directory) if _is_pack(directory, name)]


def _is_pack(directory: str, name: str) -> bool:
    if name.startswith(".") or name.endswith(".disabled") or name == "__pycache__":
        return False
    return native.is_directory(f"{directory}/{name}")


def note_text(version: str, sha256: str) -> str:
    """What the note of a release says."""
    return f"{version} {sha256}\n"


def read_note(directory: str) -> tuple[str, str] | None:
    """Version and digest of the release that was put there; `None` without a note, or with one that says nothing."""
    try:
        content = native.read_bytes(f"{directory}/{NOTE}")
    except (OSError, ValueError):
        return None
    version, _, sha256 = (content or b"").decode("utf-8", "replace").strip().partition(" ")
    return (version, sha256) if version and _is_digest(sha256, 64) else None


def other_release(directory: str, wanted: str) -> str | None:
    """The version of the pack that lies there, when it is known and not the `wanted` one.

    A pack that somebody put there without a history tells none, and neither does a checkout where the registry's
    release is wanted: its commit may be that release. What only a link leads to is somebody's own, at any version.
    """
    if native.link_target(directory) is not None:
        return None
    noted = read_note(directory)
    present = noted[0] if noted is not None else None
    if _is_digest(wanted, 40) or _is_digest(wanted, 64):
        present = read_head(directory)[0] or present
    return None if present == wanted else present


def is_release(directory: str, wanted: str) -> bool:
    """Whether exactly the `wanted` version lies there, for sure."""
    noted = read_note(directory)
    return wanted in (read_head(directory)[0], noted[0] if noted is not None else None)


def _is_digest(text: str, length: int) -> bool:
    return len(text) == length and not text.strip(_DIGITS)
