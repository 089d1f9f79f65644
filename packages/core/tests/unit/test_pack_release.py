"""Which release of a pack lies in a directory."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.repositories.pack_release import NOTE, note_text, other_release, read_note

DIGEST = "0123456789abcdef" * 4
COMMIT = "89abcdef" * 5
VERSIONS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1)


@given(version=VERSIONS, sha256=st.binary(min_size=32, max_size=32).map(bytes.hex))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_a_note_says_is_read_again(tmp_path: Path, version: str, sha256: str) -> None:
    (tmp_path / NOTE).write_text(note_text(version, sha256), encoding="utf-8")
    assert read_note(str(tmp_path)) == (version, sha256)


@given(content=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_other_content_says_nothing_or_a_version(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NOTE).write_bytes(content)
    noted = read_note(str(tmp_path))
    assert noted is None or (noted[0] and len(noted[1]) == 64)


def test_without_a_note_and_without_a_history_nothing_is_known(tmp_path: Path) -> None:
    assert other_release(str(tmp_path), "1.0") is None
    assert other_release(str(tmp_path / "nowhere"), COMMIT) is None


def test_a_note_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    (tmp_path / NOTE).mkdir()
    assert read_note(str(tmp_path)) is None


@pytest.mark.parametrize(("wanted", "found"), [("1.0", None), ("2.0", "1.0"), (COMMIT, "1.0")])
def test_a_noted_release_is_compared_with_the_wanted_one(tmp_path: Path, wanted: str, found: str | None) -> None:
    (tmp_path / NOTE).write_text(note_text("1.0", DIGEST))
    assert other_release(str(tmp_path), wanted) == found


@pytest.mark.parametrize(("wanted", "found"), [(COMMIT, None), ("f" * 40, COMMIT), ("1.0", None), ("main", None)])
def test_a_checkout_is_compared_with_a_commit_only(tmp_path: Path, wanted: str, found: str | None) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text(f"{COMMIT}\n")
    assert other_release(str(tmp_path), wanted) == found
