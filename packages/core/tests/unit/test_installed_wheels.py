"""Which of the wheels of a lock are installed, by what they say of themselves."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.analyzers.packages.installed_wheels import installed_wheels, wheels_named

ADDRESS = "https://example.com/files"


def install(place: Path, distribution: str, tags: Sequence[str]) -> None:
    info = place / f"{distribution}.dist-info"
    info.mkdir()
    (info / "WHEEL").write_text("Wheel-Version: 1.0\n" + "".join(f"Tag: {tag}\n" for tag in tags))


def lock(name: str, files: Sequence[str], version: str = "1.0", more: str = "") -> str:
    wheels = ", ".join(f'{{ url = "{file}", size = 5, hashes = {{ sha256 = "{"a" * 64}" }} }}' for file in files)
    return f'[[packages]]\nname = "{name}"\nversion = "{version}"\nwheels = [{wheels}]\n{more}\n'


def chosen(place: Path, text: str) -> tuple[list[str], dict[str, str]]:
    wheels, others = installed_wheels(text, str(place))
    return [wheel.name for wheel in wheels], dict(others)


def test_the_one_with_the_same_tags_is_it(tmp_path: Path) -> None:
    install(tmp_path, "some_thing-1.0+cpu", ["cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux2014_x86_64"])
    names = [
        f"some_thing-1.0%2Bcpu-cp311-cp311-{platform}.whl"
        for platform in ("win_amd64", "manylinux2014_x86_64.manylinux_2_17_x86_64", "manylinux2014_aarch64")
    ]
    text = lock("some-thing", [f"{ADDRESS}/{name}" for name in names], "1.0+cpu")
    assert chosen(tmp_path, text) == ([names[1].replace("%2B", "+")], {})


def test_one_that_says_more_of_its_tags_than_its_name_does_is_found(tmp_path: Path) -> None:
    install(tmp_path, "a-1.0", ["py2-none-any", "py3-none-any"])
    names = ["a-1.0-py3-none-any.whl", "a-1.0-cp311-cp311-win_amd64.whl"]
    assert chosen(tmp_path, lock("a", [f"{ADDRESS}/{name}" for name in names])) == (names[:1], {})


def test_the_highest_build_is_what_was_installed(tmp_path: Path) -> None:
    install(tmp_path, "a-1.0", ["py3-none-any"])
    names = ["a-1.0-2-py3-none-any.whl", "a-1.0-10-py3-none-any.whl", "a-1.0-py3-none-any.whl"]
    assert chosen(tmp_path, lock("a", [f"{ADDRESS}/{name}" for name in names])) == ([names[1]], {})


def test_a_version_in_another_spelling_is_the_same(tmp_path: Path) -> None:
    install(tmp_path, "a-1.0.0rc1", ["py3-none-any"])
    assert chosen(tmp_path, lock("a", [f"{ADDRESS}/a-1.0.0rc1-py3-none-any.whl"], "1.0.0-rc.1"))[1] == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (lock("a", [], more='sdist = { url = "x", hashes = { sha256 = "b" } }'), "built from its source"),
        (lock("a", [f"{ADDRESS}/a-1.0-cp311-cp311-win_amd64.whl"]), "none of the wheels"),
        (lock("a", ["file:///wheels/a-1.0-py3-none-any.whl"]), "a file of this machine"),
        ('[[packages]]\nname = "a"\nvcs = { type = "git", url = "https://x" }\n', "a repository"),
        ('[[packages]]\nname = "a"\ndirectory = { path = "/x" }\n', "a directory"),
        ('[[packages]]\nname = "a"\narchive = { url = "https://x/a.zip" }\n', "an address of its own"),
    ],
)
def test_a_package_without_a_wheel_is_named_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    install(tmp_path, "a-1.0", ["py3-none-any"])
    names, others = chosen(tmp_path, text)
    assert (names, reason in others["a"]) == ([], True)


def test_what_is_not_installed_is_not_spoken_of(tmp_path: Path) -> None:
    install(tmp_path, "a-2.0", ["py3-none-any"])
    assert chosen(tmp_path, lock("a", [f"{ADDRESS}/a-1.0-py3-none-any.whl"]) + lock("b", [])) == ([], {})


def test_both_kinds_of_lock_name_their_wheels() -> None:
    uv = '[[package]]\nname = "a"\nwheels = [{ url = "https://x/a-1%2Bc-py3-none-any.whl", hash = "sha256:12" }]\n'
    pylock = '[[packages]]\nname = "a"\nwheels = [{ path = "/x/a-1+c-py3-none-any.whl", hashes = { sha256 = "34" } }]\n'
    assert wheels_named([uv, pylock]) == {"a-1+c-py3-none-any.whl": {"12", "34"}}


TEXT = st.text(st.characters(exclude_categories=["C"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "hash", "hashes"]), inner),
    max_leaves=6,
)


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return '"none"' if value is None else json.dumps(value, ensure_ascii=False)


@given(VALUES, VALUES, TEXT)
def test_what_strangers_wrote_ends_in_no_error(wheels: object, sdist: object, said: str) -> None:
    text = f'[[packages]]\nname = "a"\nversion = "1.0"\nwheels = {toml(wheels)}\nsdist = {toml(sdist)}\n'
    wheels_named([text])
    with tempfile.TemporaryDirectory() as place:
        info = Path(place, "a-1.0.dist-info")
        info.mkdir()
        (info / "WHEEL").write_bytes(f"Tag: {said}".encode())
        installed_wheels(text, place)
