"""What uv's failures mean."""

import re
from collections.abc import Sequence

from comfydock_core.integrations.process import Completed
from comfydock_core.models.exceptions import (
    AuthenticationFailed,
    ComfyDockError,
    HashMismatch,
    LockOutdated,
    NetworkUnavailable,
    OfflineRefused,
    PythonNotFound,
    RequirementsConflict,
    UvFailed,
)
from comfydock_core.utils.files.program_errors import reported_by_program

_CONFLICT = ("no solution found", "requirements are unsatisfiable", "conflicting indexes", "conflicting urls")
_OFFLINE = ("network was disabled", "network connectivity is disabled", "--offline", "offline mode")
_PYTHON = ("no interpreter found", "no download found", "no python found", "invalid version request")
_OUTDATED = ("needs to be updated, but `--locked`", "unable to find lockfile")
_HASH = ("hash mismatch",)
_LOGIN = ("401 unauthorized", "403 forbidden", "missing credentials")
_NETWORK = (
    "failed to fetch",
    "failed to download",
    "error sending request",
    "request failed after",
    "dns error",
    "connection refused",
    "connection reset",
    "network is unreachable",
    "timed out",
)


_UNKNOWN = re.compile(r"\b([a-z0-9][a-z0-9-]*) was not found in the package registry")


def unknown_packages(output: str) -> list[str]:
    """The packages that no index has, by what uv said of a conflict."""
    return list(dict.fromkeys(_UNKNOWN.findall(output)))


def uv_failure(completed: Completed, command: Sequence[str], doing: str) -> ComfyDockError:
    """The error that a failed uv call means; uv's own words are in the message. `doing` completes "cannot …"."""
    output = completed.text
    context: dict[str, object] = {"command": list(command), "exit_code": completed.returncode, "output": output}
    disk = reported_by_program(output, doing, completed.returncode)
    if disk is not None:
        disk.context.update(context)
        return disk
    family, hint = _meaning(output.lower())
    if family is LockOutdated:
        return outdated(doing, context)
    return family(f"cannot {doing}: {completed.ending('uv')}\n{output}".rstrip(), hint=hint, context=context)


def outdated(doing: str, context: dict[str, object]) -> LockOutdated:
    """The error for a lock that was made from another manifest; uv's own advice would lead astray."""
    return LockOutdated(
        f"cannot {doing}: the manifest has changed since, and `uv.lock` does not fit it any more",
        hint="`comfydock sync --relock` resolves what was changed in the manifest",
        context=context,
    )


def _meaning(low: str) -> tuple[type[ComfyDockError], str | None]:
    """Disabled network first: uv then words missing packages as a conflict, too."""
    if any(words in low for words in _HASH):
        return (
            HashMismatch,
            "what the index serves has changed since it was locked; do not install it until you know why",
        )
    if any(words in low for words in _OUTDATED):
        return LockOutdated, None
    if any(words in low for words in _OFFLINE):
        return OfflineRefused, "run it once without `--offline`, so that the packages are in the cache"
    if any(words in low for words in _CONFLICT):
        return RequirementsConflict, "choose another version of ComfyUI or of Python; uv says above what collides"
    if any(words in low for words in _PYTHON):
        return PythonNotFound, "install that version; `create` and `adopt` take another one with `--python 3.12`"
    if any(words in low for words in _LOGIN):
        return AuthenticationFailed, "the package index refused access; check its address and credentials"
    if any(words in low for words in _NETWORK):
        return NetworkUnavailable, "check the network and the addresses of the package indexes, then run it again"
    return UvFailed, None
