"""What of a lock lies on this machine only: wheels and archives, which go along, and directories, which cannot."""

import os
import re
import urllib.parse
from collections.abc import Mapping

from comfydock_core.models.exceptions import PackagesUnobtainable

WHEELS = "wheels"
_LOCAL = re.compile(r'\b(?:url = "file://(?P<url>[^"]+)"|path = "(?P<path>/[^"]+)")')


def take_local_files(text: str) -> tuple[str, Mapping[str, str]]:
    """A `pylock.toml` that has files of this machine in `wheels/`, and where they are now, by their names there.

    Raises `PackagesUnobtainable` for a directory, which no hash can be of, and for two files of one name.
    """
    files: dict[str, str] = {}

    def replaced(match: re.Match[str]) -> str:
        place = urllib.parse.unquote(match["url"]) if match["url"] is not None else match["path"]
        name = os.path.basename(place)
        if not os.path.isfile(place) or files.setdefault(name, place) != place:
            raise PackagesUnobtainable(
                f"the lock takes a package from `{place}`, which no container has",
                hint="publish it to an index or lock a wheel of it, then export again",
                context={"path": place},
            )
        return f'path = "{WHEELS}/{name}"'

    return _LOCAL.sub(replaced, text), files
