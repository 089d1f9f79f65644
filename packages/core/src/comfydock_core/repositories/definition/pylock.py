"""`pylock.toml` as text: taking it apart at its packages and putting two together, byte by byte as uv wrote them."""

import json
import re
import tomllib
from collections.abc import Collection

_PACKAGE = "[[packages]]"
_VERSION = re.compile(r"^version = .*\n", re.MULTILINE)
_RELATIVE = re.compile(r'(\bpath = ")(?!/|[A-Za-z]:|[a-z]+://)([^"]+")')


def split(text: str) -> tuple[str, list[str], str]:
    """The head before the packages, each package, and what follows them."""
    head: list[str] = []
    packages: list[list[str]] = []
    tail: list[str] = []
    current = head
    for line in text.splitlines(keepends=True):
        if line.rstrip() == _PACKAGE:
            packages.append([])
            current = packages[-1]
        elif packages and line.startswith("[") and not line.startswith(("[packages.", "[[packages.")):
            current = tail
        current.append(line)
    return "".join(head), ["".join(package) for package in packages], "".join(tail)


def concatenate(base: str, part: str | None) -> str:
    """The base with the packages of the part behind its own. Raises `ValueError` for a text that is cut wrongly."""
    if part is None:
        return base
    packages = [f"{package.rstrip()}\n" for text in (base, part) for package in split(text)[1]]
    merged = "\n".join([f"{split(base)[0].rstrip()}\n", *packages])
    if _packages(merged) != _packages(base) + _packages(part):
        raise ValueError("the packages of a lock cannot be distinguished")
    return merged


def from_index(text: str, index: str, others: Collection[str] = ()) -> str:
    """The text with an index for every package that has none, but for `others`.

    uv looks in its cache under the index; without one only under the address of each file.
    """
    head, packages, tail = split(text)
    return head + "".join(_with_index(package, index, others) for package in packages) + tail


def _with_index(package: str, index: str, others: Collection[str]) -> str:
    found = _packages(package)[0]
    if not isinstance(found, dict) or "index" in found or found.get("name") in others:
        return package
    line = f"index = {quoted(index)}\n"
    told = _VERSION.sub(lambda match: f"{match[0]}{line}", package, count=1)
    # Not where that line is something else than the version of the package.
    return told if _packages(told) == [{**found, "index": index}] else package


def quoted(text: str) -> str:
    """The text as a basic string of TOML, which must escape one character that JSON may have plain."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def anchored(text: str, directory: str) -> str:
    """The text with relative paths, which uv writes relative to the project, made absolute."""
    return _RELATIVE.sub(lambda match: f"{match[1]}{directory}/{match[2]}", text)


def _packages(text: str) -> list[object]:
    packages = tomllib.loads(text).get("packages", [])
    return packages if isinstance(packages, list) else []
