"""Making plans, and holding them against what is there when they are carried out."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence

from comfydock_core.integrations.git import queries
from comfydock_core.models.exceptions import ChangedMeanwhile
from comfydock_core.models.operation import ChangePlan, RefChange, Step, Swap
from comfydock_core.models.plan import PlanStep
from comfydock_core.services.transaction import placement
from comfydock_core.utils.files.fingerprints import fingerprint
from comfydock_core.utils.light_digest import digest

# What holds the things of many subjects. No change is of all of them at once.
_HOLDERS = (".ops", "ComfyUI/custom_nodes")


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
    disturbs: Sequence[str] = (),
    fetch_bytes: int | None = None,
    disk_needed: int | None = None,
    undoes: str | None = None,
    not_undoable: Sequence[str] = (),
) -> ChangePlan:
    """The plan with what it was computed from. Nothing is written.

    `inputs` are files that decided what is planned; a change of one makes the plan void. Raises `AcrossFileSystems`,
    `ChangedMeanwhile` when what is to be removed is not there, `OSError`.
    """
    swaps = [step for step in steps if isinstance(step, Swap)]
    _refuse_nonsense(scope, swaps)
    placement.refuse_other_file_systems(scope, swaps)
    known = tuple((path, fingerprint(path)) for path in inputs)
    return ChangePlan(
        scope=scope,
        command=command,
        steps=tuple(steps),
        work=tuple(work),
        inputs=known,
        holds=tuple(holds),
        disturbs=tuple(disturbs),
        fetch_bytes=fetch_bytes,
        disk_needed=disk_needed,
        disk_free=shutil.disk_usage(placement.existing(scope)).free,
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
            continue
        path = _absolute(plan.scope, step.path)
        _compare(path, step.before, fingerprint(path))
        if step.source is not None and not os.path.lexists(_absolute(plan.scope, step.source)):
            _compare(_absolute(plan.scope, step.source), "something", None)


def refuse_impossible(plan: ChangePlan) -> None:
    """Raise `OSError` where a rename would fail, before anything is built for it."""
    for step in plan.steps:
        if isinstance(step, Swap):
            live = _absolute(plan.scope, step.path)
            placement.refuse_immovable(live)
            if step.source is not None:
                placement.refuse_immovable(_absolute(plan.scope, step.source))


def _compare(what: str, known: str | None, found: str | None) -> None:
    if known != found:
        raise ChangedMeanwhile(
            f"`{what}` was changed meanwhile; nothing was done",
            hint="run the command again: it plans from what is there now",
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


def _refuse_nonsense(scope: str, swaps: Sequence[Swap]) -> None:
    """Steps that could not be carried out, or not be distinguished when they were stopped in the middle."""
    names = [os.path.normpath(name) for step in swaps for name in (step.path, step.source)
             if name is not None and not name.startswith(".ops/")]  # fmt: skip
    count = Counter(names)
    for name in names:
        if _holds_more(scope, name):
            raise RuntimeError(f"the plan names `{name}`, which holds more than one thing")
        if count[name] > 1 or any(above in count for above in _above(name)):
            raise RuntimeError(f"the plan has two steps that touch `{name}`")
    for step in swaps:
        if step.sign == ">" and step.has_old:
            raise RuntimeError(f"the plan moves `{step.source}` onto `{step.path}`, which exists")
        if not step.has_new and not step.has_old:
            _compare(_absolute(scope, step.path), "something", None)


def _holds_more(scope: str, name: str) -> bool:
    """Whether a name stands for the scope, for what holds it, or for what holds many things in it."""
    path = _absolute(scope, name)
    return name in _HOLDERS or f"{os.path.normpath(scope)}{os.sep}".startswith(f"{path.rstrip(os.sep)}{os.sep}")


def _above(name: str) -> Iterator[str]:
    """The directories that a name lies in."""
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name


def _absolute(scope: str, path: str) -> str:
    return os.path.normpath(os.path.join(scope, path))
