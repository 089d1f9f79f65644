"""Python for a mirror: installations that uv manages go along whole, so that the other machine needs none."""

import os
from collections.abc import Iterable, Iterator

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.mirroring.definitions import Definition
from comfydock_core.integrations.this_platform import runs_here
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.models.managed_pythons import ManagedPython, managed_python
from comfydock_core.models.mirrors import PYTHONS, MirrorContents, MirroredPython
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.managed_pythons import (
    installation_of,
    installation_with,
    knows_its_place,
    parts_of,
    placing,
    without_place,
)
from comfydock_core.repositories.mirrors.manifest_file import is_inner_link, is_mirror_path
from comfydock_core.repositories.mirrors.store import MirrorStore, MirrorWriter

DEFAULT_PYTHON = "3.11"  # Of a definition that names none.
_ODD = "no mirror has a file of such a kind or name"
_OUTER_LINK = "no mirror has a link out of an installation of Python"


def own_python(workspace: WorkspaceLayout, layout: EnvironmentLayout, version: str | None) -> ManagedPython | None:
    """The installation of uv that an environment runs from, where it is of the wanted version. Raises `OSError`."""
    found = installation_of(layout.venv, workspace.uv_python)
    return found if found is not None and found.meets(version or DEFAULT_PYTHON) else None


class PythonTaker:
    """Finds the installations that definitions need, and copies them."""

    def __init__(self, workspace: WorkspaceLayout, writer: MirrorWriter, reporter: Reporter) -> None:
        self._workspace = workspace
        self._writer = writer
        self._reporter = reporter
        self._asked: dict[str, ManagedPython | None] = {}
        self._missing: set[str] = set()
        self.lacking: list[tuple[str, str]] = []

    def take(self, layout: EnvironmentLayout, definition: Definition) -> None:
        """Have what a definition runs with: the environment's own, else what uv makes environments with here.

        Raises `ToolMissing`, `UvFailed`, `OSError`.
        """
        version = definition.python or DEFAULT_PYTHON
        own = own_python(self._workspace, layout, version) if definition.is_last else None
        python = own or self._of_version(version)
        if python is None:
            self._missing.add(version)
        elif python.name not in self._writer.now.pythons:
            self._reporter.phase(f"Copying Python {python.version}")
            self._copy(python)

    def missing(self) -> list[str]:
        """The versions that environments in the mirror need, and that are not in it."""
        pythons = list(filter(None, map(managed_python, self._writer.now.pythons)))
        wanted = {one.python or DEFAULT_PYTHON for one in self._writer.now.environments.values()} - self._asked.keys()
        others = {version for version in wanted if not any(one.meets(version) for one in pythons)}
        return sorted(self._missing | others)

    def _of_version(self, version: str) -> ManagedPython | None:
        """What uv takes for a version, where that is an installation of its own."""
        pythons = self._workspace.uv_python
        if version not in self._asked:
            found = None
            if os.path.isdir(pythons):
                found = UVCommand.of_workspace(self._workspace).find_python(version)
            self._asked[version] = None if found is None else installation_with(found, pythons)
        return self._asked[version]

    def _copy(self, python: ManagedPython) -> None:
        place, part = f"{self._workspace.uv_python}/{python.name}", f"{PYTHONS}{python.name}"
        files, links = parts_of(place)
        for path in files:
            if not is_mirror_path(f"{part}/{path}") or not os.path.isfile(f"{place}/{path}"):
                self.lacking.append((f"{part}/{path}", _ODD))
            elif knows_its_place(path):
                self._take_without_place(f"{part}/{path}", f"{place}/{path}", place)
            else:
                self._writer.take(f"{part}/{path}", f"{place}/{path}")
        sound = {path: target for path, target in links.items() if is_inner_link(path, target)}
        self.lacking += [(f"{part}/{path}", _OUTER_LINK) for path in links.keys() - sound.keys()]
        self._writer.now.pythons[python.name] = MirroredPython(sound)

    def _take_without_place(self, path: str, source: str, place: str) -> None:
        aside = self._writer.aside()
        with open(source, "rb") as file, open(aside, "xb") as copy:
            copy.write(without_place(file.read(), place))
        self._writer.settle(path, aside)


def lacking_pythons(workspace: WorkspaceLayout, contents: MirrorContents) -> Iterator[ManagedPython]:
    """The installations of a mirror that run here and are not in a workspace."""
    for python in _named(contents):
        if runs_here(python) and not os.path.lexists(f"{workspace.uv_python}/{python.name}"):
            yield python


def foreign_pythons(contents: MirrorContents) -> Iterator[ManagedPython]:
    """The installations of a mirror that do not run here, of versions of which it has no other."""
    here = {one.version for one in _named(contents) if runs_here(one)}
    yield from (one for one in _named(contents) if one.version not in here)


def put_python(
    workspace: WorkspaceLayout, store: MirrorStore, contents: MirrorContents, name: str, paths: Iterable[str]
) -> None:
    """Put an installation of a mirror where uv finds it, with all its files compared.

    Raises `MirrorDamaged`, `OSError`, `FileSystemError`; nothing is there then.
    """
    with placing(workspace.uv_python, name, workspace.uv_python_scratch) as aside:
        for path in paths:
            target = f"{aside}/{path.removeprefix(f'{PYTHONS}{name}/')}"
            os.makedirs(os.path.dirname(target), exist_ok=True)
            store.copy(path, contents.files[path], target)
        # Last, so that no file is written through one.
        for path, leads in contents.pythons[name].links.items():
            os.makedirs(os.path.dirname(f"{aside}/{path}"), exist_ok=True)
            os.symlink(leads, f"{aside}/{path}")


def _named(contents: MirrorContents) -> list[ManagedPython]:
    return [one for name in sorted(contents.pythons) if (one := managed_python(name)) is not None]
