"""Locking PyTorch for one back end: what the back end replaces in `uv.lock` or adds to it."""

import os
from collections.abc import Callable, Mapping

from comfydock_core.configs.environment_layout import PART
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.uv_project.indexes import index_of
from comfydock_core.managers.uv_project.release import FamilyAnswer, ask_family, fits
from comfydock_core.managers.uv_project.scratch import question, scratch_project
from comfydock_core.models.exceptions import RequirementsConflict
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.definition.backend_parts import parse_part
from comfydock_core.repositories.definition.pylock import quoted
from comfydock_core.repositories.definition.pytorch_settings import Table, family_of, uv_settings, wishes_about
from comfydock_core.repositories.definition.uv_lock import UvLock
from comfydock_core.utils.files import atomic
from comfydock_core.utils.package_names import public_version, requirement_name
from comfydock_core.utils.text import some
from comfydock_core.validation.requirements import newest_version

_SHOWN = 3
_OF_SOME_MACHINES = "when resolving dependencies for split"


@record
class PartRequest:
    """A part to be locked. `pins` are the packages of `uv.lock` without the family, as requirements.

    Paths in them are relative to the definition. `old` is the text of the part that is there, whose versions are kept
    where they still fit.
    """

    backend: str
    definition: str
    manifest: Table
    lock: UvLock
    pins: str
    old: str | None

    @property
    def release(self) -> dict[str, str]:
        """The members of the family in `uv.lock`, by name; `torch` is the first."""
        family, found = family_of(self.manifest), self.lock.versions()
        return {name: newest_version(map(public_version, found[name])) for name in family if found.get(name)}

    @property
    def leader(self) -> str:
        """The member that the release is named after."""
        return next(iter(self.release))


def lock_part(uv: UVCommand, request: PartRequest, reporter: Reporter) -> str:
    """The text of the part, the same for the same request whoever asks.

    An index that no longer or not yet has the release gives its own newest one, and the part says so. Raises
    `BackendNotFound`, `RequirementsConflict`, `BackendPartRefused`, and what uv's other failures mean.
    """
    release = request.release
    try:
        answer, own = _answer(uv, request, release, reporter.line)
        _tell(request, answer, own, reporter)
        text = _compile_where_it_can(uv, request, {} if own else release, answer, reporter.line)
    except RequirementsConflict as error:
        error.hint = "leave out what uv names above, or choose another back end"
        raise
    part = f"{text.rstrip()}\n\n{_footer(request.backend, answer, own)}"
    parse_part(part, request.backend, f"backends/{request.backend}/{PART}")
    return part


def _answer(
    uv: UVCommand, request: PartRequest, release: Mapping[str, str], on_line: Callable[[str], None]
) -> tuple[FamilyAnswer, bool]:
    """What the back end has of the release, or, and then with `True`, of its own."""
    pins = [f"{name}=={version}" for name, version in release.items()]
    try:
        return ask_family(uv, request.manifest, request.backend, release, pins, on_line), False
    except RequirementsConflict:
        index = index_of(request.backend)
        if index is None or fits(uv, request.manifest, index, [request.leader], pins[:1], on_line):
            raise
    declared = wishes_about(request.manifest, release)
    return ask_family(uv, request.manifest, request.backend, release, declared, on_line), True


def _tell(request: PartRequest, answer: FamilyAnswer, own: bool, reporter: Reporter) -> None:
    backend = request.backend
    if own:
        name = request.leader
        has, wanted = answer.versions.get(name), request.release[name]
        reporter.warn(f"the index of {backend} has no {name} {wanted}; its lock is for {name} {has}")
    for name in answer.elsewhere:
        reporter.warn(
            f"the index of {backend} has no {name}; it comes from the general package index, whose builds for Linux"
            " are made for CUDA and may not load"
        )
    base = {str(package["name"]) for package in request.lock.packages} - set(family_of(request.manifest))
    if unhashed := answer.unhashed(base):
        reporter.warn(f"the index of {backend} gives no hash for {some(unhashed, _SHOWN)}; uv downloads what has none")


def _compile_where_it_can(
    uv: UVCommand,
    request: PartRequest,
    release: Mapping[str, str],
    answer: FamilyAnswer,
    on_line: Callable[[str], None],
) -> str:
    """The part for all machines, or else for those that the back end has builds for.

    uv resolves kinds of machines by themselves where the base differs between them, and then misses builds that nobody
    makes, such as CUDA's for macOS.
    """
    try:
        return _compile(uv, request, release, answer, on_line)
    except RequirementsConflict as error:
        machines = answer.machines(request.leader)
        if not machines or _OF_SOME_MACHINES not in str(error.context.get("output")):
            raise
        on_line(error.message)
    return _compile(uv, request, release, answer, on_line, machines)


def _compile(
    uv: UVCommand,
    request: PartRequest,
    release: Mapping[str, str],
    answer: FamilyAnswer,
    on_line: Callable[[str], None],
    machines: tuple[str, ...] = (),
) -> str:
    family = family_of(request.manifest)
    names, paths = _split_pins(request.pins, request.definition)
    from_index = [name for name in request.release if name not in answer.elsewhere]
    wanted = [f"{name}=={release[name]}" if name in release else name for name in request.release]
    declared = wishes_about(request.manifest, request.release)
    index = index_of(request.backend)
    lines = [*wanted, *declared, *names]
    asked = question(request.manifest, lines, family, index=index, from_index=from_index, machines=machines)
    base = sorted({str(package["name"]) for package in request.lock.packages} - set(family))
    with scratch_project(uv, asked) as (scratch, directory):
        output, pins = f"{directory}/{PART}", f"{directory}/pins.txt"
        atomic.write_text(pins, "".join(f"{line}\n" for line in paths))
        if request.old is not None:
            atomic.write_text(output, request.old)
        scratch.compile_pylock(
            [f"{directory}/pyproject.toml", pins],
            output,
            base,
            on_line,
            doing=f"lock PyTorch for {request.backend}",
            index=None if index is None else str(index),
            given=_write_given(directory, uv_settings(asked)),
        )
        with open(output, encoding="utf-8", newline="") as file:
            return file.read()


def _write_given(directory: str, settings: Table) -> dict[str, str]:
    """Files of what the project's settings overrule, which uv may have been told not to read."""
    given = {}
    for kind in ("constraint", "override", "exclude"):
        entries = settings.get(f"{kind}-dependencies")
        lines = [entry for entry in entries if isinstance(entry, str)] if isinstance(entries, list) else []
        if lines:
            given[kind] = f"{directory}/{kind}.txt"
            atomic.write_text(given[kind], "".join(f"{line}\n" for line in lines))
    return given


def _split_pins(text: str, directory: str) -> tuple[list[str], list[str]]:
    """The pins that are requirements by name, which may come from an index of their own, and those that are paths."""
    names: list[str] = []
    paths: list[str] = []
    for line in filter(str.strip, text.splitlines()):
        option, path = ("-e ", line[3:]) if line.startswith("-e ") else ("", line)
        if option or line.startswith("."):
            paths.append(f"{option}{os.path.join(directory, path) if path.startswith('.') else path}")
        elif requirement_name(line) is None:
            paths.append(line)
        else:
            names.append(line)
    return names, paths


def _footer(backend: str, answer: FamilyAnswer, own: bool) -> str:
    """What the part says about itself."""
    index = index_of(backend)
    release = ", ".join(f"{name} = {quoted(version)}" for name, version in sorted(answer.versions.items()))
    lines = ["[tool.comfydock]", f"backend = {quoted(backend)}"]
    lines += [f"index = {quoted(index.url)}"] if index else []
    lines += [f"release = {{ {release} }}"]
    lines += ["own-release = true"] if own else []
    elsewhere = ", ".join(quoted(name) for name in sorted(answer.elsewhere))
    lines += [f"from-default-index = [{elsewhere}]"] if elsewhere else []
    return "".join(f"{line}\n" for line in lines)


def write_part(path: str, text: str) -> None:
    """Put a part in its place, in a directory that is made for it. Raises `OSError`."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    atomic.write_text(path, text)
