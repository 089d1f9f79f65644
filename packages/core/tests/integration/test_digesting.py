"""Digests of a file while it comes are those of the whole file, in whatever order and how fast its pieces come."""

import hashlib
import os
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comfydock_core.models.model_files.downloads import DownloadRequest
from comfydock_core.services.model_downloads import digesting
from comfydock_core.services.model_downloads.digesting import Digesting
from comfydock_core.services.model_downloads.part import Known, Part

PIECE = 3000


def digest_of(order: list[int], *, restarts_after: int | None = None) -> tuple[str, str]:
    """What `Digesting` and `hashlib` say of a file whose pieces come in this order."""
    content = os.urandom(PIECE * len(order))
    with tempfile.TemporaryDirectory() as folder:
        part = Part(DownloadRequest(("https://example.com/a",), folder, "a.safetensors"))
        following = Digesting(part)
        for count, number in enumerate(order):
            if count == restarts_after:
                part.restart(Known())
                following.restart()
                content = os.urandom(len(content))
            for again in order[:count] if count == restarts_after else []:
                give(part, following, content, again)
            give(part, following, content, number)
        found = following.result().sha256
        following.close()
        part.close()
    return found, hashlib.sha256(content).hexdigest()


def give(part: Part, following: Digesting, content: bytes, number: int) -> None:
    piece = content[number * PIECE : (number + 1) * PIECE]
    part.write(number * PIECE, piece)
    following.came(number * PIECE, piece)


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(12)), st.none() | st.integers(0, 11))
def test_the_order_of_pieces_does_not_matter(order: list[int], restarts_after: int | None) -> None:
    found, right = digest_of(order, restarts_after=restarts_after)
    assert found == right


def test_what_is_not_held_is_read_from_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digesting, "_MOST_HELD", 1)
    found, right = digest_of(list(range(60)))
    assert found == right
