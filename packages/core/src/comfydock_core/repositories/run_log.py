"""The output of a ComfyUI in the background: a file that it appends to, put aside when it has become big."""

import codecs
import os
from collections.abc import Callable, Collection, Iterator

_BIG = 10 * 1024 * 1024
_OLD_LOGS = 3
_CHUNK = 1 << 16


class RunLog:
    """One such file, read from its end."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._position = 0

    def tail(self, count: int) -> list[str]:
        """The last lines; none when there is no such file. Raises `OSError`."""
        try:
            with open(self.path, "rb") as file:
                self._position = file.seek(0, os.SEEK_END)
                return _last_lines(file.fileno(), self._position, count)
        except FileNotFoundError:
            return []

    def follow(self, wait: Callable[[], bool]) -> Iterator[str]:
        """What is written after the last lines that were read, as it comes.

        `wait` waits a moment and says whether there may be more. Raises `OSError`.
        """
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with open(self.path, "rb") as file:
            file.seek(self._position)
            more = True
            while more:
                more = wait()  # Asked first: what was written before the end is read after the answer.
                while content := file.read(_CHUNK):
                    yield decoder.decode(content)


def new_log(directory: str, written: Collection[str | None]) -> str:
    """A file for a new run that none of those in `written` is; a big one is put aside. Raises `OSError`."""
    os.makedirs(directory, exist_ok=True)
    path, number = f"{directory}/comfyui.log", 1
    while path in written:
        number += 1
        path = f"{directory}/comfyui-{number}.log"
    if os.path.exists(path) and os.path.getsize(path) > _BIG:
        _put_aside(path)
    return path


def newest_log(directory: str) -> str:
    """The file that was written last; where the first would be when there is none."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        names = []
    paths = [f"{directory}/{name}" for name in names if name.startswith("comfyui") and name.endswith(".log")]
    return max(paths, key=lambda path: os.stat(path).st_mtime_ns, default=f"{directory}/comfyui.log")


def _put_aside(path: str) -> None:
    for number in range(_OLD_LOGS - 1, 0, -1):
        if os.path.exists(f"{path}.{number}"):
            os.replace(f"{path}.{number}", f"{path}.{number + 1}")
    os.replace(path, f"{path}.1")


def _last_lines(descriptor: int, end: int, count: int) -> list[str]:
    """Read backwards until there are enough lines."""
    content = b""
    while end > 0 and content.count(b"\n") <= count:
        begin = max(0, end - _CHUNK)
        content = os.pread(descriptor, end - begin, begin) + content
        end = begin
    lines = content.decode("utf-8", "replace").split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.rstrip("\r") for line in lines[-count:]] if count > 0 else []
