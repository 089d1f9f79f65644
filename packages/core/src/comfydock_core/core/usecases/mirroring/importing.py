"""Taking a mirror into a workspace: its caches, lists and models get what they lack, each file compared on the way.

What leads to something comes after it, so that a killed command leaves nothing that leads nowhere.
"""

import os
import secrets
from collections import Counter
from collections.abc import Callable
from functools import partial

from comfydock_core.caching.api_cache import APICacheManager
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.environments.creating import configured_models
from comfydock_core.core.usecases.mirroring.pythons import foreign_pythons, lacking_pythons, put_python
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.models.exceptions import MirrorDamaged
from comfydock_core.models.mirrors import (
    ANSWERS,
    ENVIRONMENTS,
    HISTORIES,
    LISTS,
    MODELS,
    PACKAGES,
    PACKS,
    PYTHONS,
    MirrorContents,
    MirrorFile,
    MirrorImport,
)
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodeInfo
from comfydock_core.repositories.mirrors.store import MirrorStore
from comfydock_core.repositories.node_data.node_index_making import make_index
from comfydock_core.repositories.working_places import working_place
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files.disk_errors import disk_errors

_UNPACKED = "archive-"
_POINTERS = (".http", ".rev")


def import_mirror(
    workspace: WorkspaceLayout,
    services: WorkspaceServices,
    directory: str,
    reporter: Reporter,
    *,
    rehearsal: bool = False,
) -> MirrorImport:
    """Give a workspace everything that a mirror has; environments are made of its bundles by `import`.

    A `rehearsal` only tells what is lacking here.

    Raises `MirrorNotFound`, `MirrorDamaged`, `ArchiveRefused`, `ModelsDirectoryNotFound`, `GitFailed`, `ScopeBusy`,
    `FileSystemError`; what was taken until then stays.
    """
    place = os.path.abspath(os.path.expanduser(directory))
    store = MirrorStore(place)
    with disk_errors("read the mirror", place), working_place(workspace.scratch) as scratch:
        contents = store.contents()
        taking = _Taking(workspace, services, store, contents, scratch, reporter, rehearsal=rehearsal)
        taking.take_packages()
        taking.take_pythons()
        taking.take_histories()
        taking.take_packs()
        taking.take_answers()
        taking.take_lists()
        taking.take_models()
        taking.compare_uv()
    return MirrorImport(
        place,
        {part: (count, taking.bytes[part]) for part, count in taking.added.items()},
        {name: f"{place}/{ENVIRONMENTS}{name}.tar.gz" for name in sorted(contents.environments)},
        tuple(taking.notes),
    )


class _Taking:
    def __init__(
        self,
        workspace: WorkspaceLayout,
        services: WorkspaceServices,
        store: MirrorStore,
        contents: MirrorContents,
        scratch: str,
        reporter: Reporter,
        *,
        rehearsal: bool,
    ) -> None:
        self._workspace = workspace
        self._services = services
        self._store = store
        self._contents = contents
        self._scratch = scratch
        self._reporter = reporter
        self._rehearsal = rehearsal
        self.added: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.notes: list[str] = []

    def take_packages(self) -> None:
        """uv's cache: what is unpacked first, then what says where it is."""
        self._reporter.phase("Taking the Python packages")
        cache = self._workspace.uv_cache
        paths = [path for path in self._contents.files if path.startswith(PACKAGES)]
        for path in sorted(paths, key=_last_what_leads):
            name = path.removeprefix(PACKAGES)
            if not (name.startswith(_UNPACKED) and _has_size(f"{cache}/{name}", self._contents.files[path])):
                self._take(path, f"{cache}/{name}")
        for path, target in sorted(self._contents.links.items()):
            name = path.removeprefix(PACKAGES)
            if not self._rehearsal and not os.path.lexists(f"{cache}/{name}"):
                os.makedirs(os.path.dirname(f"{cache}/{name}"), exist_ok=True)
                os.symlink(os.path.relpath(target, os.path.dirname(name)), f"{cache}/{name}")

    def take_pythons(self) -> None:
        """Python, where uv finds it; an installation that is here stays."""
        for python in lacking_pythons(self._workspace, self._contents):
            self._reporter.phase(f"Taking Python {python.version}")
            paths = self._below(f"{PYTHONS}{python.name}/")
            self._count(PYTHONS, *paths)
            if not self._rehearsal:
                put_python(self._workspace, self._store, self._contents, python.name, paths)
        for python in foreign_pythons(self._contents):
            self.notes.append(
                f"Python {python.version} of the mirror is for {python.platform} and does not run here:"
                " install it on this machine"
            )

    def take_histories(self) -> None:
        """Repositories, part by part."""
        for address, one in sorted(self._contents.repositories.items()):
            self._reporter.phase(f"Taking the history of {address}")
            known = self._services.mirrors.references(address)
            if known is not None and all(known.get(name) == commit for name, commit in one.references.items()):
                continue
            self._count(HISTORIES, *one.parts)
            if not self._rehearsal:
                parts = [self._copied(part) for part in one.parts]
                self._services.mirrors.take_in(address, parts, one.head)
                self._forget(parts)

    def take_packs(self) -> None:
        """Archives of node packs, unpacked into the cache."""
        for one in self._contents.packs.values():
            release = NodeInfo(one.name, one.name, "registry", one.version, download_url=one.url, sha256=one.sha256)
            path = f"{PACKS}{one.sha256}"
            if self._contents.files[path].sha256 != one.sha256:
                raise MirrorDamaged(
                    f"`{path}` is not the archive that its name says",
                    hint="copy the mirror once more from where it was made",
                    context={"path": self._store.directory, "files": [path]},
                )
            if self._rehearsal:
                taken = self._services.packs.kept(release) is None
            else:
                copy = partial(self._store.copy, path, self._contents.files[path])
                taken = self._services.packs.take_in_archive(release, copy, self._reporter)
            if taken:
                self._count(PACKS, path)

    def take_answers(self) -> None:
        """What the registry said."""
        kept = APICacheManager(self._workspace.http_cache)
        for path in self._below(ANSWERS):
            name, seconds = path.removeprefix(ANSWERS), float(self._contents.files[path].time or 0)
            if kept.is_later(name, seconds):
                continue
            self._count(ANSWERS, path)
            if not self._rehearsal:
                copy = self._copied(path)
                kept.take_in(name, copy, seconds)
                self._forget([copy])

    def take_lists(self) -> None:
        """The lists of node packs, unless later ones are here."""
        directory, taken = self._workspace.node_data, False
        for path in self._below(LISTS):
            target, one = f"{directory}/{path.removeprefix(LISTS)}", self._contents.files[path]
            if not os.path.exists(target) or os.stat(target).st_mtime < (one.time or 0):
                taken = self._take(path, target) or taken
                if not self._rehearsal:
                    os.utime(target, (one.time or 0, one.time or 0))
        if taken and not self._rehearsal:
            make_index(directory)

    def take_models(self) -> None:
        """Models, to where workflows name them; a file that has the name already stays."""
        if not self._contents.models:
            return
        root = configured_models(self._workspace)
        for model in self._contents.models.values():
            path, target = f"{MODELS}{model.blake3}", f"{root}/{model.path}"
            one = self._contents.files[path]
            if os.path.lexists(target):
                if not _has_size(target, one):
                    self.notes.append(f"{model.path} is here with another content, which stays")
                continue
            self._reporter.phase(f"Taking {model.path}")
            self._take(path, target, self._store.link_or_copy)

    def compare_uv(self) -> None:
        """Say where uv is another one: each keeps its packages in its own way."""
        there = self._contents.uv
        here = UVCommand.of_workspace(self._workspace).version()
        if there is not None and there != here:
            self.notes.append(
                f"the packages are as uv {there} keeps them, and this is uv {here}, which may not find them"
            )

    def _take(self, path: str, target: str, copy: Callable[[str, MirrorFile, str], None] | None = None) -> bool:
        """Put a file in place, unless the same is there; whether it was put."""
        one = self._contents.files[path]
        if _has_size(target, one) and MirrorStore(os.path.dirname(target)).is_sound(os.path.basename(target), one):
            return False
        self._count(f"{path.partition('/')[0]}/", path)
        if self._rehearsal:
            return True
        os.makedirs(os.path.dirname(target), exist_ok=True)
        aside = f"{os.path.dirname(target)}/.{secrets.token_hex(8)}.tmp"
        try:
            (copy or self._store.copy)(path, one, aside)
            fault("take from mirror")
            os.replace(aside, target)
        finally:
            if os.path.lexists(aside):
                os.unlink(aside)
        return True

    def _copied(self, path: str) -> str:
        """A copy of a file of the mirror that nobody else changes."""
        copy = f"{self._scratch}/{secrets.token_hex(8)}"
        self._store.copy(path, self._contents.files[path], copy)
        return copy

    def _forget(self, copies: list[str]) -> None:
        for copy in copies:
            os.unlink(copy)

    def _below(self, part: str) -> list[str]:
        return sorted(path for path in self._contents.files if path.startswith(part))

    def _count(self, part: str, *paths: str) -> None:
        name = part.rstrip("/")
        self.added[name] += len(paths)
        self.bytes[name] += sum(self._contents.files[path].size for path in paths)


def _has_size(path: str, one: MirrorFile) -> bool:
    try:
        return os.stat(path).st_size == one.size
    except OSError:
        return False


def _last_what_leads(path: str) -> tuple[bool, bool, str]:
    name = path.removeprefix(PACKAGES)
    return not name.startswith(_UNPACKED), name.endswith(_POINTERS), path
