"""`SHA256SUMS`: the digests of everything in a release, in the format that `sha256sum --check` reads."""

import hashlib
from pathlib import Path

NAME = "SHA256SUMS"


def write_sums(directory: Path) -> None:
    """Write the digests of every file in a directory, sorted by name."""
    lines = [
        f"{digest_of(path)}  {path.name}\n"
        for path in sorted(directory.iterdir())
        if path.is_file() and path.name != NAME
    ]
    (directory / NAME).write_text("".join(lines), "utf-8")


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
