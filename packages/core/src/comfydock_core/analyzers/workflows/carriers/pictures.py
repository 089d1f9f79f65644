"""WebP, JPEG and OpenEXR: what stands between the picture's bytes."""

from comfydock_core.analyzers.workflows.carriers.exif import read_exif
from comfydock_core.analyzers.workflows.carriers.source import Source
from comfydock_core.analyzers.workflows.carriers.texts import Texts, matters
from comfydock_core.analyzers.workflows.refusals import DamagedCarrier


def read_webp(source: Source, texts: Texts) -> None:
    """EXIF follows the picture."""
    at = 12
    end = min(source.size, 8 + int.from_bytes(source.at(4, 4), "little"))
    while at + 8 <= end:
        source.step()
        head = source.at(at, 8)
        length = int.from_bytes(head[4:], "little")
        if at + 8 + length > source.size:
            raise DamagedCarrier("it breaks off", source.size)
        if head[:4] == b"EXIF":
            read_exif(source.part(source.at(at + 8, length)), texts)
        at += 8 + length + length % 2


_WITHOUT_LENGTH = (0x01, *range(0xD0, 0xD9))
_START_OF_PICTURE, _END, _COMMENT, _APPLICATION_1 = 0xDA, 0xD9, 0xFE, 0xE1


def read_jpeg(source: Source, texts: Texts) -> None:
    """Segments up to the picture: EXIF and comments."""
    at = 2
    while True:
        source.step()
        head = source.at(at, 2)
        if head[0] != 0xFF:
            raise DamagedCarrier("its segments are broken", at)
        marker = head[1]
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (_START_OF_PICTURE, _END):
            return
        length = int.from_bytes(source.at(at + 2, 2), "big")
        if length < 2:
            raise DamagedCarrier("its segments are broken", at)
        if marker == _COMMENT:
            texts.add_tagged(source.at(at + 4, length - 2))
        elif marker == _APPLICATION_1:
            content = source.at(at + 4, length - 2)
            if content.startswith(b"Exif\0\0"):
                read_exif(source.part(content), texts)
        at += 2 + length


_LONGEST_NAME = 256


def read_exr(source: Source, texts: Texts) -> None:
    """The attributes of the first header: name, type, size, value; an empty name ends them."""
    at = 8
    while True:
        source.step()
        name, at = _terminated(source, at)
        if not name:
            return
        kind, at = _terminated(source, at)
        size = int.from_bytes(source.at(at, 4), "little", signed=True)
        if size < 0 or at + 4 + size > source.size:
            raise DamagedCarrier("its header is broken", at)
        if kind == "string" and matters(name):
            texts.add(name, source.at(at + 4, size))
        at += 4 + size


def _terminated(source: Source, at: int) -> tuple[str, int]:
    content, ended, _ = source.at(at, min(_LONGEST_NAME, max(source.size - at, 1))).partition(b"\0")
    if not ended:
        raise DamagedCarrier("its header is broken", at)
    return content.decode("latin-1"), at + len(content) + 1
