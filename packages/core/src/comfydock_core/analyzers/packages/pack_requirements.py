"""What a node pack asks for: its `requirements.txt` with what that includes, or its `pyproject.toml`."""

import os
import re
import shlex
from collections.abc import Collection
from dataclasses import dataclass, field

from comfydock_core.analyzers.packages.other_requirements import find_other_requirements
from comfydock_core.analyzers.packages.pack_settings import parsed
from comfydock_core.models.addresses import without_credentials_in
from comfydock_core.models.exceptions import RequirementInvalid
from comfydock_core.models.packs.node_packs import PackRequirement, PackRequirements
from comfydock_core.utils.package_names import normal_name
from comfydock_core.utils.text import size_text
from comfydock_core.validation.requirement_lines import decoded
from comfydock_core.validation.requirements import (
    OptionLine,
    RefusedLine,
    RequirementLine,
    invalid,
    read_line,
    read_lines,
)

_MAIN = "requirements.txt"
_PROJECT = "pyproject.toml"
_MOST_BYTES = 1_000_000
_MOST_FILES = 100
_OPTION = re.compile(r"(-[A-Za-z]|--[A-Za-z-]+)\s*=?\s*(.*)", re.DOTALL)
_TOML_PLACE = re.compile(r"\(at line (\d+),")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_INCLUDED = {"-r": "requirement", "--requirement": "requirement", "-c": "constraint", "--constraint": "constraint"}
_EDITABLE = ("-e", "--editable")


def read_pack_requirements(directory: str, *, protected: Collection[str], lenient: bool = False) -> PackRequirements:
    """What the pack in `directory` asks for; nothing of it is run.

    `requirements.txt` counts, with the files that it includes from inside the pack; where it is missing or empty, the
    `dependencies` of `pyproject.toml`; where those are missing too, what stands elsewhere and can be read. Options of
    pip are reported, not followed. Of `protected` packages only limits of their versions are kept, never a build of one
    publisher or an address. Raises `RequirementInvalid` for a line that is not a requirement and an included file that
    cannot be followed, which are left out when `lenient`, and for a pack's own file that cannot be read; `OSError`.
    """
    main, project = (_Reading(directory, protected, lenient=lenient) for _ in range(2))
    has_main = main.read_file(_MAIN, "requirement", None)
    if has_main and main.says_something:
        main.compare_with_project()
        return main.result()
    project.notes += main.notes
    project.read_project()
    if not project.says_something:
        project.read_elsewhere()
    return project.result()


@dataclass(slots=True)
class _Reading:
    """One reading of a pack: what was found so far, and the files that were read for it."""

    directory: str
    protected: Collection[str]
    lenient: bool = False
    requirements: list[PackRequirement] = field(default_factory=list)
    constraints: list[PackRequirement] = field(default_factory=list)
    left_out: list[tuple[PackRequirement, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _done: set[tuple[str, str]] = field(default_factory=set)

    @property
    def says_something(self) -> bool:
        return bool(self.requirements or self.constraints or self.left_out)

    def result(self) -> PackRequirements:
        return PackRequirements(
            tuple(_unique(self.requirements)), tuple(_unique(self.constraints)), tuple(self.left_out), tuple(self.notes)
        )

    def read_file(self, file: str, kind: str, included: tuple[str, int, str] | None) -> bool:
        """Read a file of the pack and what it includes; `included` is where, and in which words. Whether it is there.

        A file that leads out of the pack is reported and not read.
        """
        if not self._is_inside(file):
            self._note(included or (file, 1, file), "is not followed: it leads out of the node pack")
            return False
        real = os.path.realpath(os.path.join(self.directory, file))
        if real in self._open:
            raise _refused(included or (file, 1, file), "includes a file that includes it")
        if (real, kind) in self._done:
            return True
        data = self._bytes(file, included)
        if data is None:
            return False
        self._done.add((real, kind))
        self._open.append(real)
        try:
            for line in read_lines(decoded(data)):
                self._take(line, file, kind)
        finally:
            self._open.pop()
        return True

    def _bytes(self, file: str, included: tuple[str, int, str] | None) -> bytes | None:
        path = os.path.join(self.directory, file)
        if not os.path.isfile(path):
            if included is not None:
                raise _refused(included, "includes a file that is not there")
            return None
        if len(self._done) >= _MOST_FILES:
            raise _refused(included or (file, 1, file), f"is in more than {_MOST_FILES} files")
        return _read(path, file)

    def _is_inside(self, file: str) -> bool:
        root = os.path.realpath(self.directory)
        if "\0" in file:
            return False
        return os.path.realpath(os.path.join(self.directory, file)).startswith(f"{root}{os.sep}")

    def _take(self, line: RequirementLine | OptionLine | RefusedLine, file: str, kind: str) -> None:
        if isinstance(line, OptionLine):
            self._take_option(line, file)
        elif isinstance(line, RefusedLine):
            if not line.valid and not self.lenient:
                raise _with_way_out(invalid(line, file))
            reason = line.reason if line.valid else f"no installer accepts it ({line.reason})"
            self._leave_out(line.text, file, line.line, reason)
        else:
            self._take_requirement(line, file, kind)

    def _take_requirement(self, line: RequirementLine, file: str, kind: str) -> None:
        reason = self._why_protected(line)
        if reason is not None:
            self._leave_out(line.text, file, line.line, reason)
            return
        for note in line.notes:
            self.notes.append(f"{file}:{line.line}: {without_credentials_in(note)}")
        found = self.requirements if kind == "requirement" else self.constraints
        found.append(PackRequirement(line.text, file, line.line))

    def _why_protected(self, line: RequirementLine) -> str | None:
        """Why a line about a protected package is not followed; a limit of its version is."""
        if line.name not in {normal_name(name) for name in self.protected}:
            return None
        if line.address is not None:
            return f"`{line.name}` is the environment's own, and comes from its own index"
        if line.local_build:
            return f"`{line.name}` is the environment's own, in the build that fits each machine"
        return None

    def _take_option(self, line: OptionLine, file: str) -> None:
        match = _OPTION.match(line.text)
        option, value = (match[1], match[2]) if match else (line.text, "")
        if option in _INCLUDED:
            self._include(_unquoted(value), file, _INCLUDED[option], line)
        elif option in _EDITABLE:
            said = read_line(_unquoted(value), line.line)
            self._take(said, file, "requirement")
            if isinstance(said, RequirementLine):
                self._note((file, line.line, line.text), "is installed as any other package, not to be edited")
        else:
            self._note((file, line.line, line.text), "is not followed")

    def _include(self, named: str, file: str, kind: str, line: OptionLine) -> None:
        place = (file, line.line, line.text)
        if not named:
            raise _refused(place, "names no file")
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", named):
            self._note(place, "is not followed: it is not in the node pack")
            return
        inside = os.path.normpath(os.path.join(os.path.dirname(file), named.replace("\\", "/"))).replace(os.sep, "/")
        try:
            self.read_file(inside, kind, place)
        except RequirementInvalid as error:
            if not self.lenient:
                raise
            self._leave_out(line.text, file, line.line, str(error.context["reason"]))

    def _note(self, place: tuple[str, int, str], words: str) -> None:
        self.notes.append(f"{place[0]}:{place[1]}: `{without_credentials_in(place[2])}` {words}")

    def _leave_out(self, text: str, file: str, line: int, reason: str) -> None:
        self.left_out.append(
            (PackRequirement(without_credentials_in(text), file, line), without_credentials_in(reason))
        )

    def read_project(self) -> None:
        """Take `[project].dependencies` of the pack's `pyproject.toml`."""
        if not os.path.isfile(f"{self.directory}/{_PROJECT}"):
            return
        if not self._is_inside(_PROJECT):
            self._note((_PROJECT, 1, _PROJECT), "is not followed: it leads out of the node pack")
            return
        text = decoded(_read(f"{self.directory}/{_PROJECT}", _PROJECT))
        for dependency, number in zip(listed := _dependencies(text), _lines_of(listed, text), strict=True):
            self._take(read_line(dependency.strip(), number), _PROJECT, "requirement")

    def read_elsewhere(self) -> None:
        """Take what other files ask for, as far as it can be read, and tell the rest."""
        other = find_other_requirements(self.directory)
        self.notes += other.notes
        for file in other.files:
            if not self.read_file(os.path.normpath(file), "requirement", None):
                self.notes.append(f"{file}: is named as the list of dependencies, and is not there to be read")
        for text, file, number in other.lines:
            self._take(read_line(text.strip(), number), file, "requirement")

    def compare_with_project(self) -> None:
        """Say that `pyproject.toml` asks for something else, where it does."""
        other = _Reading(self.directory, self.protected)
        try:
            other.read_project()
        except RequirementInvalid as error:
            self.notes.append(f"{_PROJECT}: its dependencies cannot be read: {error.message}")
            return
        named = {one.text for one in other.requirements}
        if named and named != {one.text for one in self.requirements}:
            self.notes.append(f"{_PROJECT}: it lists other dependencies than {_MAIN}, which counts")


def _read(path: str, file: str) -> bytes:
    """The bytes of a file. Raises `RequirementInvalid` for one that is far too large, `OSError`."""
    with open(path, "rb") as stream:
        data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise _refused((file, 1, file), f"is larger than {size_text(_MOST_BYTES)}")
    return data


def _dependencies(text: str) -> list[str]:
    """Raises `RequirementInvalid` for what is not TOML, or no list of texts."""
    try:
        project = parsed(text).get("project")
    except (ValueError, RecursionError) as error:
        match = _TOML_PLACE.search(str(error))
        raise _refused((_PROJECT, int(match[1]) if match else 1, _PROJECT), f"is not TOML: {error}") from error
    listed = project.get("dependencies", []) if isinstance(project, dict) else []
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise _refused((_PROJECT, 1, "dependencies"), "is not a list of texts")
    return listed


def _lines_of(dependencies: list[str], text: str) -> list[int]:
    """The line that each is first written on, 1 for one that is written in an unusual way."""
    places: dict[str, int] = {}
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        for quoted in _QUOTED.findall(line):
            places.setdefault(quoted[1:-1], number)
    return [places.get(dependency, 1) for dependency in dependencies]


def _unquoted(value: str) -> str:
    """A value as a shell would read it, as pip does; as it is where quotes do not match."""
    try:
        return " ".join(shlex.split(value.replace("\\", "\\\\")))
    except ValueError:
        return value


def _unique(found: list[PackRequirement]) -> list[PackRequirement]:
    first: dict[str, PackRequirement] = {}
    for one in found:
        first.setdefault(one.text, one)
    return list(first.values())


def _with_way_out(error: RequirementInvalid) -> RequirementInvalid:
    error.hint = f"{error.hint}; `--force` takes the node pack without that line"
    return error


def _refused(place: tuple[str, int, str], words: str) -> RequirementInvalid:
    return invalid(RefusedLine(place[2], place[1], words, True), place[0])
