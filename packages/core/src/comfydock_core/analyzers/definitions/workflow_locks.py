"""Comparing two versions of a workflow's lock by what they mean: packs, models, ComfyUI."""

import json
from collections.abc import Iterator, Mapping, Sequence

from comfydock_core.models.history.differences import LockedEntryChange
from comfydock_core.models.workflow.lock import LockedClass, LockedInput, LockedModel, LockedPack, WorkflowLock
from comfydock_core.models.workflow.lock_text import LockInvalid, lock_of
from comfydock_core.utils.text import size_text
from comfydock_core.validation.lock_comparison import PacksByName, is_same_version

DIRECTORY = "workflow-locks/"
_SHORT = 10
_COMFYUI = "ComfyUI"


def read_workflow_lock(content: bytes | None) -> WorkflowLock:
    """A lock; `None` stands for a content that was not read. Raises `LockInvalid` with the reason."""
    if content is None:
        raise LockInvalid("it is too large to be a lock")
    try:
        return lock_of(json.loads(content.decode("utf-8")))
    except LockInvalid:
        raise
    except (ValueError, RecursionError) as error:
        raise LockInvalid(f"it is not JSON: {error}") from error


def compare_workflow_locks(before: WorkflowLock, after: WorkflowLock) -> tuple[LockedEntryChange, ...]:
    """What is different, ComfyUI first. The order of entries and what is only said about them do not count."""
    return (*_comfyui(before, after), *_packs(before, after), *_classes(before, after), *_files(before, after))


def _comfyui(before: WorkflowLock, after: WorkflowLock) -> Iterator[LockedEntryChange]:
    old, new = _comfyui_words(before), _comfyui_words(after)
    if old != new:
        yield LockedEntryChange("comfyui", _COMFYUI, old, new)


def _comfyui_words(lock: WorkflowLock) -> str:
    comfyui = lock.comfyui
    commit = f" ({comfyui.commit[:_SHORT]})" if comfyui.commit else ""
    where = f" of {comfyui.repository}" if comfyui.repository else ""
    return f"{comfyui.version or 'unknown'}{commit}{where}"


def _packs(before: WorkflowLock, after: WorkflowLock) -> Iterator[LockedEntryChange]:
    """One may have another identifier or directory than before."""
    here, found = PacksByName(after.packs), []
    for pack in before.packs:
        same = here.same_as(pack)
        found.append(same)
        if same is None:
            yield LockedEntryChange("pack", pack.id, pack.words, None)
        elif not is_same_version(pack, same):
            yield LockedEntryChange("pack", same.id, *_told_apart(pack, same))
    for pack in after.packs:
        if pack not in found:
            yield LockedEntryChange("pack", pack.id, None, pack.words)


def _told_apart(before: LockedPack, after: LockedPack) -> tuple[str, str]:
    """The versions of both, and where those are the same the archives."""
    if before.words != after.words:
        return before.words, after.words
    digests = [(one.archive_sha256 or "no archive")[:_SHORT] for one in (before, after)]
    return f"{before.words} ({digests[0]})", f"{after.words} ({digests[1]})"


def _classes(before: WorkflowLock, after: WorkflowLock) -> Iterator[LockedEntryChange]:
    """Those that are from elsewhere now; which classes there are is told of the workflow."""
    olds, news = {one.type: one for one in before.classes}, {one.type: one for one in after.classes}
    packs, here = {pack.id: pack for pack in before.packs}, PacksByName(after.packs)
    for name in olds.keys() & news.keys():
        old, new = olds[name], news[name]
        there = packs.get(old.pack or "")
        same = here.same_as(there) if there is not None else None
        if _from(old) != _from(new) and (same is None or same.id != new.pack):
            yield LockedEntryChange("class", name, _from(old), _from(new))


def _from(one: LockedClass) -> str:
    return one.pack or ("nowhere" if one.problem is not None else _COMFYUI)


def _files(before: WorkflowLock, after: WorkflowLock) -> Iterator[LockedEntryChange]:
    yield from _contents("model", *(_named(lock.models) for lock in (before, after)))
    yield from _contents("input", *({one.name: one for one in lock.inputs} for lock in (before, after)))


def _named(models: Sequence[LockedModel]) -> dict[str, LockedModel]:
    return {f"{one.folder}/{one.name}" if one.folder else one.name: one for one in models}


def _contents(
    kind: str, before: Mapping[str, LockedModel | LockedInput], after: Mapping[str, LockedModel | LockedInput]
) -> Iterator[LockedEntryChange]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            sides = [None if one is None else _content(one) for one in (old, new)]
            yield LockedEntryChange(kind, name, *sides)
        elif _content(old) != _content(new):
            yield LockedEntryChange(kind, name, _content(old), _content(new))
        elif isinstance(old, LockedModel) and isinstance(new, LockedModel) and bool(old.sources) != bool(new.sources):
            yield LockedEntryChange(kind, name, _source(old), _source(new))


def _content(one: LockedModel | LockedInput) -> str:
    """Which content it is, as exactly as people read it."""
    digest = one.blake3 or one.sha256
    size = "unknown" if one.size is None else size_text(one.size)
    return f"{size} ({digest[:_SHORT]})" if digest else size


def _source(one: LockedModel) -> str:
    return one.sources[0] if one.sources else "no source"
