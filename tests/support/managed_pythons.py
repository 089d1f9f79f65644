"""A Python that uv can fetch and manage: the interpreter that runs the tests, packed as uv expects it, and a list."""

import hashlib
import io
import json
import os
import platform
import sys
import sysconfig
import tarfile
from dataclasses import dataclass
from pathlib import Path

VERSION = platform.python_version()
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
_LIST = "pythons.json"
_ARCHIVE = "python.tar.gz"
# What running something and making virtual environments does without.
_WITHOUT = ("__pycache__", "config-", "ensurepip", "idlelib", "lib2to3", "site-packages", "dist-packages",
            "sitecustomize", "test", "tkinter", "turtledemo")  # fmt: skip
_BUILT_FOR = "/install"  # uv puts the place of an installation there.


@dataclass(frozen=True, slots=True)
class ServedPython:
    """What is in a directory that a server is to serve, and what uv will call the installation."""

    name: str

    def variables(self, url: str) -> dict[str, str]:
        """What makes uv fetch it from a server, and use no Python that it does not manage."""
        return {
            "UV_PYTHON_DOWNLOADS_JSON_URL": f"{url}/{_LIST}",
            "UV_PYTHON_DOWNLOADS": "automatic",
            "UV_MANAGED_PYTHON": "1",
        }


def serve_python(directory: Path, url: str) -> ServedPython:
    """Put the archive and uv's list of it into a directory that is served at an address."""
    directory.mkdir(parents=True, exist_ok=True)
    content = _archive()
    (directory / _ARCHIVE).write_bytes(content)
    libc = "gnu" if sys.platform == "linux" and platform.libc_ver()[0] == "glibc" else "musl"
    libc = libc if sys.platform == "linux" else "none"
    system = {"darwin": "macos"}.get(sys.platform, sys.platform)
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    name = f"cpython-{VERSION}-{system}-{machine}-{libc}"
    entry = {
        "name": "cpython",
        "arch": {"family": machine, "variant": None},
        "os": {"macos": "darwin"}.get(system, system),
        "libc": libc,
        "major": sys.version_info.major,
        "minor": sys.version_info.minor,
        "patch": sys.version_info.micro,
        "prerelease": "",
        "url": f"{url}/{_ARCHIVE}",
        "sha256": hashlib.sha256(content).hexdigest(),
        "variant": None,
        "build": "20260101",
    }
    (directory / _LIST).write_text(json.dumps({name: entry}))
    return ServedPython(name)


def _archive() -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz", compresslevel=1) as archive:
        program = os.path.realpath(sys.executable)
        archive.add(program, f"python/bin/python{MINOR}")
        for name in ("python", "python3"):
            _add_link(archive, f"python/bin/{name}", f"python{MINOR}")
        _add_libraries(archive)
        _add_standard_library(archive, Path(sysconfig.get_path("stdlib")))
    return whole.getvalue()


def _add_libraries(archive: tarfile.TarFile) -> None:
    """The shared library, where the interpreter has one."""
    names = {sysconfig.get_config_var(key) for key in ("LDLIBRARY", "INSTSONAME")}
    for name in sorted(name for name in names if (name and ".so" in name) or (name and ".dylib" in name)):
        path = f"{sysconfig.get_config_var('LIBDIR')}/{name}"
        if os.path.exists(path):
            archive.add(path, f"python/lib/{name}")


def _add_standard_library(archive: tarfile.TarFile, library: Path) -> None:
    for top, directories, names in os.walk(library):
        directories[:] = sorted(name for name in directories if not name.startswith(_WITHOUT))
        for name in sorted(names):
            path = Path(top, name)
            inside = f"python/lib/python{MINOR}/{path.relative_to(library)}"
            if name.startswith("_sysconfigdata_"):
                content = path.read_text().replace(sys.base_prefix, _BUILT_FOR).encode()
                one = tarfile.TarInfo(inside)
                one.size = len(content)
                archive.addfile(one, io.BytesIO(content))
            elif not name.startswith(_WITHOUT):
                archive.add(os.path.realpath(path), inside)


def _add_link(archive: tarfile.TarFile, path: str, target: str) -> None:
    one = tarfile.TarInfo(path)
    one.type, one.linkname = tarfile.SYMTYPE, target
    archive.addfile(one)
