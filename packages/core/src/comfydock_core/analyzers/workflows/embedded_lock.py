"""The lock in a workflow's own file, and what it tells where the workflow itself tells less."""

from collections.abc import Mapping
from dataclasses import replace

from comfydock_core.models.workflow.dependencies import ModelReference, WorkflowDependencies
from comfydock_core.models.workflow.lock import LockedModel, WorkflowLock
from comfydock_core.models.workflow.lock_text import LockInvalid, lock_of
from comfydock_core.models.workflow.prompt_view import NamedModel, WorkflowProblem
from comfydock_core.records import record
from comfydock_core.utils.json_pointers import json_pointer

HOLDER, KEY = "extra", "comfydock"
LOCK_UNREADABLE = "lock-unreadable"


@record
class EmbeddedLock:
    """A lock that a workflow carries, or why it cannot be used."""

    lock: WorkflowLock | None = None
    problem: WorkflowProblem | None = None


def embedded_lock(raw: Mapping[str, object]) -> EmbeddedLock:
    """What a graph carries. A lock that is damaged or of a newer ComfyDock is a problem, and stops nothing."""
    extra = raw.get(HOLDER)
    if not isinstance(extra, dict) or KEY not in extra:
        return EmbeddedLock()
    try:
        return EmbeddedLock(lock_of(extra[KEY]))
    except LockInvalid as error:
        message = f"the lock in the workflow cannot be used: {error}"
        return EmbeddedLock(problem=WorkflowProblem(LOCK_UNREADABLE, json_pointer(HOLDER, KEY), message))


def with_lock(needs: WorkflowDependencies, lock: WorkflowLock | None) -> WorkflowDependencies:
    """The same, where models have the address and the digest of the lock as far as the workflow names none."""
    if lock is None:
        return needs
    models = LockedModels(lock)
    return replace(needs, models=tuple(_told(one, models.of(one)) for one in needs.models))


class LockedModels:
    """The models of a lock, to be found by what a workflow says of them."""

    def __init__(self, lock: WorkflowLock) -> None:
        self._by_name: dict[str, dict[str, LockedModel]] = {}
        for one in lock.models:
            self._by_name.setdefault(one.name, {}).setdefault(one.folder, one)

    def of(self, reference: ModelReference) -> LockedModel | None:
        """The entry of a model. One of another folder counts where only one has the name."""
        named = self._by_name.get(reference.value, {})
        for folder in reference.folders:
            if folder in named:
                return named[folder]
        return next(iter(named.values())) if len(named) == 1 else None


def _told(reference: ModelReference, one: LockedModel | None) -> ModelReference:
    if one is None or not (one.sources or one.sha256 or one.blake3):
        return reference
    told = reference.named or NamedModel(reference.value, one.folder or None)
    if not told.url and one.sources:
        told = replace(told, url=one.sources[0])
    if not told.hash and (one.sha256 or one.blake3):
        told = replace(told, hash=one.sha256 or one.blake3, hash_type="SHA256" if one.sha256 else "BLAKE3")
    return replace(reference, named=told, folders=reference.folders or ((one.folder,) if one.folder else ()))
