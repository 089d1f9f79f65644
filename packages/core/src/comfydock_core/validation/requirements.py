"""Reading requirements: files of them, their names, and what their markers and versions mean."""

import itertools
import re
from collections.abc import Callable, Collection, Iterable
from urllib.parse import unquote

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from comfydock_core.models.addresses import without_credentials_in
from comfydock_core.models.exceptions import RequirementInvalid
from comfydock_core.records import record
from comfydock_core.validation.requirement_lines import logical_lines

_BELOW = re.compile(r"<\s*(3\.\d+)(?:\.0)*(?!\.?\d)", re.ASCII)
_MINOR = re.compile(r"==\s*3\.(\d+)(?:\.\*|\.\d+)?", re.ASCII)
_OF_LINE = re.compile(r"(?<!\s)\s+(?=--[A-Za-z])")  # Options of one requirement, such as `--hash`.
_LONGEST = 4000
_VARIABLE = re.compile(r"\$\{[A-Za-z0-9_]+\}")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(?!\\)", re.ASCII)
_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*@", re.ASCII)
_PATH = re.compile(r"\.{1,2}(?:[/\\]|$)|[/~\\]|[A-Za-z]:[/\\]|\S*[/\\]\S*$|\S+\.(?:whl|zip|tar\.gz|tar\.bz2|tgz)$")
_FETCHED = re.compile(r"(?:git\+(?:https?|ssh)|https?)://[^/\s]+/\S", re.ASCII | re.IGNORECASE)
_GIT = re.compile(r"git\+[^#@]*?//[^#]*?/([A-Za-z0-9][A-Za-z0-9._-]*?)(?:\.git)?/?(?:@[^#]*)?(?:#.*)?$", re.ASCII)
_ARCHIVE = re.compile(r"https?://[^/]+/[^/]+/([A-Za-z0-9][A-Za-z0-9._-]*)/(?:-/)?archive/", re.ASCII)

_WHEEL_PLATFORM = re.compile(r"(manylinux|musllinux|linux|macosx|win)[\d_]*?_(x86_64|aarch64|arm64|amd64)")
_WHEEL_SYSTEMS = {"manylinux": "linux", "musllinux": "linux", "linux": "linux", "macosx": "darwin", "win": "win32"}

# Where PyTorch's accelerators are not: every machine without Linux.
_ELSEWHERE = (("win32", "Windows", "nt"), ("darwin", "Darwin", "posix"))
_MACHINES = ("x86_64", "AMD64", "arm64", "aarch64", "ARM64")
_PYTHONS = tuple(f"3.{minor}" for minor in range(8, 21))


@record
class RequirementLine:
    """One requirement: the normalised project name, the text as PEP 508 has it, and the line it begins on, from 1.

    `address` is where it comes from if not from an index. `local_build` says that it names the build of one publisher
    (`==2.5.1+cu121`). `notes` say what of the line is not followed, or had to be guessed.
    """

    name: str
    text: str
    line: int = 0
    address: str | None = None
    local_build: bool = False
    notes: tuple[str, ...] = ()


@record
class OptionLine:
    """A line that begins with `-`, as it is."""

    text: str
    line: int


@record
class RefusedLine:
    """A line that is not a requirement to be locked, and why. `valid` says that pip would follow it all the same."""

    text: str
    line: int
    reason: str
    valid: bool


@record
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
    for line in read_lines(text):
        if isinstance(line, OptionLine):
            options.append(line.text)
        elif isinstance(line, RequirementLine):
            requirements.append(line)
        elif on_invalid is None:
            raise invalid(line, file)
        else:
            on_invalid(invalid(line, file))
    return RequirementsFile(tuple(requirements), tuple(options))


def read_lines(text: str) -> list[RequirementLine | OptionLine | RefusedLine]:
    """What each line of a requirements file is, in order."""
    lines = logical_lines(text)
    return [OptionLine(line, number) if line.startswith("-") else read_line(line, number) for number, line in lines]


def read_line(line: str, number: int) -> RequirementLine | RefusedLine:
    """What a line without comments asks for, when it is not an option."""
    said, *options = _OF_LINE.split(line)
    if len(said) > _LONGEST:
        return RefusedLine(line[:_LONGEST], number, "it is longer than any requirement", False)
    if (variable := _VARIABLE.search(said)) is not None:
        return RefusedLine(line, number, f"it depends on the variable `{variable[0]}` of whoever installs it", True)
    if _ADDRESS.match(said) or (_PATH.match(said) and not _NAMED.match(said)):
        return _read_address(said, line, number, options)
    try:
        requirement = Requirement(said)
        canonicalize_name(requirement.name, validate=True)  # `Requirement` lets a name end with `_`.
        text = str(requirement)
    except (ValueError, RecursionError) as error:
        return RefusedLine(line, number, str(error) or type(error).__name__, False)
    return _checked(requirement, text, line, number, [f"`{option}` is not followed" for option in _told(options)])


def invalid(line: RefusedLine, file: str) -> RequirementInvalid:
    """The error for a line that is not a requirement."""
    shown = without_credentials_in(line.text)
    reason = f": {line.reason}" if line.valid else ""
    return RequirementInvalid(
        f"`{file}`, line {line.line}, is not a valid requirement: {shown!r}{reason}",
        hint="correct the line in that repository, or choose another version of it",
        context={"file": file, "line": line.line, "text": shown, "reason": without_credentials_in(line.reason)},
    )


def _told(options: Iterable[str]) -> list[str]:
    """The options behind a requirement; all hashes as one, as the lock has its own."""
    return list(dict.fromkeys("--hash" if option.startswith("--hash") else option for option in options))


def _read_address(said: str, line: str, number: int, options: Iterable[str]) -> RequirementLine | RefusedLine:
    """An address or a path without a name, which a lock needs: `egg`, that of the file, or that of the repository."""
    address, _, marker = said.partition(" ;")
    address, fragment = _without_egg(address.strip())
    if not _FETCHED.match(address):
        return RefusedLine(line, number, _not_from_anywhere(address), True)
    name, notes = fragment.get("egg"), [f"`{option}` is not followed" for option in _told(options)]
    if name is None and (name := _name_of_file(address)) is None and (name := _name_of_repository(address)) is not None:
        notes.append(f"it names no package: `{name}`, as its repository, is taken")
    if name is None:
        return RefusedLine(line, number, "it does not say which package the address is of", True)
    try:
        requirement = Requirement(f"{name} @ {address}" + (f" ; {marker}" if marker else ""))
        text = str(requirement)
    except (ValueError, RecursionError) as error:
        return RefusedLine(line, number, str(error) or type(error).__name__, False)
    return _checked(requirement, text, line, number, notes)


def _checked(
    requirement: Requirement, text: str, line: str, number: int, notes: list[str]
) -> RequirementLine | RefusedLine:
    address = requirement.url
    if address is not None and not _FETCHED.match(address):
        return RefusedLine(line, number, _not_from_anywhere(address), True)
    if address is not None and without_credentials_in(address) != address:
        return RefusedLine(line, number, "its address holds a login, which must not get into the history", True)
    name = canonicalize_name(requirement.name)
    return RequirementLine(name, text, number, address, any("+" in one.version for one in requirement.specifier),
                           tuple(notes))  # fmt: skip


def _not_from_anywhere(address: str) -> str:
    if _ADDRESS.match(address) and not address.lower().startswith(("file:", "git+file:")):
        return f"`{address.partition(':')[0]}` is not a scheme that uv fetches packages by"
    return "it is a path on the machine of whoever installs it"


def _without_egg(address: str) -> tuple[str, dict[str, str]]:
    """The address as uv wants it, and what its fragment says. The fragment is pip's: `egg=name&subdirectory=path`."""
    plain, _, fragment = address.partition("#")
    pairs = [pair.partition("=") for pair in fragment.split("&") if pair]
    kept = "&".join(f"{key}{equals}{value}" for key, equals, value in pairs if key != "egg")
    return (f"{plain}#{kept}" if kept else plain), {key: value for key, _, value in pairs if value}


def _name_of_file(address: str) -> str | None:
    """The project that a wheel or a source archive at an address is of."""
    if address.startswith("git+"):
        return None
    file = unquote(address.partition("#")[0].partition("?")[0]).rpartition("/")[2]
    try:
        if file.endswith(".whl"):
            return parse_wheel_filename(file)[0]
        return parse_sdist_filename(file)[0]
    except ValueError:
        return None


def _name_of_repository(address: str) -> str | None:
    """What the repository of a git address, or of an archive that GitHub and GitLab make of one, is called."""
    match = _GIT.match(address) or _ARCHIVE.match(address)
    return None if match is None else match[1]


def renamed_requirement(text: str, name: str) -> str:
    """The same requirement of another package; one that has an address of its own stays as it is."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return text
    if requirement.url is None:
        requirement.name = name
    return str(requirement)


@record
class RequirementParts:
    """What a requirement says: `limits` are its operators with their versions."""

    name: str
    extras: tuple[str, ...]
    limits: tuple[tuple[str, str], ...]
    address: str | None


def parts_of(text: str) -> RequirementParts | None:
    """The parts of a requirement, `None` when it is none."""
    try:
        found = Requirement(text)
    except (ValueError, RecursionError):
        return None
    limits = tuple(sorted((one.operator, one.version) for one in found.specifier))
    return RequirementParts(canonicalize_name(found.name), tuple(sorted(found.extras)), limits, found.url)


def needs_linux(marker: str) -> bool:
    """Whether a marker holds on no Windows and no macOS, whatever the machine and the version of Python."""
    try:
        parsed = Marker(marker)
    except InvalidMarker:
        return False
    places = itertools.product(_ELSEWHERE, _MACHINES, _PYTHONS)
    return not any(parsed.evaluate(_surroundings(*place)) for place in places)


def may_meet(first: str, second: str) -> bool:
    """Whether two markers, empty for none, hold on one machine together. What cannot be read holds everywhere."""
    try:
        parsed = [Marker(marker) for marker in (first, second) if marker]
    except InvalidMarker:
        return True
    places = itertools.product((*_ELSEWHERE, ("linux", "Linux", "posix")), _MACHINES, _PYTHONS)
    return any(all(marker.evaluate(_surroundings(*place)) for marker in parsed) for place in places)


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


def wheel_markers(file: str) -> set[str]:
    """Markers for the machines that a wheel is for, by its file name; none for one that is for all or unreadable."""
    try:
        tags = parse_wheel_filename(file)[3]
    except ValueError:
        return set()
    found = [match for tag in tags if (match := _WHEEL_PLATFORM.fullmatch(tag.platform)) is not None]
    return {_machine_marker(_WHEEL_SYSTEMS[match[1]], match[2]) for match in found}


def _machine_marker(system: str, machine: str) -> str:
    """Where a machine is, in the words that Python has for it on that system."""
    return f"sys_platform == '{system}' and platform_machine == '{machine.upper() if system == 'win32' else machine}'"


def demanded(text: str, extras: Collection[str], python: str) -> tuple[str, tuple[str, ...]] | None:
    """Which package, with which extras, a line of a distribution's metadata asks for on a machine like this one.

    `extras` are those that somebody asks the distribution for, `python` the version that it is installed for. `None`
    where its marker does not hold, or where it is not a requirement.
    """
    try:
        found = Requirement(text)
    except (ValueError, RecursionError):
        return None
    surroundings = {"python_version": python, "python_full_version": f"{python}.0"}
    marker = found.marker
    if marker is not None and not any(marker.evaluate({**surroundings, "extra": extra}) for extra in ("", *extras)):
        return None
    return canonicalize_name(found.name), tuple(sorted(found.extras))


def pin_of(name: str, version: str) -> str | None:
    """`name==version` without the local part of the version; `None` when one of them is not what indexes have."""
    try:
        requirement = Requirement(f"{name}=={Version(version).public}")
    except (InvalidRequirement, InvalidVersion):
        return None
    if requirement.extras or requirement.marker or requirement.url:
        return None
    return f"{canonicalize_name(requirement.name)}{requirement.specifier}"


def newest_version(versions: Iterable[str]) -> str:
    """The highest version; what is not a version ranks below all that are."""
    return max(versions, key=_rank)


def oldest_version(versions: Iterable[str]) -> str:
    """The lowest version; what is not a version ranks below all that are."""
    return min(versions, key=_rank)


def _rank(version: str) -> tuple[bool, Version, str]:
    try:
        return True, Version(version), version
    except InvalidVersion:
        return False, Version("0"), version


def admits_python(requires_python: str, version: str) -> bool:
    """Whether a pack's `requires-python` admits a version; what is not a specifier speaks against none."""
    try:
        return SpecifierSet(requires_python).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


def closed_minor(requires_python: str) -> str | None:
    """The version below which Python must be, `3.12` for `>=3.11,<3.12`; `None` for a range that is open above."""
    if (below := _BELOW.search(requires_python)) is not None:
        return below[1]
    if (minor := _MINOR.search(requires_python)) is not None:
        return f"3.{int(minor[1]) + 1}"
    return None
