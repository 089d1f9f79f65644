"""Reading bundles: gzip-compressed tars of ComfyDock and of its predecessors, made by strangers.

Members are read one by one, only regular files with names that stay inside on every system; what belongs to a
definition is kept in memory, up to a limit, and what is large goes to files without names of the archive's.
"""

import gzip
import hashlib
import os
import posixpath
import re
import tarfile
import unicodedata
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO

from comfydock_core.models.exceptions import BundleDamaged
from comfydock_core.models.sharing import (
    BUNDLE_MANIFEST,
    HISTORY,
    MODELS,
    PACKS,
    SIGNATURE,
    WHEELS,
    BundleManifest,
    MemberDigest,
)
from comfydock_core.records import record
from comfydock_core.repositories.bundles.manifest_file import parse_manifest
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import some

MOST_BYTES = 512 * 1024 * 1024  # Of what stays in memory, and of what comes out of a small file.
_MOST_MEMBERS = 100_000
_RATIO = 200
_LARGEST_HEADER = 16 * 1024 * 1024
_LONGEST_WORD = 255
_CHUNK = 1024 * 1024
_SHOWN = 5
_DRIVE = re.compile(r"[A-Za-z]:")
# Beside its own errors the reader of archives lets through what nonsense in headers leads to.
_BROKEN = (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, OverflowError, RecursionError)


@record
class BundleFile:
    """A bundle that was read to its end, and is what it says of itself as far as it says anything.

    `files` are members in memory, `carried` large ones: where each lies in the scratch directory, `None` where none was
    given. `content` and `signature` are those of its manifest.
    """

    path: str
    files: Mapping[str, bytes]
    carried: Mapping[str, str | None]
    digests: Mapping[str, MemberDigest]
    manifest: BundleManifest | None
    content: bytes | None
    signature: bytes | None

    @property
    def executables(self) -> frozenset[str]:
        """The members that are programs."""
        return frozenset(name for name, one in self.digests.items() if one.executable)

    @property
    def size(self) -> int:
        """The bytes of all members."""
        return sum(one.size for one in self.digests.values())


@dataclass(slots=True)
class _Found:
    files: dict[str, bytes] = field(default_factory=dict)
    carried: dict[str, str | None] = field(default_factory=dict)
    digests: dict[str, MemberDigest] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    in_memory: int = 0


def read_bundle(file: IO[bytes], path: str, scratch: str | None = None) -> BundleFile:
    """Read a bundle from a file or a pipe and compare it with what it says of itself.

    `path` is what it is called, `scratch` an empty directory for large members. Raises `BundleDamaged`,
    `FileSystemError`.
    """
    found = _Found()
    compressed = _Counted(file)
    try:
        with gzip.GzipFile(fileobj=compressed) as stream:  # type: ignore[call-overload]
            unpacked = _Unpacked(path, stream, compressed)
            # As a stream: the archive is never asked to go back.
            with tarfile.open(fileobj=unpacked, mode="r|") as archive:  # type: ignore[call-overload]
                for number, member in enumerate(archive):
                    if number >= _MOST_MEMBERS:
                        raise _too_much(path)
                    unpacked.expect_content()
                    _take(path, archive, member, found, scratch)
                    unpacked.expect_header()
            unpacked.finish()
    except _BROKEN as error:
        raise damaged(path, str(error) or type(error).__name__) from error
    return _compared(path, found)


class _Counted:
    """The compressed bytes, counted."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.passed = 0

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self.passed += len(content)
        return content


class _Unpacked:
    """The archive in a compressed file. What is out of proportion to it ends with an error, not on the disk."""

    def __init__(self, path: str, stream: gzip.GzipFile, compressed: _Counted) -> None:
        self._path = path
        self._stream = stream
        self._compressed = compressed
        self._passed = 0
        self._most_of_header: int | None = None
        self.expect_header()

    def expect_header(self) -> None:
        """What comes next tells of a member, and is kept in memory by the reader of archives itself."""
        self._most_of_header = self._passed + _LARGEST_HEADER

    def expect_content(self) -> None:
        """What comes next is the content of a member."""
        self._most_of_header = None

    def read(self, size: int) -> bytes:
        content = self._stream.read(size)
        self._passed += len(content)
        if self._passed > max(MOST_BYTES, _RATIO * self._compressed.passed):
            raise _too_much(self._path)
        if self._most_of_header is not None and self._passed > self._most_of_header:
            raise _too_much(self._path)
        return content

    def finish(self) -> None:
        """Read what follows the archive: the checksum comes last."""
        self.expect_content()
        while self.read(_CHUNK):
            pass


def _take(path: str, archive: tarfile.TarFile, member: tarfile.TarInfo, found: _Found, scratch: str | None) -> None:
    name = _checked(path, member)
    _note(path, name, "directory" if member.isdir() else "file", found)
    if member.isdir():
        return
    large = name.startswith((PACKS, MODELS, WHEELS)) or name == HISTORY
    if not large:
        found.in_memory += member.size
        if found.in_memory > MOST_BYTES:
            raise _too_much(path)
    digest, content = hashlib.sha256(), archive.extractfile(member)
    assert content is not None  # It is a regular file.
    if not large:
        found.files[name] = content.read()
        digest.update(found.files[name])
        size = len(found.files[name])
    elif scratch is None:
        found.carried[name] = None
        size = _copy(content, digest.update)
    else:
        place = found.carried[name] = f"{scratch}/{len(found.carried)}"
        size = _unpack(content, place, digest.update)
    if size != member.size:
        raise EOFError(f"`{member.name}` is cut short")
    found.digests[name] = MemberDigest(digest.hexdigest(), size, bool(member.mode & 0o100))


def _unpack(content: IO[bytes], place: str, update: Callable[[bytes], object]) -> int:
    with disk_errors("unpack the bundle", os.path.dirname(place)):
        # What the disk says is told apart from what the archive says, also when the file is closed.
        file = open(place, "xb", buffering=0)  # noqa: SIM115
    with file:

        def write(chunk: bytes) -> None:
            update(chunk)
            with disk_errors("unpack the bundle", os.path.dirname(place)):
                while chunk:
                    chunk = chunk[file.write(chunk) :]

        return _copy(content, write)


def _copy(content: IO[bytes], take: Callable[[bytes], object]) -> int:
    size = 0
    while chunk := content.read(_CHUNK):
        take(chunk)
        size += len(chunk)
    return size


def _checked(path: str, member: tarfile.TarInfo) -> str:
    """The name of a member, if it is a file or a directory that stays inside on every system."""
    name = member.name.removeprefix("./").rstrip("/") if member.isdir() else member.name.removeprefix("./")
    if member.isdir() and name in ("", "."):
        return ""
    words = name.split("/")
    stays_inside = name == posixpath.normpath(name) and not name.startswith("/") and ".." not in words
    if not (member.isreg() or member.isdir()) or not stays_inside or _DRIVE.match(name) or "\\" in name:
        raise damaged(path, f"its member `{member.name}` is not a file inside of it")
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        raise damaged(path, f"the name of its member {member.name!r} holds characters that cannot be printed")
    try:
        lengths = [len(word.encode("utf-8")) for word in words]
    except UnicodeEncodeError as error:
        raise damaged(path, f"the name of its member {member.name!r} is not UTF-8") from error
    if max(lengths) > _LONGEST_WORD:
        raise damaged(path, f"the name of its member `{name[:60]}…` is too long")
    if member.size < 0:
        raise damaged(path, f"the size of its member `{member.name}` is none")
    if member.sparse is not None:  # It may claim any size.
        raise _too_much(path)
    return name


def _note(path: str, name: str, kind: str, found: _Found) -> None:
    """Take a name once, whatever its case, and below directories only."""
    parts = name.split("/")
    for count in range(1, len(parts)):
        if found.kinds.setdefault(_folded("/".join(parts[:count])), "directory") != "directory":
            raise damaged(path, f"its member `{name}` lies below a file")
    if found.kinds.setdefault(_folded(name), kind) != kind or (kind == "file" and name in found.digests):
        raise damaged(path, f"its member `{name}` is a file and a directory, or comes twice")
    if kind == "file" and found.names.setdefault(_folded(name), name) != name:
        other = found.names[_folded(name)]
        raise damaged(path, f"its members `{name}` and `{other}` differ by the case of letters alone")


def _folded(name: str) -> str:
    """What file systems that do not tell cases apart take for the same name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _compared(path: str, found: _Found) -> BundleFile:
    """The bundle, if every member is listed and as listed, wherever in the archive the list stands."""
    content = found.files.pop(BUNDLE_MANIFEST, None)
    signature = found.files.pop(SIGNATURE, None)
    manifest = None if content is None else parse_manifest(content, path)
    if manifest is not None:
        there = {name: one for name, one in found.digests.items() if name not in (BUNDLE_MANIFEST, SIGNATURE)}
        _refuse_others(path, there, manifest.members)
    elif signature is not None:
        raise damaged(path, f"it has a signature and no `{BUNDLE_MANIFEST}` that was signed")
    return BundleFile(
        path,
        found.files,
        found.carried,
        found.digests,
        manifest,
        content,
        signature,
    )


def _refuse_others(path: str, there: Mapping[str, MemberDigest], listed: Mapping[str, MemberDigest]) -> None:
    for names, words in (
        (sorted(listed.keys() - there.keys()), "it lacks what it lists"),
        (sorted(there.keys() - listed.keys()), "it has what it does not list"),
        (sorted(name for name in there if there[name] != listed.get(name)), "it was damaged or changed"),
    ):
        if names:
            raise damaged(path, f"{words}: {some([f'`{name}`' for name in names], _SHOWN)}")


def _too_much(path: str) -> BundleDamaged:
    return damaged(path, "it holds more than a definition can")


def damaged(path: str, reason: str) -> BundleDamaged:
    """The error for a bundle that is not read any further."""
    return BundleDamaged(
        f"cannot use the bundle `{path}`: {reason}",
        hint="ask for it once more, from somebody whom you trust; nothing was done with this one",
        context={"path": path, "reason": reason},
    )
