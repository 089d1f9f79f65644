"""The operating system without `os`.

On POSIX the module `posix` holds the calls that `os` only re-exports; it is built into the interpreter, while loading
`os` costs a compiled program a third of a bare start. Modules on the startup path use `native.system` and the
helpers here; everything else imports `os` as usual.
"""

import sys

if sys.platform == "win32":
    import os as system
else:
    import posix as system

WINDOWS = sys.platform == "win32"

__all__ = [
    "WINDOWS",
    "child_environment",
    "exists",
    "frozen",
    "getenv",
    "home",
    "is_directory",
    "is_file",
    "link_target",
    "list_names",
    "read_bytes",
    "system",
]

# stat.S_IFMT and friends, without loading `stat`.
_TYPE_MASK = 0o170000
_DIRECTORY = 0o040000
_REGULAR = 0o100000


def frozen() -> bool:
    """Whether this is a frozen program.

    PyInstaller marks `sys`. Nuitka marks the modules that it compiled, and this one always is, as starts load it.
    """
    return "__compiled__" in globals() or bool(getattr(sys, "frozen", False))


def getenv(name: str) -> str | None:
    """An environment variable, or `None` when it is unset or empty."""
    if sys.platform == "win32":
        return system.environ.get(name) or None
    value = system.environ.get(name.encode("ascii"))
    return value.decode(sys.getfilesystemencoding(), "surrogateescape") if value else None


def home() -> str:
    """The user's home directory: `HOME`, else the account's."""
    if sys.platform == "win32":
        return getenv("USERPROFILE") or "C:\\"
    known = getenv("HOME")
    if known is None:
        import pwd

        known = pwd.getpwuid(system.getuid()).pw_dir
    return known


def exists(path: str) -> bool:
    """Whether something is there under `path`, links followed. Cheaper than `stat`, which makes a value of twenty."""
    try:
        return system.access(path, system.F_OK)
    except ValueError:
        return False


def is_directory(path: str) -> bool:
    """Whether `path` is a directory, links followed; `False` for anything that cannot be looked at."""
    return _type_of(path) == _DIRECTORY


def is_file(path: str) -> bool:
    """Whether `path` is a regular file, links followed; `False` for anything that cannot be looked at."""
    return _type_of(path) == _REGULAR


def _type_of(path: str) -> int:
    try:
        return system.stat(path).st_mode & _TYPE_MASK
    except (OSError, ValueError):
        return 0


def list_names(path: str) -> list[str]:
    """The names in a directory, sorted. Raises `OSError` like `os.listdir`."""
    return sorted(system.listdir(path))


def link_target(path: str) -> str | None:
    """Where the symbolic link `path` points, or `None` when it is not a link."""
    try:
        return system.readlink(path)
    except (OSError, ValueError):
        return None


def read_bytes(path: str) -> bytes | None:
    """The whole file, or `None` when there is none. Raises `OSError` for any other trouble."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def child_environment() -> dict[bytes, bytes]:
    """The environment for a short-lived child on POSIX: this process's own, as bytes.

    A PyInstaller program runs with its own library path; children get the one it was started with.
    """
    variables: dict[bytes, bytes] = dict(system.environ) if sys.platform != "win32" else {}
    if hasattr(sys, "_MEIPASS"):
        original = variables.pop(b"LD_LIBRARY_PATH_ORIG", None)
        if original:
            variables[b"LD_LIBRARY_PATH"] = original
        elif variables.get(b"LD_LIBRARY_PATH", b"").startswith(str(vars(sys)["_MEIPASS"]).encode()):
            del variables[b"LD_LIBRARY_PATH"]
    return variables
