"""The C libraries that Python's standard library stands on, one recipe each, all into one prefix.

Archives where a single module uses a library, so that it becomes part of it; OpenSSL has two users and is shared.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from build.portable.pins import Portable, Source
from build.portable.toolchain import Toolchain
from build.portable.workshop import Workshop, jobs

_EXPAT_CONFIG = """\
#define BYTEORDER 1234
#define HAVE_GETRANDOM 1
#define XML_CONTEXT_BYTES 1024
#define XML_DTD 1
#define XML_GE 1
#define XML_NS 1
"""
_EXPAT = ("xmlparse", "xmlrole", "xmltok", "random_getrandom")

# As Debian does, but what is neither used by Python's module nor wanted.
_SQLITE = ("-DSQLITE_THREADSAFE=1", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_ENABLE_FTS5", "-DSQLITE_DQS=0")

_OPENSSL = ("libcrypto.so", "libssl.so")


class Library:
    """One library being built: its tree, and what compiles it."""

    def __init__(self, source: Source, portable: Portable, toolchain: Toolchain, prefix: Path, workshop: Workshop):
        self.source = source
        self.prefix = prefix
        self.compiler = str(toolchain.compiler)
        self.cflags = ("-O2", "-fPIC", *portable.cflags)
        self.workshop = workshop
        self.environment = {"CC": self.compiler, "CFLAGS": " ".join(self.cflags), "PKG_CONFIG": "false"}

    def run(self, directory: Path, *command: str) -> None:
        self.workshop.run(command, directory, self.environment)

    def configure(self, tree: Path, *more: str) -> None:
        self.run(tree, "./configure", f"--prefix={self.prefix}", *more, *self.source.options)

    def make(self, tree: Path, *targets: str) -> None:
        self.run(tree, "make", f"-j{jobs()}", *targets)

    def archive(self, tree: Path, name: str, sources: tuple[str, ...], *flags: str) -> None:
        """Compile C files to an archive in the prefix."""
        for source in sources:
            self.run(tree, self.compiler, *self.cflags, *flags, "-c", f"{source}.c")
        self.run(tree, "ar", "rcs", str(self.prefix / "lib" / name), *(f"{source}.o" for source in sources))

    def headers(self, *paths: Path) -> None:
        for path in paths:
            shutil.copy2(path, self.prefix / "include" / path.name)


def _autotools(library: Library, tree: Path) -> None:
    library.configure(tree)
    library.make(tree)
    library.make(tree, "install")


def _openssl(library: Library, tree: Path) -> None:
    """Only the shared libraries: every other target compiles all of it once more."""
    options = (*library.source.options, *library.cflags, f"--prefix={library.prefix}", "--libdir=lib")
    environment = {**library.environment, "CFLAGS": ""}
    library.workshop.run(["./Configure", *options], tree, environment)
    library.workshop.run(["make", "build_generated"], tree, environment)
    library.workshop.run(["make", f"-j{jobs()}", *_OPENSSL], tree, environment)
    for name in _OPENSSL:
        (real,) = tree.glob(f"{name}.[0-9]*")
        for built in (real, tree / name):
            target = library.prefix / "lib" / built.name
            target.unlink(missing_ok=True)
            shutil.copy2(built, target, follow_symlinks=False)
    shutil.copytree(tree / "include/openssl", library.prefix / "include/openssl", dirs_exist_ok=True)


def _bzip2(library: Library, tree: Path) -> None:
    names = ("blocksort", "huffman", "crctable", "randtable", "compress", "decompress", "bzlib")
    library.archive(tree, "libbz2.a", names, "-D_FILE_OFFSET_BITS=64")
    library.headers(tree / "bzlib.h")


def _sqlite(library: Library, tree: Path) -> None:
    """All of it in one file, which a small program that comes with it writes; that one runs here."""
    environment = {**library.environment, "CC": "gcc", "CFLAGS": "-O1"}
    library.workshop.run(["./configure", *library.source.options], tree, environment)
    library.workshop.run(["make", "sqlite3.c", "sqlite3.h"], tree, environment)
    library.archive(tree, "libsqlite3.a", ("sqlite3",), *_SQLITE)
    library.headers(tree / "sqlite3.h")


def _expat(library: Library, tree: Path) -> None:
    place = tree / "expat/lib"
    (place / "expat_config.h").write_text(_EXPAT_CONFIG, "utf-8")
    library.archive(place, "libexpat.a", _EXPAT, "-DXML_STATIC")
    library.headers(place / "expat.h", place / "expat_external.h")


RECIPES: dict[str, Callable[[Library, Path], None]] = {
    "openssl": _openssl,
    "sqlite": _sqlite,
    "xz": _autotools,
    "libffi": _autotools,
    "zlib": _autotools,
    "bzip2": _bzip2,
    "expat": _expat,
}
