"""`python -m build portable-python`: the whole way, each part made once and again when what it is made from changes."""

import platform
import shutil
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from build.fingerprint import Stamp, digest_files
from build.interpreter import examine
from build.locking import locked
from build.paths import Layout
from build.portable import aliases, libraries, python, sources, toolchain
from build.portable.libraries import RECIPES, Library
from build.portable.pins import Portable, Source, read_portable
from build.portable.python import Python, executable
from build.portable.sources import mirrors, unpack
from build.portable.toolchain import Toolchain, compiler_version, machines_compiler, make_toolchain
from build.portable.workshop import PortableError, Workshop, sign
from build.progress import Progress, Step
from build.venvs import zig_venv

_TOOLS = ("ar", "make", "patch", "perl", "readelf", "tar")

_COMPILER = "making the compiler"
_CONFIGURE, _COUNTING, _TRAINING, _COMPILE, _INSTALL = (
    f"{what} Python"
    for what in ("configuring", "compiling a counting", "training the counting", "compiling", "installing")
)


def _library_step(name: str) -> str:
    return f"building {name}"


def _objects(directory: Path) -> str:
    """How many files are compiled, where it is known what to look at."""
    count = sum(1 for _ in directory.rglob("*.o")) if directory.exists() else 0
    return f"{count} files" if count else ""


def steps() -> tuple[Step, ...]:
    """What the display shows, in the order of the log."""
    names = (_COMPILER, *map(_library_step, RECIPES), _CONFIGURE, _COUNTING, _TRAINING, _COMPILE, _INSTALL)
    return (Step("", "preparing"), *(Step(sign(name), name, _objects) for name in names))


@dataclass(frozen=True, slots=True)
class Recipe:
    """One run: what is wanted, where it is made, and where its commands run."""

    layout: Layout
    portable: Portable
    mirrors: tuple[str, ...]
    workshop: Workshop

    @property
    def place(self) -> Path:
        return self.layout.portable_work

    @property
    def toolchain(self) -> Toolchain:
        return Toolchain(self.place / "toolchain")

    @property
    def libraries(self) -> Path:
        return self.place / "libraries"

    @property
    def prefix(self) -> Path:
        return self.place / "python"

    def make(self) -> None:
        """Everything that is not there. Raises `PortableError`."""
        key = self._compiler()
        keys = [self._library(name, key) for name in RECIPES]
        self._python(keys)

    def _compiler(self) -> str:
        key = compiler_key(self.layout, self.portable)
        with self._part("compiler", key, self.toolchain.compiler) as wanted:
            if wanted:
                self.workshop.begin(_COMPILER)
                zig = zig_venv(self.layout, self.place / "zig-venv", examine(sys.executable))
                make_toolchain(self.toolchain.place, self.portable, zig, self.workshop)
                # 400 MB, and wanted no more.
                shutil.rmtree(self.place / "zig-venv")
        return key

    def _library(self, name: str, compiler: str) -> str:
        source = self.portable.sources[name]
        key = part_key([libraries.__file__, sources.__file__], source, self.portable, compiler)
        with self._part(name, key, self.libraries) as wanted:
            if wanted:
                self.workshop.begin(_library_step(name))
                for directory in ("lib", "include"):
                    (self.libraries / directory).mkdir(parents=True, exist_ok=True)
                library = Library(source, self.portable, self.toolchain, self.libraries, self.workshop)
                RECIPES[name](library, self._tree(source))
        return key

    def _python(self, libraries_keys: list[str]) -> None:
        source = self.portable.sources["python"]
        files = [python.__file__, sources.__file__, str(python.TRAINING), str(python.MODULES)]
        key = part_key(files, source, self.portable, *libraries_keys, str(self.prefix))
        with self._part("python", key, executable(self.prefix)) as wanted:
            if wanted:
                self._make_python(source)

    def _make_python(self, source: Source) -> None:
        self.workshop.begin(_CONFIGURE)
        built = Python(source, self.portable, self.toolchain, self.libraries, self.workshop)
        tree = self._tree(source)
        built.configure(tree, self.prefix)
        self.workshop.begin(_COUNTING)
        built.compile_counting(tree)
        self.workshop.begin(_TRAINING)
        built.train(tree)
        self.workshop.begin(_COMPILE)
        built.compile(tree)
        self.workshop.begin(_INSTALL)
        built.install(tree, self.prefix)

    def _tree(self, source: Source) -> Path:
        return unpack(source, self.place / "downloads", self.place / "build", self.workshop, self.mirrors)

    @contextmanager
    def _part(self, name: str, key: str, result: Path) -> Iterator[bool]:
        """Whether a part is to be made; it counts as made when no error comes, and its sources go then."""
        stamp = Stamp(self.place / "stamps" / name, key)
        wanted = not (stamp.matches() and result.exists())
        if wanted:
            stamp.clear()
        yield wanted
        if wanted:
            stamp.write()
            shutil.rmtree(self.place / "build", ignore_errors=True)


def part_key(files: list[str], source: Source, portable: Portable, *made_from: str) -> str:
    """A digest of everything that a part is made from."""
    return digest_files(map(Path, files), [repr(source), repr(portable.cflags), repr(portable.training), *made_from])


def compiler_key(layout: Layout, portable: Portable) -> str:
    """A digest of everything that the compiler is made from; the same for everything that it compiles."""
    gcc = machines_compiler()
    extra = [locked_zig(layout), portable.glibc, portable.target, gcc, compiler_version(gcc), str(layout.portable_work)]
    return digest_files([Path(toolchain.__file__), Path(aliases.__file__)], extra)


def locked_zig(layout: Layout) -> str:
    """Everything that the lock says of zig."""
    packages = tomllib.loads((layout.root / "uv.lock").read_text("utf-8"))["package"]
    return repr([package for package in packages if package["name"] == "ziglang"])


def check_machine() -> None:
    """Refuse a machine that cannot make it, before it has made half. Raises `PortableError`."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise PortableError("the portable interpreter is made on Linux on x86_64")
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        raise PortableError(f"not installed: {', '.join(missing)}; on Debian: apt-get install build-essential")
    machines_compiler()


def make_portable_python(layout: Layout) -> Path:
    """The interpreter for old systems, made where it is not up to date. Raises `PortableError`."""
    check_machine()
    portable = read_portable(layout.config)
    log = layout.portable_work / "log.txt"
    progress = Progress("portable-python", steps(), layout.portable_work / "build", log)
    with locked(log.with_name("build.lock")), log.open("w", encoding="utf-8") as output:
        Recipe(layout, portable, mirrors(portable.mirrors), Workshop(output, progress)).make()
    return executable(layout.portable_work / "python")
