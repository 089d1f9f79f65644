"""The lists of known node packs, opened only when a lookup asks them."""

import contextlib

from comfydock_core.models.exceptions import NodeDataMissing
from comfydock_core.models.packs.node_data import KnownPack
from comfydock_core.repositories.node_data.node_index import NodeIndex, open_index


class ListedPacks:
    """What the lists on this machine know; nothing where none was fetched yet. Raises `FileSystemError`."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def package(self, identifier: str) -> KnownPack | None:
        """The pack of an identifier, whatever its case."""
        with self._index() as index:
            return None if index is None else index.package(identifier)

    def package_of_repository(self, address: str) -> KnownPack | None:
        """The pack that lives at an address, however that is spelled."""
        with self._index() as index:
            return None if index is None else index.package_of_repository(address)

    def near(self, identifier: str, *, limit: int = 5) -> list[str]:
        """Identifiers that look like this one, best first."""
        with self._index() as index:
            return [] if index is None else index.near(identifier, limit=limit)

    def _index(self) -> contextlib.AbstractContextManager[NodeIndex | None]:
        try:
            return open_index(self._directory)
        except NodeDataMissing:
            return contextlib.nullcontext()
