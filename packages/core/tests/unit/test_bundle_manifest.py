"""`comfydock.json`: whatever strangers write there is read or refused, and what we write is read as it was."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.models.committing import Gap
from comfydock_core.models.exceptions import BundleDamaged
from comfydock_core.models.sharing import BundleManifest, HistoryTip, MemberDigest, NeededModel
from comfydock_core.repositories.bundles.manifest_file import manifest_content, parse_manifest

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
SIZES = st.integers(0, 2**63 - 1)
MODELS = st.builds(
    NeededModel,
    WORDS | st.just(""),
    WORDS,
    SIZES | st.none(),
    DIGESTS | st.none(),
    DIGESTS | st.none(),
    st.lists(WORDS, max_size=2).map(tuple),
    st.lists(WORDS, max_size=2).map(tuple),
)
MANIFESTS = st.builds(
    BundleManifest,
    st.dictionaries(WORDS, st.builds(MemberDigest, DIGESTS, SIZES), max_size=4),
    st.lists(st.builds(Gap, WORDS, WORDS, WORDS, DIGESTS | st.none()), max_size=2).map(tuple),
    st.dictionaries(WORDS, st.lists(WORDS, max_size=3).map(tuple), max_size=2),
    st.lists(MODELS, max_size=2).map(tuple),
    st.none() | st.builds(HistoryTip, st.text("0123456789abcdef", min_size=40, max_size=40), WORDS | st.none()),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("format", "members", "missing", "needs", "models", "history")
MINIMAL = {"format": 1, "members": {"pyproject.toml": {"sha256": "0" * 64, "size": 1}}}


@given(MANIFESTS)
def test_what_is_written_is_read_as_it_was(manifest: BundleManifest) -> None:
    content = manifest_content(manifest)
    assert parse_manifest(content, "b.tar.gz") == manifest
    assert manifest_content(parse_manifest(content, "b.tar.gz")) == content


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_is_read_or_refused(content: bytes) -> None:
    is_read_or_refused(content)


@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6))
def test_anything_under_the_known_keys_is_read_or_refused(values: dict[str, object]) -> None:
    is_read_or_refused(json.dumps({**MINIMAL, **values}).encode())


def is_read_or_refused(content: bytes) -> None:
    try:
        found = parse_manifest(content, "b.tar.gz")
    except BundleDamaged as error:
        assert error.hint
    else:
        assert manifest_content(found)


@pytest.mark.parametrize(
    "member",
    [{"sha256": "0" * 63, "size": 1}, {"sha256": "0" * 64, "size": -1}, {"sha256": "0" * 64, "size": 1.0},
     {"sha256": "0" * 64, "size": 2**63}, {"sha256": "0" * 64, "size": True}, {"sha256": None, "size": 1}, [], None],
)  # fmt: skip
def test_digests_that_are_none_are_refused(member: object) -> None:
    with pytest.raises(BundleDamaged):
        parse_manifest(json.dumps({"format": 1, "members": {"x": member}}).encode(), "b.tar.gz")


def test_keys_of_a_later_version_are_passed_over() -> None:
    assert parse_manifest(json.dumps({**MINIMAL, "later": {}}).encode(), "b").members.keys() == {"pyproject.toml"}
