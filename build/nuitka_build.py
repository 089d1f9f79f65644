"""The Nuitka artifacts: the staged tree to `dist/nuitka/comfydock/` and its one-file form."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from build.cases import read_cases
from build.compiled import compiled_modules
from build.interpreter import Interpreter
from build.paths import Layout
from build.progress import NUITKA, Progress, watched
from build.settings import Artifact, Nuitka

_CACHED = re.compile(r"result '(cache \w+)': (\d+)")

PLUGINS = Path(__file__).with_name("plugins")


class FreezeError(Exception):
    """A freezer did not do what it was asked for."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a freezer made: where it lies, and how it was called."""

    directory: Path
    command: tuple[str, ...]
    environment: dict[str, str]
    cached: str = ""
    """How warm the compiler cache was, as `hits of files`; empty where there is none."""


def nuitka_command(
    layout: Layout, artifact: Artifact, nuitka: Nuitka, interpreter: Interpreter, *, onefile: str = ""
) -> tuple[str, ...]:
    """The options of one build, all from data; `onefile` is the folder that a one-file program unpacks into."""
    form = "nuitka-onefile" if onefile else "nuitka"
    return (
        f"--mode={'onefile' if onefile else 'standalone'}",
        *nuitka.options,
        *([*nuitka.onefile_options, f"--onefile-tempdir-spec={onefile}"] if onefile else []),
        *(f"--user-plugin={PLUGINS / name}" for name in plugins_used(nuitka, interpreter)),
        *(f"--include-package={name}" for name in artifact.packages),
        *(f"--include-package-data={name}" for name in artifact.packages),
        *(f"--include-package={name}" for name in artifact.third_party),
        *(f"--noinclude-custom-mode={name}:bytecode" for name in artifact.third_party),
        *(f"--include-module={name}" for name in artifact.standard_library),
        *(f"--nofollow-import-to={name}" for name in artifact.left_out),
        f"--output-filename={artifact.name}",
        f"--output-dir={layout.work / form}",
        f"--jobs={os.environ.get('COMFYDOCK_BUILD_JOBS', '2')}",
        "--assume-yes-for-downloads",
        "--no-progressbar",
        str(layout.stage / f"{artifact.name}.py"),
    )


def plugins_used(nuitka: Nuitka, interpreter: Interpreter) -> tuple[str, ...]:
    """The plugins that apply to this interpreter."""
    return (*nuitka.plugins, nuitka.pgo_plugin) if interpreter.pgo_library else nuitka.plugins


def nuitka_environment(layout: Layout, artifact: Artifact, nuitka: Nuitka, interpreter: Interpreter) -> dict[str, str]:
    """The variables that a build needs beside the inherited ones."""
    environment = {
        "PYTHONHASHSEED": "0",
        # What was compiled in another checkout is the same.
        "CCACHE_BASEDIR": str(layout.root),
        "CCACHE_NOHASHDIR": "true",
        "COMFYDOCK_STAGE": str(layout.stage),
        "COMFYDOCK_PACKAGES": " ".join(artifact.packages),
        "COMFYDOCK_COMPILED": str(compiled_list(layout)),
    }
    if interpreter.pgo_library:
        environment |= nuitka.pgo_environment | {"COMFYDOCK_STATIC_LIBPYTHON": interpreter.pgo_library}
    return environment


def check_place(root: Path) -> None:
    """Refuse a place below which Nuitka's calls of the compiler come apart."""
    if len(str(root).split()) > 1:
        raise FreezeError(f"Nuitka cannot compile below a path with spaces, which `{root}` has: move the checkout")


def check_version(nuitka: Nuitka, python: Path) -> None:
    """Refuse a Nuitka whose C text the plugins were not written for."""
    question = "from nuitka.Version import getNuitkaVersion as version; print(version())"
    found = subprocess.run([str(python), "-c", question], capture_output=True, text=True).stdout.strip()
    if found != nuitka.version:
        raise FreezeError(f"the startup plugin is for Nuitka {nuitka.version}, the build environment has {found}")


def freeze(
    layout: Layout, artifact: Artifact, nuitka: Nuitka, interpreter: Interpreter, python: Path, *, onefile: str = ""
) -> Frozen:
    """Run Nuitka; its output goes to a log that is shown when it fails. Raises `FreezeError`."""
    check_place(layout.root)
    check_version(nuitka, python)
    command = nuitka_command(layout, artifact, nuitka, interpreter, onefile=onefile)
    environment = nuitka_environment(layout, artifact, nuitka, interpreter)
    work = layout.work / ("nuitka-onefile" if onefile else "nuitka")
    result = work / f"{artifact.name}.dist"
    shutil.rmtree(result, ignore_errors=True)
    compiled_list(layout).write_text(
        "".join(f"{name}\n" for name in compiled_modules(read_cases(layout.config))), "utf-8"
    )
    progress = Progress(work.name, NUITKA, work / f"{artifact.name}.build", work / "log.txt")
    run_logged([str(python), "-m", "nuitka", *command], environment, python.parent, progress)
    return Frozen(work if onefile else result, command, environment, cache_hits(work / "log.txt"))


def cache_hits(log: Path) -> str:
    """What Nuitka says of the compiler cache."""
    found = dict(_CACHED.findall(log.read_text("utf-8")))
    hits, misses = (int(found.get(f"cache {kind}", 0)) for kind in ("hit", "miss"))
    return f"{hits} of {hits + misses}" if found else ""


def compiled_list(layout: Layout) -> Path:
    """The file that tells the plugin which modules become C."""
    return layout.work / "compiled.txt"


def run_logged(command: list[str], environment: dict[str, str], tools: Path, progress: Progress) -> None:
    """Run one freezer in the folder of its log, the build environment's tools first in `PATH`, and show where it is.

    Raises `FreezeError`.
    """
    log = progress.log
    log.parent.mkdir(parents=True, exist_ok=True)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environ |= environment | {"PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    with log.open("w", encoding="utf-8") as output:
        code = watched(command, environ, output, progress, log.parent)
    if code != 0:
        raise FreezeError(f"the freezer failed with {code}, see {log}:\n{log.read_text('utf-8')[-4000:]}")
