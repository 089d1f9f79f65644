"""What differs between two states of a definition, in a few words: the message of a commit, a line of the log."""

from collections.abc import Iterator, Sequence

from comfydock_core.models.history.differences import (
    ADDED,
    CHANGED,
    REMOVED,
    RENAMED,
    DefinitionDifference,
    LockedEntryChange,
    PackDifference,
    WorkflowDifference,
    WorkflowLockDifference,
)
from comfydock_core.models.packages.python_packages import RequirementChange
from comfydock_core.utils.text import counted

NOTHING = "nothing changed"
_LONGEST_NAME = 60
_VERBS = {ADDED: "add", REMOVED: "remove", CHANGED: "update"}
_COMMIT = 40


def default_message(difference: DefinitionDifference) -> str:
    """One line: `add 2 packs, update workflow portrait`."""
    return ", ".join(_parts(difference)) or NOTHING


def _parts(found: DefinitionDifference) -> Iterator[str]:
    comfyui = found.comfyui
    if comfyui is not None and not (comfyui.before.version or comfyui.before.commit):
        yield f"start with ComfyUI{_of(comfyui.after.version or (comfyui.after.commit or '')[:8])}"
        yield from _packs(found.packs)
        yield from _workflows(found.workflows)
        return
    if comfyui is not None:
        yield f"update ComfyUI{_to(comfyui.after.version or (comfyui.after.commit or '')[:8])}"
    if found.python is not None:
        yield f"use Python {_name(found.python[1] or 'of any version')}"
    yield from _packs(found.packs)
    yield from _requirements(found.requirements, "requirement")
    yield from _requirements(found.constraints, "constraint")
    if not found.requirements and not found.packs:
        yield from _packages(found)
    for state in (ADDED, CHANGED, REMOVED):
        names = [one.backend for one in found.backends if one.state == state]
        yield from _counted(f"{'lock' if state == ADDED else _VERBS[state]} PyTorch for", names, "back end", bare=True)
    yield from _workflows(found.workflows)
    yield from _locks(found.locks)
    if not found.workflows:
        yield from _counted("note", [one.filename for one in found.models_added], "model")
        yield from _counted("forget", [one.filename for one in found.models_removed], "model")
    yield from _counted("change", [one.key.removeprefix("tool.comfydock.") for one in found.settings], "setting")
    for state in (ADDED, CHANGED, REMOVED):
        yield from _counted(_VERBS[state], [one.path for one in found.files if one.state == state], "file", bare=True)


def _packs(packs: Sequence[PackDifference]) -> Iterator[str]:
    for state in (ADDED, CHANGED, REMOVED):
        of_state = [one for one in packs if one.state == state and not one.is_switched]
        names = [one.identifier for one in of_state]
        if state == CHANGED and len(of_state) == 1 and of_state[0].after is not None:
            release = of_state[0].after.release
            version = release.version[:8] if len(release.version) >= _COMMIT else release.version
            yield f"update pack {_name(names[0])}{_to(version)}"
        else:
            yield from _counted(_VERBS[state], names, "pack")
    switched = [one for one in packs if one.is_switched]
    yield from _counted("enable", [one.identifier for one in switched if one.after and one.after.enabled], "pack")
    yield from _counted("disable", [one.identifier for one in switched if one.after and not one.after.enabled], "pack")


def _requirements(changes: Sequence[RequirementChange], noun: str) -> Iterator[str]:
    yield from _counted("add", [one.after for one in changes if one.before is None and one.after], noun)
    yield from _counted("change", [one.after for one in changes if one.before and one.after], noun)
    yield from _counted("remove", [one.before for one in changes if one.after is None and one.before], noun)


def _packages(found: DefinitionDifference) -> Iterator[str]:
    number = len(found.packages.added) + len(found.packages.removed) + len(found.packages.changed)
    if number:
        yield f"update {counted(number, 'Python package')}"


def _workflows(workflows: Sequence[WorkflowDifference]) -> Iterator[str]:
    for state in (ADDED, CHANGED, REMOVED):
        names = [one.name for one in workflows if one.state == state and not one.is_quiet]
        yield from _counted(_VERBS[state], names, "workflow")
    renamed = [one for one in workflows if one.state == RENAMED]
    if len(renamed) == 1:
        yield f"rename workflow {_name(renamed[0].previous or '')} to {_name(renamed[0].name)}"
    elif renamed:
        yield f"rename {len(renamed)} workflows"
    yield from _counted("save the layout of", [one.name for one in workflows if one.is_quiet], "workflow")


def _locks(locks: Sequence[WorkflowLockDifference]) -> Iterator[str]:
    yield from _counted("lock", [one.workflow for one in locks if one.state == ADDED], "workflow")
    changed = [one for one in locks if one.state == CHANGED]
    if len(changed) == 1:
        told = ", ".join(_of_lock(changed[0].entries))
        yield f"lock workflow {_name(changed[0].workflow)} anew" + (f" ({told})" if told else "")
    elif changed:
        yield f"lock {len(changed)} workflows anew"
    yield from _counted("remove the lock of", [one.workflow for one in locks if one.state == REMOVED], "workflow")


def _of_lock(entries: Sequence[LockedEntryChange]) -> Iterator[str]:
    for kind, noun in (("pack", "pack"), ("model", "model"), ("input", "input file")):
        named = [one for one in entries if one.kind == kind]
        if len(named) == 1:
            yield f"{noun} {_name(named[0].name)}"
        elif named:
            yield f"{len(named)} {noun}s"
    if any(one.kind == "comfyui" for one in entries):
        yield "ComfyUI"


def _counted(verb: str, names: Sequence[str], noun: str, *, bare: bool = False) -> Iterator[str]:
    """One by its name, several by their number; a `bare` name needs no noun."""
    if len(names) == 1:
        yield f"{verb} {_name(names[0])}" if bare else f"{verb} {noun} {_name(names[0])}"
    elif names:
        yield f"{verb} {len(names)} {noun}s"


def _of(version: str) -> str:
    return f" {_name(version)}" if version else ""


def _to(version: str) -> str:
    return f" to {_name(version)}" if version else ""


def _name(text: str) -> str:
    """A name that others wrote, on one line."""
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[: _LONGEST_NAME - 3]}..."
