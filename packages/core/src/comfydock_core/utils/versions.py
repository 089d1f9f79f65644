"""One place that recognises commits and versions, and puts version tags in order."""

import re

_TAG = re.compile(r"v?(\d+(?:\.\d+)*)(?:[-._]?([A-Za-z][0-9A-Za-z.-]*))?", re.ASCII)
_SEMANTIC = re.compile(r"v?(\d{1,18}(?:\.\d{1,18})*)[-.]?([A-Za-z0-9.-]*)(?:\+.*)?", re.ASCII | re.DOTALL)
_DIGITS = 18  # More are no count of anything.
_HEX = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
_NUMBER = re.compile(r"\d+", re.ASCII)
_PACK_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,99}", re.ASCII)
_PYTHON = re.compile(r"3\.\d{1,2}(\.\d{1,3})?", re.ASCII)


def looks_like_commit(ref: str) -> bool:
    """Whether `ref` could be a full or abbreviated commit: seven or more hexadecimal digits."""
    return _HEX.fullmatch(ref.lower()) is not None


def is_full_commit(ref: str) -> bool:
    return looks_like_commit(ref) and len(ref) in (40, 64)


def tag_key(tag: str) -> tuple[bool, tuple[int, ...], tuple[int, ...], str] | None:
    """A sort key for version tags, `None` for any other tag. Numbers count as numbers, pre-releases come first.

    All releases rank above all pre-releases, so that the newest tag is never a pre-release while a release exists.
    """
    match = _TAG.fullmatch(tag)
    if match is None:
        return None
    suffix = match[2] or ""
    numbers = tuple(int(part) for part in match[1].split("."))
    return (not suffix, numbers, tuple(int(part) for part in _NUMBER.findall(suffix)), suffix)


def newest_tag(tags: list[str]) -> str | None:
    """The highest proper release tag (`vX.Y.Z`); a pre-release only when there is nothing else."""
    ranked = [(key, tag) for tag in tags if tag.startswith("v") and (key := tag_key(tag)) is not None]
    return max(ranked)[1] if ranked else None


def version_key(version: str) -> tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]:
    """A sort key after the rules of semantic versioning, for any text.

    Numbers count as numbers, a pre-release comes before its release, what follows `+` does not count, and what is no
    version comes first.
    """
    match = _SEMANTIC.fullmatch(version)
    if match is None:
        return (), False, ((True, 0, version),)
    numbers = [int(part) for part in match[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    words = re.split(r"[.-]", match[2]) if match[2] else []
    return tuple(numbers), not words, tuple(_word_key(word) for word in words)


def _word_key(word: str) -> tuple[bool, int, str]:
    is_number = word.isdecimal() and len(word) <= _DIGITS
    return not is_number, int(word) if is_number else 0, word


def is_prerelease(version: str) -> bool:
    """Whether a version comes before the release of its numbers, or is not a version at all."""
    return not version_key(version)[1]


def is_pack_version(text: str) -> bool:
    """Whether a version of a node pack may be written like this."""
    return _PACK_VERSION.fullmatch(text) is not None


def is_python_version(text: str) -> bool:
    """Whether this is how we write versions of Python: `3.12` or `3.12.1`."""
    return _PYTHON.fullmatch(text) is not None
