"""Where ComfyUI shows a file."""

from comfydock_core.records import record


@record
class Shown:
    """One place where ComfyUI shows a file: the folder, and the name in its lists."""

    folder: str
    name: str


@record
class SeenFile:
    """Where ComfyUI shows a file, and, for the folders that it lies in without being shown, why not."""

    path: str
    shown: tuple[Shown, ...]
    reasons: tuple[str, ...] = ()
