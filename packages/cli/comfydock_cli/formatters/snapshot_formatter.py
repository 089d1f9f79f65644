"""Snapshots for ComfyUI-Manager as text and as data."""

from comfydock_cli.cli_utils import Result
from comfydock_cli.ui.console import clean
from comfydock_core.models.foreign import WrittenSnapshot
from comfydock_core.utils.text import listed

_SHOWN = 10


def exported_snapshot(written: WrittenSnapshot) -> Result:
    """A line about the file, or the snapshot itself where there is none; and what it cannot hold."""
    data = {
        "environment": written.environment,
        "path": written.target,
        "snapshot": dict(written.values),
        "not_held": list(written.not_held),
    }
    note = f"snapshots of ComfyUI-Manager have no place for:{listed([clean(one) for one in written.not_held], _SHOWN)}"
    if written.target is None:
        return Result(data, written.content.decode(), note=note)
    return Result(data, f"exported a snapshot of {written.environment}\n  {clean(written.target)}\n", note=note)
