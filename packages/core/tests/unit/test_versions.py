"""Versions in their order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.utils.versions import is_prerelease, version_key


def test_versions_are_ordered_by_their_numbers_and_pre_releases_come_first() -> None:
    ordered = [
        "nightly", "0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.0.1", "v1.2",
        "1.9.0", "1.10.0", "1.10.0.1", "2.0.0rc1", "2.0.0",
    ]  # fmt: skip
    keys = [version_key(version) for version in ordered]
    assert sorted(keys) == keys
    assert version_key("1.0") == version_key("v1.0.0") == version_key("1.0.0+build")


@pytest.mark.parametrize(("version", "expected"), [("1.0", False), ("1.0-rc", True), ("2.0.0b1", True), ("main", True)])
def test_pre_releases_are_told_apart(version: str, expected: bool) -> None:
    assert is_prerelease(version) is expected


@given(st.lists(st.text() | st.from_regex(r"v?\d+(\.\d+)*(-[a-z0-9.]+)?", fullmatch=True)))
def test_any_texts_can_be_ordered(versions: list[str]) -> None:
    assert len(sorted(versions, key=version_key)) == len(versions)
