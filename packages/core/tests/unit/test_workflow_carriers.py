"""Workflows inside of pictures, videos, sounds and 3D files."""

import io
import json
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from comfydock_core.analyzers.workflows.carriers import carried_in, read_carrier
from comfydock_core.analyzers.workflows.carriers import source as reading
from comfydock_core.analyzers.workflows.refusals import (
    DamagedCarrier,
    NotACarrier,
    NothingCarried,
    NoWorkflow,
    TooMuchCarried,
)
from comfydock_core.models.workflow import Carried
from tests.support import carriers as made

WORKFLOW = json.dumps({"nodes": [{"id": 1, "type": "KSampler", "title": 'Grüße = "a"; \\'}], "links": []}).encode()
PROMPT = b'{"1": {"class_type": "KSampler", "inputs": {"seed": 1.50}}}'
BOTH = {"workflow": WORKFLOW, "prompt": PROMPT}
# As VideoHelperSuite does: the prompt in a string, the workflow as an object.
COMMENT = b'{"prompt": ' + json.dumps(PROMPT.decode()).encode() + b', "workflow": ' + WORKFLOW + b"}"
EXTRAS = json.dumps({"asset": {"version": "2.0", "extras": {n: t.decode() for n, t in BOTH.items()}}}).encode()
IN_EXIF = made.exif({0x010F: b"workflow:" + WORKFLOW, 0x0110: b"prompt:" + PROMPT})

FILES: dict[str, tuple[str, bytes]] = {
    "png text": ("png", made.png(*(made.png_text(*item) for item in BOTH.items()))),
    "png packed text": ("png", made.png(*(made.png_packed_text(*item) for item in BOTH.items()))),
    "png international text": ("png", made.png(*(made.png_international_text(*item) for item in BOTH.items()))),
    "png packed international text": (
        "png",
        made.png(*(made.png_international_text(*item, packed=True) for item in BOTH.items())),
    ),
    "png of an animation": (
        "png",
        made.png(*(made.png_chunk(b"comf", name.encode() + b"\0" + text) for name, text in BOTH.items())),
    ),
    "png with EXIF": ("png", made.png(made.png_chunk(b"eXIf", IN_EXIF))),
    "webp": ("webp", made.webp((b"EXIF", IN_EXIF))),
    "webp with a prefix": ("webp", made.webp((b"ICCP", b"odd"), (b"EXIF", b"Exif\0\0" + IN_EXIF))),
    "webp, big numbers first": (
        "webp",
        made.webp((b"EXIF", made.exif({0x010E: b"Workflow:" + WORKFLOW, 0x010F: b"Prompt:" + PROMPT}, ">"))),
    ),
    "jpeg": ("jpeg", made.jpeg((0xE0, b"JFIF\0"), (0xE1, b"Exif\0\0" + IN_EXIF))),
    "jpeg with a comment of its user": (
        "jpeg",
        made.jpeg((0xE1, b"Exif\0\0" + made.exif({}, deeper={0x9286: b"ASCII\0\0\0" + COMMENT}))),
    ),
    "jpeg with a comment in UTF-16": (
        "jpeg",
        made.jpeg(
            (
                0xE1,
                b"Exif\0\0" + made.exif({}, ">", {0x9286: b"UNICODE\0" + COMMENT.decode().encode("utf-16-be")}),
            )
        ),
    ),
    "jpeg with a comment": ("jpeg", made.jpeg((0xFE, COMMENT))),
    "avif": ("avif", made.avif(IN_EXIF)),
    "exr": ("exr", made.exr(BOTH)),
    "flac": ("flac", made.flac(BOTH)),
    "flac behind a tag": ("flac", made.id3([])[: -len(b"\xff\xfbsound")] + made.flac(BOTH)),
    "opus": ("ogg", made.opus({"WORKFLOW": WORKFLOW, "PROMPT": PROMPT})),
    "opus in many pages": ("ogg", made.opus({**BOTH, "cover": bytes(200_000)})),
    "mp3": ("mp3", made.id3([(made.OWN_TEXT, made.own_text(*item)) for item in BOTH.items()])),
    "mp3 of 2.3 in UTF-16": ("mp3", made.id3([(made.OWN_TEXT, made.own_text(*i, "utf-16")) for i in BOTH.items()], 3)),
    "mp3 of 2.2": ("mp3", made.id3([(b"TXX", made.own_text(*item, "latin-1")) for item in BOTH.items()], 2)),
    "mp4": ("mp4", made.mp4(made.keyed_meta(BOTH))),
    "mp4 with a comment": ("mp4", made.mp4(made.itunes_meta(b"\xa9cmt", COMMENT))),
    "mp4 with a comment by key": ("mp4", made.mp4(made.keyed_meta({"encoder": b"Lavf", "comment": COMMENT}))),
    "mov with a comment": (
        "mp4",
        made.mp4(made.box(b"\xa9cmt", len(COMMENT).to_bytes(2, "big"), b"\x55\xc4", COMMENT), bytes(4)),
    ),
    "webm": ("webm", made.webm(made.matroska_tags(BOTH), made.CLUSTER)),
    "webm with tags behind": ("webm", made.webm(made.CLUSTER, made.CLUSTER, made.matroska_tags(BOTH))),
    "webm with tags behind and an index": ("webm", made.webm_with_index({"COMMENT": COMMENT})),
    "glb": ("gltf", made.glb(EXTRAS)),
    "gltf": ("gltf", EXTRAS),
    "svg": ("svg", made.svg(b'{"prompt": ' + PROMPT + b', "workflow": ' + WORKFLOW + b"}")),
    "saved latent": (
        "safetensors",
        made.safetensors(json.dumps({"__metadata__": {name: text.decode() for name, text in BOTH.items()}}).encode()),
    ),
}


def carried(content: bytes) -> Carried:
    return carried_in(io.BytesIO(content), len(content))


@pytest.mark.parametrize("name", FILES)
def test_both_texts_are_found_byte_for_byte_in(name: str) -> None:
    kind, content = FILES[name]
    assert carried(content) == Carried(kind, WORKFLOW, PROMPT)


def test_the_name_of_a_file_does_not_matter(tmp_path: Path) -> None:
    place = tmp_path / "picture.txt"
    place.write_bytes(FILES["webp"][1])
    assert read_carrier(str(place)).kind == "webp"


@pytest.mark.parametrize("save", [{}, {"save_all": True, "append_images": [Image.new("RGB", (8, 8))]}])
def test_pillow_writes_what_is_read(save: dict[str, object]) -> None:
    """The library by which ComfyUI writes pictures."""
    picture = Image.new("RGB", (8, 8), (1, 2, 3))
    information = PngInfo()
    for name, text in BOTH.items():
        information.add_text(name, text.decode())
    tags = picture.getexif()
    tags[0x0110], tags[0x010F] = f"prompt:{PROMPT.decode()}", f"workflow:{WORKFLOW.decode()}"
    for kind, how in (("png", {"pnginfo": information}), ("webp", {"exif": tags}), ("jpeg", {"exif": tags})):
        file = io.BytesIO()
        picture.save(file, kind, **how, **(save if kind != "jpeg" else {}))
        assert carried(file.getvalue()) == Carried(kind, WORKFLOW, PROMPT)


def test_text_beyond_latin_1_that_pillow_writes_is_found() -> None:
    text = '{"nodes": [], "title": "日本"}'
    information = PngInfo()
    information.add_text("workflow", text)
    file = io.BytesIO()
    Image.new("L", (1, 1)).save(file, "png", pnginfo=information)
    assert carried(file.getvalue()).workflow == text.encode()


def test_latin_1_that_is_no_utf_8_is_turned_into_it() -> None:
    found = carried(made.png(made.png_text("workflow", '{"title": "ü"}'.encode("latin-1"))))
    assert found.workflow == '{"title": "ü"}'.encode()


def test_texts_that_were_put_into_strings_on_their_way_are_taken_out() -> None:
    quoted = json.dumps(json.dumps(WORKFLOW.decode())).encode()
    assert carried(made.mp4(made.keyed_meta({"workflow": quoted}))).workflow == WORKFLOW


def test_of_several_texts_of_one_name_the_last_counts_and_comments_count_least() -> None:
    chunks = [made.png_text("workflow", b'{"first": 1}'), made.png_text("workflow", WORKFLOW)]
    comment = made.png_text("Comment", b'{"workflow": {"commented": 1}}')
    assert carried(made.png(*chunks, comment)).workflow == WORKFLOW


def test_a_prompt_in_the_words_of_another_program_is_none() -> None:
    with pytest.raises(NothingCarried, match="a PNG picture, but no workflow"):
        carried(made.png(made.png_text("prompt", b"a cat on a mat")))


@pytest.mark.parametrize(
    "content",
    [
        made.png(),
        made.webp(),
        made.jpeg(),
        made.exr({}),
        made.flac({}),
        made.opus({}),
        made.id3([]),
        b"\xff\xfb\x90\0sound",
        made.mp4(),
        made.webm(made.CLUSTER),
        made.glb(b'{"asset": {}}'),
        made.svg(b'{"other": 1}'),
        b"<svg/>",
        made.safetensors(b"{}"),
    ],
)
def test_without_a_workflow_the_kind_of_the_file_is_said(content: bytes) -> None:
    with pytest.raises(NothingCarried, match="no workflow was saved in it"):
        carried(content)


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a" + bytes(99), b"text", WORKFLOW, b"\xff\xfet\0", b"<html/>", bytes(99)]
)
def test_other_files_are_said_to_be_no_such_file(content: bytes) -> None:
    with pytest.raises(NotACarrier, match="no picture, video, sound or 3D file"):
        carried(content)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_cut_off_within_its_texts_is_refused(name: str) -> None:
    content = FILES[name][1]
    with pytest.raises(NoWorkflow):
        carried(content[: len(content) * 2 // 5])


def test_damage_names_its_place() -> None:
    content = made.png(made.png_text("workflow", WORKFLOW))
    with pytest.raises(DamagedCarrier, match=r"it breaks off, at byte 60") as caught:
        carried(content[:60])
    assert caught.value.offset == 60


def test_damage_behind_the_workflow_does_not_matter() -> None:
    content = made.png(made.png_text("workflow", WORKFLOW))
    assert carried(content[:-20]).workflow == WORKFLOW


def test_a_packed_text_that_cannot_be_unpacked_is_damage() -> None:
    with pytest.raises(DamagedCarrier, match="cannot be unpacked"):
        carried(made.png(made.png_chunk(b"zTXt", b"workflow\0\0" + zlib.compress(WORKFLOW)[:-5])))


def test_a_text_that_unpacks_to_more_than_the_limit_is_refused() -> None:
    bomb = zlib.compress(bytes(reading.LARGEST + 1))
    with pytest.raises(TooMuchCarried, match="larger than 64 MiB"):
        carried(made.png(made.png_chunk(b"zTXt", b"workflow\0\0" + bomb)))


def test_many_small_bombs_are_one_large_one() -> None:
    bomb = made.png_chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"{" + bytes(reading.LARGEST // 8)))
    with pytest.raises(TooMuchCarried):
        carried(made.png(*[bomb] * 9))


def greedy_exif(tags: int) -> bytes:
    """A block whose tags all have the same 60,000 bytes for a value."""
    block = bytearray(made.exif(dict.fromkeys(range(1, tags + 1), b"")))
    block += bytes(60_000)
    for index in range(tags):
        block[10 + 12 * index + 4 : 10 + 12 * index + 12] = (60_000).to_bytes(4, "little") + bytes(4)
    return bytes(block)


def test_tags_that_all_name_one_large_value_are_refused() -> None:
    with pytest.raises(TooMuchCarried):
        carried(made.webp((b"EXIF", greedy_exif(3000))))


def test_many_blocks_of_such_tags_are_refused_together() -> None:
    with pytest.raises(TooMuchCarried):
        carried(made.webp(*[(b"EXIF", greedy_exif(100))] * 20))


def test_an_index_saves_the_way_through_all_clusters() -> None:
    assert carried(made.webm_with_index(BOTH, clusters=201_000)).workflow == WORKFLOW


class Watched(io.RawIOBase):
    """A file of zeros behind a head and before an end, of which it is counted how much is read."""

    def __init__(self, head: bytes, zeros: int, end: bytes) -> None:
        self.parts = ((0, head), (len(head) + zeros, end))
        self.length = len(head) + zeros + len(end)
        self.place = 0
        self.read_bytes = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self.place = offset
        return offset

    def read(self, count: int = -1) -> bytes:
        count = min(count, self.length - self.place)
        content = bytearray(count)
        for start, part in self.parts:
            begin, end = max(start, self.place), min(start + len(part), self.place + count)
            if begin < end:
                content[begin - self.place : end - self.place] = part[begin - start : end - start]
        self.place += count
        self.read_bytes += count
        return bytes(content)


def test_of_a_video_of_four_gigabytes_some_kilobytes_are_read() -> None:
    size = 4 << 30
    head = made.box(b"ftyp", b"isom") + (1).to_bytes(4, "big") + b"mdat" + (size + 16).to_bytes(8, "big")
    file = Watched(head, size, made.box(b"moov", made.box(b"udta", made.keyed_meta(BOTH))))
    stream: BinaryIO = file  # type: ignore[assignment]
    assert carried_in(stream, file.length).workflow == WORKFLOW
    assert file.read_bytes < 16_384


def test_of_a_recording_of_four_gigabytes_some_kilobytes_are_read() -> None:
    size, tags = 4 << 30, made.matroska_tags(BOTH)
    cluster = bytes.fromhex("1f43b675") + (size | 1 << 56).to_bytes(8, "big")
    segment = bytes.fromhex("18538067") + (len(cluster) + size + len(tags) | 1 << 56).to_bytes(8, "big")
    file = Watched(made.EBML + segment + cluster, size, tags)
    stream: BinaryIO = file  # type: ignore[assignment]
    assert carried_in(stream, file.length).workflow == WORKFLOW
    assert file.read_bytes < 16_384


def test_a_file_in_millions_of_pieces_is_refused() -> None:
    with pytest.raises(TooMuchCarried, match="pieces"):
        carried(made.box(b"ftyp", b"isom") + made.box(b"free") * 200_001)


def _flip(content: bytearray, chance: random.Random) -> None:
    content[chance.randrange(len(content))] = chance.randrange(256)


def _cut(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(content)) :]


def _grow_number(content: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(content))
    content[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\1"))


def _move(content: bytearray, chance: random.Random) -> None:
    start, length = chance.randrange(len(content)), chance.randrange(1, 40)
    piece = content[start : start + length]
    at = chance.randrange(len(content))
    content[at:at] = piece


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (_flip, _flip, _cut, _grow_number, _move)


def mutated(seed: int) -> bytes:
    chance = random.Random(seed)
    content = bytearray(FILES[chance.choice(sorted(FILES))][1])
    for _ in range(chance.randrange(1, 6)):
        if content:
            chance.choice(MUTATIONS)(content, chance)
    return bytes(content)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**9))
def test_a_mutated_file_gives_an_answer_or_a_refusal_by_name(seed: int) -> None:
    try:
        found = carried(mutated(seed))
    except NoWorkflow as refusal:
        assert str(refusal)
    else:
        assert found.workflow or found.prompt


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=200), st.integers(0, 40))
def test_nonsense_behind_a_true_beginning_gives_an_answer_or_a_refusal_by_name(
    name: str, nonsense: bytes, kept: int
) -> None:
    try:
        carried(FILES[name][1][:kept] + nonsense)
    except NoWorkflow as refusal:
        assert str(refusal)
