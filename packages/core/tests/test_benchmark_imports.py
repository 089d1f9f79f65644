"""The script that measures imports."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "scripts" / "benchmark_imports.py"


def measure(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, str(SCRIPT), "--rounds", "2", *words], capture_output=True, text=True)


def test_a_module_that_cannot_be_imported_is_reported_and_the_others_are_measured(tmp_path: Path):
    done = measure("comfydock_core", "comfydock_core.nonsense", "--save", str(tmp_path / "out.json"))
    assert done.returncode == 0, done
    saved = json.loads((tmp_path / "out.json").read_text())
    assert "No module named" in saved["comfydock_core.nonsense"]["error"]
    assert saved["comfydock_core"]["ratio"] > 0
    assert saved["(bare interpreter)"]["ratio"] == 1
    assert saved["comfydock_core"]["modules"] > saved["(bare interpreter)"]["modules"]


def test_two_measurements_can_be_compared(tmp_path: Path):
    measure("json", "--save", str(tmp_path / "old.json"))
    done = measure("json", "--compare", str(tmp_path / "old.json"))
    assert "ratio before" in done.stdout


def test_nothing_measured_is_a_failure():
    assert measure("no_such_module").returncode == 1
