"""EXIF: the tags of pictures, into which ComfyUI writes `workflow:{...}` and packs write comments."""

from comfydock_core.analyzers.workflows.carriers.source import Source
from comfydock_core.analyzers.workflows.carriers.texts import Texts
from comfydock_core.analyzers.workflows.refusals import DamagedCarrier

_PREFIX = b"Exif\0\0"
_ORDERS = {b"II*\0": "little", b"MM\0*": "big"}
_TEXTUAL = (1, 2, 7)  # Bytes, ASCII, undefined: one byte each.
_EXIF_TABLE = 0x8769
_USER_COMMENT = 0x9286
_XP_TAGS = range(0x9C9B, 0x9CA0)  # Windows' own title, comment and so on, in UTF-16.
_CODES = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": None, b"\0" * 8: "ascii", b"JIS\0\0\0\0\0": "iso2022_jp"}


def read_exif(source: Source, texts: Texts) -> None:
    """`source` is the block, with or without its prefix."""
    content = source.head(source.size)
    start = len(_PREFIX) if content.startswith(_PREFIX) else 0
    order = _ORDERS.get(content[start : start + 4])
    if order is None:
        raise DamagedCarrier("its EXIF block is broken", 0)
    _Table(content[start:], order == "little", source, texts).read()


class _Table:
    def __init__(self, content: bytes, little: bool, source: Source, texts: Texts) -> None:
        self.content, self.order = content, "little" if little else "big"
        self.little, self.source, self.texts = little, source, texts

    def read(self) -> None:
        """The first table of tags and the one of EXIF proper below it; thumbnails say nothing."""
        deeper = self._read_at(self._number(4, 4))
        if deeper is not None:
            self._read_at(deeper)

    def _read_at(self, offset: int) -> int | None:
        deeper = None
        for index in range(self._number(offset, 2)):
            self.source.step()
            at = offset + 2 + 12 * index
            tag, kind, count = self._number(at, 2), self._number(at + 2, 2), self._number(at + 4, 4)
            if tag == _EXIF_TABLE:
                deeper = self._number(at + 8, 4)
            elif kind in _TEXTUAL and count > 8:
                begin = self._number(at + 8, 4)
                if begin + count > len(self.content):
                    raise DamagedCarrier("an EXIF tag leads out of its block", at)
                self.source.spend(count)
                self._add(tag, self.content[begin : begin + count])
        return deeper

    def _add(self, tag: int, value: bytes) -> None:
        if tag == _USER_COMMENT and value[:8] in _CODES:
            encoding = _CODES[value[:8]] or self._utf_16(value[8:])
            value = value[8:] if encoding == "ascii" else _recoded(value[8:], encoding)
        elif tag in _XP_TAGS:
            value = _recoded(value, "utf-16-le")
        self.texts.add_tagged(value.strip(b"\0 "))

    def _utf_16(self, text: bytes) -> str:
        """Its order should be that of the block, but some write big and some little: an object begins with `{`."""
        if text.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16"
        if text[:1] == b"\0":
            return "utf-16-be"
        if text[1:2] == b"\0":
            return "utf-16-le"
        return "utf-16-le" if self.little else "utf-16-be"

    def _number(self, at: int, length: int) -> int:
        digits = self.content[at : at + length]
        if len(digits) != length:
            raise DamagedCarrier("its EXIF block breaks off", at)
        return int.from_bytes(digits, "little" if self.little else "big")


def _recoded(text: bytes, encoding: str) -> bytes:
    return text.decode(encoding, "replace").encode()
