"""Ages as they are given on the command line."""

import re

from comfydock_cli.table.refusals import UsageError

_AGE = re.compile(r"([0-9]{1,6})([hdw])", re.ASCII)
_SECONDS = {"h": 3600, "d": 86400, "w": 7 * 86400}


def seconds_of(age: str) -> float:
    """An age in words. Raises `UsageError`."""
    match = _AGE.fullmatch(age)
    if match is None:
        raise UsageError(f"`{age}` is no age", hint="say a number of hours, days or weeks: `12h`, `30d`, `4w`")
    return int(match[1]) * _SECONDS[match[2]]
