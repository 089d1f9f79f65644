"""MP3: the tag in front of the sound (ID3, versions 2.2 to 2.4)."""

from comfydock_core.analyzers.workflows.carriers.png import inflated
from comfydock_core.analyzers.workflows.carriers.source import Source
from comfydock_core.analyzers.workflows.carriers.texts import Texts
from comfydock_core.analyzers.workflows.refusals import DamagedCarrier

_HEAD = 10
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_OWN_TEXTS, _COMMENTS = (b"TXX", b"TXX" + b"X"), (b"COM", b"COMM")  # In version 2.2, and later.


def tag_length(source: Source) -> int:
    """Of the tag in front, with its head and foot."""
    head = source.head(_HEAD)
    if len(head) < _HEAD or not head.startswith(b"ID3"):
        return 0
    return _HEAD + _seven_bits(head[6:10], 6) + (_HEAD if head[5] & 0x10 else 0)


def read_id3(source: Source, texts: Texts) -> None:
    head = source.head(_HEAD)
    if not head.startswith(b"ID3"):
        return  # Sound alone.
    if len(head) < _HEAD:
        raise DamagedCarrier("it breaks off", len(head))
    version, flags = head[3], head[5]
    content = source.at(_HEAD, _seven_bits(head[6:10], 6))
    if flags & 0x80 and version < 4:
        content = content.replace(b"\xff\0", b"\xff")
    at = 0
    if flags & 0x40 and version > 2:
        length = content[:4]
        at = _seven_bits(length, _HEAD) if version == 4 else int.from_bytes(length, "big") + 4
    _read_frames(source, texts, version, content, at)


def _read_frames(source: Source, texts: Texts, version: int, content: bytes, at: int) -> None:
    head_length = 6 if version == 2 else 10
    while at + head_length <= len(content) and content[at] != 0:  # Zeros pad the rest.
        source.step()
        if version == 2:
            name, size, flags = content[at : at + 3], int.from_bytes(content[at + 3 : at + 6], "big"), 0
        else:
            name, flags = content[at : at + 4], content[at + 9] if version == 4 else 0
            digits = content[at + 4 : at + 8]
            size = _seven_bits(digits, _HEAD + at) if version == 4 else int.from_bytes(digits, "big")
        at += head_length
        if at + size > len(content):
            raise DamagedCarrier("its tag is broken", _HEAD + at)
        if name in _OWN_TEXTS or name in _COMMENTS:
            frame = content[at : at + size]
            source.spend(size)
            _read_text(texts, name in _COMMENTS, _plain(source, frame, flags, _HEAD + at))
        at += size


def _plain(source: Source, frame: bytes, flags: int, at: int) -> bytes:
    """Version 2.4 may have inserted zeros, the length, and packed it, in each frame for itself."""
    if flags & 0x02:
        frame = frame.replace(b"\xff\0", b"\xff")
    if flags & 0x01:
        frame = frame[4:]
    return inflated(source, frame, at) if flags & 0x08 else frame


def _read_text(texts: Texts, is_comment: bool, frame: bytes) -> None:
    if not frame or frame[0] >= len(_ENCODINGS):
        return
    encoding, rest = _ENCODINGS[frame[0]], frame[4:] if is_comment else frame[1:]
    name_bytes, text_bytes = _halves(rest, 2 if encoding.startswith("utf-16") else 1)
    name = name_bytes.decode(encoding, "replace")
    text = text_bytes if encoding == "utf-8" else text_bytes.decode(encoding, "replace").encode()
    if is_comment:
        texts.add_comment(text)
    else:
        texts.add(name, text)


def _halves(content: bytes, width: int) -> tuple[bytes, bytes]:
    """Split at the first zero of this width, which stands at a multiple of it."""
    at = content.find(bytes(width))
    while at != -1 and at % width:
        at = content.find(bytes(width), at + 1)
    return (content, b"") if at == -1 else (content[:at], content[at + width :])


def _seven_bits(digits: bytes, at: int) -> int:
    """Numbers whose bytes have seven bits each, so that none looks like sound."""
    if len(digits) != 4 or any(digit & 0x80 for digit in digits):
        raise DamagedCarrier("its tag is broken", at)
    return digits[0] << 21 | digits[1] << 14 | digits[2] << 7 | digits[3]
