"""Installing what is locked into a virtual environment, exactly. Never into one that something runs from."""

import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence

from comfydock_core.analyzers.packages.expected_packages import expected_pylock
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.uv_project.indexes import index_of
from comfydock_core.managers.uv_project.recording import write_record
from comfydock_core.models.exceptions import HashMissing, PackagesInconsistent
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories import install_record
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pytorch_settings import (
    Table,
    accepted_without_hash,
    family_of,
    overridden_names,
)
from comfydock_core.repositories.definition.uv_lock import UvLock, read_lock
from comfydock_core.repositories.pip_stand_in import put_stand_in, remove_stand_in
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic
from comfydock_core.utils.package_names import normal_name, requirement_name

_FETCHED = re.compile(r"\s*(?:Downloaded|Built) (\S+)")
_UNMET = re.compile(r"The package `([^`]+)` requires `([^`]+)`")


def install(
    uv: UVCommand, definition: str, venv: str, backend: str, reporter: Reporter, carried: Mapping[str, str]
) -> None:
    """Make `venv` hold exactly what is locked for `backend`, and note that. `carried` are wheels by their names.

    Raises `LockOutdated`, `BackendNotLocked`, `BackendPartRefused`, `HashMissing`, `HashMismatch`,
    `PackagesInconsistent`, what uv's other failures mean, and `OSError`.
    """
    manifest = read_manifest(f"{definition}/pyproject.toml")
    _refuse_unhashed(read_lock(f"{definition}/uv.lock"), manifest)
    expected = expected_pylock(uv, definition, manifest, backend)
    directory = install_record.record_directory(venv)
    path = f"{directory}/{install_record.PYLOCK}"
    before = native.read_bytes(path)
    os.makedirs(directory, exist_ok=True)
    _forget(directory)
    atomic.write_text(path, expected)
    index = index_of(backend)
    again = [] if before is None else changed_files(before.decode("utf-8", "replace"), expected)
    remove_stand_in(venv)
    if carried:
        from comfydock_core.managers.uv_project.carried_wheels import install_carried

        install_carried(uv, expected, directory, carried, reporter)
    uv.sync_pylock(path, counting(reporter), index=None if index is None else str(index), reinstall=again)
    put_stand_in(venv)
    if backend != "none":
        _check(uv, manifest)
    write_record(definition, venv, backend)


def reinstall(uv: UVCommand, venv: str, backend: str, names: Sequence[str], reporter: Reporter) -> None:
    """Install some packages of the last installation once more. Raises what `install` raises."""
    index = index_of(backend)
    path = f"{install_record.record_directory(venv)}/{install_record.PYLOCK}"
    uv.sync_pylock(path, counting(reporter), index=None if index is None else str(index), reinstall=names)


def _forget(directory: str) -> None:
    """Take the note of the last installation away: until the next is there, nobody shall rely on it."""
    path = f"{directory}/{install_record.DISTRIBUTIONS}"
    if os.path.exists(path):
        os.unlink(path)


def changed_files(before: str, after: str) -> list[str]:
    """The packages of which the same file has another hash now, which uv does not notice where it is installed."""
    old = _hashes(before)
    changed = {
        package for (package, file), hashes in _hashes(after).items() if old.get((package, file), hashes) != hashes
    }
    return sorted(changed)


def _hashes(text: str) -> dict[tuple[str, str], object]:
    try:
        packages = tomllib.loads(text).get("packages", [])
    except (ValueError, RecursionError):
        return {}
    return {
        (package["name"], str(wheel.get("url") or wheel.get("path"))): wheel.get("hashes")
        for package in packages
        for wheel in package.get("wheels", [])
    }


def _refuse_unhashed(lock: UvLock, manifest: Table) -> None:
    """What arrives without a hash cannot be checked: only packages that the manifest names come that way.

    uv would fetch such files to write the hash of whatever arrived into the export.
    """
    names = sorted(lock.unhashed() - set(family_of(manifest)) - accepted_without_hash(manifest))
    if names:
        listed = ", ".join(f'"{name}"' for name in names)
        raise HashMissing(
            f"`uv.lock` has no hash for files of {', '.join(names)}: what arrives could not be checked",
            hint="take them from an index that publishes hashes, as PyPI does; or accept them unchecked, by"
            f" `unhashed = [{listed}]` under `[tool.comfydock]` in the manifest",
            context={"packages": names},
        )


def _check(uv: UVCommand, manifest: Table) -> None:
    """Let uv tell whether the set is consistent, but for what the manifest overrules on purpose."""
    completed = uv.check()
    if completed.returncode == 0:
        return
    overruled = overridden_names(manifest)
    unmet = [match for line in completed.text.split("\n") if (match := _UNMET.search(line))]
    serious = [match for match in unmet if not {normal_name(match[1]), requirement_name(match[2])} & overruled]
    if serious or not unmet:
        raise PackagesInconsistent(
            f"the locked packages do not fit together:\n{completed.text}",
            hint="lock again the part that differs; uv says above which packages collide",
            context={"output": completed.text, "exit_code": completed.returncode},
        )


def counting(reporter: Reporter) -> Callable[[str], None]:
    """Pass uv's lines on and count the packages that it has fetched."""
    done = 0

    def hear(line: str) -> None:
        nonlocal done
        reporter.line(line)
        if _FETCHED.match(line):
            done += 1
            reporter.progress("Fetched", done, None, "packages")

    return hear
