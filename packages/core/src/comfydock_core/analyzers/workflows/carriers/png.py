"""PNG: text chunks, plain, packed and international, and those of ComfyUI's own for animations."""

import zlib

from comfydock_core.analyzers.workflows.carriers.exif import read_exif
from comfydock_core.analyzers.workflows.carriers.source import Source
from comfydock_core.analyzers.workflows.carriers.texts import Texts, matters
from comfydock_core.analyzers.workflows.refusals import DamagedCarrier

_START = 8
_FRAME = 12  # Length, type and checksum of a chunk.


def read_png(source: Source, texts: Texts) -> None:
    """Chunks after the picture are read too: animations have the workflow there."""
    at = _START
    while at < source.size:
        source.step()
        head = source.at(at, 8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if not kind.isalpha():
            raise DamagedCarrier("its chunks are broken", at)
        if kind == b"IEND":
            return
        if at + _FRAME + length > source.size:
            raise DamagedCarrier("it breaks off", source.size)
        if kind in _TEXTS:
            _read_text(source, texts, kind, at, length)
        elif kind == b"eXIf":
            read_exif(source.part(source.at(at + 8, length)), texts)
        at += _FRAME + length


_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"comf")
_LONGEST_NAME = 80


def _read_text(source: Source, texts: Texts, kind: bytes, at: int, length: int) -> None:
    start = source.at(at + 8, min(length, _LONGEST_NAME))
    name_bytes, ended, _ = start.partition(b"\0")
    name = name_bytes.decode("latin-1")
    if not ended or not matters(name):
        return
    begin = at + 8 + len(name_bytes) + 1
    content = source.at(begin, at + 8 + length - begin)
    if kind == b"zTXt":
        # The first byte names the method, of which there is one.
        texts.add(name, _of_latin(inflated(source, content[1:], at)))
    elif kind == b"iTXt":
        packed = content[:1] == b"\1"
        fields = content[2:].split(b"\0", 2)  # Language, translated name, text.
        if len(fields) < 3:
            raise DamagedCarrier("a text in it is broken", at)
        texts.add(name, inflated(source, fields[2], at) if packed else fields[2])
    else:
        texts.add(name, _of_latin(content))


def _of_latin(text: bytes) -> bytes:
    """Latin-1 by the standard, but most that is not ASCII was written, and is read by the editor, as UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1").encode()
    return text


def inflated(source: Source, packed: bytes, at: int) -> bytes:
    """Unpacked, never more than may be read. `at` is where it stands."""
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(packed, source.left + 1)
    except zlib.error as error:
        raise DamagedCarrier("a text in it cannot be unpacked", at) from error
    source.spend(len(content))
    if not unpacking.eof:
        raise DamagedCarrier("a text in it cannot be unpacked", at)
    return content
