"""Archives of strangers: what is unpacked, and what is refused without leaving anything."""

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.models.exceptions import ArchiveRefused
from comfydock_core.utils.files import archives
from comfydock_core.utils.files.archive_members import UnpackLimits
from comfydock_core.utils.files.archives import unpack

Entry = tuple[str, bytes | str, str]  # Name, content or target, kind.

FILES: list[Entry] = [("__init__.py", b"x = 1\n", "file"), ("web/a.js", b"//\n", "file")]
_TYPES = {
    "file": tarfile.REGTYPE,
    "directory": tarfile.DIRTYPE,
    "link": tarfile.SYMTYPE,
    "hard link": tarfile.LNKTYPE,
    "device": tarfile.CHRTYPE,
    "pipe": tarfile.FIFOTYPE,
}


def tar_of(entries: list[Entry], mode: int = 0o644) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as container:
        for name, content, kind in entries:
            info = tarfile.TarInfo(name)
            info.type, info.mode = _TYPES[kind], mode
            if isinstance(content, str):
                info.linkname = content
                content = b""
            info.size = len(content)
            container.addfile(info, io.BytesIO(content))
    return whole.getvalue()


def zip_of(entries: list[Entry], mode: int = 0o644) -> bytes:
    whole = io.BytesIO()
    kinds = {"file": stat.S_IFREG, "link": stat.S_IFLNK, "device": stat.S_IFCHR, "pipe": stat.S_IFIFO}
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as container:
        for name, content, kind in entries:
            info = zipfile.ZipInfo("x")
            info.filename = f"{name}/" if kind == "directory" else name
            info.external_attr = (kinds.get(kind, stat.S_IFDIR) | mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            container.writestr(info, content)
    return whole.getvalue()


PACKERS: dict[str, Callable[[list[Entry]], bytes]] = {
    "zip": zip_of,
    "tar": tar_of,
    "tar.gz": lambda entries: gzip.compress(tar_of(entries)),
    "tar.bz2": lambda entries: bz2.compress(tar_of(entries)),
    "tar.xz": lambda entries: lzma.compress(tar_of(entries)),
}


def tree(directory: Path) -> dict[str, bytes | str]:
    found: dict[str, bytes | str] = {}
    for path in sorted(directory.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(directory))] = os.readlink(path)
        elif path.is_file():
            found[str(path.relative_to(directory))] = path.read_bytes()
    return found


def unpacked(place: Path, content: bytes, limits: UnpackLimits | None = None) -> dict[str, bytes | str]:
    (place / "archive").write_bytes(content)
    unpack(str(place / "archive"), str(place / "out"), limits)
    return tree(place / "out")


def refusal(place: Path, content: bytes, limits: UnpackLimits | None = None) -> ArchiveRefused:
    """The refusal, after which there is the archive and nothing else."""
    with pytest.raises(ArchiveRefused) as caught:
        unpacked(place, content, limits)
    assert [path.name for path in place.iterdir()] == ["archive"]
    return caught.value


@pytest.mark.parametrize("kind", PACKERS)
def test_every_format_is_known_by_its_content(tmp_path: Path, kind: str) -> None:
    assert unpacked(tmp_path, PACKERS[kind](FILES)) == {"__init__.py": b"x = 1\n", "web/a.js": b"//\n"}


@pytest.mark.parametrize("kind", PACKERS)
def test_a_single_directory_at_the_top_is_stripped(tmp_path: Path, kind: str) -> None:
    entries = [(f"./pack-1.0/{name}", content, what) for name, content, what in FILES]
    assert unpacked(tmp_path, PACKERS[kind](entries)) == {"__init__.py": b"x = 1\n", "web/a.js": b"//\n"}


def test_a_file_beside_the_directory_keeps_it(tmp_path: Path) -> None:
    assert set(unpacked(tmp_path, zip_of([("a.py", b"", "file"), ("b/c.py", b"", "file")]))) == {"a.py", "b/c.py"}


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_programs_stay_programs_and_nothing_else_of_the_modes_stays(tmp_path: Path, pack: Callable[..., bytes]) -> None:
    unpacked(tmp_path, pack(FILES, mode=0o6777))
    assert stat.S_IMODE((tmp_path / "out/__init__.py").stat().st_mode) == 0o755


@pytest.mark.parametrize("pack", [zip_of, tar_of])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../a", "leads out"),
        ("a/../../b", "leads out"),
        ("a/..", "leads out"),
        ("/etc/passwd", "root of a drive"),
        ("C:/a", "root of a drive"),
        ("C:a", "root of a drive"),
        ("a\\..\\b", "backslash"),
        ("a\nb", "cannot be printed"),
        ("x" * 300, "too long"),
        ("/".join(["x" * 99] * 20), "too long"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(
    tmp_path: Path, pack: Callable[..., bytes], name: str, reason: str
) -> None:
    error = refusal(tmp_path, pack([*FILES, (name, b"evil", "file")]))
    assert reason in error.message
    assert str(error.context["member"])[:5] == name[:5]


def test_a_name_with_a_nul_is_refused(tmp_path: Path) -> None:
    content = zip_of([*FILES, ("axb.py", b"", "file")]).replace(b"axb.py", b"a\0b.py")
    assert "cannot be printed" in refusal(tmp_path, content).message


@pytest.mark.parametrize("pack", [zip_of, tar_of])
@pytest.mark.parametrize(
    "links",
    [
        [("l", "/etc")],
        [("l", "../out2")],
        [("web/l", "../../x")],
        [("l", "C:/x")],
        [("l", "..\\x")],
        [("d/e/up", "../.."), ("out", "d/e/up/../x")],
        [("d/e/up", "../.."), ("d/e/round", "up/.."), ("z", "d/e/round/x")],
    ],
)
def test_links_that_lead_out_are_refused(
    tmp_path: Path, pack: Callable[..., bytes], links: list[tuple[str, str]]
) -> None:
    entries = [("d/e/f", b"", "file"), *FILES, *((name, target, "link") for name, target in links)]
    refusal(tmp_path, pack(entries))


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_links_that_stay_inside_are_kept(tmp_path: Path, pack: Callable[..., bytes]) -> None:
    entries = [
        *FILES,
        ("web/back", "../__init__.py", "link"),
        ("dangling", "nothing", "link"),
        ("round", "round", "link"),
    ]
    for top in ("", "pack/"):
        place = tmp_path / f"place{top.strip('/')}"
        place.mkdir()
        found = unpacked(place, pack([(top + name, content, kind) for name, content, kind in entries]))
        assert (found["web/back"], found["dangling"], found["round"]) == ("../__init__.py", "nothing", "round")


def test_a_link_out_of_the_directory_that_is_stripped_is_refused(tmp_path: Path) -> None:
    for number, target in enumerate(("../other", "../top/a")):  # The second one is inside only until it is stripped.
        place = tmp_path / str(number)
        place.mkdir()
        assert "leads out" in refusal(place, tar_of([("top/a", b"", "file"), ("top/l", target, "link")])).message


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("pack", [zip_of, tar_of])
@pytest.mark.parametrize("later", [("l/evil", b"x", "file"), ("l", b"x", "file"), ("l", "web", "link")])
def test_nothing_is_written_through_a_link(tmp_path: Path, pack: Callable[..., bytes], later: Entry) -> None:
    refusal(tmp_path, pack([*FILES, ("l", "web", "link"), later]))


def test_a_hard_link_to_what_was_unpacked_is_kept_and_to_anything_else_refused(tmp_path: Path) -> None:
    assert unpacked(tmp_path, tar_of([*FILES, ("same", "__init__.py", "hard link")]))["same"] == b"x = 1\n"
    for number, target in enumerate(("../archive", "/etc/passwd", "later", "web", "h")):
        place = tmp_path / str(number)
        place.mkdir()
        refusal(place, tar_of([*FILES, ("h", target, "hard link"), ("later", b"", "file")]))


@pytest.mark.parametrize(("pack", "kind"), [(tar_of, "device"), (tar_of, "pipe"), (zip_of, "device"), (zip_of, "pipe")])
def test_devices_and_pipes_are_refused(tmp_path: Path, pack: Callable[..., bytes], kind: str) -> None:
    assert "`dev`" in refusal(tmp_path, pack([*FILES, ("dev", b"", kind)])).message


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("pack", [zip_of, tar_of])
@pytest.mark.parametrize("name", ["__init__.py", "./__init__.py", "web//a.js", "web", "__init__.py/x"])
def test_a_name_that_comes_twice_is_refused(tmp_path: Path, pack: Callable[..., bytes], name: str) -> None:
    refusal(tmp_path, pack([*FILES, (name, b"another", "file")]))


def test_names_that_differ_in_case_are_two_where_the_file_system_says_so(tmp_path: Path) -> None:
    (tmp_path / "CASE").mkdir()
    content = zip_of([*FILES, ("__INIT__.py", b"", "file")])
    if (tmp_path / "case").exists():
        (tmp_path / "CASE").rmdir()
        assert "takes its name" in refusal(tmp_path, content).message
    else:
        assert "__INIT__.py" in unpacked(tmp_path, content)


def test_a_history_of_git_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(tar_of([*FILES, (".git/config", b"[core]", "file"), ("a/.GIT", b"", "file")]))
    result = unpack(str(tmp_path / "archive"), str(tmp_path / "out"))
    assert result.left_out == (".git/config", "a/.GIT")
    assert set(tree(tmp_path / "out")) == {"__init__.py", "web/a.js"}
    assert (result.files, result.size) == (2, 9)


SMALL = UnpackLimits(size=10_000, members=20, ratio=10, small=2_000)


@pytest.mark.parametrize("kind", PACKERS)
def test_what_grows_too_large_is_refused_while_it_grows(tmp_path: Path, kind: str) -> None:
    for number, size in enumerate((9_000, 100_000)):
        place = tmp_path / str(number)
        place.mkdir()
        if kind != "tar" or size > 10_000:
            assert "becomes larger" in refusal(place, PACKERS[kind]([("a", b"\0" * size, "file")]), SMALL).message


def test_what_is_refused_for_its_size_never_fills_the_disk(tmp_path: Path, small_disk: Callable[[str], Path]) -> None:
    disk = small_disk("size=64k")
    (tmp_path / "archive").write_bytes(zip_of([("a", b"\0" * 1_000_000, "file")]))
    with pytest.raises(ArchiveRefused, match="becomes larger"):
        unpack(str(tmp_path / "archive"), str(disk / "out"), SMALL)


def test_the_size_that_an_archive_declares_is_not_trusted(tmp_path: Path) -> None:
    content = bytearray(zip_of([("a", b"\0" * 100_000, "file")]))
    for start in (content.index(b"PK\x03\x04") + 22, content.index(b"PK\x01\x02") + 24):
        content[start : start + 4] = (5).to_bytes(4, "little")
    refusal(tmp_path, bytes(content), SMALL)


def test_many_names_of_one_large_file_count_each(tmp_path: Path) -> None:
    entries: list[Entry] = [("a", os.urandom(3_000), "file")]
    entries += [(f"h{number}", "a", "hard link") for number in range(10)]
    assert "becomes larger" in refusal(tmp_path, tar_of(entries), SMALL).message


def test_a_header_that_never_ends_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": "x" * 300_000}
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as container:
        container.addfile(info)
    assert "becomes larger" in refusal(tmp_path, gzip.compress(whole.getvalue()), SMALL).message


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_too_many_members_are_refused(tmp_path: Path, pack: Callable[..., bytes]) -> None:
    error = refusal(tmp_path, pack([(str(number), b"", "file") for number in range(21)]), UnpackLimits(members=20))
    assert "more than 20 members" in error.message


@pytest.mark.parametrize("kind", PACKERS)
def test_a_part_of_an_archive_is_refused_wherever_it_ends(tmp_path: Path, kind: str) -> None:
    whole = PACKERS[kind]([*FILES, ("random", os.urandom(2_000), "file")])
    for cut in (5, len(whole) // 2, len(whole) - 4) if kind != "tar" else (5, 512, 1024, 1536, 2048):
        place = tmp_path / str(cut)
        place.mkdir()
        refusal(place, whole[:cut])


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.bz2", "tar.xz"])
def test_changed_bytes_are_noticed(tmp_path: Path, kind: str) -> None:
    whole = bytearray(PACKERS[kind]([("random", os.urandom(2_000), "file")]))
    whole[len(whole) // 2] ^= 0xFF
    refusal(tmp_path, bytes(whole))


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    content = bytearray(zip_of(FILES))
    for start in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[start] |= 1
    assert "encrypted" in refusal(tmp_path, bytes(content)).message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "neither a zip nor a tar"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"x" * 2000, "neither a zip nor a tar"),
        (zip_of([]), "no files"),
        (tar_of([("d", b"", "directory")]), "no files"),
        (gzip.compress(b"no tar at all"), "damaged"),
    ],
    ids=["empty", "a page", "bytes", "an empty zip", "directories", "no tar"],
)
def test_what_is_no_archive_of_files_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    assert reason in refusal(tmp_path, content).message


def test_a_full_disk_is_no_fault_of_the_archive(tmp_path: Path, small_disk: Callable[[str], Path]) -> None:
    disk = small_disk("size=64k")
    (tmp_path / "archive").write_bytes(zip_of([("a", os.urandom(200_000), "file")]))
    with pytest.raises(OSError, match="No space left"):
        unpack(str(tmp_path / "archive"), str(disk / "out"))
    assert list(disk.iterdir()) == []


def test_ctrl_c_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(archives, "_make_links", interrupted)
    (tmp_path / "archive").write_bytes(zip_of(FILES))
    with pytest.raises(KeyboardInterrupt):
        unpack(str(tmp_path / "archive"), str(tmp_path / "out"))
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


_PART = st.sampled_from(["..", ".", "", "a", "b", "L", "C:", "\\", "é", "\0", ".git", "~", "con"])
_PATH = st.lists(_PART, max_size=5).map("/".join) | st.text(max_size=8)
_ENTRIES = st.lists(
    st.one_of(
        st.tuples(_PATH, st.binary(max_size=20), st.just("file")),
        st.tuples(_PATH, st.just(b""), st.just("directory")),
        st.tuples(_PATH, _PATH, st.sampled_from(["link", "hard link"])),
    ),
    max_size=8,
)


def everything(directory: Path) -> Iterator[str]:
    for place, directories, files in os.walk(directory):
        yield from (os.path.join(place, name) for name in (*directories, *files))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(entries=_ENTRIES, pack=st.sampled_from([zip_of, tar_of]))
def test_no_archive_writes_outside_its_directory(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], pack: Callable[[list[Entry]], bytes]
) -> None:
    place = tmp_path_factory.mktemp("place")
    out = place / "deep" / "er" / "out"
    out.parent.mkdir(parents=True)
    try:
        content = pack([(name, content, kind) for name, content, kind in entries if name])
    except (UnicodeEncodeError, ValueError):
        return  # Such an archive cannot be written either.
    (place / "archive").write_bytes(content)
    before = set(everything(place))
    try:
        unpack(str(place / "archive"), str(out))
    except ArchiveRefused:
        assert set(everything(place)) == before
        return
    assert all(Path(path).is_relative_to(out) for path in set(everything(place)) - before)
    real = os.path.realpath(out)
    for path in everything(out):
        assert f"{os.path.realpath(path)}/".startswith(f"{real}/")
        assert not os.lstat(path).st_mode & (stat.S_ISUID | stat.S_ISGID)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=st.binary(max_size=1200), start=st.sampled_from([b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0"])
)
def test_any_bytes_are_refused_or_unpacked(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, start: bytes
) -> None:
    refusal(tmp_path_factory.mktemp("place"), start + content)
