"""What is measured within one process, run by an interpreter that has ComfyDock installed.

Ours and what it is compared with take turns. Prints times in milliseconds, by label, as JSON.
"""

import contextlib
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping

from blake3 import blake3

from comfydock_core.analyzers.model_scanner import ModelScanner
from comfydock_core.clients.transport import Transport
from comfydock_core.configs.defaults import MODEL_EXTENSIONS
from comfydock_core.models.model_files.downloads import DownloadLimits, DownloadRequest
from comfydock_core.models.model_files.index import WORKSPACE, ScanRoot
from comfydock_core.repositories.model_index.model_index import open_model_index
from comfydock_core.services.model_downloads.kept_downloads import KeptDownloads
from comfydock_core.services.model_downloads.model_downloader import ModelDownloader
from comfydock_core.utils.files.digests import digests_of
from comfydock_core.utils.reporting import SilentReporter

_SPEED = 40_000_000  # Bytes a second.


def in_turn(
    tasks: Mapping[str, Callable[[], object]], rounds: int, before: Callable[[], None] = lambda: None
) -> dict[str, list[float]]:
    """The times of every task, round after round; the first round does not count, nor does what is done `before`."""
    times: dict[str, list[float]] = {label: [] for label in tasks}
    for number in range(rounds + 1):
        for label, task in tasks.items():
            before()
            begun = time.perf_counter()
            task()
            if number:
                times[label].append((time.perf_counter() - begun) * 1000)
    return times


def scan(root: str, database: str, rounds: str) -> dict[str, list[float]]:
    """Looking through a tree for the first time and once more, beside `find`."""

    def look(path: str) -> None:
        with open_model_index(path) as index:
            index.take_in(ModelScanner(ScanRoot(root, WORKSPACE, (), MODEL_EXTENSIONS)).scan())

    def first() -> None:
        for ending in ("", "-wal", "-shm"):
            if os.path.exists(database + ending):
                os.unlink(database + ending)
        look(database)

    find = ["find", "-L", root, "-type", "f", "-printf", "%p %s %T@ %i %D\n"]
    tasks = {
        "find": lambda: subprocess.run(find, stdout=subprocess.DEVNULL, check=True),
        "first": first,
        "known": lambda: look(database),
    }
    return in_turn(tasks, int(rounds))


def hash_warm(path: str, rounds: str) -> dict[str, list[float]]:
    """Both digests of a cached file, beside the libraries by themselves in two threads."""
    return in_turn({"ours": lambda: digests_of(path), "libraries": lambda: _by_libraries(path)}, int(rounds))


def hash_cold(path: str, rounds: str) -> dict[str, list[float]]:
    """Both digests of a file of which nothing is cached, beside `dd`."""
    times: dict[str, list[float]] = {"ours": [], "dd": []}
    copying = ["dd", f"if={path}", "of=/dev/null", "bs=8M"]
    tasks: dict[str, Callable[[], object]] = {
        "ours": lambda: digests_of(path),
        "dd": lambda: subprocess.run(copying, stderr=subprocess.DEVNULL, check=True),
    }
    for _ in range(int(rounds)):
        for label, task in tasks.items():
            _forget(path)
            begun = time.perf_counter()
            task()
            times[label].append((time.perf_counter() - begun) * 1000)
    return times


def memory(path: str) -> dict[str, list[float]]:
    """The most memory that reading a file takes, in MB."""
    digests_of(path)
    return {"peak": [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000]}


def download(path: str, rounds: str) -> dict[str, list[float]]:
    """A file by one connection at full speed, beside `curl`.

    Ours is on the disk when it has its name, with its digests: so is what `sync` has written out after `curl`, and then
    what `sha256sum` has read.
    """
    with served(path) as url, tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        kept = f"{folder}/curl"
        curl = ["curl", "-sS", "-o", kept, url]
        tasks: dict[str, Callable[[], object]] = {
            "ours": lambda: _fetch(url, folder, 1),
            "curl": lambda: _run(curl),
            "synced": lambda: _run(curl, ["sync", kept]),
            "checked": lambda: _run(curl, ["sync", kept], ["sha256sum", kept]),
        }
        return in_turn(tasks, int(rounds), lambda: _clear(folder))


def download_limited(path: str, rounds: str) -> dict[str, list[float]]:
    """A file by several connections from a server that limits each of them, beside `curl`."""
    with served(path, _SPEED) as url, tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        tasks: dict[str, Callable[[], object]] = {
            "ours": lambda: _fetch(url, folder, DownloadLimits().connections),
            "curl": lambda: _run(["curl", "-sS", "-o", f"{folder}/curl", url]),
        }
        return in_turn(tasks, int(rounds), lambda: _clear(folder))


@contextlib.contextmanager
def served(path: str, speed: int = 0) -> Iterator[str]:
    """The address of a file on the loopback device."""
    server = [sys.executable, "-I", os.path.join(os.path.dirname(__file__), "model_server.py"), path, str(speed)]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/model.safetensors"
        finally:
            process.kill()


def _fetch(url: str, folder: str, connections: int) -> None:
    limits = DownloadLimits(connections=connections)
    downloader = ModelDownloader(Transport(), KeptDownloads(f"{folder}/kept"), limits=limits)
    downloader.download(DownloadRequest((url,), folder, "ours.safetensors"), SilentReporter())


def _run(*commands: list[str]) -> None:
    for command in commands:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def _clear(folder: str) -> None:
    """Remove what was fetched before, and let nothing of it be written out any more."""
    for entry in os.scandir(folder):
        if entry.is_file():
            os.unlink(entry)
    os.sync()


def _by_libraries(path: str) -> None:
    def sha256() -> None:
        with open(path, "rb") as file:
            hashlib.file_digest(file, "sha256")

    beside = threading.Thread(target=sha256)
    beside.start()
    blake3().update_mmap(path)
    beside.join()


def _forget(path: str) -> None:
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


TASKS: dict[str, Callable[..., dict[str, list[float]]]] = {
    "scan": scan,
    "hash-warm": hash_warm,
    "hash-cold": hash_cold,
    "memory": memory,
    "download": download,
    "download-limited": download_limited,
}

if __name__ == "__main__":
    json.dump(TASKS[sys.argv[1]](*sys.argv[2:]), sys.stdout)
