"""Names of Python projects, and versions without their builds: many commands compare them, few read requirements."""

import re

from packaging.utils import canonicalize_name

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)", re.ASCII)


def normal_name(name: str) -> str:
    """A project name as indexes and locks spell it."""
    return canonicalize_name(name)


def requirement_name(text: str) -> str | None:
    """The normalised project name of a requirement, `None` for what has none (a path, an option)."""
    match = _NAME.match(text)
    return canonicalize_name(match[1]) if match else None


def public_version(version: str) -> str:
    """A version without its local part: `2.9.1` of `2.9.1+cu128`."""
    return version.partition("+")[0]
