"""Writing a bundle: the same members give the same bytes, whoever writes them, wherever and whenever."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable, Sequence
from typing import IO

from comfydock_core.models.exceptions import ChangedMeanwhile
from comfydock_core.models.sharing import MODELS, WHEELS, BundleSource
from comfydock_core.utils.faults import fault

_LEVEL, _FAST = 6, 1
_BLOCK = 10240  # What tar calls a record: the end is filled up to it.


class Written:
    """Counts what is written and makes its digest."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, content: bytes) -> int:
        self._target.write(content)
        self._digest.update(content)
        self.size += len(content)
        return len(content)

    def flush(self) -> None:
        self._target.flush()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def write_bundle(target: IO[bytes], members: Sequence[BundleSource], on_member: Callable[[str, int], None]) -> Written:
    """Write the members, sorted by name, and return what came out; `on_member` hears of each with its number.

    Raises `ChangedMeanwhile` when a file is not what its digest says any more, `OSError`.
    """
    written = Written(target)
    # Numbers of models and what is compressed already hardly become smaller, whatever time it takes.
    level = _FAST if any(member.name.startswith((MODELS, WHEELS)) for member in members) else _LEVEL
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=written, compresslevel=level, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT, bufsize=_BLOCK) as archive,
    ):
        for number, member in enumerate(sorted(members, key=lambda one: one.name.encode("utf-8")), 1):
            on_member(member.name, number)
            _add(archive, member)
            fault("bundle member written")
    return written


def _add(archive: tarfile.TarFile, member: BundleSource) -> None:
    """Nothing of the file but its bytes, and whether it is a program, goes into the archive."""
    entry = tarfile.TarInfo(member.name)
    entry.size = member.digest.size
    entry.mode = 0o755 if member.digest.executable else 0o644
    if member.content is not None:
        archive.addfile(entry, io.BytesIO(member.content))
        return
    assert member.path is not None
    with open(member.path, "rb") as file:
        content = _Watched(file, member)
        try:
            archive.addfile(entry, content)
        except tarfile.TarError as error:
            raise content.changed() from error
        except OSError as error:
            if error.errno is None:  # The file ended early.
                raise content.changed() from error
            raise
        content.refuse_changed()


class _Watched:
    """A file that must be what its digest says when it was read whole."""

    def __init__(self, file: IO[bytes], member: BundleSource) -> None:
        self._file = file
        self._member = member
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self._digest.update(content)
        return content

    def refuse_changed(self) -> None:
        if self._digest.hexdigest() != self._member.digest.sha256 or self._file.read(1):
            raise self.changed()

    def changed(self) -> ChangedMeanwhile:
        return ChangedMeanwhile(
            f"`{self._member.path}` was changed while it was being exported; no bundle was written",
            hint="run the command again: it exports what is there now",
            context={"path": self._member.path},
        )
