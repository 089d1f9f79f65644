"""The tests that took longest, from what the last run of `just test` noted in `dist/tests`."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from build.paths import Layout


def main(words: list[str] | None = None) -> int:
    """Print them, slowest first; 1 when no run was noted."""
    options = parser().parse_args(words)
    found = read(sorted(options.directory.glob("*.xml")))
    if not found:
        print(f"no run is noted in {options.directory}: `just test` notes one", file=sys.stderr)
        return 1
    print(table(found, options.most))
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m build.slowest", description=__doc__)
    top.add_argument("--most", type=int, default=20, metavar="N", help="how many")
    top.add_argument("--directory", type=Path, default=Layout().dist / "tests", help="where the notes of runs are")
    return top


def read(notes: Iterable[Path]) -> list[tuple[float, str]]:
    """Seconds and name of every test, slowest first. Format: JUnit's XML as pytest writes it."""
    cases = [case for note in notes for case in ElementTree.parse(note).iter("testcase")]
    found = [(float(case.get("time", "0")), f"{case.get('classname')}::{case.get('name')}") for case in cases]
    return sorted(found, reverse=True)


def table(found: list[tuple[float, str]], most: int) -> str:
    """A line a test, and the sum of all."""
    lines = [f"{seconds:8.1f} s  {name}" for seconds, name in found[:most]]
    total = sum(seconds for seconds, _ in found)
    return "\n".join([*lines, f"{total:8.1f} s  all {len(found)} tests, one after the other"])


if __name__ == "__main__":
    sys.exit(main())
