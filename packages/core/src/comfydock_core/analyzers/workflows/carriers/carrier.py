"""Finding the workflow in a file, whatever the file is called: by how its content begins.

Only what describes the content is read, never pictures or sound, so that the size of a video does not matter.
"""

import os
from collections.abc import Callable
from typing import BinaryIO

from comfydock_core.analyzers.workflows.carriers.avif import read_avif
from comfydock_core.analyzers.workflows.carriers.documents import read_glb, read_gltf, read_safetensors, read_svg
from comfydock_core.analyzers.workflows.carriers.id3 import read_id3, tag_length
from comfydock_core.analyzers.workflows.carriers.isobmff import read_mp4
from comfydock_core.analyzers.workflows.carriers.matroska import read_matroska
from comfydock_core.analyzers.workflows.carriers.pictures import read_exr, read_jpeg, read_webp
from comfydock_core.analyzers.workflows.carriers.png import read_png
from comfydock_core.analyzers.workflows.carriers.source import LARGEST, Source
from comfydock_core.analyzers.workflows.carriers.texts import Texts
from comfydock_core.analyzers.workflows.carriers.vorbis import read_flac, read_ogg
from comfydock_core.analyzers.workflows.refusals import DamagedCarrier, NotACarrier, NothingCarried
from comfydock_core.models.workflow.carried import Carried

Reading = Callable[[Source, Texts], None]

_HEAD = 4096
_STARTS: tuple[tuple[bytes, str, Reading], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png", read_png),
    (b"\xff\xd8\xff", "jpeg", read_jpeg),
    (b"\x76\x2f\x31\x01", "exr", read_exr),
    (b"fLaC", "flac", read_flac),
    (b"OggS", "ogg", read_ogg),
    (b"\x1a\x45\xdf\xa3", "webm", read_matroska),
    (b"glTF", "gltf", read_glb),
)
_STILL_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")
_LAYER_3 = tuple(bytes((0xFF, second)) for second in (0xFB, 0xFA, 0xF3, 0xF2, 0xE3, 0xE2))
_FIRST_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


def read_carrier(path: str) -> Carried:
    """The workflow in a file, as `carried_in` finds it. Raises `OSError` when the file cannot be read."""
    with open(path, "rb") as file:
        return carried_in(file, file.seek(0, os.SEEK_END))


def carried_in(stream: BinaryIO, size: int) -> Carried:
    """The workflow and the prompt that ComfyUI, or a pack, wrote into a file of `size` bytes.

    Raises `NotACarrier`, `NothingCarried`, `DamagedCarrier` or `TooMuchCarried`, all of them `NoWorkflow`. A file that
    is damaged behind its workflow is read as far as that.
    """
    source = Source(stream, size)
    kind, reading = _kind(source)
    texts = Texts()
    try:
        reading(source, texts)
    except DamagedCarrier:
        if texts.workflow is None:
            raise
    found = texts.carried(kind)
    if found is None:
        raise NothingCarried(f"it is {_SPOKEN[kind]}, but no workflow was saved in it")
    return found


_SPOKEN = {
    "png": "a PNG picture",
    "jpeg": "a JPEG picture",
    "webp": "a WebP picture",
    "avif": "an AVIF picture",
    "exr": "an OpenEXR picture",
    "svg": "an SVG picture",
    "flac": "a FLAC sound file",
    "ogg": "an Ogg sound file",
    "mp3": "an MP3 sound file",
    "mp4": "an MP4 or QuickTime video",
    "webm": "a WebM or Matroska video",
    "gltf": "a glTF model",
    "safetensors": "a safetensors file",
}


def _kind(source: Source) -> tuple[str, Reading]:
    head = source.head(_HEAD)
    for start, kind, reading in _STARTS:
        if head.startswith(start):
            return kind, reading
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp", read_webp
    if head[4:8] in _FIRST_BOXES:
        still = head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS
        return ("avif", read_avif) if still else ("mp4", read_mp4)
    if head[:3] == b"ID3" or head[:2] in _LAYER_3:
        behind = tag_length(source)
        if behind and behind + 4 <= source.size and source.at(behind, 4) == b"fLaC":
            return "flac", _read_flac_behind_tag
        return "mp3", read_id3
    return _kind_of_text(source, head)


def _read_flac_behind_tag(source: Source, texts: Texts) -> None:
    read_id3(source, texts)
    read_flac(source, texts, tag_length(source))


def _kind_of_text(source: Source, head: bytes) -> tuple[str, Reading]:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<") and b"<svg" in head:
        return "svg", read_svg
    if text.startswith(b"{") and b'"asset"' in source.head(min(source.size, LARGEST // 2)):
        return "gltf", read_gltf
    if head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= source.size - 8:
        return "safetensors", read_safetensors
    raise NotACarrier("it is no picture, video, sound or 3D file of a kind that ComfyUI saves workflows in")
