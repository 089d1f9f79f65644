"""Reading ComfyUI's report of what it imported, from the output of a start.

The format is that of ComfyUI's `nodes.py`: a heading, then a line a pack with its seconds, `(IMPORT FAILED)` and its
path; the reasons stand in lines of their own before it. A log may hold several starts: the last report counts.
"""

import re
from collections.abc import Iterable

from comfydock_core.models.packs.imports import ImportReport, PackImport

_HEADING = re.compile(r"Import times for custom nodes:\s*$")
_ROW = re.compile(r"^\s*(?P<seconds>\d+(?:\.\d+)?) seconds(?P<failed> \(IMPORT FAILED\))?: (?P<path>.+)$")
_REASONS = (
    re.compile(r"Cannot import (?P<path>.+?) module for custom nodes: (?P<reason>.*)$"),
    re.compile(r"Error while calling comfy_entrypoint in (?P<path>.+?): (?P<reason>.*)$"),
    re.compile(r"Skip (?P<path>.+?) module for custom nodes (?P<reason>due to .*?)\.?$"),
)
# Colours, and what loggers put before a message: a time, or a level in brackets.
_DECORATION = re.compile(r"\x1b\[[0-9;]*m|^\[[^\]\n]{1,40}\] ?|^\d{4}-\d\d-\d\d[ T][0-9:.,]+ (?:- )?")
_NO_NODES = "it defines no node classes"


def parse_import_report(lines: Iterable[str]) -> ImportReport | None:
    """The last report among the lines of a log, `None` where there is none that is understood."""
    reader = ImportReportReader()
    for line in lines:
        reader.feed(line)
    return reader.report


class ImportReportReader:
    """Reads the lines of a start as they come. `report` is the last report so far, complete once `feed` said so."""

    def __init__(self) -> None:
        self.report: ImportReport | None = None
        self._reasons: dict[str, str] = {}
        self._rows: list[PackImport] | None = None

    def feed(self, line: str) -> bool:
        """Take a line; `True` for the one that follows a report, which is complete then."""
        text = _plain(line)
        if self._rows is not None and (row := _ROW.match(text)):
            self._rows.append(_row(row, self._reasons))
            self.report = ImportReport(tuple(self._rows))
            return False
        if _HEADING.search(text):
            self._rows = []
            return False
        complete = bool(self._rows)
        if complete:
            self._rows, self._reasons = None, {}
        _note_reason(text, self._reasons)
        return complete


def _plain(line: str) -> str:
    text = line.rstrip("\r\n")
    while (shorter := _DECORATION.sub("", text, count=1)) != text:
        text = shorter
    return text


def _note_reason(text: str, reasons: dict[str, str]) -> None:
    for pattern in _REASONS:
        if match := pattern.search(text):
            reason = _NO_NODES if match["reason"].startswith("due to") else match["reason"].strip()
            reasons[_name(match["path"])] = reason


def _row(row: "re.Match[str]", reasons: dict[str, str]) -> PackImport:
    name = _name(row["path"])
    return PackImport(name, float(row["seconds"]), reasons.get(name, "") if row["failed"] else None)


def _name(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]
