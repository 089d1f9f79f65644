"""Making artifacts: stage, freeze, add the programs, describe, publish. Nothing is made twice from the same inputs."""

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from build import describe, nuitka_build, pyinstaller_build
from build.cases import read_cases
from build.compiled import compiled_modules
from build.fingerprint import digest_files
from build.interpreter import Interpreter, choose
from build.libraries import carry_libraries
from build.locking import locked
from build.nuitka_build import Frozen
from build.paths import Layout
from build.portable import freezing
from build.settings import Artifact, Nuitka, read_artifact, read_nuitka
from build.stage import source_digest, stage
from build.venvs import build_venv

FORMS = ("nuitka", "pyinstaller", "nuitka-onefile", "pyinstaller-onefile")

_SHARED = ("artifacts.py", "describe.py", "libraries.py", "stage.py", "snapshot.py", "faces.py")
_OWN = {
    "nuitka": (
        "nuitka_build.py",
        "compiled.py",
        "imports.py",
        "plugins/first_answers.c",
    ),
    "pyinstaller": ("pyinstaller_build.py", "nuitka_build.py", "plugins/restore_environment.py"),
}
_CONFIG = {
    "nuitka": ("artifact.toml", "nuitka.toml"),
    "pyinstaller": ("artifact.toml", "pyinstaller.toml", "pyinstaller/comfydock.spec"),
}


@dataclass(frozen=True, slots=True)
class Builder:
    """One build: the settings, the interpreter, and where to say what is going on."""

    layout: Layout
    artifact: Artifact
    nuitka: Nuitka
    interpreter: Interpreter
    say: Callable[[str], None] = field(default=print)

    @classmethod
    def of(cls, layout: Layout, say: Callable[[str], None] = print) -> "Builder":
        """Read the settings and choose the interpreter; the one of the portable build is made where it is missing."""
        artifact, nuitka = read_artifact(layout.config), read_nuitka(layout.config)
        if layout.portable:
            interpreter = freezing.portable_interpreter(layout)
            return cls(layout, artifact, freezing.for_old_systems(nuitka, layout), interpreter, say)
        return cls(layout, artifact, nuitka, choose(), say)

    def fingerprint(self, form: str) -> str:
        """Everything an artifact depends on, as one digest."""
        freezer = form.partition("-")[0]
        here = Path(__file__).parent
        files = [here / name for name in (*_SHARED, *_OWN[freezer])]
        files += [self.layout.config / name for name in _CONFIG[freezer]]
        files.append(self.layout.root / "uv.lock")
        if self.layout.portable:
            files += freezing.inputs(self.layout)
        extra = [form, source_digest(self.layout), self.interpreter.executable, self.interpreter.build]
        if freezer == "nuitka":
            files += [nuitka_build.PLUGINS / name for name in (*self.nuitka.plugins, self.nuitka.pgo_plugin)]
            extra += compiled_modules(read_cases(self.layout.config))
        return digest_files(files, extra)

    def is_current(self, form: str) -> bool:
        """Whether the artifact on disk was made from what there is now."""
        directory = self.layout.artifact(form)
        found = describe.read(directory).get("fingerprint")
        return found == self.fingerprint(form) and (directory / self.artifact.name).exists()

    def make(self, form: str) -> Path:
        """Make one artifact unless it is current; returns its directory. One process at a time makes artifacts."""
        with locked(self.layout.work / "build.lock"):
            fingerprint = self.fingerprint(form)
            if self.is_current(form):
                self.say(f"{form}: up to date")
            else:
                self._make(form, fingerprint)
        return self.layout.artifact(form)

    def _make(self, form: str, fingerprint: str) -> None:
        target = self.layout.artifact(form)
        self.say(f"{form}: building with Python {self.interpreter.version} ({self.interpreter.executable})")
        started = time.monotonic()
        frozen = self._freeze(form)
        fresh = target.with_name(f".{target.name}.new")
        self._assemble(form, frozen, fresh)
        seconds = time.monotonic() - started
        description = describe.describe(self.layout, fresh, frozen, self.interpreter, form=form, seconds=seconds)
        describe.write(fresh, description | {"fingerprint": fingerprint})
        publish(fresh, target)
        size = int(str(description["size_without_programs"])) / 1e6
        cached = f", compiler cache {frozen.cached}" if frozen.cached else ""
        self.say(f"{form}: built in {seconds:.0f} s{cached}, {size:.1f} MB without uv")

    def _freeze(self, form: str) -> Frozen:
        python = build_venv(self.layout, self.interpreter)
        digest = stage(self.layout, self.artifact, python)
        onefile = form.endswith("-onefile")
        if form.startswith("pyinstaller"):
            return pyinstaller_build.freeze(self.layout, self.artifact, python, onefile=onefile)
        folder = f"{self.nuitka.onefile_tempdir}/{describe.version(self.layout)}-{digest[:12]}" if onefile else ""
        return nuitka_build.freeze(self.layout, self.artifact, self.nuitka, self.interpreter, python, onefile=folder)

    def _assemble(self, form: str, frozen: Frozen, fresh: Path) -> None:
        """Copy what was frozen: a file that the linker has just written starts slower than a copy of it."""
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.parent.mkdir(parents=True, exist_ok=True)
        if form.endswith("-onefile"):
            fresh.mkdir()
            shutil.copy2(frozen.directory / self.artifact.name, fresh / self.artifact.name)
        else:
            shutil.copytree(frozen.directory, fresh, symlinks=True)
        if form == "nuitka" and sys.platform == "linux":
            carry_libraries(fresh, fresh / self.artifact.name)
        for alias in self.artifact.aliases:
            (fresh / alias).symlink_to(self.artifact.name)
        for program in self.artifact.programs:
            shutil.copy2(self.layout.build_venv / "bin" / program, fresh / program)


def publish(fresh: Path, target: Path) -> None:
    """Put a finished artifact where the old one was; what is there at any moment is whole or nothing."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)
