"""Reading requirements: files of them, their names, and what their markers and versions mean."""

import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from comfydock_core.models.exceptions import RequirementInvalid

_COMMENT = re.compile(r"(^|\s)#.*$")
_BELOW = re.compile(r"<\s*(3\.\d+)(?:\.0)*(?!\.?\d)", re.ASCII)
_MINOR = re.compile(r"==\s*3\.(\d+)(?:\.\*|\.\d+)?", re.ASCII)
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)", re.ASCII)

# Where PyTorch's accelerators are not: every machine without Linux.
_ELSEWHERE = (("win32", "Windows", "nt"), ("darwin", "Darwin", "posix"))
_MACHINES = ("x86_64", "AMD64", "arm64", "aarch64", "ARM64")
_PYTHONS = tuple(f"3.{minor}" for minor in range(8, 21))


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """One requirement: the normalised project name, and the text as PEP 508 has it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class RequirementsFile:
    """What a requirements file asks for. `options` are its lines that begin with `-`, as they are."""

    requirements: tuple[RequirementLine, ...]
    options: tuple[str, ...]


def parse_requirements(
    text: str, *, file: str, on_invalid: Callable[[RequirementInvalid], None] | None = None
) -> RequirementsFile:
    """Read the lines of a requirements file. Raises `RequirementInvalid`, naming `file` and the line.

    With `on_invalid` it is told such an error, and the other lines are read. Comments, blank lines and continued lines
    are understood. Options are returned, not obeyed.
    """
    requirements: list[RequirementLine] = []
    options: list[str] = []
    for number, line in _logical_lines(text.removeprefix("\ufeff")):
        if line.startswith("-"):
            options.append(line)
            continue
        try:
            requirements.append(_requirement(line, file, number))
        except RequirementInvalid as error:
            if on_invalid is None:
                raise
            on_invalid(error)
    return RequirementsFile(tuple(requirements), tuple(options))


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """The lines that say something, with the number of the first physical line of each."""
    lines: list[tuple[int, str]] = []
    pending, start = "", 0
    physical = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(physical, 1):
        start = start or number
        pending += line
        if pending.endswith("\\") and number < len(physical):
            pending = pending[:-1]
            continue
        content = _COMMENT.sub("", pending).strip()
        if content:
            lines.append((start, content))
        pending, start = "", 0
    return lines


def _requirement(line: str, file: str, number: int) -> RequirementLine:
    specifier = re.split(r"\s+--\w", line, maxsplit=1)[0].rstrip()  # Per-requirement options such as --hash.
    try:
        requirement = Requirement(specifier)
    except InvalidRequirement as error:
        raise RequirementInvalid(
            f"`{file}`, line {number}, is no valid requirement: {line!r}",
            hint="correct the line in that repository, or choose another version of it",
            context={"file": file, "line": number, "text": line, "reason": str(error)},
        ) from error
    return RequirementLine(canonicalize_name(requirement.name), str(requirement))


def requirement_name(text: str) -> str | None:
    """The normalised project name of a requirement, `None` for what has none (a path, an option)."""
    match = _NAME.match(text)
    return canonicalize_name(match[1]) if match else None


def normal_name(name: str) -> str:
    """A project name as indexes and locks spell it."""
    return canonicalize_name(name)


def needs_linux(marker: str) -> bool:
    """Whether a marker holds on no Windows and no macOS, whatever the machine and the version of Python."""
    try:
        parsed = Marker(marker)
    except InvalidMarker:
        return False
    places = itertools.product(_ELSEWHERE, _MACHINES, _PYTHONS)
    return not any(parsed.evaluate(_surroundings(*place)) for place in places)


def _surroundings(system: tuple[str, str, str], machine: str, python: str) -> dict[str, str | set[str]]:
    return {
        "sys_platform": system[0],
        "platform_system": system[1],
        "os_name": system[2],
        "platform_machine": machine,
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
    }


def pin_of(name: str, version: str) -> str | None:
    """`name==version` without the local part of the version; `None` when one of them is not what indexes have."""
    try:
        requirement = Requirement(f"{name}=={Version(version).public}")
    except (InvalidRequirement, InvalidVersion):
        return None
    if requirement.extras or requirement.marker or requirement.url:
        return None
    return f"{canonicalize_name(requirement.name)}{requirement.specifier}"


def public_version(version: str) -> str:
    """A version without its local part: `2.9.1` of `2.9.1+cu128`."""
    return version.partition("+")[0]


def newest_version(versions: Iterable[str]) -> str:
    """The highest version; what is no version ranks below all that are."""
    return max(versions, key=_rank)


def oldest_version(versions: Iterable[str]) -> str:
    """The lowest version; what is no version ranks below all that are."""
    return min(versions, key=_rank)


def _rank(version: str) -> tuple[bool, Version, str]:
    try:
        return True, Version(version), version
    except InvalidVersion:
        return False, Version("0"), version


def closed_minor(requires_python: str) -> str | None:
    """The version below which Python must be, `3.12` for `>=3.11,<3.12`; `None` for a range that is open above."""
    if (below := _BELOW.search(requires_python)) is not None:
        return below[1]
    if (minor := _MINOR.search(requires_python)) is not None:
        return f"3.{int(minor[1]) + 1}"
    return None
