"""Python packages for a mirror: uv gets what is locked into its cache, and that part of the cache is copied.

uv finds packages by names that only it makes, so its cache is what it can install and resolve from offline, with the
lock as it is and its hashes compared. Unpacked packages go along with everything that leads to them.
"""

import contextlib
import os
import re
import secrets
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.mirroring.definitions import Definition
from comfydock_core.core.usecases.mirroring.pythons import DEFAULT_PYTHON
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.mirrors import PACKAGES
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.backend_parts import locked_backends, read_part
from comfydock_core.repositories.definition.uv_lock import read_lock
from comfydock_core.repositories.mirrors.manifest_file import is_mirror_path
from comfydock_core.repositories.mirrors.store import MirrorWriter
from comfydock_core.utils.files.filesystem import remove_tree
from comfydock_core.utils.package_names import normal_name

_BUCKET = re.compile(r"(wheels|simple|sdists)-v\d+")
_ARCHIVE = re.compile(r"(?:.*/)?(archive-v\d+/[A-Za-z0-9_-]+)")
_PAGE = re.compile(r"(.+)\.rkyv")
_METADATA = ".msgpack"
_LOCK = ".lock"
_SOURCES = "src"


@dataclass(slots=True)
class Wanted:
    """What is locked: the versions of each package, for every platform; and the `known` ones, which uv asked about."""

    versions: dict[str, set[str]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def add(self, versions: Iterable[tuple[str, str]]) -> None:
        for name, version in versions:
            self.versions.setdefault(normal_name(name), set()).add(version)

    def is_met(self, name: str) -> bool:
        """Whether uv may need to know of a package when it resolves."""
        return name in self.versions or name in self.known

    def is_locked(self, name: str, entry: str) -> bool:
        """Whether an entry below a package in the cache is of a locked version; entries begin with it."""
        return any(entry == one or entry.startswith(f"{one}-") for one in self.versions.get(name, ()))


class PackageFiller:
    """Fills uv's cache by installing what is locked where nobody uses it."""

    def __init__(
        self, workspace: WorkspaceLayout, services: WorkspaceServices, scratch: str, reporter: Reporter
    ) -> None:
        self._workspace = workspace
        self._services = services
        self._scratch = scratch
        self._reporter = reporter
        self.wanted = Wanted()

    def fill(self, definition: Definition, name: str) -> None:
        """Install everything that a definition locks, for each back end; the cache has it then.

        Raises what installing raises, `LockDamaged`.
        """
        python = definition.python or DEFAULT_PYTHON
        for backend in definition.backends:
            self._reporter.phase(f"Getting the packages of {name} at {definition.commit[:10]} for {backend}")
            with self._placed(definition) as place:
                uv_project = self._services.environment(place).uv_project
                uv_project.create_venv(python, self._reporter)
                uv_project.install(backend, self._reporter)
        self._want(definition)

    def resolve(self, definition: Definition) -> str | None:
        """Let uv ask the indexes for all that is locked, so that it can resolve offline; why it could not, if so."""
        try:
            with self._placed(definition) as place:
                uv_project = self._services.environment(place).uv_project
                for backend in definition.backends:
                    self.wanted.known |= uv_project.ask_ahead(backend, self._reporter)
        except ComfyDockError as error:
            return error.message
        return None

    def _want(self, definition: Definition) -> None:
        with self._placed(definition) as place:
            lock = read_lock(place.lock)
            self.wanted.add((package, one) for package, versions in lock.versions().items() for one in versions)
            for backend in locked_backends(place.definition):
                part = tomllib.loads(read_part(place.definition, backend).text)
                named = [(str(one.get("name")), one.get("version")) for one in part.get("packages", [])]
                self.wanted.add((name, version) for name, version in named if isinstance(version, str))

    @contextlib.contextmanager
    def _placed(self, definition: Definition) -> Iterator[EnvironmentLayout]:
        """The files of a definition where nobody uses them."""
        layout = EnvironmentLayout(f"{self._scratch}/{secrets.token_hex(4)}")
        os.makedirs(layout.definition)
        try:
            definition.write(layout.definition)
            yield layout
        finally:
            remove_tree(layout.root)


def take_packages(workspace: WorkspaceLayout, wanted: Wanted, writer: MirrorWriter) -> list[str]:
    """Copy the part of uv's cache that has the wanted packages, and what uv knows of them.

    Returns the files whose names no mirror can have. Raises `OSError`.
    """
    return _Taking(workspace.uv_cache, wanted, writer).take()


class _Taking:
    def __init__(self, cache: str, wanted: Wanted, writer: MirrorWriter) -> None:
        self._cache = cache
        self._wanted = wanted
        self._writer = writer
        self._archives: set[str] = set()
        self._refused: list[str] = []

    def take(self) -> list[str]:
        for top, names in _package_directories(self._cache):
            for name in names:
                self._take_entry(top, name)
        for path in _pages(self._cache, self._wanted):
            self._take_file(path)
        for archive in sorted(self._archives):
            self._take_tree(archive)
        return self._refused

    def _take_entry(self, top: str, name: str) -> None:
        """What lies below a package: a wheel by a link, how it came, and what it requires; or a source."""
        package, place = os.path.basename(top), f"{top}/{name}"
        is_asked_about = name.endswith(_METADATA) and self._wanted.is_met(package)
        if not self._wanted.is_locked(package, name) and not is_asked_about:
            return
        path = os.path.relpath(place, self._cache)
        if self._is_link(path) or name.endswith(_LOCK):
            return
        if os.path.isdir(place):
            self._take_tree(path)
        else:
            self._take_file(path)

    def _take_tree(self, path: str) -> None:
        """Everything below a directory, without unpacked sources, which are not needed once they are built."""
        is_archive = path.startswith("archive-")
        for top, directories, names in os.walk(f"{self._cache}/{path}"):
            directories[:] = sorted(name for name in directories if is_archive or name != _SOURCES)
            for name in [*directories, *sorted(names)]:
                inside = os.path.relpath(f"{top}/{name}", self._cache)
                if not self._is_link(inside) and name in names and (is_archive or not name.endswith(_LOCK)):
                    self._take_file(inside)

    def _is_link(self, path: str) -> bool:
        """Whether a name stands for an unpacked package, which is taken then."""
        target = _archive(f"{self._cache}/{path}")
        if target is not None:
            self._writer.now.links[f"{PACKAGES}{path}"] = target
            self._archives.add(target)
        return target is not None

    def _take_file(self, path: str) -> None:
        place = f"{self._cache}/{path}"
        if not os.path.isfile(place) or os.path.islink(place):
            return
        if is_mirror_path(PACKAGES + path):
            self._writer.take(f"{PACKAGES}{path}", place)
        else:
            self._refused.append(path)


def _package_directories(cache: str) -> Iterator[tuple[str, list[str]]]:
    """Directories below the buckets of wheels and sources that may be a package's, with what is in each."""
    for bucket in _buckets(cache, ("wheels", "sdists")):
        for top, directories, names in os.walk(f"{cache}/{bucket}"):
            inside = sorted([*directories, *names])
            if len(os.path.relpath(top, cache).split("/")) >= 3:
                yield top, inside


def _pages(cache: str, wanted: Wanted) -> Iterator[str]:
    for bucket in _buckets(cache, ("simple",)):
        for top, _, names in os.walk(f"{cache}/{bucket}"):
            for name in sorted(names):
                page = _PAGE.fullmatch(name)
                if page is not None and wanted.is_met(page[1]):
                    yield os.path.relpath(f"{top}/{name}", cache)


def _buckets(cache: str, kinds: tuple[str, ...]) -> list[str]:
    names = os.listdir(cache) if os.path.isdir(cache) else []
    return sorted(name for name in names if (match := _BUCKET.fullmatch(name)) and match[1] in kinds)


def _archive(path: str) -> str | None:
    """The unpacked package that a name stands for."""
    if not os.path.islink(path):
        return None
    match = _ARCHIVE.fullmatch(os.readlink(path))
    return None if match is None else match[1]
