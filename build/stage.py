"""The staged tree: a clean copy of both packages with what only an artifact has.

Literal faces instead of lazy ones, the snapshot of the command table, and the one file that both freezers start from.
"""

import shutil
from pathlib import Path

from build.faces import FaceError, is_lazy_face, literal_face
from build.fingerprint import Stamp, digest_files, digest_trees
from build.paths import Layout
from build.settings import Artifact
from build.snapshot import write_snapshot

_ENTRY = '''"""Where the frozen program starts."""

from {module} import {function}

{function}()
'''

# The programs that decide what the staged tree looks like.
_MAKERS = ("stage.py", "faces.py", "snapshot.py")


class StageError(Exception):
    """The sources cannot be staged."""


def source_digest(layout: Layout) -> str:
    """What the staged tree is made from, as one digest."""
    makers = [Path(__file__).with_name(name) for name in _MAKERS]
    return digest_trees(layout.packages, [digest_files([], [path.read_text("utf-8") for path in makers])])


def stage(layout: Layout, artifact: Artifact, python: Path) -> str:
    """Make the staged tree, or leave it when nothing changed; returns the digest of its sources."""
    digest = source_digest(layout)
    stamp = Stamp(layout.stage.with_name("stage.stamp"), f"{digest} {artifact.entry}")
    if stamp.matches() and layout.stage.is_dir():
        return digest
    stamp.clear()
    shutil.rmtree(layout.stage, ignore_errors=True)
    for package in layout.packages:
        copy_package(package, layout.stage / package.name)
    write_entry(layout.stage, artifact)
    write_snapshot(layout.stage, python)
    stamp.write()
    return digest


def copy_package(source: Path, target: Path) -> None:
    """Copy one package: code and data, no stubs and no caches; lazy faces become literal ones."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", "*.pyi", "py.typed"))
    for path in sorted(target.rglob("__init__.py")):
        text = path.read_text("utf-8")
        if is_lazy_face(text):
            stub = source / path.relative_to(target).with_suffix(".pyi")
            try:
                path.write_text(literal_face(text, stub.read_text("utf-8")), "utf-8")
            except (OSError, FaceError, SyntaxError) as error:
                raise StageError(f"{stub}: {error}") from error


def write_entry(directory: Path, artifact: Artifact) -> None:
    """Write the file that the freezers take as the program."""
    module, _, function = artifact.entry.partition(":")
    (directory / f"{artifact.name}.py").write_text(_ENTRY.format(module=module, function=function), "utf-8")


def data_files(directory: Path, package: str) -> list[Path]:
    """The files of a staged package that are no code."""
    return sorted(
        path for path in (directory / package).rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")
    )
