"""The packages of an earlier day: what an older ComfyUI was made with, when today's packages are too new for it."""

from datetime import UTC, date, datetime, time, timedelta

from comfydock_core.integrations.git import queries
from comfydock_core.models.exceptions import InvalidSetting

RELEASE = "release"


def check_as_of(text: str | None, today: date) -> str | None:
    """`text` if it is `release` or a day that has begun. Raises `InvalidSetting`."""
    if text is None or text == RELEASE:
        return text
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or len(text) != len("2025-10-08"):
        raise InvalidSetting(
            f"`{text}` is not a day",
            hint="write it as `--as-of 2025-10-08`, or `--as-of release` for the day of ComfyUI's version",
            context={"as_of": text},
        )
    if day > today:
        raise InvalidSetting(
            f"`{text}` is in the future",
            hint="leave `--as-of` out for the newest packages",
            context={"as_of": text},
        )
    return text


def end_of_day(as_of: str, comfyui: str, commit: str) -> str:
    """The moment that no package may be newer than, as uv's `exclude-newer` takes it.

    A release gets a day more than its commit has: what it pins of ComfyUI's own packages appears about then.
    """
    if as_of != RELEASE:
        return _written(datetime.combine(date.fromisoformat(as_of), time(), UTC) + timedelta(days=1))
    seconds = queries.commit_time(comfyui, commit)
    try:
        return _written(datetime.fromtimestamp(seconds, UTC) + timedelta(days=1))
    except (OverflowError, ValueError, OSError) as error:
        raise InvalidSetting(
            f"the commit {commit[:10]} of ComfyUI has no usable date ({seconds} s)",
            hint="name a day, such as `--as-of 2025-10-08`",
            context={"as_of": as_of, "commit": commit, "seconds": seconds},
        ) from error


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
