"""Options that every command that downloads has."""

import re

from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_core.models.model_files.downloads import DownloadLimits

_MOST_CONNECTIONS = 16
_SLOWEST = 10_000
_RATE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([kmg]?)b?", re.IGNORECASE | re.ASCII)
_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}


def limits_of(arguments: Arguments) -> DownloadLimits:
    """The limits that a command line names. Raises `UsageError`."""
    connections, rate = arguments.text("connections"), arguments.text("limit_rate")
    return DownloadLimits(
        connections=DownloadLimits().connections if connections is None else _connections(int(connections)),
        bytes_a_second=None if rate is None else _bytes_a_second(rate),
    )


def _connections(number: int) -> int:
    if not 1 <= number <= _MOST_CONNECTIONS:
        raise UsageError(f"`--connections` takes 1 to {_MOST_CONNECTIONS}, not {number}", hint="4 are usual")
    return number


def _bytes_a_second(rate: str) -> int:
    found = _RATE.fullmatch(rate.strip())
    speed = int(float(found[1]) * _UNITS[found[2].lower()]) if found else 0
    if speed < _SLOWEST:
        raise UsageError(
            f"`--limit-rate` takes bytes a second, at least {_SLOWEST // 1000}k, not `{rate}`",
            hint="for example `--limit-rate 5M`",
        )
    return speed
