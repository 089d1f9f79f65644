"""FLAC and Ogg (Opus, Vorbis, FLAC): comments as Vorbis has them."""

from comfydock_core.analyzers.workflows.carriers.source import Source
from comfydock_core.analyzers.workflows.carriers.texts import Texts
from comfydock_core.analyzers.workflows.refusals import DamagedCarrier

_COMMENTS = 4  # The block of FLAC that has them.
_FOLLOWS_IDENTIFICATION = 2


def read_flac(source: Source, texts: Texts, start: int = 0) -> None:
    """`start` is where it begins: some programs put a tag of MP3 in front."""
    at, last = start + 4, False
    while not last:
        source.step()
        head = source.at(at, 4)
        last, kind, length = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:], "big")
        if kind == _COMMENTS:
            _read_comments(source, texts, source.at(at + 4, length), at + 4)
        at += 4 + length


def read_ogg(source: Source, texts: Texts) -> None:
    """The comments are the second packet of each stream, in as many pages as it takes."""
    packets: dict[int, list[bytearray]] = {}
    waiting: set[int] = set()
    at = 0
    while at < source.size:
        source.step()
        head = source.at(at, 27)
        if not head.startswith(b"OggS"):
            raise DamagedCarrier("its pages are broken", at)
        starts, serial, count = bool(head[5] & 2), int.from_bytes(head[14:18], "little"), head[26]
        lengths = source.at(at + 27, count)
        if starts and serial not in packets:
            packets[serial] = [bytearray()]
            waiting.add(serial)
        elif not starts and not waiting:
            return
        at += 27 + count
        if serial in waiting:
            if _gather(packets[serial], source.at(at, sum(lengths)), lengths):
                waiting.discard(serial)
                _read_packet(source, texts, bytes(packets[serial][1]), at)
            elif head[5] & 4:
                waiting.discard(serial)  # It ends without.
        at += sum(lengths)
    if waiting:
        raise DamagedCarrier("it breaks off", source.size)


def _gather(packets: list[bytearray], content: bytes, lengths: bytes) -> bool:
    """Add a page's pieces to the packets; whether the second one is whole. A piece below 255 bytes ends a packet."""
    at = 0
    for length in lengths:
        packets[-1] += content[at : at + length]
        at += length
        if length < 255:
            if len(packets) == _FOLLOWS_IDENTIFICATION:
                return True
            packets.append(bytearray())
    return False


def _read_packet(source: Source, texts: Texts, packet: bytes, at: int) -> None:
    for start in (b"OpusTags", b"\x03vorbis"):
        if packet.startswith(start):
            _read_comments(source, texts, packet[len(start) :], at)
    if packet[:1] in (b"\x04", b"\x84"):
        _read_comments(source, texts, packet[4:], at)


def _read_comments(source: Source, texts: Texts, content: bytes, at: int) -> None:
    """Vendor, number of comments, and each as `NAME=text` behind its length."""
    place = 4 + _number(content, 0, at)
    count = _number(content, place, at)
    place += 4
    for _ in range(count):
        source.step()
        length = _number(content, place, at)
        place += 4
        if place + length > len(content):
            raise DamagedCarrier("its comments are broken", at + place)
        name, _equals, text = content[place : place + length].partition(b"=")
        texts.add(name.decode("latin-1"), text)
        place += length


def _number(content: bytes, place: int, at: int) -> int:
    digits = content[place : place + 4]
    if len(digits) != 4:
        raise DamagedCarrier("its comments are broken", at + place)
    return int.from_bytes(digits, "little")
