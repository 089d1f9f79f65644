"""Knowing that nothing changed: digests of inputs, and the stamps beside what was made from them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_SKIPPED = frozenset({"__pycache__"})


def tree_files(directory: Path) -> list[Path]:
    """Every file below `directory` that matters to a build, sorted."""
    return sorted(
        path
        for path in directory.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not _SKIPPED.intersection(path.parts)
    )


def digest_files(files: Iterable[Path], extra: Iterable[str] = ()) -> str:
    """One digest of names and contents of `files`, wherever they lie, and of the texts in `extra`."""
    total = hashlib.sha256()
    for text in extra:
        total.update(f"{text}\0".encode())
    for path in files:
        content = path.read_bytes()
        total.update(f"{path.name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def digest_trees(directories: Iterable[Path], extra: Iterable[str] = ()) -> str:
    """One digest of everything in `directories`; names count relative to each of them."""
    total = hashlib.sha256()
    for text in extra:
        total.update(f"{text}\0".encode())
    for directory in directories:
        for path in tree_files(directory):
            content = path.read_bytes()
            total.update(f"{path.relative_to(directory).as_posix()}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()


@dataclass(frozen=True, slots=True)
class Stamp:
    """A small file that says what something was made from. Clear it before making, write it when made."""

    path: Path
    text: str

    def matches(self) -> bool:
        try:
            return self.path.read_text("utf-8") == self.text
        except (OSError, ValueError):
            return False

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.text, "utf-8")
