"""What is measured within one process, run by an interpreter that has ComfyDock installed.

Ours and what it is compared with take turns. Prints times in milliseconds, by label, as JSON.
"""

import hashlib
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping

from blake3 import blake3

from comfydock_core.analyzers.model_scanner import ModelScanner
from comfydock_core.configs.defaults import MODEL_EXTENSIONS
from comfydock_core.models.model_files.index import WORKSPACE, ScanRoot
from comfydock_core.repositories.model_index.model_index import open_model_index
from comfydock_core.utils.files.digests import digests_of


def in_turn(tasks: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """The times of every task, round after round; the first round does not count."""
    times: dict[str, list[float]] = {label: [] for label in tasks}
    for number in range(rounds + 1):
        for label, task in tasks.items():
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
}

if __name__ == "__main__":
    json.dump(TASKS[sys.argv[1]](*sys.argv[2:]), sys.stdout)
