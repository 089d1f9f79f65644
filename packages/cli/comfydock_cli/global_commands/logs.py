"""`logs`: the newest records of a log."""

import re
from collections import deque
from collections.abc import Iterable, Iterator

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.table.parser import Arguments

# A record begins with its time; the lines that follow belong to it.
_BEGIN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - (?P<logger>.*?) - (?P<level>[A-Z]+) - ")
_LEVELS = ("debug", "info", "warning", "error", "critical")


def logs(context: Context, arguments: Arguments) -> Result:
    """The log of the environment that is named or active, else the workspace's."""
    path = _log_file(context, arguments)
    lowest = _LEVELS.index(arguments.text("level") or "debug")
    limit = None if arguments.flag("full") else arguments.number("lines")
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            found = deque((record for record in records(file) if _level(record) >= lowest), maxlen=limit)
    except FileNotFoundError:
        note = f"there is no log yet: `{path}`; `comfydock logs --workspace` shows the workspace's"
        return Result({"path": path, "records": []}, note=note)
    return Result({"path": path, "records": [record.rstrip("\n") for record in found]}, "".join(found), verbatim=True)


def records(lines: Iterable[str]) -> Iterator[str]:
    """The records of a log, each with its further lines."""
    record = ""
    for line in lines:
        if record and _BEGIN.match(line):
            yield record
            record = ""
        record += line
    if record:
        yield record if record.endswith("\n") else f"{record}\n"


def _level(record: str) -> int:
    begin = _BEGIN.match(record)
    level = begin["level"].lower() if begin else ""
    return _LEVELS.index(level) if level in _LEVELS else 0


def _log_file(context: Context, arguments: Arguments) -> str:
    workspace = context.workspace
    name = context.environment_name
    if arguments.flag("workspace"):
        return workspace.layout.log_file(None)
    if name is not None:
        return workspace.layout.log_file(workspace.environment(name).name)
    return workspace.layout.log_file(workspace.config().active_environment)
