"""Hearing what is waited for, at once instead of after some seconds."""

import contextlib
from collections.abc import Iterator

from comfydock_core.utils import waiting


@contextlib.contextmanager
def heard(*, patience: float | None = None, told_after: float = 0.0) -> Iterator[list[str]]:
    """What is told of waiting while the block runs. `patience` are the seconds of `--wait`."""
    told: list[str] = []
    waiting.told_to(told.append, patience=patience, told_after=told_after)
    try:
        yield told
    finally:
        waiting.told_to(None)
