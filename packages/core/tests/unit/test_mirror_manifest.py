"""`mirror.json`: it is what it was written from, and whatever strangers write is read or refused."""

import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.models.exceptions import MirrorDamaged
from comfydock_core.models.mirrors import (
    MirrorContents,
    MirroredEnvironment,
    MirroredModel,
    MirroredPack,
    MirroredPython,
    MirroredRepository,
    MirrorFile,
)
from comfydock_core.repositories.mirrors.manifest_file import (
    is_inner_link,
    is_mirror_path,
    manifest_content,
    parse_manifest,
)

DIGEST = "ab" * 32
COMMIT = "cd" * 20
FILES = {
    f"packs/{DIGEST}": MirrorFile(DIGEST, 5),
    f"models/{DIGEST}": MirrorFile(DIGEST, 1 << 40),
    "git/name-0123456789ab.1.bundle": MirrorFile(DIGEST, 7),
    "environments/work ☃.tar.gz": MirrorFile(DIGEST, 0),
    "uv/archive-v0/r4sf5viDWWEC_jwJ/bin/run": MirrorFile(DIGEST, 3, executable=True),
    "python/cpython-3.13.0rc2+freethreaded-linux-x86_64_v3-gnu/bin/python3.13t": MirrorFile(DIGEST, 3, executable=True),
    f"answers/{'0' * 32}": MirrorFile(DIGEST, 3, time=1_700_000_000),
}
CONTENTS = MirrorContents(
    dict(FILES),
    {"work ☃": MirroredEnvironment(COMMIT, "3.11")},
    {"https://example.com/a": MirroredRepository("main", {"refs/heads/main": COMMIT}, (list(FILES)[2],))},
    {"blur@1.0": MirroredPack("blur", "1.0", None, DIGEST)},
    {"vae/one.safetensors": MirroredModel("vae/one.safetensors", DIGEST)},
    {"uv/wheels-v8/pypi/one/1.0-py3-none-any": "archive-v0/r4sf5viDWWEC_jwJ"},
    {DIGEST},
    "0.13.9",
    {"cpython-3.13.0rc2+freethreaded-linux-x86_64_v3-gnu": MirroredPython({"lib/a/b": "../../bin/c", "bin/c": "d"})},
)

TABLES = ["files", "environments", "repositories", "packs", "models", "links", "pythons"]

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
    max_leaves=10,
)
names = st.sampled_from([*FILES, "uv/wheels-v8/a/b", "uv/git-v0/config", "../x", "models/x", "work ☃", ""])


def test_a_list_is_what_it_was_written_from() -> None:
    content = manifest_content(CONTENTS)
    assert parse_manifest(content, "m") == CONTENTS
    assert manifest_content(parse_manifest(content, "m")) == content


@given(st.data())
def test_whatever_is_changed_in_a_list_it_is_read_or_refused(data: st.DataObject) -> None:
    said: dict[str, Any] = json.loads(manifest_content(CONTENTS))
    table = said[data.draw(st.sampled_from(TABLES))]
    key = data.draw(st.sampled_from(sorted(table)))
    if data.draw(st.booleans()) and isinstance(table[key], dict):
        table[key][data.draw(st.sampled_from(sorted(table[key])))] = data.draw(values)
    else:
        table[data.draw(names)] = data.draw(st.just(table[key]) | values)
    try:
        found = parse_manifest(json.dumps(said).encode(), "m")
    except MirrorDamaged as error:
        assert error.hint
    else:
        assert all(is_mirror_path(path) for path in found.files)
        assert all(".." not in model.path.split("/") for model in found.models.values())
        for python in found.pythons.values():
            assert all(stays_inside(path, target) for path, target in python.links.items())


def stays_inside(path: str, target: str) -> bool:
    place = os.path.normpath(f"/place/{path}/../{target}")
    return not target.startswith("/") and place.startswith("/place/")


@given(st.lists(st.sampled_from(["..", ".", "", "a", "b"]), max_size=5), st.integers(0, 3))
def test_no_link_of_a_python_leads_out_of_it(names: list[str], depth: int) -> None:
    path, target = "/".join(["x"] * depth + ["link"]), "/".join(names)
    if is_inner_link(path, target):
        assert stays_inside(path, target)
        assert ".." not in target.removeprefix("../" * target.count("../"))


def test_a_list_of_before_pythons_were_mirrored_is_read() -> None:
    said = json.loads(manifest_content(CONTENTS))
    del said["pythons"]
    assert parse_manifest(json.dumps(said).encode(), "m").pythons == {}


@given(st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()))
def test_whatever_stands_in_a_list_it_is_read_or_refused(content: bytes) -> None:
    with pytest.raises(MirrorDamaged):
        parse_manifest(content, "m")


@given(st.text(max_size=60).map(lambda text: f"uv/{text}") | st.text(max_size=60))
def test_no_path_leads_out_of_its_part(path: str) -> None:
    if is_mirror_path(path):
        assert path.split("/")[0] in ("environments", "packs", "git", "uv", "python", "answers", "lists", "models")
        assert not {"", ".", ".."} & set(path.split("/"))
        assert "\0" not in path


@pytest.mark.parametrize(
    "path",
    ["uv/archive-v0/../x", "uv/archive-v0//x", "uv/archive-v0/./x", "uv/git-v0/x", "uv/archive-v0/a\\b",
     "uv/archive-v0/a\nb", "uv/interpreter-v4/x", "uv/x", "/uv/archive-v0/x", "packs/../x", "lists/x.json",
     "models/x", "mirror.json", "python/x/y", "python/cpython-3.11.9-linux-x86_64-gnu",
     "python/cpython-3.11.9-linux-x86_64-gnu/../x", "python/cpython-3.11-linux-x86_64-gnu/x",
     f"uv/archive-v0/{'x' * 300}"],
)  # fmt: skip
def test_paths_that_comfydock_does_not_give_are_refused(path: str) -> None:
    assert not is_mirror_path(path)
