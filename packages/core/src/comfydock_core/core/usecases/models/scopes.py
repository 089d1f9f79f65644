"""In which directory a model file is changed: the one whose operations keep what is taken away, on the same disk."""

import contextlib
import os
from collections.abc import Iterable, Iterator

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.models.operation import ChangePlan, Initiator
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.model_scopes import note_model_scope
from comfydock_core.services.transaction import Operation, operation
from comfydock_core.utils.files.disk_errors import disk_errors


@record
class FilePlace:
    """A model file as operations name it: a `path` in the directory `scope`."""

    scope: str
    path: str


@contextlib.contextmanager
def changing_models(
    layout: WorkspaceLayout, change: ChangePlan, initiator: Initiator, reporter: Reporter
) -> Iterator[Operation]:
    """An `operation` in a directory of models, which `undo` is led to from now on. Raises what `operation` raises."""
    with disk_errors("note where models are changed"):
        note_model_scope(layout, change.scope)
    with operation(change, initiator, reporter) as under_way:
        yield under_way


def file_place(root: str, path: str) -> FilePlace:
    """Below the root of the file where that is on the same disk, else in the file's own directory. Raises `OSError`.

    Links above the file are followed, the file itself is what is there: for a link, the link.
    """
    directory, name = os.path.split(path)
    directory, root = os.path.realpath(directory), os.path.realpath(root)
    is_below = directory == root or directory.startswith(f"{root}{os.sep}")
    if is_below and os.stat(directory).st_dev == os.stat(root).st_dev:
        return FilePlace(root, os.path.relpath(os.path.join(directory, name), root))
    return FilePlace(directory, name)


def real_place(path: str) -> str:
    """Where a name really is: links above it are followed, it itself is not."""
    directory, name = os.path.split(path)
    return os.path.join(os.path.realpath(directory), name)


def real_places(paths: Iterable[str]) -> dict[str, str]:
    """The same for many names."""
    real: dict[str, str] = {}
    found: dict[str, str] = {}
    for path in paths:
        directory, name = os.path.split(path)
        if directory not in real:
            real[directory] = os.path.realpath(directory)
        found[path] = os.path.join(real[directory], name)
    return found
