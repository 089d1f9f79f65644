"""What a machine has that PyTorch can use."""

from comfydock_core.records import record


@record
class SystemInfo:
    """The platform (as in `sys.platform`), and the best accelerator that was found.

    `accelerator` is `cuda`, `rocm`, `xpu` or `mps`, `None` without one. `driver` is the newest version of CUDA or ROCm
    that its driver runs, as `(major, minor)`, where that matters. `torch_backend` is the back end of PyTorch for it.
    """

    platform: str
    torch_backend: str
    accelerator: str | None = None
    driver: tuple[int, int] | None = None
