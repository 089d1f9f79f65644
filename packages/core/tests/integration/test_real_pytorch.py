"""The real PyTorch for the CPU, where pip is configured with a directory that holds it; other packages from PyPI."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.machines import new_machine
from tests.support.wheels import write_index


def wheel_of_torch() -> Path | None:
    """A CPU wheel for this Python in a directory that `pip config list` names as `find-links`."""
    if shutil.which("pip") is None:
        return None
    told = subprocess.run(["pip", "config", "list"], capture_output=True, text=True).stdout
    places = [line.partition("=")[2].strip("'\" ") for line in told.splitlines() if "find-links" in line]
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    return next((path for place in places for path in Path(place).glob(f"torch-*+cpu-{python}-*linux*.whl")), None)


def test_the_real_pytorch_is_locked_and_installed_without_its_accelerators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    wheel = wheel_of_torch()
    if wheel is None:
        pytest.skip("no directory of pip's `find-links` holds a CPU wheel of torch for this Python")
    index = tmp_path / "pytorch" / "cpu"
    (index / "torch").mkdir(parents=True)
    (index / "torch" / wheel.name).symlink_to(wheel)
    write_index(index)
    monkeypatch.setenv("COMFYDOCK_PYTORCH_INDEX_URL", (tmp_path / "pytorch").as_uri())
    machine = new_machine(tmp_path / "machine")
    request.addfinalizer(lambda: shutil.rmtree(machine.place))  # Gigabytes, which pytest would keep for later.
    machine.write("torch", "einops")
    machine.lock("cpu").install("cpu")
    names = {line.partition("==")[0] for line in machine.installed()}
    assert {"torch", "sympy", "jinja2", "einops"} <= names
    assert not [name for name in names if name.startswith(("nvidia", "triton", "cuda"))]
    version = wheel.name.split("-")[1]
    said = [str(machine.venv / "bin" / "python"), "-W", "ignore", "-c", "import torch; print(torch.__version__)"]
    assert subprocess.run(said, capture_output=True, text=True).stdout.strip() == version
