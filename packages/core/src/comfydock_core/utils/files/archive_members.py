"""Reading the members of archives, zip and tar, plain or compressed, known by their content.

Nothing that an archive says of itself is trusted: what comes out is counted while it comes.
"""

import bz2
import contextlib
import errno
import gzip
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, cast

from comfydock_core.models.exceptions import ArchiveRefused
from comfydock_core.records import record

CHUNK = 1 << 18
LONGEST_NAME = 1024
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


@record
class UnpackLimits:
    """What an archive may become: bytes and members in all, and how many times its own size once it is `small`."""

    size: int = 16_000_000_000
    members: int = 200_000
    ratio: int = 200
    small: int = 200_000_000


@record
class Member:
    """One entry of an archive, whatever its format: `kind` is `file`, `directory`, `link` or `hard link`.

    `name` and `target` are as the archive has them. `content` can be read until the next member is asked for.
    """

    name: str
    kind: str
    target: str = ""
    executable: bool = False
    content: IO[bytes] | None = None


@contextlib.contextmanager
def told_as_refusal(archive: str) -> Iterator[None]:
    """Damage as the formats' readers tell it, as ours; trouble with the disk, which has a number, stays as it is.

    One number is damage too: where an archive says that something lies before its beginning, nobody can look.
    """
    try:
        yield
    except _DAMAGED as error:
        raise refused(archive, f"it is damaged or incomplete: {error or type(error).__name__}") from error
    except OSError as error:
        if error.errno in (None, errno.EINVAL):
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


class Gauge:
    """Counts what comes out of an archive, whatever the archive says of itself."""

    def __init__(self, archive: str, size: int, limits: UnpackLimits) -> None:
        self._archive = archive
        self._most = min(limits.size, max(limits.small, limits.ratio * size))

    def check(self, size: int) -> None:
        if size > self._most:
            raise refused(
                self._archive, f"it becomes larger than {self._most} bytes, which is out of proportion to its own size"
            )


class _Counting:
    """A stream of decompressed bytes that stops at the limit; headers count too."""

    def __init__(self, stream: IO[bytes], gauge: Gauge) -> None:
        self._stream = stream
        self._gauge = gauge
        self._passed = 0

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(size)
        self._passed += len(content)
        self._gauge.check(self._passed)
        return content


@contextlib.contextmanager
def members(archive: str, gauge: Gauge) -> Iterator[Iterator[Member]]:
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


def _zip_members(archive: str, container: zipfile.ZipFile) -> Iterator[Member]:
    for info in container.infolist():
        name = info.orig_filename  # `filename` ends before a NUL and is changed on Windows.
        mode = info.external_attr >> 16
        if info.flag_bits & 0x1:
            raise refused(archive, "it is encrypted", name)
        if name.endswith("/"):
            yield Member(name, "directory")
        elif stat.S_ISLNK(mode):
            with container.open(info) as content:
                yield Member(name, "link", target=_link_target(archive, name, content.read(LONGEST_NAME + 1)))
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise refused(archive, "it is neither a file nor a directory", name)
        else:
            with container.open(info) as content:
                yield Member(name, "file", executable=bool(mode & 0o100), content=content)


def _link_target(archive: str, name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise refused(archive, "it is a link to what is not text", name) from error


def _tar_members(archive: str, stream: _Counting) -> Iterator[Member]:
    with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|", errorlevel=2) as container:
        while (info := container.next()) is not None:
            if info.isfile():
                yield Member(info.name, "file", executable=bool(info.mode & 0o100), content=container.extractfile(info))
            elif info.isdir():
                yield Member(info.name, "directory")
            elif info.issym():
                yield Member(info.name, "link", target=info.linkname)
            elif info.islnk():
                yield Member(info.name, "hard link", target=info.linkname)
            else:
                raise refused(archive, "it is a device, a pipe or another special file", info.name)
    while stream.read(CHUNK):  # Checksums stand at the end.
        pass
