"""Models to measure with: trees of many small files, and single large ones, made once and kept below `dist/.work`."""

import os
import shutil
from pathlib import Path

from build.workspaces import make_workspace

_FOLDERS = ("checkpoints", "loras", "vae", "controlnet")
_IN_ONE_DIRECTORY = 250
_BLOCK = 1 << 22


def workspace_with(place: Path, files: int) -> Path:
    """A workspace whose models directory has that many files, in directories of 250."""
    root = place / f"workspace-{files}"
    finished = root / "finished"
    if not finished.exists():
        shutil.rmtree(root, ignore_errors=True)
        make_workspace(root, 1)
        for number in range(files):
            folder = _FOLDERS[number % len(_FOLDERS)]
            directory = root / "models" / folder / f"collection {number // len(_FOLDERS) // _IN_ONE_DIRECTORY}"
            directory.mkdir(parents=True, exist_ok=True)
            (directory / f"detail tweaker {number}.safetensors").write_bytes(_empty_model(number))
        finished.touch()
    return root


def random_file(place: Path, size: int) -> Path:
    """A file whose bytes nothing can compress, written out to the disk."""
    path = place / f"random-{size}"
    if not path.exists() or path.stat().st_size != size:
        with path.open("wb") as file:
            for _ in range(0, size, _BLOCK):
                file.write(os.urandom(_BLOCK))
            file.flush()
            os.fsync(file.fileno())
    return path


def sparse_file(place: Path, size: int) -> Path:
    """A file of any size that takes no room."""
    path = place / f"sparse-{size}"
    path.touch()
    os.truncate(path, size)
    return path


def _empty_model(number: int) -> bytes:
    """A whole safetensors file, different from every other."""
    table = b'{"__metadata__":{"number":"%d"}}' % number
    return len(table).to_bytes(8, "little") + table
