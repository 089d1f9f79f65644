"""The directory of a mirror: each file comes into place whole, and `mirror.json` names it afterwards."""

import contextlib
import hashlib
import os
import secrets
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from io import BufferedReader

from comfydock_core.models.exceptions import ChangedMeanwhile, MirrorDamaged, MirrorNotFound, MirrorRefused
from comfydock_core.models.mirrors import (
    ENVIRONMENTS,
    MANIFEST,
    MODELS,
    PACKAGES,
    PACKS,
    PYTHONS,
    MirrorContents,
    MirrorFile,
)
from comfydock_core.repositories.mirrors.manifest_file import LARGEST, manifest_content, parse_manifest
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files import atomic
from comfydock_core.utils.files.durable import sync_file_system
from comfydock_core.utils.files.filesystem import remove_tree
from comfydock_core.utils.files.locks import acquire, words_of_this_process

_CHUNK = 1 << 20
_LOCK = ".mirror.lock"
_INCOMING = ".incoming"
_OF_OURS = frozenset({MANIFEST, _LOCK, _INCOMING})


class MirrorStore:
    """A mirror to be read. What it says is only true of files that were compared."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def contents(self) -> MirrorContents:
        """What it says of itself. Raises `MirrorNotFound`, `MirrorDamaged`, `OSError`."""
        path = f"{self.directory}/{MANIFEST}"
        try:
            with _opened(path) as file:
                content = file.read(LARGEST + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise MirrorNotFound(
                f"`{self.directory}` is not a mirror: it has no `{MANIFEST}`",
                hint=f"`comfydock mirror export {self.directory}` makes one",
                context={"path": self.directory},
            ) from None
        except _NoFile as error:
            raise self._damaged([MANIFEST], f"`{path}` is no file") from error
        if len(content) > LARGEST:
            raise self._damaged([MANIFEST], f"`{path}` is larger than such files are")
        return parse_manifest(content, path)

    def copy(self, path: str, one: MirrorFile, target: str) -> None:
        """Copy a file to a place that does not exist yet, comparing it on the way.

        Raises `MirrorDamaged` when it is not what it must be, and `OSError`; a part may be left then.
        """
        with self._telling(path), _opened(f"{self.directory}/{path}") as file, open(target, "xb") as copy:
            digest, size = hashlib.sha256(), 0
            while content := file.read(min(_CHUNK, one.size + 1 - size)):
                digest.update(content)
                size += len(content)
                copy.write(content)
                if size > one.size:
                    break
            if (digest.hexdigest(), size) != (one.sha256, one.size):
                raise self._damaged([path], f"`{path}` in the mirror is not what it is listed as")
            if one.executable:
                os.fchmod(copy.fileno(), 0o755)

    def link_or_copy(self, path: str, one: MirrorFile, target: str) -> None:
        """Like `copy`, by a hard link where one can be made, after comparing the file."""
        if self.is_sound(path, one):
            try:
                os.link(f"{self.directory}/{path}", target, follow_symlinks=False)
            except OSError:
                pass  # Another disk, or one without links.
            else:
                return
        self.copy(path, one, target)

    def is_sound(self, path: str, one: MirrorFile) -> bool:
        """Whether a file is there and is what it must be. Raises `OSError` when it cannot be read."""
        try:
            with _opened(f"{self.directory}/{path}") as file:
                return os.fstat(file.fileno()).st_size == one.size and _digest(file) == one.sha256
        except (FileNotFoundError, NotADirectoryError, _NoFile):
            return False

    def present(self) -> Iterator[str]:
        """Every name below the directory that stands for no directory, but for what the mirror is kept by."""
        waiting = [""]
        while waiting:
            place = waiting.pop()
            with os.scandir(f"{self.directory}/{place}") as entries:
                for entry in entries:
                    if not place and entry.name in _OF_OURS:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(f"{place}{entry.name}/")
                    else:
                        yield f"{place}{entry.name}"

    @contextlib.contextmanager
    def _telling(self, path: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, _NoFile) as error:
            if isinstance(error, FileNotFoundError) and not str(error.filename).startswith(self.directory):
                raise
            raise self._damaged([path], f"`{path}` is missing in the mirror") from error

    def _damaged(self, paths: list[str], message: str) -> MirrorDamaged:
        return MirrorDamaged(
            message,
            hint=f"`comfydock mirror verify {self.directory}` lists everything that is wrong with it",
            context={"path": self.directory, "files": paths},
        )


class MirrorWriter(MirrorStore):
    """A mirror that is added to, by one command at a time."""

    def __init__(self, directory: str) -> None:
        super().__init__(directory)
        self.now = MirrorContents()
        self.added: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()

    @contextlib.contextmanager
    def writing(self, wait: float) -> Iterator[None]:
        """Hold the mirror while inside, beginning with what is in it; a directory that is not there is made.

        Raises `MirrorRefused` for a directory with something else in it, `ScopeBusy`, `MirrorDamaged`, `OSError`.
        """
        os.makedirs(self.directory, exist_ok=True)
        self.refuse_other_directory()
        with acquire(f"{self.directory}/{_LOCK}", "the mirror", words_of_this_process(), wait=wait):
            incoming = f"{self.directory}/{_INCOMING}"
            if os.path.lexists(incoming):
                remove_tree(incoming)
            if os.path.exists(f"{self.directory}/{MANIFEST}"):
                self.now = self._without_lost(self.contents())
            os.mkdir(incoming)
            try:
                yield
            finally:
                remove_tree(incoming)

    def aside(self) -> str:
        """A name on the mirror's disk for what is not whole yet."""
        return f"{self.directory}/{_INCOMING}/{secrets.token_hex(8)}"

    def take(self, path: str, source: str, *, time: int | None = None) -> None:
        """Have a copy of a file, unless the same is there. Raises `OSError`."""
        with open(source, "rb") as file:
            executable = bool(os.fstat(file.fileno()).st_mode & 0o100)
            known = self.now.files.get(path)
            if known is not None and self._is_as_listed(path, known) and _is_as(file, known):
                self._list(path, MirrorFile(known.sha256, known.size, executable, time))
                return
            aside = self.aside()
            with open(aside, "xb") as copy:
                digest, size = hashlib.sha256(), 0
                file.seek(0)
                while content := file.read(_CHUNK):
                    digest.update(content)
                    size += len(content)
                    copy.write(content)
        self._settle(path, aside, MirrorFile(digest.hexdigest(), size, executable, time))

    def take_linked(self, path: str, source: str, one: MirrorFile) -> None:
        """Have a large file of known digest, by a hard link where one can be made, unless it is there.

        Raises `ChangedMeanwhile` for a copy that is not what it should be, and `OSError`.
        """
        if self.has(path):
            return
        aside = self.aside()
        try:
            os.link(os.path.realpath(source), aside)
        except OSError:
            self.take(path, source)
            if self.now.files[path].sha256 != one.sha256:
                raise _changed(source) from None
            return
        self._settle(path, aside, one)

    def settle(self, path: str, aside: str) -> None:
        """Put what was made aside in place, unless the same is there. Raises `OSError`."""
        with open(aside, "rb") as file:
            one = MirrorFile(_digest(file), os.fstat(file.fileno()).st_size)
        self._settle(path, aside, one)

    def has(self, path: str) -> bool:
        """Whether a file is listed and there with its size, without reading it."""
        known = self.now.files.get(path)
        return known is not None and self._is_as_listed(path, known)

    def note(self) -> None:
        """Write down what is there until now, which the next command begins with. Raises `OSError`."""
        sync_file_system(self.directory)
        content = manifest_content(self.now)
        parse_manifest(content, f"{self.directory}/{MANIFEST}")
        fault("note mirror")
        atomic.write_bytes(f"{self.directory}/{MANIFEST}", content)
        fault("mirror noted")

    def _settle(self, path: str, aside: str, one: MirrorFile) -> None:
        """What a killed command left in place without listing it is not counted as added again, if it is the same."""
        if self.is_sound(path, one):
            os.unlink(aside)
        else:
            place = f"{self.directory}/{path}"
            os.makedirs(os.path.dirname(place), exist_ok=True)
            if os.stat(aside).st_nlink == 1:
                os.chmod(aside, 0o755 if one.executable else 0o644)
            fault("keep file of mirror")
            os.replace(aside, place)
            part = path.partition("/")[0]
            self.added[part] += 1
            self.bytes[part] += one.size
        self._list(path, one)

    def _without_lost(self, listed: MirrorContents) -> MirrorContents:
        """What is listed and there, so that what was lost is had once more."""
        lost = {path for path, one in listed.files.items() if not self._is_as_listed(path, one)}
        if not lost:
            return listed
        files = {path: one for path, one in listed.files.items() if path not in lost}
        return replace(
            listed,
            files=files,
            environments={
                name: one for name, one in listed.environments.items() if f"{ENVIRONMENTS}{name}.tar.gz" in files
            },
            repositories={name: one for name, one in listed.repositories.items() if files.keys() >= set(one.parts)},
            packs={name: one for name, one in listed.packs.items() if f"{PACKS}{one.sha256}" in files},
            models={name: one for name, one in listed.models.items() if f"{MODELS}{one.blake3}" in files},
            pythons={
                name: one
                for name, one in listed.pythons.items()
                if not any(path.startswith(f"{PYTHONS}{name}/") for path in lost)
            },
            locks=set() if any(path.startswith(PACKAGES) for path in lost) else listed.locks,
        )

    def _list(self, path: str, one: MirrorFile) -> None:
        self.now.files[path] = one

    def _is_as_listed(self, path: str, known: MirrorFile) -> bool:
        try:
            found = os.lstat(f"{self.directory}/{path}")
        except FileNotFoundError:
            return False
        return stat.S_ISREG(found.st_mode) and found.st_size == known.size

    def refuse_other_directory(self) -> None:
        """Raise `MirrorRefused` for a directory that has something and is no mirror. Raises `OSError`."""
        names = set(os.listdir(self.directory))
        if MANIFEST in names or names <= _OF_OURS or _LOCK in names:
            return
        raise MirrorRefused(
            f"`{self.directory}` exists and is no mirror",
            hint="choose another directory, or move what is in it elsewhere",
            context={"path": self.directory},
        )


class _NoFile(Exception):
    """What has the name is a link, a device or a directory."""


def _opened(path: str) -> BufferedReader:
    """A file and nothing else: whoever wrote the mirror may have put anything there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except IsADirectoryError:
        raise _NoFile from None
    except OSError as error:
        if os.path.islink(path):
            raise _NoFile from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _NoFile
    return open(descriptor, "rb")


def _changed(source: str) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"`{source}` was changed while it was copied",
        hint="run the command again when nothing writes to it",
        context={"path": source},
    )


def _digest(file: BufferedReader) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()


def _is_as(file: BufferedReader, known: MirrorFile) -> bool:
    return os.fstat(file.fileno()).st_size == known.size and _digest(file) == known.sha256
