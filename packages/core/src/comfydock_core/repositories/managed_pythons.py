"""Installations of Python below the directory that uv keeps them in: which one runs something, and adding one.

uv writes where an installation lies into one file of it, for whoever builds with that Python. Whoever takes an
installation elsewhere leaves the place out there and puts the new one in.
"""

import contextlib
import os
import re
from collections.abc import Iterator

from comfydock_core.models.managed_pythons import ManagedPython, managed_python
from comfydock_core.repositories.working_places import working_place
from comfydock_core.utils import native
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files.durable import sync_file_system

_CACHE = "__pycache__"
_HOME = re.compile(r"^home *= *(.+?) *$", re.MULTILINE)
_KNOWS_ITS_PLACE = re.compile(r"lib/[^/]+/_sysconfigdata_[^/]*\.py")
_PLACE = b"@the place of this Python@"
_SPECIAL = str.maketrans({"\\": "\\\\", '"': '\\"', "'": "\\'"})


def installation_of(venv: str, directory: str) -> ManagedPython | None:
    """The installation in `directory` that a virtual environment runs from, `None` where it is none of these."""
    content = native.read_bytes(f"{venv}/pyvenv.cfg") or b""
    home = _HOME.search(os.fsdecode(content))
    return None if home is None else installation_with(home[1], directory)


def installation_with(path: str, directory: str) -> ManagedPython | None:
    """The installation in `directory` that a file or directory is of, `None` where it is of none."""
    root, place = os.path.realpath(directory), os.path.realpath(path)
    if not place.startswith(f"{root}/"):
        return None
    return managed_python(place.removeprefix(f"{root}/").partition("/")[0])


def parts_of(place: str) -> tuple[list[str], dict[str, str]]:
    """The files of an installation, and its symbolic links with what they lead to; paths are relative and sorted.

    What Python makes again by itself is left out: it would be another with each run. A link to a place in the
    installation is made relative. Raises `OSError`.
    """
    files: list[str] = []
    links: dict[str, str] = {}
    for top, directories, names in os.walk(place, onerror=_raise):
        directories[:] = sorted(name for name in directories if name != _CACHE)
        for name in (*directories, *sorted(names)):
            path = f"{top}/{name}"
            if os.path.islink(path):
                links[os.path.relpath(path, place)] = _target(path, place)
            elif name in names:
                files.append(os.path.relpath(path, place))
    return sorted(files), dict(sorted(links.items()))


def knows_its_place(path: str) -> bool:
    """Whether a file of an installation says where that lies."""
    return _KNOWS_ITS_PLACE.fullmatch(path) is not None


def without_place(content: bytes, place: str) -> bytes:
    """Such a file, the same wherever the installation lies."""
    return content.replace(_as_written(place), _PLACE)


@contextlib.contextmanager
def placing(directory: str, name: str, scratch: str) -> Iterator[str]:
    """A directory to put the parts of an installation into; when the block ends, uv finds it by its name.

    One that is there by then stays. `scratch` is on the disk of `directory`.

    Raises `OSError`, `FileSystemError`; nothing is there then.
    """
    target = f"{directory}/{name}"
    with working_place(scratch) as work:
        aside = f"{work}/{name}"
        os.mkdir(aside)
        yield aside
        _settle(aside, target)
        sync_file_system(aside)
        fault("place Python")
        try:
            os.rename(aside, target)
        except OSError:
            if not os.path.isdir(target):
                raise


def _settle(aside: str, target: str) -> None:
    """Write where the installation is going to lie into the files that know it."""
    for path in parts_of(aside)[0]:
        if knows_its_place(path):
            with open(f"{aside}/{path}", "r+b") as file:
                content = file.read().replace(_PLACE, _as_written(target))
                file.seek(0)
                file.write(content)
                file.truncate()


def _target(path: str, place: str) -> str:
    target = os.readlink(path)
    inside = target.startswith(f"{place}/")
    return os.path.relpath(target, os.path.dirname(path)) if inside else target


def _as_written(place: str) -> bytes:
    """A path between quotes in Python."""
    return os.fsencode(place.translate(_SPECIAL))


def _raise(error: OSError) -> None:
    raise error
