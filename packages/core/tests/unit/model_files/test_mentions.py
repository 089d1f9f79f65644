"""Names and digests of models in texts: whatever may mean a file is found, however it is written."""

import json
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from comfydock_core.analyzers.model_files.mentions import OVERLAP, Called, Mentions, folded

DIGEST = "3495f7ff20bb0cfc" * 4


def listening(*names: str, values: tuple[str, ...] = (), digests: tuple[str, ...] = ()) -> Mentions:
    return Mentions(Called(frozenset(map(folded, names)), frozenset(map(folded, values)), frozenset(digests)))


def hears(mentions: Mentions, text: str | bytes) -> set[str]:
    mentions.hear(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"), "here")
    return set(mentions.found)


def as_written(name: str) -> str:
    return f"an old name, {name} as it was"


def in_json(name: str) -> str:
    return json.dumps({"nodes": [{"widgets_values": [f"sub\\{name}", 1]}]})


def in_json_with_letters(name: str) -> str:
    return json.dumps([name], ensure_ascii=False)


def in_json_in_json(name: str) -> str:
    return json.dumps({"extra": json.dumps({"workflow": json.dumps([name])})})


def in_toml(name: str) -> str:
    escaped = "".join(f"\\U{ord(letter):08X}" if ord(letter) > 126 or letter in '"\\' else letter for letter in name)
    return f'[tool.comfydock.models]\nabc = {{ filename = "{escaped}" }}\n'


def in_other_case(name: str) -> str:
    return name.swapcase() if folded(name.swapcase()) == folded(name) else name


def decomposed(name: str) -> str:
    other = unicodedata.normalize("NFD", name)
    return json.dumps([other]) if folded(other) == folded(name) else name


WAYS = [as_written, in_json, in_json_with_letters, in_json_in_json, in_toml, in_other_case, decomposed]
LETTERS = st.characters(blacklist_characters="/\0", blacklist_categories=("Cs", "Cc", "Mn"))
STEMS = st.text(LETTERS, min_size=1, max_size=30)


@given(stem=STEMS, ending=st.sampled_from([".safetensors", ".PT", ".pth", ".gguf"]), way=st.sampled_from(WAYS))
@example(stem='quo"ted', ending=".safetensors", way=in_json_in_json)
@example(stem="back\\nslash", ending=".safetensors", way=as_written)
@example(stem="ndetail", ending=".safetensors", way=in_json)
@example(stem="😀", ending=".safetensors", way=in_json_in_json)
@example(stem="é", ending=".safetensors", way=decomposed)
@example(stem="a%41b", ending=".safetensors", way=as_written)
def test_a_name_is_found_wherever_and_however_it_occurs(stem: str, ending: str, way: Callable[[str], str]) -> None:
    name = f"{stem}{ending}"
    others = [f"other{number}.safetensors" for number in range(3)]
    assert folded(name) in hears(listening(name, *others), way(name))


@given(stem=STEMS, before=st.sampled_from(['"', "/", "embedding:", "<lora:", "'"]), after=st.sampled_from('"\n>:,)'))
def test_a_name_without_its_extension_is_found_where_it_stands_alone(stem: str, before: str, after: str) -> None:
    assert folded(stem) in hears(listening(values=(stem,)), f"{before}{stem}{after}")


@pytest.mark.parametrize("text", ["a detail of it", '"detailed"', '"detail-tweaker"', "predetail:", "detail"[:-1]])
def test_a_word_in_a_sentence_is_no_mention(text: str) -> None:
    assert hears(listening(values=("detail",)), f' "{text}"' if text == "a detail of it" else text) == set()


@pytest.mark.parametrize("before", ["sha256:", "", '"', "blake3_", "0"])
def test_a_digest_is_found_in_any_case_and_within_others(before: str) -> None:
    assert hears(listening(digests=(DIGEST,)), f"{before}{DIGEST.upper()}f") == {DIGEST}


def test_a_sampled_hash_is_found_as_a_key_of_a_manifest() -> None:
    text = '[tool.comfydock.models]\nfdee4978c05f1401 = { filename = "renamed.safetensors" }\n'
    assert hears(listening(digests=("fdee4978c05f1401",)), text) == {"fdee4978c05f1401"}


def test_a_part_that_was_heard_before_counts_once_and_later_ones_count() -> None:
    mentions = listening("a.pt", "b.pt")
    assert hears(mentions, '["x", "a.pt"]') == {"a.pt"}
    assert hears(mentions, '["x", "a.pt", "b.pt"]') == {"a.pt", "b.pt"}


def test_a_name_in_the_encoding_of_windows_is_found() -> None:
    assert hears(listening("é.safetensors"), '["É.safetensors"]'.encode("utf-16")) == {"é.safetensors"}


def test_a_name_that_is_no_text_is_found() -> None:
    assert hears(listening("\udcff.pt"), b'["\xff.pt"]') == {"\udcff.pt"}


def test_a_long_name_with_every_letter_escaped_fits_into_what_is_looked_at_together() -> None:
    """The longest name a file system takes, as JSON within JSON within JSON."""
    name = "☃" * 84 + ".pt"
    assert len(in_json_in_json(name).encode()) < OVERLAP
