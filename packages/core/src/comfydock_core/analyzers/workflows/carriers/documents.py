"""SVG, glTF and safetensors: files that are text, or begin with one."""

import re

from comfydock_core.analyzers.workflows.carriers.source import Source
from comfydock_core.analyzers.workflows.carriers.texts import Texts
from comfydock_core.analyzers.workflows.refusals import DamagedCarrier
from comfydock_core.utils.json_places import NotJson

_EXTRAS = "/asset/extras"
_JSON_CHUNK = b"JSON"
_CDATA = re.compile(rb"<metadata\b[^<>]*+>\s*+<!\[CDATA\[", re.IGNORECASE)
_CDATA_END = re.compile(rb"\]\]>\s*+</metadata\s*+>", re.IGNORECASE)


def read_svg(source: Source, texts: Texts) -> None:
    content = source.head(source.size)
    start = _CDATA.search(content)
    if start is None:
        return
    end = _CDATA_END.search(content, start.end())
    if end is None:
        raise DamagedCarrier("its description does not end", start.start())
    _read_members(texts, content[start.end() : end.start()], "", start.end())


def read_gltf(source: Source, texts: Texts) -> None:
    """The text form."""
    _read_members(texts, source.head(source.size), _EXTRAS, 0)


def read_glb(source: Source, texts: Texts) -> None:
    """The binary form: its first chunk is the text."""
    head = source.at(12, 8)
    if head[4:] != _JSON_CHUNK:
        raise DamagedCarrier("its first chunk is not JSON", 12)
    _read_members(texts, source.at(20, int.from_bytes(head[:4], "little")), _EXTRAS, 20)


def read_safetensors(source: Source, texts: Texts) -> None:
    """What ComfyUI writes into saved latents and checkpoints."""
    _read_members(texts, source.at(8, int.from_bytes(source.at(0, 8), "little")), "/__metadata__", 8)


def _read_members(texts: Texts, document: bytes, pointer: str, at: int) -> None:
    document = document.rstrip(b"\0 \t\r\n")
    try:
        texts.add_members(document, pointer)
    except NotJson as error:
        raise DamagedCarrier(f"its description cannot be read: {error}", at + error.offset) from error
