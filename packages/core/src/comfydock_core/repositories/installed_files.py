"""Which files a distribution installed: reading `RECORD` of its `dist-info`."""

import base64
import binascii
import csv
import hashlib
import io
from collections.abc import Iterator

from comfydock_core.records import record

CACHE = ".pyc"  # Compiled code, which Python makes anew when it is missing.
_COLUMNS = 3
_ALGORITHMS = frozenset(name for name in hashlib.algorithms_guaranteed if not name.startswith("shake"))


@record
class InstalledFile:
    """One line of a `RECORD`. `path` is relative to `site-packages` or absolute; what is not written down is `None`."""

    path: str
    algorithm: str | None = None
    digest: bytes | None = None
    size: int | None = None

    @property
    def is_cache(self) -> bool:
        """Whether it is compiled code."""
        return self.path.endswith(CACHE)


def read_record(dist_info: str) -> tuple[InstalledFile, ...]:
    """The files of a distribution by its `dist-info` directory. Raises `OSError`, and `ValueError` for nonsense."""
    with open(f"{dist_info}/RECORD", encoding="utf-8", newline="") as file:
        return parse_record(file.read())


def read_paths(dist_info: str) -> list[str]:
    """The paths alone, which costs a tenth of reading everything; other columns are not judged.

    Raises `OSError`, and `ValueError` for text that is none and for broken quotes.
    """
    with open(f"{dist_info}/RECORD", encoding="utf-8", newline="") as file:
        text = file.read()
    if '"' in text:  # Paths with commas.
        return [row[0] for _, row in _rows(text) if row]
    return [line.partition(",")[0] for line in text.split("\n") if line.strip()]


def parse_record(text: str) -> tuple[InstalledFile, ...]:
    """Read the lines of a `RECORD`: path, hash and size, as CSV. Raises `ValueError`, naming the line."""
    return tuple(_installed_file(row, number) for number, row in _rows(text) if row)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise ValueError(f"line {rows.line_num}: {error}") from error
        if row is None:
            return
        yield rows.line_num, row


def _installed_file(row: list[str], number: int) -> InstalledFile:
    if len(row) != _COLUMNS or not row[0] or "\0" in row[0]:
        raise ValueError(f"line {number} does not hold a path, a hash and a size")
    path, hashed, size = row
    if size and not (size.isascii() and size.isdecimal()):
        raise ValueError(f"line {number}: `{size}` is not a size")
    algorithm, digest = _hash(hashed, number) if hashed else (None, None)
    return InstalledFile(path, algorithm, digest, int(size) if size else None)


def _hash(text: str, number: int) -> tuple[str, bytes]:
    algorithm, equals, encoded = text.partition("=")
    try:
        digest = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if not equals or not digest or algorithm not in _ALGORITHMS:
        raise ValueError(f"line {number}: `{text}` is not a hash")
    return algorithm, digest
