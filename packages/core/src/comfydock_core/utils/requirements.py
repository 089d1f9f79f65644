"""Reading requirements files."""

import re
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from comfydock_core.models.exceptions import RequirementInvalid

_COMMENT = re.compile(r"(^|\s)#.*$")


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


def parse_requirements(text: str, *, file: str) -> RequirementsFile:
    """Read the lines of a requirements file. Raises `RequirementInvalid`, naming `file` and the line.

    Comments, blank lines and continued lines are understood. Options are returned, not obeyed.
    """
    requirements: list[RequirementLine] = []
    options: list[str] = []
    for number, line in _logical_lines(text.removeprefix("\ufeff")):
        if line.startswith("-"):
            options.append(line)
        else:
            requirements.append(_requirement(line, file, number))
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
