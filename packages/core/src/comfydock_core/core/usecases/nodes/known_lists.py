"""The lists of known node packs, where they may be absent."""

import contextlib
from collections.abc import Iterator

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.models.exceptions import NodeDataMissing
from comfydock_core.repositories.node_data.node_index import NodeIndex, open_index


@contextlib.contextmanager
def lists_if_there(workspace: WorkspaceLayout) -> Iterator[NodeIndex | None]:
    """The index of known packs; `None` while no list was fetched, when only what is here is asked.

    Raises `FileSystemError`.
    """
    try:
        index = open_index(workspace.node_data)
    except NodeDataMissing:
        yield None
        return
    with index:
        yield index
