"""Which ComfyUIs of an environment run.

`<environment>/.ops/run.lock` is held, shared, by each of them and by the ComfyDock that watches over it: the system
frees it when they are gone, however that came. `<environment>/.ops/run/<pid>.json` tells what is known of one, by the
number of its watcher; a record whose ComfyUI is gone counts for nothing.
"""

import contextlib
import dataclasses
import errno
import json
import os
from collections.abc import Iterator

from comfydock_core.integrations import process_table
from comfydock_core.models.exceptions import EnvironmentChanging, EnvironmentInUse
from comfydock_core.models.running import RunningComfyUI
from comfydock_core.utils import processes
from comfydock_core.utils.files import atomic, file_locks

_NUMBER_LIMIT = 2**31


def lock_path(environment: str) -> str:
    """The lock of the environment whose directory is given."""
    return f"{environment}/.ops/run.lock"


@contextlib.contextmanager
def held(environment: str) -> Iterator[int | None]:
    """Hold the lock together with other runs; gives the descriptor for the child to inherit.

    `None` on a read-only file system, where nothing can be changed. Raises `EnvironmentChanging`, `OSError`.
    """
    try:
        os.makedirs(os.path.dirname(lock_path(environment)), exist_ok=True)
        descriptor = file_locks.take(lock_path(environment), shared=True)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        yield None
        return
    if descriptor is None:
        name = os.path.basename(environment)
        raise EnvironmentChanging(
            f"the environment `{name}` is being changed right now",
            hint="run the command again when that is done",
            context={"environment": name},
        )
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def refuse_while_running(environment: str, comfyui: str, venv: str) -> None:
    """Raise `EnvironmentInUse`, naming them, when a ComfyUI of the environment runs, one started by hand included."""
    running = running_processes(environment, comfyui, venv)
    if not running and file_locks.is_free(lock_path(environment)):
        return
    name = os.path.basename(environment)
    told = ", ".join(str(one) for one in running) or "its lock is held"
    by_hand = all(one.by_hand for one in running) and bool(running)
    raise EnvironmentInUse(
        f"ComfyUI of `{name}` is running: {told}",
        hint="stop it first"
        + ("" if by_hand else f", for example with `comfydock run --stop -e {name}`")
        + ", or go on with `--while-running`",
        context={"environment": name, "running": [one.as_dict() for one in running]},
    )


def write_record(environment: str, running: RunningComfyUI) -> None:
    """Note a ComfyUI that runs under this process, and forget those that are gone. Raises `OSError`."""
    directory = _records(environment)
    os.makedirs(directory, exist_ok=True)
    for path in _record_paths(environment):
        if _alive(_read(path)) is None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
    fields = {name: getattr(running, name) for name in RunningComfyUI.__match_args__}
    atomic.write_text(f"{directory}/{running.supervisor}.json", json.dumps(fields))


def remove_record(environment: str, supervisor: int) -> None:
    """Forget the ComfyUI that ran under a process."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{_records(environment)}/{supervisor}.json")


def recorded(environment: str) -> list[RunningComfyUI]:
    """Those that were noted and are still there, by their number; with the port that the system chose, if it did."""
    found = (_alive(_read(path)) for path in _record_paths(environment))
    return sorted((_with_port(one) for one in found if one is not None), key=lambda one: one.pid)


def running_processes(environment: str, comfyui: str, venv: str) -> list[RunningComfyUI]:
    """Every ComfyUI of an environment: those noted, those that hold its lock, and those started by hand.

    By hand is a Python at work in the directory `comfyui`, and whatever runs with the Python of `venv`.
    """
    known = recorded(environment)
    seen = {one.pid for one in known} | {one.supervisor for one in known if one.supervisor is not None}
    holding = set(process_table.having_open(lock_path(environment)))
    for pid in process_table.all_pids():
        if pid in seen or pid == os.getpid() or _descends_from(pid, seen):
            continue
        by_hand = _is_at_work_in(pid, comfyui, venv)
        start = processes.start_of(pid) if by_hand or pid in holding else None
        if start is not None:
            known.append(_with_port(RunningComfyUI(pid, start, by_hand=pid not in holding)))
            seen.add(pid)
    return known


def _is_at_work_in(pid: int, comfyui: str, venv: str) -> bool:
    words = process_table.words_of(pid)
    if not words:
        return False
    if words[0].startswith(f"{os.path.realpath(venv)}/") or words[0].startswith(f"{venv}/"):
        return True
    is_python = os.path.basename(words[0]).startswith("python")
    return is_python and process_table.directory_of(pid) == os.path.realpath(comfyui)


def _descends_from(pid: int, ancestors: set[int]) -> bool:
    """Whether one of the ancestors started it, so that it ends with them."""
    parent = process_table.parent_of(pid)
    while parent is not None and parent > 1:
        if parent in ancestors:
            return True
        parent = process_table.parent_of(parent)
    return False


def _records(environment: str) -> str:
    return f"{environment}/.ops/run"


def _record_paths(environment: str) -> list[str]:
    directory = _records(environment)
    try:
        return [f"{directory}/{name}" for name in sorted(os.listdir(directory)) if name.endswith(".json")]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _read(path: str) -> RunningComfyUI | None:
    """A record; `None` when it is gone or is none: it was never more than a note."""
    try:
        with open(path, encoding="utf-8") as file:
            fields = json.load(file)
        found = RunningComfyUI(**fields)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return found if _is_sound(found) else None


def _is_sound(found: RunningComfyUI) -> bool:
    numbers = [found.pid, *(number for number in (found.supervisor, found.port) if number is not None)]
    texts = [found.start, *(text for text in (found.host, found.started, found.log) if text is not None)]
    sound = all(type(number) is int and 0 < number < _NUMBER_LIMIT for number in numbers)
    return sound and all(isinstance(text, str) and "\0" not in text for text in texts)


def _with_port(record: RunningComfyUI) -> RunningComfyUI:
    if record.port is not None:
        return record
    return dataclasses.replace(record, port=next(iter(process_table.listened_ports(record.pid)), None))


def _alive(record: RunningComfyUI | None) -> RunningComfyUI | None:
    return record if record is not None and processes.start_of(record.pid) == record.start else None
