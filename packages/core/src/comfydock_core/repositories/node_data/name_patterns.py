"""What names of node classes look like, as the Manager's map says it: regular expressions that strangers write.

Only those are tried that end soon on any name: plain text, alternatives and groups, with a wildcard or two between.
"""

import re

_LONGEST_PATTERN = 300
_LONGEST_NAME = 120  # With two wildcards the time grows with the third power of this: a few milliseconds at most.
_MOST_WILDCARDS = 2  # Without groups then: each choice of a group would be tried for every place of a wildcard.
_MOST_GROUPS = 2  # So many lists of alternatives multiply, which is thousands of attempts at the most.
_WILDCARD = re.compile(r"\.[*+]")
# Nothing of these repeats anything, so that each step goes on in the name or fails.
_PLAIN = re.compile(r"(?:[^\\^$.|?*+()\[\]{}]|\\[^\w]|[\^$|()]|\.[*+])+", re.ASCII)
_ANCHORED = 1000
_SHORTEST = 4  # Fewer letters somewhere in a name tell nothing.


def safe_pattern(value: object) -> str | None:
    """The pattern, when it is one that may be tried on names; `None` for every other."""
    if not isinstance(value, str) or len(value) > _LONGEST_PATTERN or not _PLAIN.fullmatch(value):
        return None
    wildcards, groups = len(_WILDCARD.findall(value)), value.replace("\\(", "").count("(")
    if wildcards > _MOST_WILDCARDS or groups > _MOST_GROUPS or (wildcards and groups) or not re.search(r"\w", value):
        return None
    try:
        found = re.compile(value)
    except re.error:
        return None
    return None if found.search("") else value


def is_anchored(pattern: str) -> bool:
    """Whether it tells how names begin or end: one that may stand anywhere fits by accident."""
    return (pattern.startswith("^") or pattern.endswith("$")) and "|" not in re.sub(r"\([^()]*\)", "", pattern)


def closeness(pattern: str, name: str) -> int:
    """How much of a name a pattern of `safe_pattern` fits, 0 when it does not; anchored ones before all others."""
    if len(name) > _LONGEST_NAME:
        return 0
    found = re.search(pattern, name)
    if found is None:
        return 0
    length = found.end() - found.start()
    if is_anchored(pattern):
        return length + _ANCHORED
    return length if length >= _SHORTEST else 0
