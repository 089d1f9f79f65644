"""Listings of repositories of Hugging Face, and what names a repository; both may say anything."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.clients.answers import Answer
from comfydock_core.clients.huggingface_trees import (
    entries_of,
    next_page,
    repository_named,
    repository_of,
    tree_address,
)
from comfydock_core.models.exceptions import UnusableAnswer

HUB = "https://huggingface.co"
PAGE = f"{HUB}/api/models/a/b/tree/main?recursive=true"
SHA256 = "ab" * 32
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just(SHA256),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "path", "lfs", "oid", "size"]), inner, max_size=5)
    ),
    max_leaves=12,
)


def page(body: object, link: str = "") -> Answer:
    return Answer(PAGE, 200, {"link": link} if link else {}, json.dumps(body).encode())


def file(path: object = "vae/a.safetensors", oid: object = SHA256, **fields: object) -> dict[str, object]:
    """An entry as Hugging Face has it."""
    return {"type": "file", "oid": "9" * 40, "size": 5, "path": path,
            "lfs": {"oid": oid, "size": 5, "pointerSize": 134}, "xetHash": "1" * 64, **fields}  # fmt: skip


@given(ANYTHING)
def test_any_listing_is_read_or_refused_by_name(body: object) -> None:
    try:
        entries = list(entries_of(page(body)))
    except UnusableAnswer:
        return
    assert all(one.sha256 == SHA256 and one.path for one in entries)


@given(st.text(max_size=60) | st.builds(f"{HUB}/{{}}".format, st.text(max_size=40)))
def test_any_text_names_a_repository_of_two_plain_words_or_none(text: str) -> None:
    for found in (repository_named(text), repository_of(text, HUB)):
        assert found is None or tree_address(found, HUB).startswith(f"{HUB}/api/")
        assert found is None or ".." not in tree_address(found, HUB)


def test_large_files_alone_have_digests() -> None:
    small = {"type": "file", "oid": "9" * 40, "size": 5, "path": "config.json"}
    folder = {"type": "directory", "oid": "9" * 40, "size": 0, "path": "vae"}
    (found,) = entries_of(page([small, folder, file()]))
    assert (found.path, found.sha256, found.size) == ("vae/a.safetensors", SHA256, 5)


@pytest.mark.parametrize(
    "one",
    [file("../a"), file("/a"), file("a//b"), file("a\n"), file("x" * 1001), file(oid="ab"), file(lfs=[]), file(3)],
)
def test_entries_that_cannot_be_are_passed_over(one: object) -> None:
    assert list(entries_of(page([one]))) == []


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://huggingface.co/a/b/resolve/main/x/y.pt", "models/a/b/tree/main"),
        ("https://hf.co/a/b/blob/v1/y.pt?download=true", "models/a/b/tree/v1"),
        ("https://huggingface.co/a/b", "models/a/b/tree/main"),
        ("https://huggingface.co/a/b/tree/refs%2Fpr%2F1/x", "models/a/b/tree/refs%2Fpr%2F1"),
        ("https://huggingface.co/datasets/a/b/resolve/main/y.pt", "datasets/a/b/tree/main"),
        ("https://huggingface.co/a/b/resolve/..%2F..%2Fx/y.pt", "models/a/b/tree/main"),
    ],
)
def test_an_address_names_its_repository_and_revision(url: str, address: str) -> None:
    found = repository_of(url, HUB)
    assert found is not None
    assert tree_address(found, HUB) == f"{HUB}/api/{address}?recursive=true"


@pytest.mark.parametrize(
    "url",
    ["https://example.com/a/b/resolve/main/y.pt", "https://huggingface.co/a", "https://huggingface.co", "http://[",
     "a/b", "https://huggingface.co/../b", "https://huggingface.co/a%2Fc/b", "ftp://huggingface.co/a/b"],
)  # fmt: skip
def test_what_is_no_repository_of_hugging_face_names_none(url: str) -> None:
    assert repository_of(url, HUB) is None


@pytest.mark.parametrize("name", ["v1-5-pruned.ckpt", "a/b/c", "/b", "a/..", "a/b--c", "a /b", "C:\\a/b", "a/b.", ""])
def test_what_is_no_owner_and_name_names_none(name: str) -> None:
    assert repository_named(name) is None


def test_the_next_page_is_of_the_same_listing() -> None:
    further = f"{PAGE}&limit=1000&cursor=Zm9v"
    assert next_page(page([], f'<{further}>; rel="next"')) == further
    assert next_page(page([])) is None
    assert next_page(page([], f'<{PAGE}>; rel="first"')) is None


@pytest.mark.parametrize(
    "target", ["https://evil.example/api", "http://huggingface.co/api/models/a/b/tree/main?x", f"{HUB}/c/d", "http://["]
)
def test_a_next_page_elsewhere_is_refused(target: str) -> None:
    with pytest.raises(UnusableAnswer, match="another place"):
        next_page(page([], f'<{target}>; rel="next"'))
