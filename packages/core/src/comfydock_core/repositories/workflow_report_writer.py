"""Writing reports of checks. A place that cannot be written costs the time again, never a failure."""

import contextlib
import json
import os

from comfydock_core.repositories.workflow_reports import NotedReport
from comfydock_core.utils.files import atomic

_MOST = 5000  # Files, which may have been checked anywhere. The oldest go.


def write_report(path: str, report: NotedReport) -> None:
    """Put a report in place of an earlier one."""
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        atomic.write_bytes(path, json.dumps(report.as_dict(), separators=(",", ":")).encode(), durable=False)


def forget_oldest(directory: str, most: int = _MOST) -> None:
    """Keep the newest reports."""
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        found = [entry for entry in entries if entry.name.endswith(".json")]
        if len(found) > most:
            for entry in sorted(found, key=lambda one: one.stat().st_mtime_ns)[: len(found) - most]:
                os.unlink(entry.path)
