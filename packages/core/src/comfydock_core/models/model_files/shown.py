"""Where ComfyUI shows a file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """One place where ComfyUI shows a file: the folder, and the name in its lists."""

    folder: str
    name: str


@dataclass(frozen=True, slots=True)
class SeenFile:
    """Where ComfyUI shows a file, and, for the folders that it lies in without being shown, why not."""

    path: str
    shown: tuple[Shown, ...]
    reasons: tuple[str, ...] = ()
