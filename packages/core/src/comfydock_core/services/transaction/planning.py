"""Making plans, and holding them against what is there when they are carried out."""

import os
import shutil
from collections.abc import Sequence

from comfydock_core.integrations.git import queries
from comfydock_core.models.exceptions import AcrossFileSystems, ChangedMeanwhile
from comfydock_core.models.operation import ChangePlan, RefChange, Step, Swap
from comfydock_core.models.plan import PlanStep
from comfydock_core.utils.fingerprints import digest, fingerprint


def swap(scope: str, path: str, *, has_new: bool, source: str | None = None, detail: str = "") -> Swap:
    """A swap of what is there now."""
    return Swap(path, fingerprint(_absolute(scope, path)), has_new, source, detail)


def make_plan(
    scope: str,
    command: str,
    steps: Sequence[Step],
    *,
    work: Sequence[PlanStep] = (),
    inputs: Sequence[str] = (),
    holds: Sequence[str] = (),
    fetch_bytes: int | None = None,
    disk_needed: int | None = None,
    undoes: str | None = None,
    not_undoable: Sequence[str] = (),
) -> ChangePlan:
    """The plan with what it was computed from. Nothing is written.

    `inputs` are files that decided what is planned; a change of one makes the plan void. Raises `AcrossFileSystems`.
    """
    for step in steps:
        if isinstance(step, Swap):
            _refuse_other_file_system(scope, step)
    known = tuple((path, fingerprint(path)) for path in inputs)
    return ChangePlan(
        scope=scope,
        command=command,
        steps=tuple(steps),
        work=tuple(work),
        inputs=known,
        holds=tuple(holds),
        fetch_bytes=fetch_bytes,
        disk_needed=disk_needed,
        disk_free=shutil.disk_usage(_existing(scope)).free,
        fingerprint=_fingerprint_of(steps, known),
        undoes=undoes,
        not_undoable=tuple(not_undoable),
    )


def refuse_changed(plan: ChangePlan) -> None:
    """Raise `ChangedMeanwhile` unless everything is as it was when the plan was made."""
    for path, known in plan.inputs:
        _compare(path, known, fingerprint(path))
    for step in plan.steps:
        if isinstance(step, RefChange):
            repository = _absolute(plan.scope, step.repository)
            _compare(f"{repository}: {step.name}", step.old, queries.ref_value(repository, step.name))
        else:
            path = _absolute(plan.scope, step.path)
            _compare(path, step.before, fingerprint(path))


def _compare(what: str, known: str | None, found: str | None) -> None:
    if known != found:
        raise ChangedMeanwhile(
            f"`{what}` was changed meanwhile; nothing was done",
            hint="run the command again: it plans anew from what is there now",
            context={"path": what, "expected": known, "found": found},
        )


def _fingerprint_of(steps: Sequence[Step], inputs: tuple[tuple[str, str | None], ...]) -> str:
    parts = [f"{path}={known}" for path, known in inputs]
    for step in steps:
        if isinstance(step, RefChange):
            parts.append(f"ref {step.repository} {step.name} {step.old} {step.new}")
        else:
            parts.append(f"swap {step.path} {step.before} {step.has_new} {step.source}")
    return digest(parts)


def _refuse_other_file_system(scope: str, step: Swap) -> None:
    path = _absolute(scope, step.path)
    device = os.stat(_existing(os.path.dirname(path))).st_dev
    own = os.lstat(path).st_dev if os.path.lexists(path) else device
    if {device, own} != {os.stat(_existing(scope)).st_dev}:
        raise AcrossFileSystems(
            f"`{path}` lies on another file system than `{scope}`",
            hint="keep an environment and the workspace's settings on one file system;"
            " models may lie anywhere, behind the `models` link",
            context={"path": path, "scope": scope},
        )


def _existing(path: str) -> str:
    """The nearest directory that exists."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def _absolute(scope: str, path: str) -> str:
    return os.path.normpath(os.path.join(scope, path))
