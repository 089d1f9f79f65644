"""What is different where the portable artifact is frozen: the interpreter, the compiler, and what Nuitka is told."""

from dataclasses import replace
from pathlib import Path

from build.interpreter import Interpreter, examine
from build.paths import Layout
from build.portable import pins, toolchain
from build.portable.recipe import make_portable_python
from build.portable.toolchain import Toolchain
from build.settings import Nuitka

FORMS = ("nuitka", "nuitka-onefile")


def portable_interpreter(layout: Layout) -> Interpreter:
    """The interpreter for old systems, made where it is not up to date. Raises `PortableError`, `InterpreterError`."""
    return examine(str(make_portable_python(layout)))


def for_old_systems(nuitka: Nuitka, layout: Layout) -> Nuitka:
    """The settings of Nuitka with those of `portable.toml`, and with the compiler for old systems."""
    portable = pins.read_portable(layout.config)
    compiler = str(Toolchain(layout.portable_work / "toolchain").compiler)
    return replace(
        nuitka,
        options=(*nuitka.options, *portable.freeze_options),
        pgo_environment={**portable.freeze_environment, "CC": compiler},
    )


def inputs(layout: Layout) -> list[Path]:
    """The files that a portable artifact depends on beside those of every artifact and of its interpreter."""
    return [layout.config / pins.NAME, Path(toolchain.__file__), Path(__file__)]
