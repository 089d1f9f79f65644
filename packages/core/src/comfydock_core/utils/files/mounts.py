"""What is mounted where, as Linux tells it. Elsewhere nothing is known, and nothing is found."""

import os
import re

_TABLE = "/proc/self/mountinfo"
_ESCAPED = re.compile(rb"\\([0-7]{3})")  # Space, tab, newline and backslash.


def mounted_in(path: str, points: list[str]) -> list[str]:
    """The mount points among `points` at `path` or below it. A rename fails at one, and removing would go through."""
    directory, name = os.path.split(path)
    place = f"{os.path.realpath(directory).rstrip('/')}/{name}"
    return sorted(point for point in points if point == place or point.startswith(f"{place}/"))


def mount_of(directory: str, points: list[str]) -> str:
    """The mount point that a directory belongs to; empty where nothing is known."""
    place = f"{os.path.realpath(directory).rstrip('/')}/"
    return max((point for point in points if place.startswith(f"{point.rstrip('/')}/")), key=len, default="")


def mount_points() -> list[str]:
    """Every mount point that this process sees."""
    try:
        with open(_TABLE, "rb") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return []
    return [parse_mount_point(line) for line in lines if line]


def parse_mount_point(line: bytes) -> str:
    """The mount point in a line of the table: the fifth word."""
    words = line.split(b" ")
    raw = words[4] if len(words) > 4 else b""
    return os.fsdecode(_ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), raw))
