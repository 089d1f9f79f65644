"""What of a lock nobody else could install, looked for without reading it as TOML: that takes longer than a commit."""

import os
import re

from comfydock_core.repositories.definition.uv_lock import parse_lock
from comfydock_core.utils import native

# A table in braces is a file, unless it says where a package is from; uv writes no other tables of files.
_IN_BRACES = re.compile(r"(source = )?\{([^{}\n]*)\}")
_NAMES_FILE = re.compile(r"\b(?:url|path|filename) = ")
_OTHER_SPELLING = re.compile(r"^ *\[\[?package\.(?:wheels|sdist)|^ *(?:wheels|sdist)\.", re.MULTILINE)
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
    if _OTHER_SPELLING.search(text) or any(map(_lacks_hash, _IN_BRACES.finditer(text))):
        found += [(name, "it is locked without a hash") for name in parse_lock(text, path).unhashed()]
    return sorted(found)


def _lacks_hash(table: "re.Match[str]") -> bool:
    """Whether a table in braces may be a file without a hash."""
    return table[1] is None and "hash = " not in table[2] and _NAMES_FILE.search(table[2]) is not None
