"""Pictures of what differs: which file they go to, and writing them there."""

import os

from comfydock_cli.cli_utils import Result
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.console import clean
from comfydock_core.models.exceptions import ConflictError
from comfydock_core.models.history.differences import PICTURE_MARK
from comfydock_core.utils.files.atomic import write_text
from comfydock_core.utils.files.disk_errors import disk_errors

_HEAD = 4096


def picture_file(arguments: Arguments) -> str | None:
    """The file that `--picture` names.

    Raises `ConflictError` when another file lies there and nobody said `--force`, `UsageError`, `FileSystemError`.
    """
    named, force = arguments.text("picture"), arguments.flag("force")
    if named is None:
        if force:
            raise UsageError("`--force` goes with `--picture FILE`", hint="it lets the picture replace another file")
        return None
    path = os.path.abspath(os.path.expanduser(named))
    with disk_errors(f"read `{named}`"):
        if not force and os.path.lexists(path) and not _is_ours(path):
            raise ConflictError(
                f"`{named}` is there already, and is no picture of differences",
                hint="name another file; with `--force` the picture replaces it",
                context={"path": path},
            )
    return path


def with_picture(result: Result, picture: str | None, path: str | None) -> Result:
    """Write the picture, if one was asked for and there is one; the result says so. Raises `FileSystemError`."""
    if path is None:
        return result
    if picture is not None:
        with disk_errors(f"write `{path}`"):
            write_text(path, picture)
    told = f"drawn to {clean(path)}" if picture is not None else "no workflow looks different, so nothing was drawn"
    result.note = "\n".join([*([result.note] if result.note else []), told])
    assert isinstance(result.data, dict)
    result.data["picture"] = path if picture is not None else None
    return result


def _is_ours(path: str) -> bool:
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return PICTURE_MARK.encode() in file.read(_HEAD)
