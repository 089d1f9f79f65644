"""Unpacking archives of strangers.

Everything is unpacked aside and put in place by one rename, so that a refused archive leaves nothing. Files are only
ever made anew, and links last: nothing can be written through a link or over another member.
"""

import os
import posixpath
import re
import secrets
import shutil
import sys
from dataclasses import dataclass, field
from typing import IO

from comfydock_core.models.exceptions import ArchiveRefused
from comfydock_core.records import record
from comfydock_core.utils.files.archive_members import (
    CHUNK,
    LONGEST_NAME,
    Gauge,
    Member,
    UnpackLimits,
    members,
    refused,
    told_as_refusal,
)
from comfydock_core.utils.files.filesystem import remove_tree

_LONGEST_WORD = 255  # Bytes that file systems allow for one name.
_DRIVE = re.compile(r"[A-Za-z]:")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_NOT_ON_WINDOWS = re.compile(r"[<>:\"|?*]|[. ]$")
# What macOS adds to archives, and the history of a repository: its settings would name programs to run.
_LEFT_OUT = frozenset({"__macosx", ".git"})


@record
class Unpacked:
    """What came out: files, their bytes, and the members that were left out on purpose."""

    files: int
    size: int
    left_out: tuple[str, ...]


@dataclass(slots=True)
class _Made:
    """What was made so far. `kinds` holds every name and the directories above it."""

    kinds: dict[str, str] = field(default_factory=dict)
    links: list[Member] = field(default_factory=list)
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
    gauge = Gauge(archive, os.path.getsize(archive), limits)
    with told_as_refusal(archive), members(archive, gauge) as found:
        for count, member in enumerate(found, 1):
            if count > limits.members:
                raise refused(archive, f"it has more than {limits.members} members")
            _make(archive, work, member, made, gauge)
    if not made.files:
        raise refused(archive, "it holds no files")
    return made


def _make(archive: str, work: str, member: Member, made: _Made, gauge: Gauge) -> None:
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
        made.links.append(Member(name, "link", target=member.target))
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
        raise refused(archive, "its name is not text", name) from error
    if any(length > _LONGEST_WORD for length in lengths) or sum(lengths) > LONGEST_NAME:
        raise refused(archive, "its name is too long", f"{name[:60]}…")
    if sys.platform == "win32" and any(_NOT_ON_WINDOWS.search(word) for word in words):
        raise refused(archive, "Windows has no such names", name)
    return words


def _note(archive: str, name: str, kind: str, made: _Made) -> None:
    """Take a name, once, below directories only."""
    parent = posixpath.dirname(name)
    while parent and made.kinds.get(parent) != "directory":
        if parent in made.kinds:
            raise refused(archive, f"it lies below `{parent}`, which is not a directory", name)
        made.kinds[parent] = "directory"
        parent = posixpath.dirname(parent)
    known = made.kinds.get(name)
    if known is not None and (known, kind) != ("directory", "directory"):
        raise refused(archive, "its name comes twice", name)
    made.kinds[name] = kind


def _make_file(archive: str, work: str, name: str, member: Member, made: _Made, gauge: Gauge) -> None:
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


def _write(member: Member, file: IO[bytes], made: _Made, gauge: Gauge) -> None:
    assert member.content is not None
    while chunk := member.content.read(CHUNK):
        made.size += len(chunk)
        gauge.check(made.size)
        file.write(chunk)


def _copy_linked(archive: str, work: str, name: str, member: Member, made: _Made, gauge: Gauge) -> None:
    """A hard link becomes a copy of the file that was unpacked before; its size counts again."""
    target = "/".join(_words(archive, member.target))
    if target == name or made.kinds.get(target) not in ("file", "hard link"):
        raise refused(archive, f"it is a link to `{member.target}`, which was not unpacked before", member.name)
    made.size += os.path.getsize(f"{work}/{target}")
    gauge.check(made.size)
    with open(f"{work}/{target}", "rb") as source, open(f"{work}/{name}", "xb") as file:
        shutil.copyfileobj(source, file, CHUNK)
    shutil.copymode(f"{work}/{target}", f"{work}/{name}")


def _root(work: str, made: _Made) -> str:
    """The directory that becomes the result: the only one at the top, or all of it."""
    tops = {name.partition("/")[0] for name in made.kinds}
    (top, *others) = tops
    return work if others or made.kinds[top] != "directory" else f"{work}/{top}"


def _make_links(archive: str, root: str, made: _Made, *, stripped: str | None) -> None:
    """Make the symbolic links, then see that each stays inside, also when it leads through others."""
    real = os.path.realpath(root)
    for link in made.links:
        name = link.name.removeprefix(f"{stripped}/") if stripped else link.name
        path = f"{root}/{name}"
        if _UNPRINTABLE.search(link.target) or "\\" in link.target or not link.target:
            raise refused(archive, "it is a link to nowhere", link.name)
        if link.target.startswith("/") or _DRIVE.match(link.target) or _leads_out(name, link.target):
            raise _outside(archive, link)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.realpath(os.path.dirname(path)) != os.path.dirname(f"{real}/{name}"):
            # Only where the case of names does not count: the directory was found to be a link that was made before.
            raise refused(archive, "this file system takes its directory for another one's name", link.name)
        try:
            os.symlink(link.target, path, target_is_directory=os.path.isdir(f"{os.path.dirname(path)}/{link.target}"))
        except FileExistsError as error:
            raise refused(archive, "this file system takes its name for another one's", link.name) from error
    for link in made.links:
        name = link.name.removeprefix(f"{stripped}/") if stripped else link.name
        if not f"{os.path.realpath(f'{root}/{name}')}/".startswith(f"{real}/"):
            raise _outside(archive, link)


def _leads_out(name: str, target: str) -> bool:
    place = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    return place == ".." or place.startswith("../")


def _outside(archive: str, link: Member) -> ArchiveRefused:
    return refused(archive, f"it is a link that leads out of the directory, to `{link.target}`", link.name)
