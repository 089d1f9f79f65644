"""`workflow lock --embed`: the lock in the workflow's own file, for people without ComfyDock."""

from comfydock_core.analyzers.workflows.embedded_lock import HOLDER, KEY
from comfydock_core.analyzers.workflows.opening import OpenedWorkflow
from comfydock_core.models.exceptions import WorkflowNotWritable
from comfydock_core.models.workflow.lock import WorkflowLock
from comfydock_core.models.workflow.lock_text import lock_values
from comfydock_core.utils.json_members import put_member
from comfydock_core.utils.json_places import replace_values
from comfydock_core.utils.json_pointers import json_pointer


def refuse_unwritable(name: str, opened: OpenedWorkflow) -> None:
    """Raise `WorkflowNotWritable` for what is no graph that was saved as JSON."""
    if opened.carrier is not None:
        raise not_writable(name, f"it is not JSON, but {opened.carrier}")
    if not opened.is_graph:
        raise not_writable(name, "it was exported for the API, whose every entry is a node")
    extra = opened.raw.get(HOLDER)
    if extra is not None and not isinstance(extra, dict):
        raise not_writable(name, f"its `{HOLDER}` is not an object")


def not_writable(name: str, reason: str) -> WorkflowNotWritable:
    """The error for what takes no lock."""
    return WorkflowNotWritable(
        f"no lock can be written into `{name}`: {reason}",
        hint="leave out `--embed`, or open it in the editor and save it as a workflow",
        context={"workflow": name, "reason": reason},
    )


def with_embedded(document: bytes, opened: OpenedWorkflow, lock: WorkflowLock) -> bytes:
    """The workflow's file with the lock in it; every other byte is as it was. Raises `NotJson`."""
    values = lock_values(lock)
    if HOLDER not in opened.raw:
        return put_member(document, opened.place, HOLDER, {KEY: values})
    holder = opened.place + json_pointer(HOLDER)
    if opened.raw[HOLDER] is None:
        return put_member(replace_values(document, {holder: {}}), holder, KEY, values)
    return put_member(document, holder, KEY, values)
