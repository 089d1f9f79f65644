"""What this machine has that PyTorch can use, found by asking the vendors' own programs on PATH."""

import os
import re
import shutil
import sys

from comfydock_core.integrations import process
from comfydock_core.models.exceptions import InvalidSetting
from comfydock_core.models.system import SystemInfo
from comfydock_core.utils.child_environment import child_environment

_BACKEND = re.compile(r"auto|none|cpu|pypi|xpu|cu\d{2,3}|rocm\d+\.\d+(\.\d+)?", re.ASCII)
_CUDA_VERSION = re.compile(r"CUDA(?: UMD)? Version:\s*(\d+)\.(\d+)", re.ASCII)
_VERSION = re.compile(r"(\d+)\.(\d+)", re.ASCII)

# Back ends that PyTorch publishes wheels for, newest first; a driver runs everything up to its own version.
_CUDA = ((13, 0), (12, 9), (12, 8), (12, 6), (12, 4), (12, 1), (11, 8))
_ROCM = ((7, 0), (6, 4), (6, 3), (6, 2), (6, 1), (6, 0))

_PROBE_SECONDS = 10


def is_backend(name: str) -> bool:
    """Whether this could be the name of a back end that PyTorch has builds for."""
    return bool(_BACKEND.fullmatch(name))


def check_backend(name: str) -> str:
    """`name` if it is a possible back end. Raises `InvalidSetting`."""
    if is_backend(name):
        return name
    raise InvalidSetting(
        f"`{name}` is not a PyTorch back end",
        hint="use auto, cpu, cu128 (any CUDA version so written), rocm6.4, xpu or none",
        context={"torch_backend": name},
    )


def detect_system() -> SystemInfo:
    """What this machine has. macOS's wheels of the general index (`pypi`) serve its GPUs; without one it is `cpu`."""
    if sys.platform == "darwin":
        return SystemInfo(sys.platform, "pypi", "mps")
    return _nvidia() or _amd() or _intel() or SystemInfo(sys.platform, "cpu")


def detect_backend() -> str:
    """The back end for this machine: `cuNNN`, `rocmX.Y`, `xpu`, `pypi` on macOS, or `cpu`."""
    return detect_system().torch_backend


def _nvidia() -> SystemInfo | None:
    match = _CUDA_VERSION.search(_answer("nvidia-smi") or "")
    if match is None:
        return None
    driver = (int(match[1]), int(match[2]))
    newest = _newest_up_to(_CUDA, driver)
    return SystemInfo(sys.platform, f"cu{newest[0]}{newest[1]}", "cuda", driver) if newest else None


def _amd() -> SystemInfo | None:
    if not re.search(r"\bgfx\d", _answer("rocminfo") or ""):
        return None
    match = _VERSION.search(_answer("hipconfig", "--version") or "")
    driver = (int(match[1]), int(match[2])) if match else _ROCM[0]
    newest = _newest_up_to(_ROCM, driver)
    return SystemInfo(sys.platform, f"rocm{newest[0]}.{newest[1]}", "rocm", driver) if newest else None


def _intel() -> SystemInfo | None:
    level_zero = "level_zero:gpu" in (_answer("sycl-ls") or "")
    found = level_zero or "Device Name" in (_answer("xpu-smi", "discovery") or "")
    return SystemInfo(sys.platform, "xpu", "xpu") if found else None


def _newest_up_to(published: tuple[tuple[int, int], ...], version: tuple[int, int]) -> tuple[int, int] | None:
    return next((candidate for candidate in published if candidate <= version), None)


def _answer(program: str, *arguments: str) -> str | None:
    """What a probe prints, or `None` when it is missing or fails, as it does without its device."""
    path = shutil.which(program)
    if path is None:
        return None
    answer = process.capture_within(_PROBE_SECONDS, [path, *arguments], cwd=os.path.sep, env=child_environment())
    return answer.output if answer is not None and answer.returncode == 0 else None
