"""Putting one member into an object of a JSON document."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.utils.json_members import put_member
from comfydock_core.utils.json_places import NoSuchPlace, NotJson
from comfydock_core.utils.json_pointers import json_pointer
from tests.support.real_workflows import real_workflows

from .test_json_places import SPELLINGS, VALUES, at, places

INDENTED = '{\r\n\t"nodes": [],\r\n\t"extra": {\r\n\t\t"ds": {"scale": 1}\r\n\t}\r\n}\r\n'
OBJECTS = st.dictionaries(st.text(), VALUES, min_size=1)
# How programs write whole documents.
WHOLE = st.sampled_from([
    {"indent": 2}, {"indent": 4}, {"indent": "\t"}, {"indent": 0}, {"separators": (",", ":")}, {},
])  # fmt: skip


def objects(whole: object) -> list[tuple[str | int, ...]]:
    return [steps for steps in places(whole) if isinstance(at(whole, steps), dict)]


def test_a_member_is_written_as_those_around_it() -> None:
    changed = put_member(INDENTED.encode(), "/extra", "comfydock", {"a": [1]}).decode()
    assert changed == INDENTED.replace(
        '"ds": {"scale": 1}',
        '"ds": {"scale": 1},\r\n\t\t"comfydock": {\r\n\t\t\t"a": [\r\n\t\t\t\t1\r\n\t\t\t]\r\n\t\t}',
    )


def test_an_object_on_one_line_stays_on_it() -> None:
    changed = put_member(INDENTED.encode(), "/extra/ds", "comfydock", {"a": [1, 2]}).decode()
    assert changed == INDENTED.replace('{"scale": 1}', '{"scale": 1, "comfydock": {"a": [1, 2]}}')


@pytest.mark.parametrize(
    ("document", "changed"),
    [
        ('{"a":{}}', '{"a":{"k":{"x":1}}}'),
        ('{"a": { }}', '{"a": {"k": {"x": 1} }}'),
        ('{\n  "a": {}\n}', '{\n  "a": {\n    "k": {\n      "x": 1\n    }\n  }\n}'),
    ],
)
def test_an_empty_object_is_written_as_the_document_is(document: str, changed: str) -> None:
    assert put_member(document.encode(), "/a", "k", {"x": 1}).decode() == changed


def test_a_member_that_is_there_gets_the_value_in_its_place() -> None:
    document = b'{"a": {"k" :1 , "z": 2}}'
    assert put_member(document, "/a", "k", {"x": 1}) == b'{"a": {"k" :{"x" :1} , "z": 2}}'


def test_a_value_that_is_there_already_keeps_its_spelling() -> None:
    document = b'{"a": {"k": {"y":2,   "x":1.0}}}'
    assert put_member(document, "/a", "k", {"x": 1.0, "y": 2}) == document
    assert put_member(document, "/a", "k", {"x": 1, "y": 2}) != document


def test_of_equal_keys_the_last_one_counts() -> None:
    assert put_member(b'{"a":{"k":1},"a":{}}', "/a", "k", 2) == b'{"a":{"k":1},"a":{"k":2}}'
    assert put_member(b'{"k":1,"k":2}', "", "k", 3) == b'{"k":1,"k":3}'


def test_marks_and_utf_16_stay() -> None:
    assert put_member(b'\xef\xbb\xbf{\n "a": 1}', "", "k", 2) == b'\xef\xbb\xbf{\n "a": 1,\n "k": 2}'
    document = '\ufeff{"ä":1}'.encode("utf-16-le")
    assert put_member(document, "", "ö", 2) == '\ufeff{"ä":1,"ö":2}'.encode("utf-16-le")


@pytest.mark.parametrize("pointer", ["/b", "/a", "/list", "/list/0"])
def test_a_place_that_is_no_object_is_refused(pointer: str) -> None:
    with pytest.raises(NoSuchPlace, match="no object"):
        put_member(b'{"a": 1, "list": [2]}', pointer, "k", 1)


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(NotJson):
        put_member(b'{"a": 1,}', "", "k", 1)


@given(VALUES.filter(objects), SPELLINGS, st.text(), VALUES, st.data())
def test_the_document_says_the_same_with_the_member_and_every_byte_around_it_stays(
    whole, spelling, key, value, data
) -> None:
    document = json.dumps(whole, **spelling).encode("utf-8", "surrogatepass")
    steps = data.draw(st.sampled_from(objects(whole)))
    holder = at(whole, steps)
    is_new, is_empty = key not in holder, not holder
    changed = put_member(document, json_pointer(*steps), key, value)
    holder[key] = value
    assert json.loads(changed) == whole
    assert put_member(changed, json_pointer(*steps), key, value) == changed
    if is_new and not is_empty:
        assert any(
            changed.startswith(document[:place]) and changed.endswith(document[place:])
            for place in range(len(document) + 1)
        )


@given(OBJECTS, WHOLE, st.text(), VALUES, st.data())
def test_a_program_that_wrote_the_document_would_write_the_member_so(whole, style, key, value, data) -> None:
    steps = data.draw(st.sampled_from(objects(whole)))
    if key in at(whole, steps):
        return
    document = json.dumps(whole, ensure_ascii=False, **style)
    changed = put_member(document.encode(), json_pointer(*steps), key, value)
    at(whole, steps)[key] = value
    assert changed.decode() == json.dumps(whole, ensure_ascii=False, **style)


def test_in_real_workflows_the_lock_is_all_that_is_added() -> None:
    added = {"schema": 1, "list": ["ä"]}
    tried = 0
    for path in real_workflows():
        document = path.read_bytes()
        whole = json.loads(document)
        if not whole.get("extra"):
            continue
        changed = put_member(document, "/extra", "comfydock", added)
        whole["extra"]["comfydock"] = added
        assert json.loads(changed) == whole, path.name
        before = next(at for at, (old, new) in enumerate(zip(document, changed, strict=False)) if old != new)
        assert changed.endswith(document[before:]), path.name
        tried += 1
    assert tried > 100


def test_members_put_one_after_another_are_in_that_order() -> None:
    document = b"{}"
    for number in range(5):
        document = put_member(document, "", f"k{number}", number)
    assert all(one < two for one, two in pairwise(json.loads(document)))
    assert document == b'{"k0": 0, "k1": 1, "k2": 2, "k3": 3, "k4": 4}'
