"""Small helpers for words people read."""

import difflib
from collections.abc import Iterable


def nearest(word: str, words: Iterable[str], *, limit: int = 5) -> list[str]:
    """The words most like `word`, best first."""
    return difflib.get_close_matches(word, list(words), n=limit, cutoff=0.4)
