"""Unpacking archives of strangers: zip and tar, plain or compressed, known by their content.

Everything is unpacked aside and put in place by one rename, so that a refused archive leaves nothing. Files are only
ever made anew, and links last: nothing can be written through a link or over another member.
"""

import bz2
import contextlib
import gzip
import lzma
import os
import posixpath
import re
import secrets
import shutil
import stat
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, cast

from comfydock_core.models.exceptions import ArchiveRefused
from comfydock_core.utils.filesystem import remove_tree

_CHUNK = 1 << 18
_LONGEST_WORD = 255  # Bytes that file systems allow for one name.
_LONGEST_NAME = 1024
_DRIVE = re.compile(r"[A-Za-z]:")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_NOT_ON_WINDOWS = re.compile(r"[<>:\"|?*]|[. ]$")
# What macOS adds to archives, and the history of a repository: its settings would name programs to run.
_LEFT_OUT = frozenset({"__macosx", ".git"})
_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,  # A kind of compression that Python does not have.
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class UnpackLimits:
    """What an archive may become: bytes and members in all, and how many times its own size once it is `small`."""

    size: int = 16_000_000_000
    members: int = 200_000
    ratio: int = 200
    small: int = 200_000_000


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came out: files, their bytes, and the members that were left out on purpose."""

    files: int
    size: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Member:
    """One entry of an archive, whatever its format: `kind` is `file`, `directory`, `link` or `hard link`."""

    name: str
    kind: str
    target: str = ""
    executable: bool = False
    content: IO[bytes] | None = None


@dataclass(slots=True)
class _Made:
    """What was made so far. `kinds` holds every name and the directories above it."""

    kinds: dict[str, str] = field(default_factory=dict)
    links: list[_Member] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    files: int = 0
    size: int = 0


def unpack(archive: str, directory: str, limits: UnpackLimits | None = None) -> Unpacked:
    """Unpack an archive as `directory`, which must not exist. A single directory at the top is stripped.

    Files get 0644 or 0755 and nothing else of what the archive says of owners, modes and times. Symbolic links that
    stay inside are kept, because repositories have them; all others are refused, with hard links to what was not
    unpacked before, devices, pipes, encrypted members, names outside the directory, names that come twice or that this
    file system takes for one, and whatever grows beyond the limits. Raises `ArchiveRefused`, `OSError`.
    """
    work = f"{directory}.{secrets.token_hex(4)}"
    try:
        os.mkdir(work, 0o755)
        made = _unpacked(archive, work, limits or UnpackLimits())
        root = _root(work, made)
        _make_links(archive, root, made, stripped=os.path.basename(root) if root != work else None)
        os.rename(root, directory)
        return Unpacked(made.files, made.size, tuple(made.left_out))
    finally:
        if os.path.lexists(work):
            remove_tree(work)


def _unpacked(archive: str, work: str, limits: UnpackLimits) -> _Made:
    made = _Made()
    gauge = _Gauge(archive, os.path.getsize(archive), limits)
    with _told_as_refusal(archive), _members(archive, gauge) as members:
        for count, member in enumerate(members, 1):
            if count > limits.members:
                raise refused(archive, f"it has more than {limits.members} members")
            _make(archive, work, member, made, gauge)
    if not made.files:
        raise refused(archive, "it holds no files")
    return made


@contextlib.contextmanager
def _told_as_refusal(archive: str) -> Iterator[None]:
    """Damage as the formats' readers tell it, as ours; trouble with the disk, which has a number, stays as it is."""
    try:
        yield
    except _DAMAGED as error:
        raise refused(archive, f"it is damaged or incomplete: {error or type(error).__name__}") from error
    except OSError as error:
        if error.errno is None:
            raise refused(archive, f"it is damaged or incomplete: {error}") from error
        raise


def refused(archive: str, reason: str, member: str | None = None) -> ArchiveRefused:
    """The error that says why an archive, or a member of it, is not unpacked."""
    place = f"`{member!r}` in it: " if member is not None and not member.isprintable() else ""
    place = place or (f"`{member}` in it: " if member is not None else "")
    return ArchiveRefused(
        f"the archive `{os.path.basename(archive)}` is refused: {place}{reason}",
        hint="ask its author for a sound archive, or take the pack from its repository",
        context={"archive": archive, "member": member, "reason": reason},
    )


class _Gauge:
    """Counts what comes out of an archive, whatever the archive says of itself."""

    def __init__(self, archive: str, size: int, limits: UnpackLimits) -> None:
        self._archive = archive
        self._most = min(limits.size, max(limits.small, limits.ratio * size))

    def check(self, size: int) -> None:
        if size > self._most:
            raise refused(self._archive, f"it becomes larger than {self._most} bytes, which its own size does not bear")


class _Counting:
    """A stream of decompressed bytes that stops at the limit; headers count too."""

    def __init__(self, stream: IO[bytes], gauge: _Gauge) -> None:
        self._stream = stream
        self._gauge = gauge
        self._passed = 0

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(size)
        self._passed += len(content)
        self._gauge.check(self._passed)
        return content


@contextlib.contextmanager
def _members(archive: str, gauge: _Gauge) -> Iterator[Iterator[_Member]]:
    """The members in the order of the archive. `content` is to be read before the next one."""
    with open(archive, "rb") as file:
        start = file.read(512)
        file.seek(0)
        if start.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
            with zipfile.ZipFile(file) as container:
                yield _zip_members(archive, container)
            return
        stream = _decompressed(file, start)
        if stream is None and start[257:262] != b"ustar":
            reason = "it is a web page" if start.lstrip()[:1] == b"<" else "it is neither a zip nor a tar archive"
            raise refused(archive, reason)
        if stream is None:
            _refuse_without_end(archive, file)
        with stream or contextlib.nullcontext(file) as content:
            yield _tar_members(archive, _Counting(content, gauge))


def _decompressed(file: IO[bytes], start: bytes) -> IO[bytes] | None:
    if start.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    if start.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if start.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile(file)
    return None


def _refuse_without_end(archive: str, file: IO[bytes]) -> None:
    """A tar archive ends in zeros; without compression nothing else tells that its end is missing."""
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - 512))
    end = file.read(512)
    file.seek(0)
    if end.strip(b"\0"):
        raise refused(archive, "it is damaged or incomplete: its end is missing")


def _zip_members(archive: str, container: zipfile.ZipFile) -> Iterator[_Member]:
    for info in container.infolist():
        name = info.orig_filename  # `filename` ends before a NUL and is changed on Windows.
        mode = info.external_attr >> 16
        if info.flag_bits & 0x1:
            raise refused(archive, "it is encrypted", name)
        if name.endswith("/"):
            yield _Member(name, "directory")
        elif stat.S_ISLNK(mode):
            with container.open(info) as content:
                yield _Member(name, "link", target=_link_target(archive, name, content.read(_LONGEST_NAME + 1)))
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise refused(archive, "it is neither a file nor a directory", name)
        else:
            with container.open(info) as content:
                yield _Member(name, "file", executable=bool(mode & 0o100), content=content)


def _link_target(archive: str, name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise refused(archive, "it is a link to what is no text", name) from error


def _tar_members(archive: str, stream: _Counting) -> Iterator[_Member]:
    with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|", errorlevel=2) as container:
        while (info := container.next()) is not None:
            if info.isfile():
                yield _Member(
                    info.name, "file", executable=bool(info.mode & 0o100), content=container.extractfile(info)
                )
            elif info.isdir():
                yield _Member(info.name, "directory")
            elif info.issym():
                yield _Member(info.name, "link", target=info.linkname)
            elif info.islnk():
                yield _Member(info.name, "hard link", target=info.linkname)
            else:
                raise refused(archive, "it is a device, a pipe or something stranger", info.name)
    while stream.read(_CHUNK):  # Checksums stand at the end.
        pass


def _make(archive: str, work: str, member: _Member, made: _Made, gauge: _Gauge) -> None:
    """Make one member, or remember it: links come last."""
    words = _words(archive, member.name)
    if any(word.lower() in _LEFT_OUT for word in words):
        made.left_out.append("/".join(words))
        return
    if not words:
        if member.kind != "directory":
            raise refused(archive, "it has no name", member.name)
        return
    name = "/".join(words)
    _note(archive, name, member.kind, made)
    path = f"{work}/{name}"
    if member.kind == "directory":
        os.makedirs(path, exist_ok=True)
    elif member.kind == "link":
        made.links.append(_Member(name, "link", target=member.target))
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        _make_file(archive, work, name, member, made, gauge)


def _words(archive: str, name: str) -> list[str]:
    """The parts of a member's name, if it stays inside on every system."""
    if _UNPRINTABLE.search(name):
        raise refused(archive, "its name holds characters that cannot be printed", name)
    if "\\" in name:
        raise refused(archive, "its name holds a backslash, which leads elsewhere on Windows", name)
    if name.startswith("/") or _DRIVE.match(name):
        raise refused(archive, "its name begins at the root of a drive", name)
    words = [word for word in name.split("/") if word not in ("", ".")]
    if ".." in words:
        raise refused(archive, "its name leads out of the directory", name)
    try:
        lengths = [len(word.encode()) for word in words]
    except UnicodeEncodeError as error:
        raise refused(archive, "its name is no text", name) from error
    if any(length > _LONGEST_WORD for length in lengths) or sum(lengths) > _LONGEST_NAME:
        raise refused(archive, "its name is too long", f"{name[:60]}…")
    if sys.platform == "win32" and any(_NOT_ON_WINDOWS.search(word) for word in words):
        raise refused(archive, "Windows has no such names", name)
    return words


def _note(archive: str, name: str, kind: str, made: _Made) -> None:
    """Take a name, once, below directories only."""
    parent = posixpath.dirname(name)
    while parent and made.kinds.get(parent) != "directory":
        if parent in made.kinds:
            raise refused(archive, f"it lies below `{parent}`, which is no directory", name)
        made.kinds[parent] = "directory"
        parent = posixpath.dirname(parent)
    known = made.kinds.get(name)
    if known is not None and (known, kind) != ("directory", "directory"):
        raise refused(archive, "its name comes twice", name)
    made.kinds[name] = kind


def _make_file(archive: str, work: str, name: str, member: _Member, made: _Made, gauge: _Gauge) -> None:
    path = f"{work}/{name}"
    try:
        if member.kind == "hard link":
            _copy_linked(archive, work, name, member, made, gauge)
        else:
            with open(path, "xb") as file:
                os.chmod(path, 0o755 if member.executable else 0o644)
                _write(member, file, made, gauge)
    except FileExistsError as error:
        raise refused(archive, "this file system takes its name for another one's", member.name) from error
    made.files += 1


def _write(member: _Member, file: IO[bytes], made: _Made, gauge: _Gauge) -> None:
    assert member.content is not None
    while chunk := member.content.read(_CHUNK):
        made.size += len(chunk)
        gauge.check(made.size)
        file.write(chunk)


def _copy_linked(archive: str, work: str, name: str, member: _Member, made: _Made, gauge: _Gauge) -> None:
    """A hard link becomes a copy of the file that was unpacked before; its size counts again."""
    target = "/".join(_words(archive, member.target))
    if target == name or made.kinds.get(target) not in ("file", "hard link"):
        raise refused(archive, f"it is a link to `{member.target}`, which was not unpacked before", member.name)
    made.size += os.path.getsize(f"{work}/{target}")
    gauge.check(made.size)
    with open(f"{work}/{target}", "rb") as source, open(f"{work}/{name}", "xb") as file:
        shutil.copyfileobj(source, file, _CHUNK)
    shutil.copymode(f"{work}/{target}", f"{work}/{name}")


def _root(work: str, made: _Made) -> str:
    """The directory that becomes the result: the only one at the top, or all of it."""
    tops = {name.partition("/")[0] for name in made.kinds}
    (top, *others) = tops
    return work if others or made.kinds[top] != "directory" else f"{work}/{top}"


def _make_links(archive: str, root: str, made: _Made, *, stripped: str | None) -> None:
    """Make the symbolic links, then see that each stays inside, also when it leads through others."""
    for link in made.links:
        name = link.name.removeprefix(f"{stripped}/") if stripped else link.name
        path = f"{root}/{name}"
        if _UNPRINTABLE.search(link.target) or "\\" in link.target or not link.target:
            raise refused(archive, "it is a link to nowhere", link.name)
        if link.target.startswith("/") or _DRIVE.match(link.target) or _leads_out(name, link.target):
            raise _outside(archive, link)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            os.symlink(link.target, path, target_is_directory=os.path.isdir(f"{os.path.dirname(path)}/{link.target}"))
        except FileExistsError as error:
            raise refused(archive, "this file system takes its name for another one's", link.name) from error
    real = os.path.realpath(root)
    for link in made.links:
        name = link.name.removeprefix(f"{stripped}/") if stripped else link.name
        if not f"{os.path.realpath(f'{root}/{name}')}/".startswith(f"{real}/"):
            raise _outside(archive, link)


def _leads_out(name: str, target: str) -> bool:
    place = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    return place == ".." or place.startswith("../")


def _outside(archive: str, link: _Member) -> ArchiveRefused:
    return refused(archive, f"it is a link that leads out of the directory, to `{link.target}`", link.name)
