"""Is a virtual environment whole? A quick look at everything, a thorough one at some, and one at every byte.

uv does not look: where files are missing or cut short it says "Checked" and exits with 0.
"""

import contextlib
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator

from comfydock_core.integrations import process
from comfydock_core.models.exceptions import ToolMissing
from comfydock_core.models.packages.virtual_environment import VenvCheck, VenvFault
from comfydock_core.repositories.install_record import (
    DISTRIBUTIONS,
    installed_distributions,
    record_directory,
    site_packages,
    split_distribution,
)
from comfydock_core.repositories.installed_files import InstalledFile, read_record
from comfydock_core.repositories.own_contradictions import Contradictions, read_contradictions
from comfydock_core.utils import native
from comfydock_core.utils.child_environment import child_environment

_DIST_INFO = ".dist-info"
_PYTHON_SECONDS = 60

_Judge = Callable[[str, InstalledFile, str], Iterator[VenvFault]]


def venv_python(venv: str) -> str:
    """The interpreter of a virtual environment."""
    return f"{venv}/Scripts/python.exe" if native.WINDOWS else f"{venv}/bin/python"


def quick_check(venv: str) -> VenvCheck:
    """Whether Python starts and every distribution has its `METADATA` and `RECORD`. Costs one start and few stats."""
    faults = [*_python_faults(venv)]
    directory = site_packages(venv)
    if directory is None:
        return VenvCheck(is_relocatable(venv), 0, (*faults, VenvFault("packages-missing", venv)))
    try:
        names = installed_distributions(directory)
    except OSError as error:
        return VenvCheck(is_relocatable(venv), 0, (*faults, _unreadable(directory, error)))
    faults += _twice(directory, names)
    faults += [fault for name in names for fault in _distribution_faults(directory, name)]
    return VenvCheck(is_relocatable(venv), len(names), tuple(faults))


def check_distributions(venv: str, distributions: Iterable[str]) -> tuple[VenvFault, ...]:
    """Whether every file that these distributions (`name-version`) recorded is there and has its size.

    Some distributions hold the same files, such as the builds of OpenCV; a file may then be of any of them.
    """
    faults = [fault for name in distributions for fault in _file_faults(venv, name, _size_fault)]
    return tuple(_without_those_of_others(venv, _without_contradictions(venv, faults), _size_fault))


def own_contradictions(venv: str, faults: Iterable[VenvFault]) -> Contradictions:
    """What files that differ from their `RECORD` are now, for a note of them. Raises `OSError`."""
    directory = site_packages(venv) or venv
    paths = {fault.path: os.path.join(directory, fault.path) for fault in faults}
    return {path: (_digest(place, "sha256").hex(), os.stat(place).st_size) for path, place in paths.items()}


def check_contents(venv: str) -> tuple[VenvFault, ...]:
    """Whether every file of every distribution is what was installed, by its hash. Reads the whole environment."""
    directory = site_packages(venv)
    if directory is None:
        return (VenvFault("packages-missing", venv),)
    names = installed_distributions(directory)
    faults = [fault for name in names for fault in _file_faults(venv, name, _content_fault)]
    return tuple(_without_those_of_others(venv, _without_contradictions(venv, faults), _content_fault))


def check_touched(venv: str) -> tuple[VenvFault, ...]:
    """Like `check_contents`, but only files of another size, or written to since the installation, are read."""
    directory = site_packages(venv)
    if directory is None:
        return ()
    since = _installed_at(venv)

    def judge(path: str, file: InstalledFile, name: str) -> Iterator[VenvFault]:
        try:
            known = os.stat(path)
        except OSError:
            known = None  # The thorough look tells what hinders it.
        if known is None or known.st_size != (file.size or known.st_size) or known.st_mtime_ns > since:
            yield from _content_fault(path, file, name)

    faults = [fault for name in installed_distributions(directory) for fault in _file_faults(venv, name, judge)]
    return tuple(_without_those_of_others(venv, _without_contradictions(venv, faults), _content_fault))


def changed_projects(venv: str) -> list[str]:
    """The projects whose files are not what was installed, as far as sizes and times tell. Raises `OSError`."""
    faults = [fault for fault in check_touched(venv) if fault.kind in ("file-size", "file-content")]
    return sorted({split_distribution(fault.distribution)[0] for fault in faults if fault.distribution})


def _installed_at(venv: str) -> float:
    """When the note of the last installation was written; without one everything is looked at."""
    try:
        return os.stat(f"{record_directory(venv)}/{DISTRIBUTIONS}").st_mtime_ns
    except OSError:
        return 0


def changed_distributions(before: str, after: str) -> list[str]:
    """What a sync of the linked copy `after` of `before` installed: whose `RECORD` is not the same file any more.

    Of a virtual environment that was built anew, all of it.
    """
    directory, old = site_packages(after), site_packages(before)
    if directory is None:
        return []
    names = installed_distributions(directory)
    return [name for name in names if old is None or not _same_record(old, directory, name)]


def is_relocatable(venv: str) -> bool:
    """Whether `pyvenv.cfg` says that the scripts find their Python wherever the environment lies."""
    try:
        content = native.read_bytes(f"{venv}/pyvenv.cfg") or b""
    except OSError:
        return False
    settings = (line.partition("=") for line in content.decode("utf-8", "replace").splitlines())
    return any((key.strip(), value.strip().lower()) == ("relocatable", "true") for key, _, value in settings)


def _python_faults(venv: str) -> Iterator[VenvFault]:
    python = venv_python(venv)
    if not native.is_file(python):
        yield VenvFault("python-missing", python)
        return
    reason = _why_it_does_not_run(python)
    if reason is not None:
        yield VenvFault("python-broken", python, detail=reason)


def _why_it_does_not_run(python: str) -> str | None:
    # Isolated from the user's variables and writing no caches: looking must not change anything.
    command = [python, "-I", "-B", "-c", ""]
    try:
        done = process.capture_within(_PYTHON_SECONDS, command, cwd=os.path.sep, env=child_environment())
    except (ToolMissing, OSError) as error:
        return str(error)
    if done is None:
        return f"it took longer than {_PYTHON_SECONDS} s to start"
    if done.returncode != 0:
        return done.text.split("\n")[-1] or done.ending("it")
    return None


def _twice(directory: str, names: list[str]) -> Iterator[VenvFault]:
    """Two versions of one project: the older was not removed."""
    known: dict[str, str] = {}
    for name in names:
        project = re.sub(r"[_.]+", "-", split_distribution(name)[0]).lower()
        if project in known:
            yield VenvFault("distribution-twice", f"{directory}/{name}{_DIST_INFO}", name, known[project])
        known[project] = name


def _distribution_faults(directory: str, name: str) -> Iterator[VenvFault]:
    for file, kind in (("METADATA", "metadata"), ("RECORD", "record")):
        path = f"{directory}/{name}{_DIST_INFO}/{file}"
        try:
            known = os.stat(path)
        except OSError:
            yield VenvFault(f"{kind}-missing", path, name)
            continue
        if known.st_size == 0 or not stat.S_ISREG(known.st_mode):
            yield VenvFault(f"{kind}-empty", path, name)


def _file_faults(venv: str, name: str, judge: _Judge) -> Iterator[VenvFault]:
    directory = site_packages(venv) or venv
    dist_info = f"{directory}/{name}{_DIST_INFO}"
    if not native.is_directory(dist_info):
        yield VenvFault("distribution-missing", dist_info, name)
        return
    broken = list(_distribution_faults(directory, name))
    yield from broken
    if any(fault.kind.startswith("record") for fault in broken):
        return
    try:
        files = read_record(dist_info)
    except (OSError, ValueError) as error:
        yield VenvFault("record-unreadable", f"{dist_info}/RECORD", name, str(error))
        return
    for file in files:
        if not file.is_cache:
            yield from judge(os.path.join(directory, file.path), file, name)


def _without_contradictions(venv: str, faults: Iterable[VenvFault]) -> list[VenvFault]:
    """The faults, but for files that are as their wheel has them, which says something else of them itself."""
    found = list(faults)
    known = read_contradictions(venv) if found else {}
    differing = [fault for fault in found if fault.kind in ("file-size", "file-content") and fault.path in known]
    now = own_contradictions(venv, differing)
    return [fault for fault in found if fault not in differing or now[fault.path] != known[fault.path]]


def _without_those_of_others(venv: str, faults: list[VenvFault], judge: _Judge) -> Iterator[VenvFault]:
    """The faults, but for files that are just as another distribution recorded them."""
    suspects = {fault.path for fault in faults if fault.kind in ("file-size", "file-content")}
    directory = site_packages(venv)
    others: dict[str, list[tuple[str, InstalledFile]]] = {}
    for name in installed_distributions(directory) if suspects and directory is not None else ():
        with contextlib.suppress(OSError, ValueError):  # What cannot be read is a fault of its own.
            for file in read_record(f"{directory}/{name}{_DIST_INFO}"):
                if file.path in suspects:
                    others.setdefault(file.path, []).append((name, file))
    for fault in faults:
        claims = [file for name, file in others.get(fault.path, ()) if name != fault.distribution]
        if not any(next(judge(f"{directory}/{file.path}", file, ""), None) is None for file in claims):
            yield fault


def _size_fault(path: str, file: InstalledFile, name: str) -> Iterator[VenvFault]:
    try:
        size = os.stat(path).st_size
    except (FileNotFoundError, NotADirectoryError):
        yield VenvFault("file-missing", file.path, name)
        return
    except OSError as error:
        yield VenvFault("file-unreadable", file.path, name, error.strerror or str(error))
        return
    if file.size is not None and size != file.size:
        yield VenvFault("file-size", file.path, name, f"{size} bytes instead of {file.size}")


def _content_fault(path: str, file: InstalledFile, name: str) -> Iterator[VenvFault]:
    faults = list(_size_fault(path, file, name))
    yield from faults
    if faults or file.digest is None or file.algorithm is None:
        return
    try:
        digest = _digest(path, file.algorithm)
    except OSError as error:
        yield VenvFault("file-unreadable", file.path, name, error.strerror or str(error))
        return
    if digest != file.digest:
        yield VenvFault("file-content", file.path, name)


def _digest(path: str, algorithm: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return hashlib.file_digest(file, algorithm).digest()


def _same_record(old: str, new: str, name: str) -> bool:
    try:
        one, other = (os.stat(f"{place}/{name}{_DIST_INFO}/RECORD") for place in (old, new))
    except OSError:
        return False
    return os.path.samestat(one, other)


def _unreadable(path: str, error: OSError) -> VenvFault:
    return VenvFault("packages-unreadable", path, detail=error.strerror or str(error))
