"""WebM and MKV: tags, before or behind the pictures."""

from comfydock_core.analyzers.workflows.carriers.source import Source
from comfydock_core.analyzers.workflows.carriers.texts import Texts, matters
from comfydock_core.analyzers.workflows.refusals import DamagedCarrier

_SEGMENT, _SEEK_HEAD, _CLUSTER = 0x18538067, 0x114D9B74, 0x1F43B675
_TAGS, _TAG, _SIMPLE_TAG, _NAME, _TEXT = 0x1254C367, 0x7373, 0x67C8, 0x45A3, 0x4487
_SEEK, _SEEK_ID, _SEEK_PLACE = 0x4DBB, 0x53AB, 0x53AC
_DEEPEST = 8  # Tags within tags.

Element = tuple[int, int, int]  # Its number, and where its content begins and ends.


def read_matroska(source: Source, texts: Texts) -> None:
    """The index in front says where the tags are; without one, the clusters of pictures are passed over."""
    _, _, end = _element(source, 0, source.size)
    number, start, end = _element(source, end, source.size)
    if number != _SEGMENT:
        raise DamagedCarrier("it has no segment", end)
    places: list[int] = []
    read: set[int] = set()
    at = start
    while at < end:
        number, begin, stop = _element(source, at, end)
        if number == _TAGS:
            read.add(at)
            _read_tags(source, texts, begin, stop, 0)
        elif number == _SEEK_HEAD:
            places += [start + place for place in _tag_places(source, begin, stop)]
        elif number == _CLUSTER and places:
            break
        at = stop
    for place in places:
        if place not in read:
            read.add(place)
            number, begin, stop = _element(source, place, end)
            if number != _TAGS:
                raise DamagedCarrier("its index leads astray", place)
            _read_tags(source, texts, begin, stop, 0)


def _tag_places(source: Source, start: int, end: int) -> list[int]:
    places: list[int] = []
    for number, begin, stop in _elements(source, start, end):
        if number == _SEEK:
            values = {inner: _content(source, at, to) for inner, at, to in _elements(source, begin, stop)}
            if int.from_bytes(values.get(_SEEK_ID, b""), "big") == _TAGS:
                places.append(int.from_bytes(values.get(_SEEK_PLACE, b""), "big"))
    return places


def _read_tags(source: Source, texts: Texts, start: int, end: int, deep: int) -> None:
    name, text = "", None
    for number, begin, stop in _elements(source, start, end):
        if number in (_TAG, _SIMPLE_TAG) and deep < _DEEPEST:
            _read_tags(source, texts, begin, stop, deep + 1)
        elif number == _NAME:
            name = _content(source, begin, stop).decode("utf-8", "replace").strip("\0 ")
        elif number == _TEXT:
            text = (begin, stop)
    if text is not None and matters(name):
        texts.add(name, _content(source, *text))


def _content(source: Source, start: int, end: int) -> bytes:
    return source.at(start, end - start)


def _elements(source: Source, start: int, end: int) -> list[Element]:
    found: list[Element] = []
    at = start
    while at < end:
        found.append(_element(source, at, end))
        at = found[-1][2]
    return found


def _element(source: Source, at: int, end: int) -> Element:
    """One whose size is not known, as in recordings, lasts until the end of what it stands in."""
    source.step()
    head = source.at(at, min(12, max(end - at, 1)), end)
    number_length = 9 - head[0].bit_length()
    size_length = 9 - head[number_length].bit_length() if number_length < min(5, len(head)) else 9
    begin = at + number_length + size_length
    if number_length > 4 or size_length > 8 or number_length + size_length > len(head):
        raise DamagedCarrier("its elements are broken", at)
    digits = int.from_bytes(head[number_length : number_length + size_length], "big")
    size = digits & (1 << 7 * size_length) - 1
    if size == (1 << 7 * size_length) - 1:
        stop = end
    else:
        stop = begin + size
    if stop > end:
        raise DamagedCarrier("it breaks off", at)
    return int.from_bytes(head[:number_length], "big"), begin, stop
