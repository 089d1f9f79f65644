"""Letting callers hear of each node pack while many are looked up and fetched."""

import contextlib
from collections.abc import Iterator

from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.protocols import NodeInstallCallbacks


@contextlib.contextmanager
def announced(callbacks: NodeInstallCallbacks | None, pack: str, number: int, total: int) -> Iterator[None]:
    """Call the callbacks before and after what is done inside; its errors go on as they are."""
    if callbacks is None:
        yield
        return
    callbacks.on_node_start(pack, number, total)
    try:
        yield
    except ComfyDockError as error:
        callbacks.on_node_complete(pack, error.message)
        raise
    callbacks.on_node_complete(pack, None)
