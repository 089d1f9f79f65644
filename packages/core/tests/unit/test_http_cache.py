"""Answers that are kept by address, in a bounded place that never stands in the way."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.caching.api_cache import APICacheManager

URL = "https://example.invalid/a"
HEADERS = {"etag": '"1"', "content-type": "application/json", "set-cookie": "secret"}


def test_what_is_kept_is_found_with_what_revalidates_it(tmp_path: Path) -> None:
    cache = APICacheManager(str(tmp_path / "new"))
    assert cache.find(URL) is None
    cache.keep(URL, HEADERS, b"line\nline\0")
    kept = cache.find(URL)
    assert kept is not None
    assert (kept.body, kept.headers) == (b"line\nline\0", {"etag": '"1"', "content-type": "application/json"})
    assert cache.find(f"{URL}?") is None
    cache.forget(URL)
    assert cache.find(URL) is None


def test_answers_are_for_their_owner_alone(tmp_path: Path) -> None:
    APICacheManager(str(tmp_path)).keep(URL, {}, b"x")
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert b"secret" not in file.read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 200), change=st.integers(1, 255), cut=st.booleans())
def test_an_answer_that_is_damaged_anywhere_counts_as_none(tmp_path: Path, place: int, change: int, cut: bool) -> None:
    cache = APICacheManager(str(tmp_path))
    cache.keep(URL, {"etag": "x"}, b"body" * 10)
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    place %= len(content)
    content = content[:place] if cut else content[:place] + bytes([content[place] ^ change]) + content[place + 1 :]
    file.write_bytes(content)
    kept = cache.find(URL)
    assert kept is None or kept.body == b"body" * 10


@pytest.mark.parametrize("content", [b"", b"[]\n", b"{}\n", b"\xff\n", b"[" * 100_000, b'{"version":1,"headers":3}\n'])
def test_what_is_no_answer_counts_as_none(tmp_path: Path, content: bytes) -> None:
    cache = APICacheManager(str(tmp_path))
    cache.keep(URL, {}, b"body")
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert cache.find(URL) is None


def test_the_oldest_answers_make_room(tmp_path: Path) -> None:
    cache = APICacheManager(str(tmp_path), size=3_000)
    for number in range(5):
        cache.keep(f"{URL}/{number}", {}, b"x" * 900)
        for file in tmp_path.iterdir():
            os.utime(file, (file.stat().st_mtime - 10,) * 2)
    assert [number for number in range(5) if cache.find(f"{URL}/{number}")] == [3, 4]
    cache.keep(f"{URL}/4", {}, b"x" * 4_000)
    assert cache.find(f"{URL}/4") is None
    assert cache.find(f"{URL}/3") is not None


def test_a_place_that_cannot_be_written_costs_the_asking_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = APICacheManager(str(tmp_path / "file" / "below"))
    cache.keep(URL, {}, b"x")
    cache.renew(URL)
    cache.forget(URL)
    assert cache.find(URL) is None
