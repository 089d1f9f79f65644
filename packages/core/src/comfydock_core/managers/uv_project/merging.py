"""Merging two versions of `uv.lock` package by package, so that neither side's choices are lost.

The result is a starting point: `uv lock` then drops what nobody needs and completes what the merged manifest asks for.
"""

import re
import tomllib
from collections.abc import Collection

from comfydock_core.models.exceptions import MergeRefused
from comfydock_core.records import record
from comfydock_core.validation.requirements import newest_version

_BLOCK = re.compile(r"^\[\[package\]\][ \t]*$", re.MULTILINE)


@record
class _Entry:
    """Everything that a lock says about one name: its text, and the versions and sources in it."""

    text: str
    choice: tuple[str, ...]
    newest: str


def merge_lock(base: str, ours: str, theirs: str) -> str:
    """One lock from two that were changed since `base`, the same whichever side is which. Raises `MergeRefused`.

    A package that both have alike stays; one that a single side changed is taken from there; of two changes the higher
    version. Packages of one side alone are kept. Versions of one name never come from different sides.
    """
    sides = [_read(text, which) for text, which in ((base, "the ancestor"), (ours, "our side"), (theirs, "their side"))]
    before, here, there = (entries for _, entries in sides)
    head = _newer(*(head for head, _ in sides))
    names = sorted(here.keys() | there.keys())
    blocks = [_merge_entry(before.get(name), here.get(name), there.get(name)) for name in names]
    return "\n".join([head, *blocks]) if head else "\n".join(blocks)


def lock_with(first: str, second: str, names: Collection[str]) -> str:
    """The first lock with what the second has of some packages, and with the packages that the second has alone.

    Like a merged one it is what uv begins with, which leaves out what nobody needs. Raises `MergeRefused`.
    """
    (head, here), (_, there) = _read(first, "the first"), _read(second, "the second")
    chosen = {name: there[name] if name in there and (name in names or name not in here) else here[name]
              for name in sorted(here.keys() | there.keys())}  # fmt: skip
    return "\n".join([head, *(entry.text for entry in chosen.values())])


def _newer(before: str, ours: str, theirs: str) -> str:
    """The text of the side that changed it; the greater of two changes, so that the sides may be exchanged."""
    if ours == before:
        return theirs
    return ours if theirs == before else max(ours, theirs)


def _merge_entry(before: _Entry | None, ours: _Entry | None, theirs: _Entry | None) -> str:
    if ours is None or theirs is None:
        only = ours or theirs
        assert only is not None  # A name of neither side is not asked for.
        return only.text
    old = before.choice if before else ()
    if ours.choice == theirs.choice:
        return _newer(before.text if before else "", ours.text, theirs.text)
    if ours.choice == old:
        return theirs.text
    if theirs.choice == old:
        return ours.text
    return _higher(ours, theirs).text


def _higher(ours: _Entry, theirs: _Entry) -> _Entry:
    if ours.newest == theirs.newest:
        return max(ours, theirs, key=lambda entry: entry.text)
    return ours if newest_version([ours.newest, theirs.newest]) == ours.newest else theirs


def _read(text: str, which: str) -> tuple[str, dict[str, _Entry]]:
    """The head of a lock, and what it says about each name. An empty text is a lock of nothing."""
    normal = text.replace("\r\n", "\n")
    head, *pieces = _BLOCK.split(normal)
    blocks = [f"[[package]]{piece.rstrip()}\n" for piece in pieces]
    entries: dict[str, list[tuple[str, dict[str, object]]]] = {}
    for block, package in zip(blocks, _packages(normal, len(blocks), which), strict=True):
        entries.setdefault(str(package["name"]), []).append((block, package))
    found = {name: _entry(blocks) for name, blocks in entries.items()}
    return f"{head.rstrip()}\n" if head.strip() else "", found


def _packages(text: str, count: int, which: str) -> list[dict[str, object]]:
    try:
        packages = tomllib.loads(text).get("package", [])
    except (ValueError, RecursionError) as error:
        raise _refused(which, str(error)) from error
    named = isinstance(packages, list) and all(isinstance(item, dict) and "name" in item for item in packages)
    if not named or len(packages) != count:
        raise _refused(which, "its packages are not written as uv writes them")
    return list(packages)


def _entry(found: list[tuple[str, dict[str, object]]]) -> _Entry:
    versions = [str(package.get("version", "")) for _, package in found]
    choice = sorted(f"{package.get('version')} {package.get('source')}" for _, package in found)
    return _Entry("\n".join(block for block, _ in found), tuple(choice), newest_version(versions))


def _refused(which: str, reason: str) -> MergeRefused:
    return MergeRefused(
        f"cannot merge `uv.lock`: {which} of it is damaged: {reason}",
        hint="take one side whole, for example with `git checkout --ours uv.lock`, then run `comfydock sync --relock`",
        context={"file": "uv.lock", "side": which, "reason": reason},
    )
