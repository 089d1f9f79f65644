"""The slowest tests of the last run are named, from what pytest itself noted."""

import subprocess
import sys
from pathlib import Path

import pytest

from build.slowest import main, read

TESTS = "def test_quick():\n    pass\n\n\ndef test_slow():\n    sum(range(10**6))\n"


@pytest.fixture
def noted(tmp_path: Path) -> Path:
    (tmp_path / "test_two.py").write_text(TESTS)
    notes = tmp_path / "notes"
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", f"--junitxml={notes}/run.xml", "test_two.py"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    return notes


def test_every_test_is_there_with_its_seconds(noted: Path) -> None:
    found = read(noted.glob("*.xml"))
    assert sorted(name for _, name in found) == ["test_two::test_quick", "test_two::test_slow"]
    assert found == sorted(found, reverse=True)


def test_as_many_are_shown_as_are_wanted(noted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--most", "1", "--directory", str(noted)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_without_a_run_it_says_how_to_get_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--directory", str(tmp_path)]) == 1
    assert "`just test` notes one" in capsys.readouterr().err
