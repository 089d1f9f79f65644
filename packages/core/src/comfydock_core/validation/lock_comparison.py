"""Whether what a workflow gets now is what it was locked with, as far as both sides know."""

from collections.abc import Iterator, Sequence

from comfydock_core.models.workflow.lock import (
    LockDifference,
    LockedClass,
    LockedInput,
    LockedModel,
    LockedPack,
    WorkflowLock,
)
from comfydock_core.utils.git_urls import normal_address
from comfydock_core.utils.text import size_text

_COMFYUI = "ComfyUI"


def compare_locks(locked: WorkflowLock, now: WorkflowLock) -> tuple[LockDifference, ...]:
    """What differs. A digest that is not known now is no difference, and neither is one that never was."""
    return (
        *_comfyui(locked, now),
        *_packs(locked, now),
        *_classes(locked, now),
        *_models(locked, now),
        *_inputs(locked, now),
    )


def _comfyui(locked: WorkflowLock, now: WorkflowLock) -> Iterator[LockDifference]:
    before, after = locked.comfyui.commit, now.comfyui.commit
    if before and after and before != after:
        message = f"ComfyUI is at {after[:10]}{_version(now)}, locked at {before[:10]}{_version(locked)}"
        yield LockDifference("comfyui", _COMFYUI, message)


def _version(lock: WorkflowLock) -> str:
    return f" ({lock.comfyui.version})" if lock.comfyui.version else ""


def _packs(locked: WorkflowLock, now: WorkflowLock) -> Iterator[LockDifference]:
    here = PacksByName(now.packs)
    for pack in locked.packs:
        found = here.same_as(pack)
        if found is not None and not is_same_version(pack, found):
            yield LockDifference("pack", pack.id, f"`{pack.id}` is at {found.words}, locked at {pack.words}")


class PacksByName:
    """Packs by all that they are called: one may lie in directories of different names.

    Where a name is that of several, the pack that is the same in all counts, then the one that has it as identifier.
    """

    def __init__(self, packs: Sequence[LockedPack]) -> None:
        self._packs = packs
        self._by_name: dict[str, LockedPack] = {}
        for pack in packs:
            self._by_name.setdefault(pack.id.casefold(), pack)
        for pack in packs:
            for name in _names(pack):
                self._by_name.setdefault(name, pack)

    def same_as(self, pack: LockedPack) -> LockedPack | None:
        """The pack of these that is meant, in whatever version."""
        if pack in self._packs:
            return pack
        return next((self._by_name[name] for name in _names(pack) if name in self._by_name), None)


def _names(pack: LockedPack) -> Iterator[str]:
    for name in (pack.id, pack.registry_id, pack.directory):
        if name:
            yield name.casefold()
    if pack.repository:
        yield normal_address(pack.repository)


def is_same_version(one: LockedPack, other: LockedPack) -> bool:
    """By what both sides know; where they know different things, such as a release and a commit, it is another one."""
    pairs = [(one.commit, other.commit), (one.version, other.version), (one.archive_sha256, other.archive_sha256)]
    both = [(before, after) for before, after in pairs if before and after]
    if not both:
        return not (one.commit or one.version) or not (other.commit or other.version)
    return all(before == after for before, after in both)


def _classes(locked: WorkflowLock, now: WorkflowLock) -> Iterator[LockDifference]:
    there, here = {one.type: one for one in locked.classes}, {one.type: one for one in now.classes}
    packs, present = {pack.id: pack for pack in locked.packs}, PacksByName(now.packs)

    def is_from_same(one: LockedClass, found: LockedClass) -> bool:
        before = packs.get(one.pack or "")
        after = present.same_as(before) if before is not None else None
        return one.pack == found.pack or (after is not None and after.id == found.pack)

    for kind, one in there.items():
        found = here.get(kind)
        if found is None:
            yield LockDifference("class", kind, f"the workflow does not use `{kind}` any more")
        elif one.problem is None and found.problem is not None:
            yield LockDifference("class", kind, f"nothing here defines `{kind}`, locked from {_from(one)}")
        elif one.problem is None and not is_from_same(one, found):
            yield LockDifference("class", kind, f"`{kind}` is from {_from(found)}, locked from {_from(one)}")
        elif one.problem is not None and found.problem is None:
            yield LockDifference("class", kind, f"`{kind}` was not here when it was locked, and is from {_from(found)}")
    for kind in here.keys() - there.keys():
        yield LockDifference("class", kind, f"`{kind}` is not in the lock")


def _from(one: LockedClass) -> str:
    return f"`{one.pack}`" if one.pack is not None else _COMFYUI


def _models(locked: WorkflowLock, now: WorkflowLock) -> Iterator[LockDifference]:
    there = {_key(one): one for one in locked.models}
    here = {_key(one): one for one in now.models}
    for key, one in there.items():
        found = here.get(key)
        if found is None:
            yield LockDifference("model", one.name, f"the workflow does not use `{one.name}` any more")
            continue
        message = _content(one, found)
        if message is not None:
            yield LockDifference("model", one.name, message)
    for key in here.keys() - there.keys():
        yield LockDifference("model", here[key].name, f"`{here[key].name}` is not in the lock")


def _key(one: LockedModel) -> tuple[str, str]:
    return one.folder, one.name


def _inputs(locked: WorkflowLock, now: WorkflowLock) -> Iterator[LockDifference]:
    there, here = {one.name: one for one in locked.inputs}, {one.name: one for one in now.inputs}
    for name, one in there.items():
        message = f"the workflow does not use `{name}` any more" if name not in here else _content(one, here[name])
        if message is not None:
            yield LockDifference("input", name, message)
    for name in here.keys() - there.keys():
        yield LockDifference("input", name, f"`{name}` is not in the lock")


def _content(one: LockedModel | LockedInput, found: LockedModel | LockedInput) -> str | None:
    """What is other about a file. Where it was not here when it was locked, only a named digest can be compared."""
    if found.size is None:
        return None if one.size is None else f"`{one.name}` is not here"
    if one.size is not None and one.size != found.size:
        return f"`{one.name}` has {_bytes(found.size)}, locked with {_bytes(one.size)}"
    for kind in ("blake3", "sha256"):
        before, after = getattr(one, kind), getattr(found, kind)
        if before and after and before != after:
            return f"`{one.name}` has another content: {after[:10]}, locked as {before[:10]}"
    if one.size is None and not (one.blake3 or one.sha256):
        return f"`{one.name}` was not here when it was locked"
    return None


def _bytes(size: int) -> str:
    exact = f"{size} bytes"
    return exact if size < 1000 else f"{size_text(size)} ({exact})"
