"""`python -m build …`: make artifacts, measure starts, freeze the startup budgets, clean up."""

import argparse
import shutil
import sys

from build.artifacts import FORMS, Builder
from build.interpreter import InterpreterError
from build.nuitka_build import FreezeError
from build.paths import Layout
from build.settings import SettingsError
from build.snapshot import SnapshotError
from build.stage import StageError


def main(words: list[str] | None = None) -> int:
    """Run one task; returns the exit code."""
    options = parser().parse_args(words)
    try:
        code: int = options.task(options)
    except (FreezeError, InterpreterError, SettingsError, SnapshotError, StageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return code


def parser() -> argparse.ArgumentParser:
    """The command line of the build programs."""
    top = argparse.ArgumentParser(prog="python -m build", description=__doc__)
    tasks = top.add_subparsers(required=True, metavar="TASK")
    making = tasks.add_parser("make", help="make artifacts that are not up to date")
    making.add_argument("what", choices=("all", *FORMS), nargs="?", default="all")
    making.add_argument("--onefile", action="store_true", help="the one-file form too")
    making.set_defaults(task=run_make)
    cleaning = tasks.add_parser("clean", help="remove `dist/`")
    cleaning.set_defaults(task=run_clean)
    return top


def run_make(options: argparse.Namespace) -> int:
    """Make one form or all that are wanted."""
    builder = Builder.of(Layout(), say=lambda text: print(text, flush=True))
    wanted = ["nuitka", "pyinstaller"] if options.what == "all" else [options.what]
    if options.onefile:
        wanted += [f"{form}-onefile" for form in wanted if not form.endswith("-onefile")]
    for form in wanted:
        builder.make(form)
    return 0


def run_clean(options: argparse.Namespace) -> int:
    """Remove everything that was made."""
    shutil.rmtree(Layout().dist, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
