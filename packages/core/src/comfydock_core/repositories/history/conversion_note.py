"""Which files of a definition a move converted from ComfyDock 1.x, as long as they stay so.

The note lies beside the history: which commit was converted, and what git calls the contents that came out.
Those are nobody's work, so nothing is lost where they go; a file that somebody changed since is not among them.
"""

import json
import os
from collections.abc import Mapping

from comfydock_core.integrations.git.head import read_head
from comfydock_core.models.environment import GitStatus
from comfydock_core.utils import native
from comfydock_core.utils.files.git_index import object_name

NOTE = ".git/comfydock-converted"


def note_text(commit: str, files: Mapping[str, str]) -> str:
    """The note for files of a definition: what git calls their contents, by their paths in it."""
    return json.dumps({"commit": commit, "files": dict(sorted(files.items()))}, indent=1) + "\n"


def converted_files(definition: str) -> dict[str, str]:
    """What a conversion of the commit that is checked out gave, by path; nothing where there was none.

    Where the note cannot be read, the files count as changed by somebody, and nothing of them is lost.
    """
    note = _read(f"{definition}/{NOTE}")
    return note[1] if note is not None and note[0] == read_head(definition)[0] else {}


def is_readable_note(path: str) -> bool:
    """Whether a file is such a note; one that is not there is none that could not be read."""
    return not os.path.lexists(path) or _read(path) is not None


def tell_converted(definition: str, state: GitStatus) -> None:
    """Let a status tell converted files from those that somebody changed. Raises `OSError`."""
    intact = [path for path, name in converted_files(definition).items() if _is(f"{definition}/{path}", name)]
    new = [path for path in state.untracked if _is_all(definition, path, intact)]
    differing = {*state.modified, *new}
    state.converted = [path for path in intact if path in differing or any(path.startswith(one) for one in new)]
    state.modified = [path for path in state.modified if path not in intact]
    state.untracked = [path for path in state.untracked if path not in new]


def _is_all(definition: str, path: str, intact: list[str]) -> bool:
    """Whether there is nothing else; git names a directory with nothing but new files as one."""
    if not path.endswith("/"):
        return path in intact
    names = native.list_names(f"{definition}/{path}")
    return all(
        _is_all(
            definition, f"{path}{name}" + ("/" if native.is_directory(f"{definition}/{path}{name}") else ""), intact
        )
        for name in names
    )


def _is(path: str, name: str) -> bool:
    content = native.read_bytes(path) if native.is_file(path) else None
    return content is not None and object_name(content, len(name)) == name


def _read(path: str) -> tuple[str, dict[str, str]] | None:
    """The commit and the files. Who holds the note for true in part would take somebody's work for a conversion."""
    try:
        note = json.loads(native.read_bytes(path) or b"")
        commit, files = note["commit"], note["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(commit, str) or not isinstance(files, dict):
        return None
    return (commit, files) if all(isinstance(name, str) for name in files.values()) else None
