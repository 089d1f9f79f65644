"""What takes the space: read from the C text, and from the artifact on disk."""

from pathlib import Path

import pytest

from build.paths import Layout
from build.settings import read_artifact
from build.sizes import SizesError, packages_in, report

LOADER = """
struct Nuitka_MetaPathBasedLoaderEntry entry_rich$console = {
    "rich.console", NULL, NULL, NULL, &entry_rich, NULL, EMBEDDED, &state, &owner, 1145, 93716, NUITKA_BYTECODE_FLAG
};
    "rich", NULL, NULL, NULL, NULL, NULL, EMBEDDED, &state, &owner, 7, 4, NUITKA_BYTECODE_FLAG | NUITKA_PACKAGE_FLAG
    "comfydock_cli.cli", modulecode_cli, NULL, NULL, EMBEDDED, &state, &owner, 0, 0, NUITKA_TRANSLATED_FLAG
"""


def test_bytecode_is_counted_by_package() -> None:
    assert packages_in(LOADER) == {"rich": 93720}


def test_the_parts_of_a_program_are_as_large_as_the_whole(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    artifact, build = layout.artifact("nuitka"), layout.work / "nuitka" / "comfydock.build"
    artifact.mkdir(parents=True)
    build.mkdir(parents=True)
    (artifact / "comfydock").write_bytes(bytes(1_000_000))
    (build / "__loader.c").write_text(LOADER)
    lines = report(layout, "comfydock").splitlines()
    assert lines[0] == "    1.00 MB  files"
    assert lines[3:] == [
        "    1.00 MB  inside of comfydock",
        "    0.91 MB  (C code and the interpreter)",
        "    0.09 MB  rich",
    ]


def test_an_artifact_from_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SizesError, match="was not built in this checkout"):
        report(Layout(tmp_path), "comfydock")


def test_what_nothing_loads_is_left_out() -> None:
    """Rich draws progress only: what it has for code and Markdown, with the packages for it, is never loaded."""
    settings = read_artifact(Layout().config)
    assert {"pygments", "markdown_it", "mdurl"} <= set(settings.exclude)
    assert {"pygments", "markdown_it", "mdurl"}.isdisjoint(settings.third_party)
