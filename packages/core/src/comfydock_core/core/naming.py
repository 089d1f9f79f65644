"""Which names an environment may have."""

import re

from comfydock_core.models.exceptions import InvalidName

_PATTERN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?", re.ASCII)
_RESERVED = frozenset({"workspace", "logs", "models", "input", "output", ".comfydock", ".comfygit"})


def check_name(name: str) -> None:
    """Raise `InvalidName` unless an environment may be called so.

    The name becomes part of a project name and of directories, so it must please Python packaging and every system.
    """
    if name.lower() in _RESERVED:
        raise InvalidName(
            f"the name `{name}` is reserved", hint="choose another name", context={"name": name, "reserved": True}
        )
    if not _PATTERN.fullmatch(name) or ".." in name:
        raise InvalidName(
            f"`{name}` cannot be the name of an environment",
            hint="use letters, digits, `.`, `_` and `-`, with a letter or digit at both ends, at most 128 characters",
            context={"name": name, "reserved": False},
        )
