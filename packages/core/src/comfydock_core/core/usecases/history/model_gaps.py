"""Which models that workflows are locked with nobody could get elsewhere, because no source of them is known."""

import os
from collections.abc import Iterator

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.addresses import is_of_this_machine
from comfydock_core.models.committing import Gap
from comfydock_core.models.exceptions import WorkflowLockDamaged
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.workflow.lock import LockedModel
from comfydock_core.repositories.workflow_files import WorkflowFiles
from comfydock_core.repositories.workflow_locks import DIRECTORY, WorkflowLocks
from comfydock_core.utils.text import some

_SHOWN = 3


def model_gaps(layout: EnvironmentLayout, manifest: dict[str, object]) -> Iterator[Gap]:
    """Models without a source in the lock or in the manifest, each once, and locks that cannot be read.

    What workflows can do without is no gap. Raises `ManifestDamaged`, `FileSystemError`.
    """
    names = [name for name in WorkflowFiles(f"{layout.root}/{DIRECTORY}").names() if _is_used(layout, name)]
    if not names:
        return
    locks, known = WorkflowLocks(layout), _known_digests(manifest, layout.manifest)
    lacking: dict[tuple[str, str, str | None], list[str]] = {}
    for name in names:
        try:
            lock = locks.read(name)
        except WorkflowLockDamaged as error:
            yield Gap("workflow-lock", name, str(error.context["reason"]))
            continue
        for model in lock.models if lock is not None else ():
            if not model.optional and not _is_obtainable(model, known):
                lacking.setdefault((model.folder, model.name, model.blake3), []).append(name)
    for (folder, model_name, digest), workflows in sorted(lacking.items(), key=lambda one: one[0][:2]):
        used = some([f"`{workflow}`" for workflow in dict.fromkeys(workflows)], _SHOWN)
        place = f"{folder}/{model_name}" if folder else model_name
        yield Gap("model", place, f"no source of it is known; locked for {used}", digest)


def _is_used(layout: EnvironmentLayout, name: str) -> bool:
    """Whether a lock belongs to a workflow that is there: live, or in the definition where nothing is live."""
    live = os.path.isdir(layout.workflows)
    return WorkflowFiles(layout.workflows if live else f"{layout.definition}/workflows").has(name)


def _is_obtainable(model: LockedModel, known: frozenset[str]) -> bool:
    if any(not is_of_this_machine(source) for source in model.sources):
        return True
    return any(digest in known for digest in (model.blake3, model.sha256))


def _known_digests(manifest: dict[str, object], path: str) -> frozenset[str]:
    """The digests of the models that the manifest notes a source of."""
    listed = EnvironmentManifest(manifest, path).tool.get("models")
    found: set[str] = set()
    for one in listed.values() if isinstance(listed, dict) else ():
        sources = one.get("sources") if isinstance(one, dict) else None
        if isinstance(sources, list) and any(
            isinstance(text, str) and not is_of_this_machine(text) for text in sources
        ):
            found.update(digest for key in ("blake3", "sha256") if isinstance(digest := one.get(key), str))
    return frozenset(found)
