"""Changing single values in the text of a JSON document."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.utils.json_places import NoSuchPlace, NotJson, replace_values, value_spans
from comfydock_core.utils.json_pointers import json_pointer
from tests.support.real_workflows import real_workflows

DOCUMENT = b'\xef\xbb\xbf{\r\n\t"a" : [1.50, {"b/c": "x", "~": null}], "a\\u0062": 1e3 ,"last":{}\r\n}\n\n'

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
SPELLINGS = st.fixed_dictionaries(
    {
        "indent": st.none() | st.integers(0, 3) | st.just("\t"),
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([(",", ":"), (", ", ": "), (" ,\r\n", "\t: ")]),
    }
)


def places(whole: object) -> list[tuple[str | int, ...]]:
    """The steps to every value in a document, the document first."""
    found, todo = [], [((), whole)]
    while todo:
        steps, value = todo.pop()
        found.append(steps)
        if isinstance(value, dict):
            todo += [((*steps, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            todo += [((*steps, index), inner) for index, inner in enumerate(value)]
    return found


def at(whole, steps):
    for step in steps:
        whole = whole[step]
    return whole


def with_value(whole, steps, value):
    if not steps:
        return value
    at(whole, steps[:-1])[steps[-1]] = value
    return whole


def test_only_the_value_changes_and_everything_around_it_stays() -> None:
    changed = replace_values(DOCUMENT, {"/a/1/b~1c": "ü\n", "/ab": 7})
    assert changed == DOCUMENT.replace(b'"x"', '"ü\\n"'.encode()).replace(b"1e3", b"7")


def test_the_spans_are_those_of_bytes() -> None:
    document = '{"ü": ["日本", "x"], "👍": 12}'.encode()
    spans = value_spans(document, ["/ü/1", "/👍", ""])
    assert {pointer: document[start:end] for pointer, (start, end) in spans.items()} == {
        "/ü/1": b'"x"',
        "/👍": b"12",
        "": document,
    }


def test_a_value_that_is_there_already_keeps_its_spelling() -> None:
    assert replace_values(DOCUMENT, {"/a/0": 1.5, "/ab": 1000.0, "/a/1/~0": None}) == DOCUMENT


def test_an_equal_number_of_another_type_is_another_value() -> None:
    assert replace_values(b"[1, 1.0, 1, 0]", {"/0": 1.0, "/1": 1, "/2": True, "/3": False}) == b"[1.0, 1, true, false]"


def test_of_equal_keys_the_last_one_changes() -> None:
    document = b'{"a": {"b": 1}, "a": {"b": 2, "b": 3}}'
    assert replace_values(document, {"/a/b": 9}) == b'{"a": {"b": 1}, "a": {"b": 2, "b": 9}}'


def test_what_only_an_earlier_one_of_equal_keys_has_is_not_there() -> None:
    with pytest.raises(NoSuchPlace, match="nothing at '/a/b'"):
        replace_values(b'{"a": {"b": 1}, "a": 2}', {"/a/b": 9})


def test_text_is_in_ascii_where_the_document_is_so_by_escapes() -> None:
    assert replace_values(b'["\\u00fc", 1]', {"/1": "ö"}) == b'["\\u00fc", "\\u00f6"]'
    assert replace_values(b'["u", 1]', {"/1": "ö"}) == '["u", "ö"]'.encode()
    assert replace_values(b'["C:\\\\users", 1]', {"/1": "ö"}) == '["C:\\\\users", "ö"]'.encode()


def test_half_a_character_is_written_as_an_escape() -> None:
    assert replace_values(b"[1]", {"/0": "\ud800"}) == b'["\\ud800"]'


def test_utf_16_with_a_mark_stays_utf_16() -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        document = '\ufeff{"ä": 1}'.encode(encoding)
        assert replace_values(document, {"/ä": "ö"}) == '\ufeff{"ä": "ö"}'.encode(encoding)
        ((start, end),) = value_spans(document, ["/ä"]).values()
        assert document[start:end].decode(encoding) == "1"


@pytest.mark.parametrize("pointer", ["/b", "/a/2", "/a/-", "/a/01", "/a/1/b/c", "/last/x", "/ab/0", "/a/0/0", "/"])
def test_a_place_that_is_not_there_is_named(pointer: str) -> None:
    with pytest.raises(NoSuchPlace) as caught:
        replace_values(DOCUMENT, {pointer: 1})
    assert caught.value.pointer == pointer


@pytest.mark.parametrize("pointer", ["a", "/~2", "/~"])
def test_what_is_no_pointer_is_said_to_be_none(pointer: str) -> None:
    with pytest.raises(NoSuchPlace, match="not a JSON pointer"):
        value_spans(b"{}", [pointer])


def test_changes_within_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="lies within a value"):
        replace_values(DOCUMENT, {"/a": 1, "/a/0": 2})


@pytest.mark.parametrize(
    ("document", "offset"),
    [
        (b"", 0),
        (b"{", 1),
        (b'{"a" 1}', 1),
        (b'{"a":1,}', 7),
        (b"[1,]", 3),
        (b"[1 2]", 3),
        (b"[01]", 1),
        (b"[1]]", 3),
        (b'["a\nb"]', 1),
        (b'["\\x"]', 1),
        (b"[.5]", 1),
        (b"[truex]", 1),
        (b'\xef\xbb\xbf["\xc3\xbc", x]', 10),
        (b'["\xff"]', 2),
        (b"[}", 1),
        (b"[1}", 2),
    ],
)
def test_what_is_not_json_is_refused_with_its_byte(document: bytes, offset: int) -> None:
    with pytest.raises(NotJson, match="it is not") as caught:
        value_spans(document, [])
    assert caught.value.offset == offset


def test_lines_and_columns_are_named() -> None:
    with pytest.raises(NotJson, match="line 2, column 2"):
        value_spans(b"[\n 1x]", [])


def test_nesting_of_a_hundred_thousand_is_no_trouble() -> None:
    deep = 100_000
    document = b"[" * deep + b"1" + b"]" * deep
    pointer = "/0" * deep
    assert replace_values(document, {pointer: 2}) == b"[" * deep + b"2" + b"]" * deep
    assert value_spans(b'{"a":' * deep + b"1" + b"}" * deep, ["/a"])["/a"][0] == 5


def test_nesting_of_millions_is_refused() -> None:
    with pytest.raises(NotJson):
        value_spans(b"[" * 3_000_000, [])


def test_the_spellings_of_python_and_javascript_for_what_is_no_number_are_passed() -> None:
    assert replace_values(b"[NaN, -Infinity, Infinity, 1]", {"/3": 2}) == b"[NaN, -Infinity, Infinity, 2]"


def test_a_number_longer_than_python_reads_can_be_replaced() -> None:
    assert replace_values(b"[" + b"1" * 10_000 + b"]", {"/0": 2}) == b"[2]"


@given(VALUES, SPELLINGS, st.data())
def test_the_replaced_document_says_what_a_replaced_value_would(whole, spelling, data) -> None:
    document = json.dumps(whole, **spelling).encode("utf-8", "surrogatepass")
    steps = data.draw(st.sampled_from(places(whole)))
    value = data.draw(VALUES)
    changed = replace_values(document, {json_pointer(*steps): value})
    assert json.loads(changed) == with_value(json.loads(document), steps, value)


@given(VALUES, SPELLINGS)
def test_every_value_can_be_replaced_by_itself_and_nothing_changes(whole, spelling) -> None:
    document = json.dumps(whole, **spelling).encode("utf-8", "surrogatepass")
    leaves = [steps for steps in places(whole) if not isinstance(at(whole, steps), dict | list)]
    assert replace_values(document, {json_pointer(*steps): at(whole, steps) for steps in leaves}) == document


@given(VALUES, SPELLINGS)
def test_the_span_of_every_value_holds_that_value(whole, spelling) -> None:
    document = json.dumps(whole, **spelling).encode("utf-8", "surrogatepass")
    for steps in places(whole):
        ((start, end),) = value_spans(document, [json_pointer(*steps)]).values()
        assert json.loads(document[start:end]) == at(whole, steps)


@given(st.text('[]{}",:\\ \n01-.eEtrufalsn\x00ü', max_size=40))
def test_the_same_texts_are_json_as_for_python(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        with pytest.raises(NotJson):
            value_spans(text.encode(), [])
    else:
        value_spans(text.encode(), [])


def test_there_are_as_many_real_workflows_as_were_published() -> None:
    assert len(real_workflows()) == 759


@pytest.mark.parametrize("letter", sorted({path.name[0] for path in real_workflows()}))
def test_in_real_workflows_nothing_changes_but_what_is_asked_for(letter: str) -> None:
    for path in real_workflows():
        if path.name[0] == letter:
            _change_some(path)


def _change_some(path: Path) -> None:
    document = path.read_bytes()
    assert replace_values(document, {}) == document
    whole = json.loads(document)
    leaves = [steps for steps in places(whole) if not isinstance(at(whole, steps), dict | list)]
    chosen = random.Random(path.name).sample(leaves, min(20, len(leaves)))
    assert replace_values(document, {json_pointer(*steps): at(whole, steps) for steps in chosen}) == document
    changes = {json_pointer(*steps): f"ä {index}" for index, steps in enumerate(chosen)}
    changed = replace_values(document, changes)
    before = _around(document, value_spans(document, changes))
    assert before == _around(changed, value_spans(changed, changes)), path.name
    for index, steps in enumerate(chosen):
        whole = with_value(whole, steps, f"ä {index}")
    assert json.loads(changed) == whole


def _around(document: bytes, spans: dict[str, tuple[int, int]]) -> list[bytes]:
    pieces, passed = [], 0
    for start, end in sorted(spans.values()):
        pieces.append(document[passed:start])
        passed = end
    return [*pieces, document[passed:]]
