"""The compiler: the machine's gcc, told to use the headers and libraries of an older C library.

They come from zig, which carries them for every version. Linked against them, a program asks for no symbol that the
older library lacks. gcc compiles nevertheless: it builds with profiles, and objects of its own fit to those of Nuitka.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from build.portable.aliases import join_aliases
from build.portable.pins import Portable
from build.portable.workshop import PortableError, Workshop

# Later ones are more special and win.
_HEADERS = ("any-linux-any", "x86-linux-any", "generic-glibc", "x86-linux-gnu")
_MACHINES = {"x86_64-linux-gnu": "x86_64"}

_LIBRARIES = ("libm", "libpthread", "libdl", "librt", "libutil", "libresolv")

# zig names the dynamic linker's library so.
_LINKER = ("libld.so.2", "ld-linux-x86-64.so.2")

_LIBC = f"GROUP ( libc.so.6 libc_nonshared.a AS_NEEDED ( {_LINKER[1]} ) )\n"
_MAJOR = "#define\t__GLIBC__\t2\n"
_NOTHING = '.section .note.GNU-stack,"",@progbits\n'

# Reads a variable that the library has under two names.
_PROBE = """\
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
extern char **environ;
static void *run(void *number) { *(double *)number = pow(*(double *)number, 0.5); return 0; }
int main(void) {
    pthread_t thread;
    double number = 16;
    if (pthread_create(&thread, 0, run, &number) != 0 || pthread_join(thread, 0) != 0 || number != 4) return 1;
    return environ == 0 || environ[0] == 0 || getenv("PATH") == 0;
}
"""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """Where the compiler for old systems is."""

    place: Path

    @property
    def compiler(self) -> Path:
        return self.place / "bin" / "gcc"

    @property
    def sysroot(self) -> Path:
        return self.place / "sysroot"


def machines_compiler() -> str:
    """The gcc of the machine. Raises `PortableError`."""
    found = shutil.which("gcc")
    if found is None:
        raise PortableError("gcc is not installed; on Debian: apt-get install build-essential")
    return found


def compiler_version(gcc: str) -> str:
    """What gcc says of itself; other headers of its own come with another version."""
    return subprocess.run([gcc, "--version"], capture_output=True, text=True, check=True).stdout.partition("\n")[0]


def make_toolchain(place: Path, portable: Portable, zig_python: Path, workshop: Workshop) -> Toolchain:
    """Make the compiler; `zig_python` is a Python with `ziglang`. Raises `PortableError`."""
    if portable.target not in _MACHINES:
        raise PortableError(f"there is no portable build for {portable.target}, only for {', '.join(_MACHINES)}")
    shutil.rmtree(place, ignore_errors=True)
    toolchain = Toolchain(place)
    for directory in ("sysroot/usr/include", "sysroot/usr/lib", "bin", "zig"):
        (place / directory).mkdir(parents=True)
    _copy_libraries(toolchain, portable, zig_python, workshop)
    _copy_headers(toolchain, portable, zig_python)
    _write_compiler(toolchain)
    _check(toolchain, workshop)
    shutil.rmtree(place / "zig")
    return toolchain


def _copy_libraries(toolchain: Toolchain, portable: Portable, zig_python: Path, workshop: Workshop) -> None:
    """Let zig link a program; the libraries that it made for that lie in its cache."""
    cache, libraries = toolchain.place / "zig", toolchain.sysroot / "usr/lib"
    (cache / "probe.c").write_text(_PROBE, "utf-8")
    target = f"{portable.target}.{portable.glibc}"
    command = [
        str(zig_python),
        "-m",
        "ziglang",
        "cc",
        "-target",
        target,
        "-pie",
        "-fPIE",
        "-o",
        "probe",
        "probe.c",
        "-lm",
    ]
    workshop.run(command, cache, {"ZIG_GLOBAL_CACHE_DIR": str(cache), "ZIG_LOCAL_CACHE_DIR": str(cache)})
    names = ["Scrt1.o", "libc_nonshared.a", "libc.so.6", _LINKER[0]]
    names += [_one(cache, f"{library}.so.*").name for library in _LIBRARIES]
    for name in names:
        shutil.copy2(_one(cache, name), libraries / name)
    (libraries / _LINKER[0]).rename(libraries / _LINKER[1])
    for library in _LIBRARIES:
        (libraries / f"{library}.so").symlink_to(_one(libraries, f"{library}.so.*").name)
    (libraries / "libc.so").write_text(_LIBC, "utf-8")
    join_aliases(libraries / "libc.so.6")
    # Good for programs that are position independent and for those that are not.
    shutil.copy2(libraries / "Scrt1.o", libraries / "crt1.o")


def _one(directory: Path, pattern: str) -> Path:
    found = list(directory.rglob(pattern))
    if len(found) != 1:
        raise PortableError(f"zig made {len(found)} files like {pattern}, not one; another version is needed")
    return found[0]


def _copy_headers(toolchain: Toolchain, portable: Portable, zig_python: Path) -> None:
    (libc,) = zig_python.parent.parent.glob("lib/python*/site-packages/ziglang/lib/libc/include")
    include = toolchain.sysroot / "usr/include"
    for name in _HEADERS:
        shutil.copytree(libc / name, include, dirs_exist_ok=True)
    features = include / "features.h"
    text = features.read_text("utf-8")
    if text.count(_MAJOR) != 1:
        raise PortableError(f"the headers of zig are not as expected, review {__file__} for this version")
    minor = portable.glibc.partition(".")[2]
    features.write_text(text.replace(_MAJOR, f"{_MAJOR}#define\t__GLIBC_MINOR__\t{minor}\n"), "utf-8")


def _write_compiler(toolchain: Toolchain) -> None:
    """A program that is called like gcc, and the two files that every gcc links and that have nothing to do."""
    gcc = machines_compiler()
    libraries = toolchain.sysroot / "usr/lib"
    for name in ("crti.o", "crtn.o"):
        command = [gcc, "-c", "-x", "assembler", "-o", str(libraries / name), "-"]
        subprocess.run(command, input=_NOTHING, text=True, check=True)
    toolchain.compiler.write_text(
        f'#!/bin/sh\nexec "{gcc}" --sysroot="{toolchain.sysroot}" -B"{libraries}/" "$@"\n', "utf-8"
    )
    toolchain.compiler.chmod(0o755)


def _check(toolchain: Toolchain, workshop: Workshop) -> None:
    """A program that it compiles runs here, position independent or not."""
    probe = toolchain.place / "zig"
    for options in ((), ("-fno-pie", "-no-pie")):
        command = [str(toolchain.compiler), "-O2", *options, "-o", "checked", "probe.c", "-lm", "-lpthread"]
        workshop.run(command, probe)
        workshop.run([str(probe / "checked")], probe)
