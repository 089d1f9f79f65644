"""Archives that are the same bytes for the same content: sorted names, one time, no owners."""

import gzip
import tarfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

_FILE, _PROGRAM = 0o644, 0o755


def write_archive(directory: Path, target: Path, seconds: int, *, level: int = 9) -> None:
    """Pack `directory`, under its own name, as `target`, a `.zip` or a `.tar.gz`.

    `seconds` is the time of every member, `level` from 1 for quick to 9 for small. A zip file keeps no links: what they
    lead to is in it twice.
    """
    if target.suffix == ".zip":
        _write_zip(directory, target, seconds, level)
    else:
        _write_tar(directory, target, seconds, level)


def _write_zip(directory: Path, target: Path, seconds: int, level: int) -> None:
    moment = time.gmtime(seconds)[:6]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for path in _everything(directory):
            if path.is_file():
                name = f"{directory.name}/{path.relative_to(directory).as_posix()}"
                member = zipfile.ZipInfo(name, moment)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = (0o100000 | _FILE) << 16
                archive.writestr(member, path.read_bytes())


def _write_tar(directory: Path, target: Path, seconds: int, level: int) -> None:
    with (
        target.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=level, fileobj=file, mtime=seconds) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in _everything(directory):
            member = archive.gettarinfo(path, f"{directory.name}/{path.relative_to(directory).as_posix()}".rstrip("/."))
            member.mtime, member.uid, member.gid, member.uname, member.gname = seconds, 0, 0, "", ""
            if member.isdir() or member.issym():
                member.mode = _PROGRAM
                archive.addfile(member)
            else:
                member.mode = _PROGRAM if member.mode & 0o100 else _FILE
                with path.open("rb") as content:
                    archive.addfile(member, content)


def _everything(directory: Path) -> Iterator[Path]:
    yield directory
    yield from sorted(directory.rglob("*"), key=lambda path: path.relative_to(directory).as_posix())
