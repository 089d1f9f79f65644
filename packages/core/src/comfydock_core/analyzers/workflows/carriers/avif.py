"""AVIF and HEIF: EXIF as one of the items in the file."""

from dataclasses import dataclass

from comfydock_core.analyzers.workflows.carriers.exif import read_exif
from comfydock_core.analyzers.workflows.carriers.isobmff import Box, boxes, meta_start
from comfydock_core.analyzers.workflows.carriers.source import Source
from comfydock_core.analyzers.workflows.carriers.texts import Texts
from comfydock_core.analyzers.workflows.refusals import DamagedCarrier


def read_avif(source: Source, texts: Texts) -> None:
    for box in boxes(source, 0, source.size):
        if box.kind == b"meta":
            inner = {one.kind: one for one in boxes(source, meta_start(source, box), box.end)}
            if b"iinf" in inner and b"iloc" in inner:
                identifiers = _exif_items(source, inner[b"iinf"])
                for offset, length in _places(source, inner[b"iloc"], identifiers) if identifiers else ():
                    _read_item(source, texts, offset, length)


def _exif_items(source: Source, box: Box) -> set[int]:
    version = source.at(box.start, 1, box.end)[0]
    found: set[int] = set()
    for item in boxes(source, box.start + (6 if version == 0 else 8), box.end):
        if item.kind != b"infe":
            continue
        width = 2 if source.at(item.start, 1, item.end)[0] == 2 else 4
        content = source.at(item.start + 4, width + 6, item.end)
        if content[width + 2 :] == b"Exif":
            found.add(int.from_bytes(content[:width], "big"))
    return found


@dataclass(slots=True)
class _Cursor:
    source: Source
    at: int
    end: int

    def number(self, width: int) -> int:
        value = int.from_bytes(self.source.at(self.at, width, self.end), "big")
        self.at += width
        return value


def _places(source: Source, box: Box, identifiers: set[int]) -> list[tuple[int, int]]:
    """Offset and length in the file of the items; of one in several pieces, of the first, as the editor reads them."""
    cursor = _Cursor(source, box.start, box.end)
    version = cursor.number(4) >> 24
    widths = cursor.number(2)
    offset_width, length_width, base_width = widths >> 12, widths >> 8 & 15, widths >> 4 & 15
    index_width = widths & 15 if version else 0
    found: list[tuple[int, int]] = []
    for _ in range(cursor.number(2 if version < 2 else 4)):
        source.step()
        identifier = cursor.number(2 if version < 2 else 4)
        in_file = cursor.number(2) & 15 == 0 if version else True
        cursor.number(2)
        base, pieces = cursor.number(base_width), cursor.number(2)
        for piece in range(pieces):
            source.step()
            cursor.number(index_width)
            offset, length = base + cursor.number(offset_width), cursor.number(length_width)
            if piece == 0 and in_file and identifier in identifiers:
                found.append((offset, length))
    return found


def _read_item(source: Source, texts: Texts, offset: int, length: int) -> None:
    """The first four bytes say how far behind them the block begins."""
    content = source.at(offset, length)
    start = 4 + int.from_bytes(content[:4], "big")
    if len(content) < 4 or start > len(content):
        raise DamagedCarrier("its EXIF block is broken", offset)
    read_exif(source.part(content[start:]), texts)
