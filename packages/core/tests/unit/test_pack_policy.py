"""What of a node pack's requirements goes into the manifest."""

from pathlib import Path

import pytest

from comfydock_core.repositories.definition.pytorch_settings import Table
from comfydock_core.strategies.pack_policy import PackPolicy, lines_of


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return tmp_path


def lines(pack: Path, text: str, manifest: Table | None = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines of the group, and everything that is reported."""
    (pack / "requirements.txt").write_text(text)
    return lines_of(PackPolicy.of(manifest or {}).asked_for(str(pack)))


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        ("opencv-python>=4.7", "opencv-contrib-python-headless>=4.7"),
        ("opencv_python_headless", "opencv-contrib-python-headless"),
        ("OpenCV-contrib-Python ; sys_platform == 'linux'",
         'opencv-contrib-python-headless; sys_platform == "linux"'),
    ],
)  # fmt: skip
def test_one_build_of_opencv_is_taken_for_all_and_that_is_told(pack: Path, asked: str, taken: str) -> None:
    group, notes = lines(pack, f"numpy\n{asked}\n")
    assert group == ("numpy", taken)
    assert len(notes) == 1
    assert "requirements.txt:2" in notes[0]


def test_the_build_that_holds_all_stays_as_it_is(pack: Path) -> None:
    assert lines(pack, "opencv-contrib-python-headless>=4\n") == (("opencv-contrib-python-headless>=4",), ())


def test_an_address_of_its_own_is_kept(pack: Path) -> None:
    asked = "opencv-python @ https://example.com/opencv_python-4-py3-none-any.whl"
    assert lines(pack, f"{asked}\n")[0] == (asked,)


def test_the_manifest_can_say_otherwise(pack: Path) -> None:
    settings: Table = {"tool": {"comfydock": {"substitutes": {"opencv-python": "opencv-python", "pil": "Pillow"}}}}
    group, _ = lines(pack, "opencv-python\nPIL\nopencv-python-headless\n", settings)
    assert group == ("opencv-python", "pillow", "opencv-contrib-python-headless")


def test_constraints_limit_only_what_the_pack_itself_asks_for(pack: Path) -> None:
    (pack / "limits.txt").write_text("numpy<2\nscipy<1.12\n")
    group, notes = lines(pack, "numpy\n-c limits.txt\n")
    assert group == ("numpy", "numpy<2")
    assert any("scipy<1.12" in note and "limits.txt:2" in note for note in notes)


@pytest.mark.parametrize(("wanted", "told"), [(">=3.99", True), (">=3.9", False), ("whatever", False)])
def test_a_pack_for_other_pythons_is_told(tmp_path: Path, wanted: str, told: bool) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[project]\nrequires-python = "{wanted}"\ndependencies = ["six"]\n')
    policy = PackPolicy.of({"tool": {"comfydock": {"python_version": "3.12"}}})
    notes = policy.asked_for(str(tmp_path)).notes
    assert [note for note in notes if wanted in note and "3.12" in note] == list(notes)
    assert bool(notes) == told


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('[tool.uv.sources]\nmypkg = { git = "https://me:geheim@example.com/mypkg" }',
         "mypkg is to come from git `https://example.com/mypkg`, which is not followed"),
        ('[tool.uv.sources]\nMyPkg = [{ index = "ours", marker = "sys_platform == \'linux\'" }]', "index `ours`"),
        ('[[tool.uv.index]]\nname = "ours"\nurl = "https://me:geheim@example.com/simple"',
         "the index `https://example.com/simple` (`tool.uv.index`) is not followed"),
        ('[tool.uv.pip]\nextra-index-url = ["https://example.com/simple"]', "(`tool.uv.pip.extra-index-url`)"),
        ('[[tool.poetry.source]]\nname = "ours"\nurl = "https://example.com/simple"', "(`tool.poetry.source`)"),
        ('[tool.uv.sources]\nother = { git = "https://example.com/other" }', None),
    ],
)  # fmt: skip
def test_where_a_pack_wants_its_packages_from_is_told(pack: Path, settings: str, told: str | None) -> None:
    (pack / "pyproject.toml").write_text(f"[project]\nname = 'x'\nversion = '1'\n{settings}\n")
    _, notes = lines(pack, "mypkg\n")
    assert "geheim" not in str(notes)
    assert [told is not None and told in note for note in notes] == [True] * (told is not None)


@pytest.mark.parametrize("number", ["9" * 5000, "[" * 20_000, "\\"])
def test_settings_that_cannot_be_read_cost_no_requirement(pack: Path, number: str) -> None:
    (pack / "pyproject.toml").write_text(f"[project]\nname = 'x'\nyear = {number}\n")
    group, notes = lines(pack, "mypkg\n")
    assert group == ("mypkg",)
    assert any(note.startswith("pyproject.toml: ") for note in notes)
