"""Python itself: compiled, watched while it works, compiled again for that, and installed with a static library.

The library is not position independent and holds what Nuitka does not know that it must link beside it.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from build.portable.pins import Portable, Source
from build.portable.toolchain import Toolchain
from build.portable.workshop import PortableError, Workshop, jobs

HERE = Path(__file__).parent
TRAINING = HERE / "training.py"
MODULES = HERE / "Setup.local"

# What the linker would otherwise be told with `-lz -lexpat`.
_WITHIN = ("libz.a", "libexpat.a")

_CHECK = """
import bz2, ctypes, decimal, hashlib, json, lzma, os, sqlite3, ssl, xml.parsers.expat, zlib
assert ssl.get_default_verify_paths().openssl_capath == "/etc/ssl/certs", ssl.get_default_verify_paths()
assert os.environ["LC_ALL"] == "C"
assert sqlite3.connect(":memory:").execute("select 6 * 7").fetchone() == (42,)
assert ctypes.CDLL(None).abs(-42) == 42
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
"""


def executable(prefix: Path) -> Path:
    """The interpreter of an installation."""
    return prefix / "bin" / "python3.11"


class Python:
    """The interpreter being built in `tree`, against the libraries in `libraries`."""

    def __init__(self, source: Source, portable: Portable, toolchain: Toolchain, libraries: Path, workshop: Workshop):
        self.source = source
        self.portable = portable
        self.compiler = toolchain.compiler
        self.libraries = libraries
        self.workshop = workshop

    def configure(self, tree: Path, prefix: Path) -> None:
        """Write its Makefile."""
        shutil.copy2(MODULES, tree / "Modules" / "Setup.local")
        command = [
            "./configure",
            f"--prefix={prefix}",
            f"--with-openssl={self.libraries}",
            "--with-system-expat",
            *self.source.options,
            f"CC={self.compiler}",
            # The modules are shared libraries and must not be linked so.
            "LINKCC=$(CC) -no-pie",
            "CFLAGS=" + " ".join(self.portable.cflags),
            f"CPPFLAGS=-I{self.libraries}/include",
            f"LDFLAGS=-L{self.libraries}/lib -Wl,-rpath,{self.libraries}/lib",
            "PKG_CONFIG=false",
        ]
        self.workshop.run(command, tree)

    def compile_counting(self, tree: Path) -> None:
        """An interpreter that counts what runs."""
        self._make(tree, "profile-gen-stamp")

    def train(self, tree: Path) -> None:
        """Let it work, keep what it counted, and forget the interpreter, as the Makefile would do without a check."""
        self.workshop.run(["./python", str(TRAINING), *self.portable.training], tree)
        self._make(tree, "clean-retain-profile")
        (tree / "profile-run-stamp").touch()

    def compile(self, tree: Path) -> None:
        """The interpreter that is used."""
        self._make(tree)

    def install(self, tree: Path, prefix: Path) -> None:
        """Put it into its place, and try it."""
        shutil.rmtree(prefix, ignore_errors=True)
        self._make(tree, "altinstall", parallel=False)
        (library,) = prefix.glob("lib/python3.*/config-*/libpython3.*.a")
        _add_archives(library, [self.libraries / "lib" / name for name in _WITHIN])
        self.workshop.run([str(executable(prefix)), "-I", "-c", _CHECK], prefix)

    def _make(self, tree: Path, *targets: str, parallel: bool = True) -> None:
        self.workshop.run(["make", *([f"-j{jobs()}"] if parallel else []), *targets], tree)


def _add_archives(library: Path, archives: Sequence[Path]) -> None:
    """Make the members of archives members of a library."""
    fresh = library.with_name("fresh.a")
    fresh.unlink(missing_ok=True)
    lines = [f"CREATE {fresh.name}", *(f"ADDLIB {path}" for path in (library, *archives)), "SAVE", "END"]
    script = "".join(f"{line}\n" for line in lines)
    done = subprocess.run(["ar", "-M"], input=script, capture_output=True, text=True, cwd=library.parent)
    if done.returncode != 0 or not fresh.exists():
        raise PortableError(f"the archives cannot be added to {library}:\n{done.stderr}")
    os.replace(fresh, library)
