"""Reading and changing ComfyUI's `extra_model_paths.yaml`: whatever is in it, the answer is exact or an error."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comfydock_core.models.exceptions import ModelPathsInvalid, ModelRootRefused
from comfydock_core.models.model_files.model_paths import ExtraModelPaths
from comfydock_core.repositories.extra_model_paths import LARGEST, parse_model_paths
from comfydock_core.repositories.model_paths_editing import with_section, without_section

MINE = b"""# what I have

mine:  # the old disk
  base_path: "/data/web ui/"
  loras: |
     models/Lora   # odd, and part of it
     models/LyCORIS

# of a friend
friend: {vae: /friend}

# end
"""


def read(text: str | bytes) -> ExtraModelPaths:
    return parse_model_paths(text if isinstance(text, bytes) else text.encode(), "/x/extra_model_paths.yaml")


def test_sections_have_their_paths_with_lines() -> None:
    mine, friend = read(MINE).sections
    assert (mine.name, mine.line, mine.base_path, mine.is_default) == ("mine", 3, "/data/web ui/", False)
    assert [(one.folder, one.path, one.line) for one in mine.paths] == [
        ("loras", "models/Lora   # odd, and part of it", 6),
        ("loras", "models/LyCORIS", 7),
    ]
    assert [(one.folder, one.path, one.line) for one in friend.paths] == [("vae", "/friend", 10)]


@pytest.mark.parametrize(
    ("text", "line", "words", "hint"),
    [
        ("a:\n  loras:\n", 2, "`loras` is missing", "write a path after `loras:`"),
        ("a:\n  loras:\n    - one\n", 2, "`loras` is a list", "below `loras: |`"),
        ("a:\n  loras: 5\n", 2, "`loras` is a number", "in quotes"),
        ("a:\n  base_path: no\n", 2, "`base_path` is a truth value", "in quotes"),
        ("a:\n\tloras: one\n", 2, "found character", "use spaces instead of the tab"),
        ('a:\n  base_path: "D:\\models"\n', 2, "unknown escape character", "leave the quotes out"),
        ("a: [one, two]\n", 1, "the section `a` is a list", "write `base_path:`"),
        ("- a\n", 1, "no mapping of sections", "`NAME:`"),
        ("a:\n  loras: [one\n", 3, "expected ',' or ']'", "loras: models/Lora"),
        ("a:\n  [b]: c\n", 2, "a name in `a` is a list", "plain name"),
        ("a:\n  <<: 5\n", 2, "what `<<` takes in is a number", "anchor"),
        ("a: &x b\nc: &x d\n", None, "duplicate anchor", "name of its own"),
        ("a:\n  loras: !!python/name:os.system x\n", 2, "cannot be read as", "begins with `!`"),
        ("a:\n  loras: !mine x\n", 2, "cannot be read as", "begins with `!`"),
        ("a:\n  loras: \x00\n", 2, "a character that YAML does not allow", "remove it"),
        ("", None, "nothing in it", "remove it"),
        (b"a:\n  loras: gr\xfc\xdfe\n", 2, "not UTF-8", "UTF-8"),
        ("[" * 5000, None, "nested too deeply", "look at"),
    ],
)  # fmt: skip
def test_what_keeps_comfyui_from_starting_is_told_with_its_line(
    text: str | bytes, line: int | None, words: str, hint: str
) -> None:
    with pytest.raises(ModelPathsInvalid) as caught:
        read(text)
    assert words in caught.value.message
    assert caught.value.message.endswith("ComfyUI does not start with it")
    assert hint in (caught.value.hint or "")
    assert caught.value.context == {"path": "/x/extra_model_paths.yaml", "line": line}


def test_a_file_is_not_read_beyond_what_such_files_need() -> None:
    assert read("a:\n  vae: v\n" + "#" * (LARGEST - 20)).sections
    with pytest.raises(ModelPathsInvalid, match="bytes, more than such a file can need"):
        read("a:\n  vae: v\n" + "#" * LARGEST)


def test_anchors_that_multiply_are_given_up() -> None:
    lines = ["a0: &a0 {x: y}"] + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 9)]
    with pytest.raises(ModelPathsInvalid, match="multiply without end"):
        read("\n".join(lines))
    many = "a: &a [x]\n" + "".join(f"b{n}: {{vae: v, more: &b{n} w, again: *b{n}}}\n" for n in range(100))
    with pytest.raises(ModelPathsInvalid, match="the section `a` is a list"):
        read(many)


def test_names_that_stand_there_twice_are_noted() -> None:
    found = read("a:\n  vae: one\n  vae: two\nb:\n  vae: x\na:\n  loras: y\n")
    assert [(section.name, section.paths[0].path) for section in found.sections] == [("a", "y"), ("b", "x")]
    assert found.notes == ((6, "`a` stands in the file again; ComfyUI takes this one, not that of line 1"),)


@settings(deadline=None)
@given(st.text() | st.binary())
def test_whatever_is_in_a_file_it_is_read_or_refused(text: str | bytes) -> None:
    try:
        read(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
    except ModelPathsInvalid as error:
        assert error.hint


def added(data: bytes, base: str = "/disk", folders: dict[str, list[str]] | None = None, name: str = "new") -> bytes:
    return with_section(data, "/x", name, base, folders or {"vae": ["vae"]}, is_default=False)


SECTION = b"new:\n    base_path: /disk\n    vae: vae\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", SECTION),
        (MINE, MINE + SECTION),
        (b"a: {vae: x}", b"a: {vae: x}\n" + SECTION),
        (b"\xef\xbb\xbfa:\r\n  vae: x\r\n", b"\xef\xbb\xbfa:\r\n  vae: x\r\n" + SECTION.replace(b"\n", b"\r\n")),
        (b"# none\n{}\n", b"# none\n" + SECTION),
        (b"# none\n", b"# none\n" + SECTION),
        (b"a:\n  vae: |+\n    x\n\n\n", b"a:\n  vae: |+\n    x\n\n\n" + SECTION),
    ],
    ids=["nothing", "comments", "no end of line", "of Windows", "an empty mapping", "comments alone", "kept lines"],
)
def test_a_section_is_added_and_taken_out_again_with_the_rest_as_it_was(before: bytes, after: bytes) -> None:
    assert added(before) == after
    expected = before if read(after).sections[1:] else None
    if expected is not None:
        assert without_section(after, "/x", "new") == before if before.endswith(b"\n") else before + b"\n"


@pytest.mark.parametrize(
    "base", ["/a b # c", "/it's: me", "/ü ☃ 日本", "~", "/x\ttab", "/y\n", "- x", "D:\\a", "/a'\"", "y"]
)
def test_whatever_a_directory_is_called_it_is_read_as_that(base: str) -> None:
    data = added(MINE, base, {"loras": ["a # b", " c"], "vae": ["yes"], "more": ["2020-01-01"]})
    section = read(data).sections[-1]
    assert section.base_path == base
    assert [one.path for one in section.paths] == ["a # b", " c", "yes", "2020-01-01"]


@pytest.mark.parametrize("before", [b"{a: {vae: x}}\n", b"a:\n  vae: x\n...\n", b"  a:\n    vae: x\n"])
def test_where_a_section_cannot_be_added_the_hint_has_its_text(before: bytes) -> None:
    with pytest.raises(ModelRootRefused, match="cannot be added at its end") as caught:
        added(before)
    assert (caught.value.hint or "").endswith(SECTION.decode().rstrip())


def test_comments_around_a_section_stay_when_it_goes() -> None:
    assert without_section(MINE, "/x", "mine") == b"# what I have\n\n\n# of a friend\nfriend: {vae: /friend}\n\n# end\n"
    assert without_section(MINE, "/x", "friend") == MINE.replace(b"friend: {vae: /friend}\n", b"")


def test_what_would_leave_nothing_leaves_a_file_that_comfyui_starts_with_or_none() -> None:
    left = without_section(b"# mine\na:\n  vae: x\n", "/x", "a")
    assert left == b"# mine\n{}\n"
    assert read(left).sections == ()
    assert without_section(b"\n\na:\n  vae: x\n", "/x", "a") is None


def test_a_section_that_others_depend_on_stays() -> None:
    with pytest.raises(ModelRootRefused, match="as others depend on it"):
        without_section(b"a: &a\n  vae: x\nb:\n  <<: *a\n", "/x", "a")
    assert without_section(b"a: &a\n  vae: x\nb:\n  <<: *a\n", "/x", "b") == b"a: &a\n  vae: x\n"


def test_all_of_a_name_go() -> None:
    assert without_section(b"a:\n  vae: x\nb:\n  vae: y\na:\n  vae: z\n", "/x", "a") == b"b:\n  vae: y\n"
