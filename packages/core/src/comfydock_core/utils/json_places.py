"""Where a value stands in the text of a JSON document, and how to change it there and nowhere else.

One pass over the text with patterns, and a stack of its own instead of recursion: neither long nor deeply nested
documents cost more than their length. What is nested hundreds of thousands deep counts as no JSON.
"""

import codecs
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_STRING = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_SPACE = r"[ \t\n\r]*+"
# What `json.loads` takes as a number or name, with the three that only JavaScript and Python know.
_SCALAR = (
    rf"(?:{_STRING}|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+|true|false|null|NaN|-?Infinity)"
    r"(?=[ \t\n\r,\]}]|\Z)"
)
_BLANK = re.compile(_SPACE)
_VALUE = re.compile(_SCALAR)
_KEY = re.compile(rf"({_STRING}){_SPACE}:{_SPACE}")
_MEMBER = rf"{_STRING}{_SPACE}:{_SPACE}{_SCALAR}{_SPACE}"
_FLAT = (
    rf"(?:{_SCALAR}|\[{_SPACE}(?:{_SCALAR}{_SPACE}(?:,{_SPACE}{_SCALAR}{_SPACE})*+)?+\]"
    rf"|\{{{_SPACE}(?:{_MEMBER}(?:,{_SPACE}{_MEMBER})*+)?+\}})"
)
_FLAT_ITEMS = re.compile(rf"(?:{_FLAT}{_SPACE},{_SPACE})*+")
_FLAT_MEMBERS = re.compile(rf"(?:{_STRING}{_SPACE}:{_SPACE}{_FLAT}{_SPACE},{_SPACE})*+")
_DEEPEST = 200_000
_ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*\\u")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BAD_TILDE = re.compile(r"~(?![01])")
_LONGEST_NUMBER = 4000
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class NotJson(ValueError):
    """The text is not JSON; `offset` is the byte at which that shows."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class NoSuchPlace(ValueError):
    """The document has no value at the `pointer`, or the pointer is none."""

    def __init__(self, message: str, pointer: str) -> None:
        super().__init__(message)
        self.pointer = pointer


@dataclass(slots=True, eq=False)
class _Wanted:
    """A step on the way to wanted values.

    Of an object's equal keys the last counts, so what was found below an earlier one must be forgotten. `visits` counts
    how often this step was come to, and `under` which visit of the step above it was last found in.
    """

    pointer: str | None = None
    steps: "dict[str, _Wanted]" = field(default_factory=dict)
    span: tuple[int, int] = (0, 0)
    visits: int = 0
    under: int = 0


def value_spans(document: bytes, pointers: Iterable[str]) -> dict[str, tuple[int, int]]:
    """First byte and end of the value at each JSON pointer. Raises `NotJson` or `NoSuchPlace`.

    The document is UTF-8, with or without a byte order mark, or UTF-16 with one. The whole of it is checked.
    """
    wanted = list(pointers)
    spans = present_spans(document, wanted)
    for pointer in wanted:
        if pointer not in spans:
            raise NoSuchPlace(f"the document has nothing at {pointer!r}", pointer)
    return spans


def present_spans(document: bytes, pointers: Iterable[str]) -> dict[str, tuple[int, int]]:
    """The same without those pointers at which the document has nothing."""
    text, encoding = decoded(document)
    spans = spans_in_text(text, encoding, pointers)
    if text.isascii() and encoding == "utf-8":
        return spans
    places = sorted({place for span in spans.values() for place in span})
    offsets, passed, offset = {}, 0, 0
    for place in places:
        offset += len(text[passed:place].encode(encoding))
        offsets[place], passed = offset, place
    return {pointer: (offsets[start], offsets[end]) for pointer, (start, end) in spans.items()}


def replace_values(document: bytes, changes: Mapping[str, object]) -> bytes:
    """The document with other values at some JSON pointers, and every byte outside of these as it was.

    A value that is there already keeps its spelling. No pointer may lead into a value that another one replaces
    (`ValueError`). New text is in ASCII where the document is in ASCII by escapes. Raises `NotJson` or `NoSuchPlace`.
    """
    text, encoding = decoded(document)
    spans = spans_in_text(text, encoding, changes)
    for pointer in changes:
        if pointer not in spans:
            raise NoSuchPlace(f"the document has nothing at {pointer!r}", pointer)
    in_ascii = is_in_ascii(text)
    parts, passed = [], 0
    for (start, end), pointer in sorted((span, pointer) for pointer, span in spans.items()):
        if start < passed:
            raise ValueError(f"{pointer!r} lies within a value that is replaced as a whole")
        parts += [text[passed:start], _spelled(changes[pointer], text[start:end], in_ascii)]
        passed = end
    parts.append(text[passed:])
    return "".join(parts).encode(encoding)


def _spelled(value: object, present: str, in_ascii: bool) -> str:
    if isinstance(value, str | int | float) or value is None:
        # A number of more digits than Python reads is never the same.
        readable = present.startswith('"') or len(present) < _LONGEST_NUMBER
        there = json.loads(present) if readable and _VALUE.fullmatch(present) else ()
        if type(there) is type(value) and repr(there) == repr(value):
            return present
    return spelled(value, in_ascii)


def is_in_ascii(text: str) -> bool:
    """Whether a document is in ASCII by escapes."""
    return text.isascii() and _ESCAPED.search(text) is not None


def spelled(value: object, in_ascii: bool, indent: str | None = None, separators: tuple[str, str] | None = None) -> str:
    """A value as JSON that can be encoded."""
    text = json.dumps(value, ensure_ascii=in_ascii, allow_nan=False, indent=indent, separators=separators)
    # Halves of a pair cannot be encoded; as escapes they can.
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def decoded(document: bytes) -> tuple[str, str]:
    """The text, with its byte order mark as the first character: encoded again it is the same bytes."""
    encoding = next((name for mark, name in _MARKS if document.startswith(mark)), "utf-8")
    try:
        return document.decode(encoding), encoding
    except UnicodeDecodeError as error:
        raise NotJson(f"it is not {encoding.upper()} at byte {error.start}", error.start) from error


def _wanted(pointers: Iterable[str]) -> _Wanted:
    root = _Wanted(visits=1)
    for pointer in pointers:
        if (pointer and not pointer.startswith("/")) or _BAD_TILDE.search(pointer):
            raise NoSuchPlace(f"{pointer!r} is not a JSON pointer", pointer)
        wanted = root
        for step in pointer.split("/")[1:]:
            wanted = wanted.steps.setdefault(step.replace("~1", "/").replace("~0", "~"), _Wanted())
        wanted.pointer = pointer
    return root


def spans_in_text(text: str, encoding: str, pointers: Iterable[str]) -> dict[str, tuple[int, int]]:
    """First character and end of what is at the pointers, as far as something is. Raises `NotJson`."""
    root = _wanted(pointers)
    try:
        _scan(text, root)
    except _Unexpected as error:
        raise _not_json(text, encoding, error.place) from None
    found: dict[str, tuple[int, int]] = {}
    todo = [(root, True)]
    while todo:
        wanted, there = todo.pop()
        if wanted.pointer is not None and there:
            found[wanted.pointer] = wanted.span
        todo += [(inner, there and inner.under == wanted.visits) for inner in wanted.steps.values()]
    return found


class _Unexpected(Exception):
    def __init__(self, place: int) -> None:
        self.place = place


def _not_json(text: str, encoding: str, place: int) -> NotJson:
    line = text.count("\n", 0, place) + 1
    column = place - text.rfind("\n", 0, place)
    return NotJson(f"it is not JSON at line {line}, column {column}", len(text[:place].encode(encoding)))


@dataclass(slots=True)
class _Open:
    """A list or object that has not ended: what is wanted in it, and how many items have begun."""

    start: int
    is_list: bool
    wanted: _Wanted | None
    index: int = 0


def _scan(text: str, root: _Wanted) -> None:
    """Note the span of everything that is wanted. Raises `_Unexpected` at the first thing that is not JSON."""
    at = _after_space(text, 1 if text.startswith("\ufeff") else 0)
    stack: list[_Open] = []
    wanted: _Wanted | None = root
    while True:  # At the start of a value.
        mark = text[at : at + 1]
        if mark in ("[", "{"):
            opened = _Open(at, mark == "[", wanted)
            at = _after_space(text, at + 1)
            if text[at : at + 1] != ("]" if opened.is_list else "}"):
                stack.append(opened)
                if len(stack) > _DEEPEST:
                    raise _Unexpected(at)
                at, wanted = _next_item(text, at, opened)
                continue
            at = _ended(opened.wanted, opened.start, at + 1)
        else:
            value = _VALUE.match(text, at)
            if value is None:
                raise _Unexpected(at)
            at = _ended(wanted, at, value.end())
        at = _after_space(text, at)
        while stack and text[at : at + 1] == ("]" if stack[-1].is_list else "}"):
            closed = stack.pop()
            at = _after_space(text, _ended(closed.wanted, closed.start, at + 1))
        if not stack:
            break
        if text[at : at + 1] != ",":
            raise _Unexpected(at)
        at, wanted = _next_item(text, _after_space(text, at + 1), stack[-1])
    if at != len(text):
        raise _Unexpected(at)


def _after_space(text: str, at: int) -> int:
    space = _BLANK.match(text, at)
    return space.end() if space else at


def _ended(wanted: _Wanted | None, start: int, end: int) -> int:
    if wanted is not None:
        wanted.span = (start, end)
    return end


def _next_item(text: str, at: int, opened: _Open) -> tuple[int, _Wanted | None]:
    """Where the next value in a list or object starts, its key read, and what is wanted of it.

    Where nothing is wanted, values in a row that hold at most plain values are passed in one go.
    """
    wanted = opened.wanted if opened.wanted is not None and opened.wanted.steps else None
    if wanted is None:
        run = (_FLAT_ITEMS if opened.is_list else _FLAT_MEMBERS).match(text, at)
        at = run.end() if run else at
    if opened.is_list:
        step = str(opened.index)
        opened.index += 1
    else:
        key = _KEY.match(text, at)
        if key is None:
            raise _Unexpected(at)
        at = key.end()
        if wanted is None:
            return at, None
        spelled = key[1]
        step = json.loads(spelled) if "\\" in spelled else spelled[1:-1]
    if wanted is None or (inner := wanted.steps.get(step)) is None:
        return at, None
    inner.visits += 1
    inner.under = wanted.visits
    return at, inner
