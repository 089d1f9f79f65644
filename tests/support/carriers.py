"""Small files of every kind that carries a workflow, byte by byte as ComfyUI, its packs and ffmpeg lay them out."""

import struct
import zlib

PNG_START = b"\x89PNG\r\n\x1a\n"
OWN_TEXT = b"TXX" + b"X"  # The frame of ID3 that has a name of its own.


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*chunks: bytes) -> bytes:
    """A picture of one pixel with these chunks between its head and the pixel."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixel = png_chunk(b"IDAT", zlib.compress(b"\0\0"))
    return PNG_START + head + b"".join(chunks) + pixel + png_chunk(b"IEND", b"")


def png_text(name: str, text: bytes) -> bytes:
    return png_chunk(b"tEXt", name.encode("latin-1") + b"\0" + text)


def png_packed_text(name: str, text: bytes) -> bytes:
    return png_chunk(b"zTXt", name.encode("latin-1") + b"\0\0" + zlib.compress(text))


def png_international_text(name: str, text: bytes, packed: bool = False) -> bytes:
    content = zlib.compress(text) if packed else text
    return png_chunk(b"iTXt", name.encode("latin-1") + b"\0" + bytes([packed, 0]) + b"\0\0" + content)


def exif(tags: dict[int, bytes], order: str = "<", deeper: dict[int, bytes] | None = None) -> bytes:
    """A block with text tags in its first table, and those of `deeper` in the table of EXIF proper."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    count = len(tags) + (deeper is not None)
    table_end = 8 + 2 + 12 * count + 4
    entries, values = b"", b""
    for tag, value in sorted(tags.items()):
        entries += struct.pack(order + "HHII", tag, 2, len(value) + 1, table_end + len(values))
        values += value + b"\0"
    if deeper is not None:
        entries += struct.pack(order + "HHII", 0x8769, 4, 1, table_end + len(values))
        place = table_end + len(values) + 2 + 12 * len(deeper) + 4
        inner, texts = struct.pack(order + "H", len(deeper)), b""
        for tag, value in sorted(deeper.items()):
            inner += struct.pack(order + "HHII", tag, 7, len(value), place + len(texts))
            texts += value
        values += inner + bytes(4) + texts
    return start + struct.pack(order + "IH", 8, count) + entries + bytes(4) + values


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP"
    for kind, content in ((b"VP8 ", b"picture"), *chunks):
        body += kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg(*segments: tuple[int, bytes]) -> bytes:
    body = b"".join(
        b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content for marker, content in segments
    )
    return b"\xff\xd8" + body + b"\xff\xda\0\2picture\xff\xd9"


def exr(texts: dict[str, bytes]) -> bytes:
    body = b"".join(name.encode() + b"\0string\0" + struct.pack("<i", len(text)) + text for name, text in texts.items())
    return b"\x76\x2f\x31\x01\2\0\0\0" + b"compression\0compression\0\1\0\0\0\0" + body + b"\0picture"


def vorbis_comments(texts: dict[str, bytes]) -> bytes:
    body = struct.pack("<I", 4) + b"Lavf" + struct.pack("<I", len(texts))
    for name, text in texts.items():
        comment = name.encode() + b"=" + text
        body += struct.pack("<I", len(comment)) + comment
    return body


def flac(texts: dict[str, bytes]) -> bytes:
    def block(kind: int, content: bytes, last: bool = False) -> bytes:
        return bytes([kind | 0x80 * last]) + len(content).to_bytes(3, "big") + content

    return b"fLaC" + block(0, bytes(34)) + block(4, vorbis_comments(texts)) + block(1, bytes(8), last=True) + b"sound"


def ogg(packets: list[bytes], serial: int = 7) -> bytes:
    """Each packet in pages of its own, of 255 pieces at most."""
    pages, number = b"", 0
    for index, packet in enumerate(packets):
        lengths = [255] * (len(packet) // 255) + [len(packet) % 255]
        content = packet
        while lengths:
            here, lengths = lengths[:255], lengths[255:]
            flags = 2 if number == 0 else 0
            head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, index, serial, number, 0, len(here))
            pages += head + bytes(here) + content[: sum(here)]
            content = content[sum(here) :]
            number += 1
    return pages


def opus(texts: dict[str, bytes]) -> bytes:
    return ogg([b"OpusHead" + bytes(11), b"OpusTags" + vorbis_comments(texts), b"sound"])


def _seven_bits(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3(frames: list[tuple[bytes, bytes]], version: int = 4, flags: int = 0) -> bytes:
    body = b""
    for name, content in frames:
        if version == 2:
            body += name + len(content).to_bytes(3, "big") + content
        else:
            size = _seven_bits(len(content)) if version == 4 else struct.pack(">I", len(content))
            body += name + size + b"\0\0" + content
    return b"ID3" + bytes([version, 0, flags]) + _seven_bits(len(body) + 20) + body + bytes(20) + b"\xff\xfbsound"


def own_text(name: str, text: bytes, encoding: str = "utf-8") -> bytes:
    """The content of a frame `OWN_TEXT`."""
    number = ("latin-1", "utf-16", "utf-16-be", "utf-8").index(encoding)
    end = b"\0\0" if encoding.startswith("utf-16") else b"\0"
    return bytes([number]) + name.encode(encoding) + end + text.decode().encode(encoding) + end


def box(kind: bytes, *contents: bytes, large: bool = False) -> bytes:
    content = b"".join(contents)
    if large:
        return struct.pack(">I", 1) + kind + struct.pack(">Q", len(content) + 16) + content
    return struct.pack(">I", len(content) + 8) + kind + content


def _handler(kind: bytes) -> bytes:
    return box(b"hdlr", bytes(8), kind, bytes(13))


def keyed_meta(texts: dict[str, bytes]) -> bytes:
    """As ffmpeg writes with `use_metadata_tags`."""
    keys = b"".join(box(b"mdta", name.encode()) for name in texts)
    items = b"".join(
        box(struct.pack(">I", number), box(b"data", struct.pack(">II", 1, 0), text))
        for number, text in enumerate(texts.values(), 1)
    )
    return box(
        b"meta", bytes(4), _handler(b"mdta"), box(b"keys", struct.pack(">II", 0, len(texts)), keys), box(b"ilst", items)
    )


def itunes_meta(name: bytes, text: bytes) -> bytes:
    """As ffmpeg writes without it."""
    item = box(name, box(b"data", struct.pack(">II", 1, 0), text))
    return box(b"meta", bytes(4), _handler(b"mdir"), box(b"ilst", item))


def mp4(*described: bytes, picture: int = 100) -> bytes:
    """A film whose `moov` has these boxes in its user data, behind `picture` bytes."""
    return (
        box(b"ftyp", b"isom\0\0\2\0isom")
        + box(b"mdat", bytes(picture))
        + box(b"moov", box(b"mvhd", bytes(100)), box(b"udta", *described))
    )


def avif(block: bytes) -> bytes:
    """A picture with this EXIF block as its second item."""

    def with_place(place: int) -> bytes:
        items = box(b"infe", b"\2\0\0\0", struct.pack(">HH", 1, 0), b"av01\0")
        items += box(b"infe", b"\2\0\0\0", struct.pack(">HH", 2, 0), b"Exif\0")
        where = struct.pack(">IHH", 0, 0x4400, 2)
        where += struct.pack(">HHHII", 1, 0, 1, place, 0)
        where += struct.pack(">HHHII", 2, 0, 1, place, len(block) + 4)
        head = box(b"ftyp", b"avif\0\0\0\0avifmif1")
        meta = box(b"meta", bytes(4), _handler(b"pict"), box(b"iinf", bytes(4), b"\0\2", items), box(b"iloc", where))
        return head + meta

    place = len(with_place(0)) + 8
    return with_place(place) + box(b"mdat", bytes(4), block)


def element(number: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    name = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return name + (len(content) | 1 << 56).to_bytes(8, "big") + content


def matroska_tags(texts: dict[str, bytes]) -> bytes:
    tags = (element(0x67C8, element(0x45A3, name.encode()), element(0x4487, text)) for name, text in texts.items())
    return element(0x1254C367, element(0x7373, element(0x63C0), *tags))


EBML = element(0x1A45DFA3, element(0x4282, b"webm"))
CLUSTER = element(0x1F43B675, bytes(50))


def webm(*elements: bytes) -> bytes:
    return EBML + element(0x18538067, *elements)


def webm_with_index(texts: dict[str, bytes], clusters: int = 1) -> bytes:
    """The tags behind the clusters, and an index in front."""

    def index(place: int) -> bytes:
        seek = element(0x4DBB, element(0x53AB, b"\x12\x54\xc3\x67"), element(0x53AC, place.to_bytes(8, "big")))
        return element(0x114D9B74, seek)

    place = len(index(0)) + clusters * len(CLUSTER)
    return webm(index(place), CLUSTER * clusters, matroska_tags(texts))


def glb(document: bytes) -> bytes:
    padded = document + b" " * (-len(document) % 4)
    return (
        struct.pack("<4sII", b"glTF", 2, 20 + len(padded) + 12)
        + struct.pack("<I4s", len(padded), b"JSON")
        + padded
        + struct.pack("<I4s", 4, b"BIN\0")
        + bytes(4)
    )


def svg(document: bytes) -> bytes:
    return (
        b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">\n  <metadata>\n    <![CDATA[\n    '
        + document
        + b"\n    ]]>\n  </metadata>\n  <rect/></svg>"
    )


def safetensors(document: bytes) -> bytes:
    return struct.pack("<Q", len(document)) + document + bytes(8)
