"""Searching the index of models by words or digits. On the path of `model index find`: little is loaded."""

from comfydock_core.repositories.model_index.index_reader import ModelIndexReader, read_model_index
from comfydock_core.utils.text import folded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from comfydock_core.configs.workspace_layout import WorkspaceLayout
    from comfydock_core.models.model_files.location import ModelLocation

_DIGITS = frozenset("0123456789abcdef")
_FEWEST, _ALL = 6, 64


def search_models(layout: "WorkspaceLayout", words: "Sequence[str]") -> "list[ModelLocation]":
    """The files that fit: by the first digits of a digest, at least six, else all whose path or kind has every word.

    Nothing is read of the files. Raises `ModelIndexDamaged`, `BusyError`, `FileSystemError`.
    """
    with read_model_index(layout.model_index) as index:
        found = index.locations_like(words[0].lower()) if len(words) == 1 and are_digits(words[0]) else []
        return found or _with_words(index, [folded(word) for word in words if word])


def is_anything_indexed(layout: "WorkspaceLayout") -> bool:
    """Whether models were ever looked for."""
    with read_model_index(layout.model_index) as index:
        return index.has_roots()


def model_names(layout: "WorkspaceLayout") -> list[tuple[str, str]]:
    """The path of every indexed file below its root, and its folder: for completion."""
    with read_model_index(layout.model_index) as index:
        return [(path, folder) for _, path, folder in index.paths()]


def folder_names(layout: "WorkspaceLayout") -> list[str]:
    """The folders that indexed files lie in."""
    with read_model_index(layout.model_index) as index:
        return index.folders()


def are_digits(word: str) -> bool:
    """Whether a word may be the beginning of a digest."""
    return _FEWEST <= len(word) <= _ALL and set(word.lower()) <= _DIGITS


def _with_words(index: ModelIndexReader, words: "Sequence[str]") -> "list[ModelLocation]":
    if not words:
        return index.locations()
    numbers = index.numbers_with(words)
    return index.locations_of(numbers) if numbers else []
