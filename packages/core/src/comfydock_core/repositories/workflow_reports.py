"""`logs/<environment>/reports/`: what checks of workflows reported, with everything that it relied on.

One file for each workflow by the name that it was asked for with, so that asking about one reads no other. Who reads
one compares what it relied on (`analyzers/report_grounds`). A file that cannot be read says nothing.
"""

from comfydock_core.utils import light_json, native
from comfydock_core.utils.light_digest import digest

LARGEST = 16 * 1024 * 1024  # Of larger files no report is noted: each is read to compare it.


class NotedReport:
    """The record of a check, `content` the digest of the file that was checked, `grounds` what else it relied on."""

    __slots__ = ("content", "grounds", "record")

    def __init__(self, content: str, grounds: dict[str, object], record: object) -> None:
        self.content = content
        self.grounds = grounds
        self.record = record

    def as_dict(self) -> dict[str, object]:
        return {"content": self.content, "grounds": self.grounds, "record": self.record}


def report_file(directory: str, name: str, *, is_own: bool) -> str:
    """Where the report of a workflow is; one `is_own` when it is the environment's."""
    return f"{directory}/{digest([name, 'own' if is_own else 'file'])}.json"


def is_noted(path: str) -> bool:
    """Whether a report of this file would be noted: one of ordinary size, which no pipe is."""
    try:
        return native.is_file(path) and native.system.stat(path).st_size <= LARGEST
    except OSError:
        return False


def read_report(path: str) -> NotedReport | None:
    """What was noted."""
    try:
        found = light_json.loads((native.read_bytes(path) or b"{}").decode("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict):
        return None
    content, grounds = found.get("content"), found.get("grounds")
    if not isinstance(content, str) or not isinstance(grounds, dict):
        return None
    return NotedReport(content, grounds, found.get("record"))
