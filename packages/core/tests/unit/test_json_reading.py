"""Reading JSON that strangers wrote."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.analyzers.workflows.json_reading import LARGEST, read_json, read_json_file
from comfydock_core.analyzers.workflows.refusals import NoWorkflow
from tests.support.real_workflows import real_workflows


def test_real_workflows_are_read_as_they_are() -> None:
    for path in real_workflows():
        assert read_json(path.read_bytes()) == json.loads(path.read_bytes())


@pytest.mark.parametrize(
    "content",
    [
        '{"ä": 1}'.encode(),
        b"\xef\xbb\xbf" + '{"ä": 1}'.encode(),
        '{"ä": 1}'.encode("utf-16"),
        b"\xfe\xff" + '{"ä": 1}'.encode("utf-16-be"),
        b"\xff\xfe" + '{"ä": 1}'.encode("utf-16-le"),
    ],
)
def test_marks_and_utf_16_with_one_are_understood(content: bytes) -> None:
    assert read_json(content) == {"ä": 1}


def test_what_is_no_number_is_nothing() -> None:
    assert read_json(b"[NaN, Infinity, -Infinity, 1]") == [None, None, None, 1]


def test_of_equal_keys_the_last_counts() -> None:
    assert read_json(b'{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is not JSON: Expecting value"),
        (b"[1,]", "it is not JSON"),
        (b'{"a": "\xff"}', "it is not JSON: byte 7 is not UTF-8"),
        (b"\xff\xfe\x00\xd8\x20\x00", "it is not JSON: byte 2 is not UTF-16"),
        (b"[nan]", "it is not JSON"),
        (b"1" * 10_000, "it is not JSON"),
        (b"[" * 100_000, "it is nested more than 200 deep"),
        (b"[" * 100_000 + b"]" * 100_000, "it is nested more than 200 deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "it is nested more than 200 deep"),
        ("[".encode("utf-16") + "[".encode("utf-16-le") * 1000, "it is nested more than 200 deep"),
    ],
)
def test_what_is_not_read_is_refused_by_name(content: bytes, reason: str) -> None:
    with pytest.raises(NoWorkflow, match=reason):
        read_json(content)


def test_brackets_in_texts_do_not_nest() -> None:
    text = '\\"' + "[{" * 1000
    assert read_json(json.dumps({text: [text]}).encode()) == {text: [text]}


def test_a_text_without_an_end_is_looked_through_once() -> None:
    """Twice would be forever: a million quotes, each of which could begin a text."""
    with pytest.raises(NoWorkflow, match="Unterminated string"):
        read_json(b'"' + b'\\"' * 1_000_000)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """It is all hole: to read it would give zeros, which are not JSON."""
    place = tmp_path / "large.json"
    with place.open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(NoWorkflow, match="it is too large to be a workflow"):
        read_json_file(str(place))


def test_so_is_content_that_is_too_large() -> None:
    with pytest.raises(NoWorkflow, match="it is too large to be a workflow"):
        read_json(bytes(LARGEST + 1))


@given(st.binary(max_size=60) | st.text('[]{}",:\\01eNaIn', max_size=60).map(str.encode))
def test_any_bytes_give_an_answer_or_a_refusal(content: bytes) -> None:
    try:
        read_json(content)
    except NoWorkflow as refusal:
        assert str(refusal)
