"""Putting one member into an object of a JSON document, spelled as what is around it, and nothing else changed."""

import json
import re

from comfydock_core.records import record
from comfydock_core.utils.json_places import NoSuchPlace, decoded, is_in_ascii, spans_in_text, spelled
from comfydock_core.utils.json_pointers import json_pointer

_SPACE = " \t\n\r"
_BEGINS = re.compile(r"\{([ \t\n\r]*+)\"(?:[^\"\\]|\\.)*+\"([ \t\n\r]*+:[ \t\n\r]*+)")
_END_OF_LINE = re.compile("\r\n|\n|\r")


@record
class _Style:
    """How an object is written: on lines of their own with some indentation, or `None` for one line."""

    colon: str = ": "
    newline: str | None = None
    indent: str = ""
    unit: str = ""

    def value(self, value: object, in_ascii: bool) -> str:
        if self.newline is None:
            return spelled(value, in_ascii, None, (", " if self.colon.endswith(" ") else ",", self.colon))
        text = spelled(value, in_ascii, self.unit, (",", self.colon))
        return text.replace("\n", self.newline + self.indent)


def put_member(document: bytes, pointer: str, key: str, value: object) -> bytes:
    """The document with a member of the object at the pointer, in the place of one of this key, or as the last one.

    A value that is there already keeps its spelling. Raises `NotJson`, and `NoSuchPlace` where there is no object.
    """
    text, encoding = decoded(document)
    inner = pointer + json_pointer(key)
    spans = spans_in_text(text, encoding, ["", pointer, inner])
    if pointer not in spans or text[spans[pointer][0]] != "{":
        raise NoSuchPlace(f"the document has no object at {pointer!r}", pointer)
    start, end = spans[pointer]
    in_ascii = is_in_ascii(text)
    style = _style_at(text, spans[""][0], start, end)
    if inner in spans:
        first, last = spans[inner]
        if _is_equal(text[first:last], value):
            return document
        return (text[:first] + style.value(value, in_ascii) + text[last:]).encode(encoding)
    member = spelled(key, in_ascii) + style.colon + style.value(value, in_ascii)
    before = text[: end - 1].rstrip(_SPACE)
    is_empty = len(before) == start + 1
    if style.newline is None:
        between = "" if is_empty else ("," if not style.colon.endswith(" ") else ", ")
        return (before + between + member + text[len(before) :]).encode(encoding)
    outer = style.indent[: len(style.indent) - len(style.unit)]
    closing = text[len(before) :] if not is_empty else style.newline + outer + text[end - 1 :]
    return (before + ("" if is_empty else ",") + style.newline + style.indent + member + closing).encode(encoding)


def _is_equal(present: str, value: object) -> bool:
    """Whether a text says the value; numbers of another type are another value."""
    try:
        return json.dumps(json.loads(present), sort_keys=True) == json.dumps(value, sort_keys=True)
    except (ValueError, RecursionError):  # A number longer than Python reads, or nesting deeper than it follows.
        return False


def _style_at(text: str, root: int, start: int, end: int) -> _Style:
    """By the object's own first member; an empty one is written as the document is."""
    own = _BEGINS.match(text, start, end)
    if own is not None:
        return _style_of(text, start, end, own[1], own[2])
    whole = _BEGINS.match(text, root)
    if whole is None or root == start:
        return _Style()
    around = _style_of(text, root, len(text), whole[1], whole[2])
    if around.newline is None:
        return around
    line = _indent_of_line(text, start)
    return _Style(around.colon, around.newline, line + around.unit, around.unit)


def _style_of(text: str, start: int, end: int, space: str, colon: str) -> _Style:
    newline = _END_OF_LINE.search(space)
    if newline is None:
        return _Style(colon)
    indent = _after_newline(space)
    before = text[start:end].rstrip(_SPACE)
    closing = before[:-1][len(before[:-1].rstrip(_SPACE)) :] if before.endswith("}") else ""
    outer = _after_newline(closing) if _END_OF_LINE.search(closing) else _indent_of_line(text, start)
    unit = indent.removeprefix(outer) if indent.startswith(outer) else ""
    return _Style(colon, newline[0], indent, unit)


def _after_newline(space: str) -> str:
    return _END_OF_LINE.split(space)[-1]


def _indent_of_line(text: str, at: int) -> str:
    line = text[max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t\ufeff"))].replace("\ufeff", "")
