"""What takes the space of an artifact: its files, and the packages inside of the program.

The program's list of modules is read from the C text that Nuitka wrote, where each module that is carried as bytecode
stands with its size; what is left of the program is C code and the interpreter.
"""

import re
from collections import Counter
from pathlib import Path

from build.paths import Layout

_ENTRY = re.compile(r'^\s+"(?P<name>[\w.-]+)",.*, (?P<size>\d+), NUITKA_BYTECODE_FLAG', re.MULTILINE)
_MOST = 30


class SizesError(Exception):
    """There is nothing to measure."""


def modules_in(loader: str) -> Counter[str]:
    """Bytes of bytecode by module, from the text of Nuitka's `__loader.c`."""
    return Counter({entry["name"]: int(entry["size"]) for entry in _ENTRY.finditer(loader)})


def packages_in(loader: str) -> Counter[str]:
    """The same by package."""
    found: Counter[str] = Counter()
    for name, size in modules_in(loader).items():
        found[name.partition(".")[0]] += size
    return found


def bytecode_in(layout: Layout, name: str) -> Counter[str]:
    """Bytes of bytecode by module of the artifact that was built here. Raises `SizesError` where none was."""
    return modules_in(_loader(layout, name).read_text("utf-8"))


def _loader(layout: Layout, name: str) -> Path:
    loader = layout.work / "nuitka" / f"{name}.build" / "__loader.c"
    if not (layout.artifact("nuitka") / name).is_file() or not loader.is_file():
        raise SizesError(f"the artifact was not built in this checkout: {layout.artifact('nuitka')}")
    return loader


def files_in(directory: Path) -> Counter[str]:
    """Bytes of every file of an artifact."""
    found = (path for path in directory.rglob("*") if path.is_file() and not path.is_symlink())
    return Counter({path.relative_to(directory).as_posix(): path.stat().st_size for path in found})


def report(layout: Layout, name: str) -> str:
    """Both as a table, largest first. Raises `SizesError` where the artifact was not built here."""
    packages = packages_in(_loader(layout, name).read_text("utf-8"))
    files = files_in(layout.artifact("nuitka"))
    inside = packages.copy()
    inside["(C code and the interpreter)"] = files[name] - packages.total()
    return "\n".join([*_table("files", files), "", *_table(f"inside of {name}", inside)])


def _table(title: str, sizes: Counter[str]) -> list[str]:
    lines = [f"{size / 1e6:8.2f} MB  {name}" for name, size in sizes.most_common(_MOST)]
    if len(sizes) > _MOST:
        rest = sum(size for _, size in sizes.most_common()[_MOST:])
        lines.append(f"{rest / 1e6:8.2f} MB  {len(sizes) - _MOST} others")
    return [f"{sizes.total() / 1e6:8.2f} MB  {title}", *lines]
