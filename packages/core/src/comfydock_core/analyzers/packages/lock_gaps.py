"""What of a lock nobody else could install, looked for without reading it as TOML: that takes longer than a commit."""

import os
import re

from comfydock_core.repositories.definition.uv_lock import parse_lock
from comfydock_core.utils import native

# As uv writes them: a file on a line of its own, a source on one line.
_FILE = re.compile(r"^(?:sdist = |\s+)\{ (?:url|path|filename) = [^\n]*\}", re.MULTILINE)
_OTHER_SPELLING = re.compile(r"^\[\[?package\.(?:wheels|sdist)|^(?:wheels|sdist) = \[? *$(?!\n\s+\{)", re.MULTILINE)
_LOCAL = re.compile(
    r'^\[\[package\]\]\nname = "([^"\n]+)"\n(?:version = "[^"\n]*"\n)?'
    r'source = \{ (?:directory|editable|path) = "([^"\n]+)"',
    re.MULTILINE,
)


def lock_gaps(path: str) -> list[tuple[str, str]]:
    """Packages with the reason, sorted; none for a lock that is not there. Raises `LockDamaged`, `OSError`."""
    content = native.read_bytes(path)
    if content is None:
        return []
    text = content.decode("utf-8", "replace")
    found = [(name, f"it is installed from `{place}` on this machine")
             for name, place in _LOCAL.findall(text) if os.path.normpath(place) != "."]  # fmt: skip
    if _OTHER_SPELLING.search(text) or any("hash = " not in line for line in _FILE.findall(text)):
        found += [(name, "it is locked without a hash") for name in parse_lock(text, path).unhashed()]
    return sorted(found)
