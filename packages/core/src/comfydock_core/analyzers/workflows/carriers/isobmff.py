"""MP4, MOV and M4A: boxes within boxes, of which those that describe the file are read."""

from collections.abc import Iterator

from comfydock_core.analyzers.workflows.carriers.source import Source
from comfydock_core.analyzers.workflows.carriers.texts import Texts, matters
from comfydock_core.analyzers.workflows.refusals import DamagedCarrier
from comfydock_core.records import record


@record
class Box:
    """A box: its four letters, and where its content begins and ends."""

    kind: bytes
    start: int
    end: int


def boxes(source: Source, start: int, end: int) -> Iterator[Box]:
    """The boxes in a row; QuickTime ends some rows with four zeros.

    A size of 1 means that 64 bits follow, 0 that it is the last.
    """
    at = start
    while at + 8 <= end:
        source.step()
        head = source.at(at, 8, end)
        size, begin = int.from_bytes(head[:4], "big"), at + 8
        if size == 1:
            size, begin = int.from_bytes(source.at(at + 8, 8, end), "big"), at + 16
        elif size == 0:
            size = end - at
        if size == 0 or at + size > end or at + size < begin:
            raise DamagedCarrier("its boxes are broken" if at + size < begin else "it breaks off", at)
        yield Box(head[4:], begin, at + size)
        at += size


def read_mp4(source: Source, texts: Texts) -> None:
    """What describes the whole film stands in `moov`, directly or under `udta`, and with some programs outside."""
    for box in boxes(source, 0, source.size):
        if box.kind in (b"meta", b"udta"):
            _read_described(source, texts, box)
        elif box.kind == b"moov":
            for inner in boxes(source, box.start, box.end):
                if inner.kind in (b"meta", b"udta"):
                    _read_described(source, texts, inner)


def _read_described(source: Source, texts: Texts, box: Box) -> None:
    if box.kind == b"meta":
        _read_meta(source, texts, box)
        return
    for inner in boxes(source, box.start, box.end):
        if inner.kind == b"meta":
            _read_meta(source, texts, inner)
        elif inner.kind[:1] == b"\xa9" and matters(inner.kind.decode("latin-1")):
            # QuickTime's own: length, language, text.
            content = source.at(inner.start, inner.end - inner.start)
            length = int.from_bytes(content[:2], "big")
            texts.add(inner.kind.decode("latin-1"), content[4 : 4 + length] if length else content[4:])


def meta_start(source: Source, box: Box) -> int:
    """Where the boxes in a `meta` begin: behind version and flags, which QuickTime leaves out."""
    if box.end - box.start >= 8 and source.at(box.start + 4, 4) == b"hdlr":
        return box.start
    return min(box.start + 4, box.end)


def _read_meta(source: Source, texts: Texts, box: Box) -> None:
    names: list[str] = []
    for inner in boxes(source, meta_start(source, box), box.end):
        if inner.kind == b"keys":
            names = _names(source, inner)
        elif inner.kind == b"ilst":
            for item in boxes(source, inner.start, inner.end):
                _read_item(source, texts, item, names)


def _names(source: Source, box: Box) -> list[str]:
    count = int.from_bytes(source.at(box.start + 4, 4, box.end), "big")
    names: list[str] = []
    at = box.start + 8
    for _ in range(count):
        source.step()
        size = int.from_bytes(source.at(at, 4, box.end), "big")
        if size < 8:
            raise DamagedCarrier("its list of keys is broken", at)
        names.append(source.at(at + 8, size - 8, box.end).decode("utf-8", "replace"))
        at += size
    return names


def _read_item(source: Source, texts: Texts, item: Box, names: list[str]) -> None:
    number = int.from_bytes(item.kind, "big")
    name = names[number - 1] if 1 <= number <= len(names) else item.kind.decode("latin-1")
    for inner in boxes(source, item.start, item.end):
        if inner.kind == b"name" and item.kind == b"----":
            name = source.at(inner.start, inner.end - inner.start)[4:].decode("utf-8", "replace")
        elif inner.kind == b"data" and matters(_last_word(name)):
            texts.add(_last_word(name), source.at(inner.start, inner.end - inner.start)[8:])


def _last_word(name: str) -> str:
    """Apple's own keys are named `com.apple.quicktime.comment`."""
    return name.rpartition(".")[2]
