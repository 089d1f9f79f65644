"""Reading JSON that strangers wrote: an answer or a refusal by name, in bounded time and memory.

Beyond standard JSON these spellings are accepted, because editors and Python write them: a byte order mark, UTF-16 with
one, and `NaN`, `Infinity` and `-Infinity`, which become `None` as in the editor's own reader of pictures. Of equal keys
in one object the last counts.
"""

import codecs
import itertools
import json
import os

from comfydock_core.analyzers.workflows.refusals import NoWorkflow

LARGEST = 128 * 1024 * 1024
_TOO_LARGE = "it is too large to be a workflow"
_DEEPEST = 200  # Saved graphs are some 15 deep. Parsers differ in how deep they go before they give up, or crash.
_OTHER_THAN_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # One deeper, and one back, as signed numbers.


def read_json_file(path: str) -> object:
    """What the file holds. Raises `NoWorkflow`, before reading it when it is too large, or `OSError`."""
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size > LARGEST:
            raise NoWorkflow(_TOO_LARGE)
        return read_json(file.read(LARGEST + 1))


def read_json(content: bytes) -> object:
    """What the content says. Raises `NoWorkflow`."""
    if len(content) > LARGEST:
        raise NoWorkflow(_TOO_LARGE)
    text = _text(content)
    if _depth(content if content.isascii() else text.encode()) > _DEEPEST:
        raise NoWorkflow(f"it is nested more than {_DEEPEST} deep")
    try:
        value: object = json.loads(text, parse_constant=_nothing)
    except ValueError as error:
        raise NoWorkflow(f"it is not JSON: {error}") from error
    return value


def _nothing(spelled: str) -> None:
    """What a number that is none stands for."""


def _text(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding, mark = "UTF-16", b""
    else:
        encoding, mark = "UTF-8", codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    try:
        return content.removeprefix(mark).decode(encoding)
    except UnicodeDecodeError as error:
        raise NoWorkflow(f"it is not JSON: byte {len(mark) + error.start} is not {encoding}") from error


def _depth(content: bytes) -> int:
    """How deep the brackets outside of strings are nested."""
    plain = content.replace(b"\\\\", b"").replace(b'\\"', b"").translate(_STEPS, _OTHER_THAN_STRUCTURE)
    outside = b"".join(plain.replace(b'""', b"").split(b'"')[::2])
    return max(itertools.accumulate(memoryview(outside).cast("b")), default=0)
