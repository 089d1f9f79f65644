"""What the definitions of a workspace need of its caches: those of every commit, those that lie there, and those that
`undo` would bring back."""

import contextlib
import os
import stat
from collections.abc import Iterator

from comfydock_core.caching.custom_node_cache import archive_key, checkout_key, checkouts_of
from comfydock_core.caching.mirror_names import mirror_key
from comfydock_core.configs.defaults import COMFYUI_REPOSITORY
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.integrations.git.history import read_small_objects
from comfydock_core.integrations.git.objects import refuse_incomplete, versions_of
from comfydock_core.models.caches import Doubt
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.operation import OperationRecord, RefChange, Swap
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.shared import NodeInfo
from comfydock_core.repositories.definition.manifest_reader import parse_manifest
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.operation_log import OPS, Journal, operation_ids
from comfydock_core.repositories.pack_release import read_note
from comfydock_core.repositories.working_places import left_places
from comfydock_core.services.comfyui_repository import chosen_repository
from comfydock_core.services.pack_sources import PackSources
from comfydock_core.utils.versions import is_full_commit

_DEFINITION = ".cec"
_MANIFEST = "pyproject.toml"
# What no manifest is larger than.
_LARGEST = 16 * 1024 * 1024
_KEPT = ("old", "new")


class Needed:
    """What is needed, by the keys of the caches; `doubts` are why some may be that are not named."""

    def __init__(self, sources: PackSources) -> None:
        """`sources` know which archives releases came in; they are asked nothing else."""
        self.doubts: list[Doubt] = []
        self._sources = sources
        self._everything = False
        self._packs: set[str] = set()
        self._any_of: set[str] = set()  # What the keys of packs begin with, any of which may be needed.
        self._mirrors: set[str] = set()
        self._vague: set[tuple[str, str]] = set()

    def needs_pack(self, key: str) -> bool:
        return self._everything or key in self._packs or key.startswith(tuple(self._any_of))

    def needs_mirror(self, key: str) -> bool:
        return self._everything or key in self._mirrors

    def doubt(self, place: str, reason: str) -> None:
        """Something that may name anything cannot be read."""
        self._everything = True
        self.doubts.append(Doubt(place, reason))

    def hear_manifest(self, text: bytes, place: str) -> None:
        """Note all that a manifest names; one that cannot be understood is a doubt."""
        try:
            manifest = parse_manifest(text.decode("utf-8"), place)
            packs = tracked_packs(manifest, place)
            named = EnvironmentManifest(manifest, place).comfyui_repository
            repositories = [named] if named else [COMFYUI_REPOSITORY, chosen_repository(None)]
            self._mirrors.update(mirror_key(repository) for repository in repositories)
            for pack in packs.values():
                self._hear_release(pack.release, place)
        except ComfyDockError as error:
            self.doubt(place, error.message)
        except ValueError as error:
            self.doubt(place, str(error))

    def hear_archive(self, sha256: str) -> None:
        self._packs.add(archive_key(sha256))

    def _hear_release(self, release: NodeInfo, place: str) -> None:
        if release.repository:
            self._mirrors.add(mirror_key(release.repository))
            self._packs.add(checkout_key(release.repository, release.version))
            if release.source == "git" and not is_full_commit(release.version):
                self._any_of.add(checkouts_of(release.repository))
        if release.source != "registry":
            return
        sha256 = self._sources.archive_of(release)
        if sha256 is not None:
            self.hear_archive(sha256)
        elif not release.download_url and (release.name, release.version) not in self._vague:
            self._vague.add((release.name, release.version))
            self._any_of.add(archive_key(""))
            reason = f"it does not say which archive {release.name} {release.version} came in"
            self.doubts.append(Doubt(place, reason, "archives of the registry"))


def needed_of_caches(layout: WorkspaceLayout, sources: PackSources, reporter: Reporter) -> Needed:
    """Read every definition there is; what cannot be read is a doubt."""
    needed = Needed(sources)
    with _doubting(needed, layout.environments):
        places = environment_places(layout)
        for number, place in enumerate(places, 1):
            reporter.progress("reading histories", number, len(places), "environments")
            _hear_environment(place, needed)
    _hear_kept(layout.environments, needed)
    with _doubting(needed, layout.bisections):
        for place in _bisecting(layout):
            _hear_environment(place, needed)
    return needed


def environment_places(layout: WorkspaceLayout) -> list[str]:
    """Every directory that is or may be an environment, finished or not. Raises `OSError`."""
    places = [f"{layout.environments}/{name}" for name in sorted(os.listdir(layout.environments))]
    return [path for path in places if not os.path.basename(path).startswith(".") and _is_directory(path)]


def _bisecting(layout: WorkspaceLayout) -> Iterator[str]:
    """The environments of bisections that are at work. Raises `OSError`."""
    left = left_places(layout.bisections)
    for name in sorted(os.listdir(layout.bisections)) if os.path.isdir(layout.bisections) else []:
        place = f"{layout.bisections}/{name}"
        if os.path.isdir(place) and place not in left:
            yield from (f"{place}/{inner}" for inner in sorted(os.listdir(place)))


def _hear_environment(place: str, needed: Needed) -> None:
    _hear_present_packs(f"{place}/ComfyUI/custom_nodes", needed)
    commits = _hear_kept(place, needed)
    _hear_definition(f"{place}/{_DEFINITION}", commits, needed)


def _hear_present_packs(directory: str, needed: Needed) -> None:
    """The archives of what lies there, turned off or untracked too: changed files are found by comparing with them."""
    with _doubting(needed, directory):
        for name in sorted(os.listdir(directory)) if _is_there(directory) else []:
            note = read_note(f"{directory}/{name}")
            if note is not None:
                needed.hear_archive(note[1])


def _hear_definition(definition: str, commits: list[str], needed: Needed) -> None:
    """The definition as it lies there, and as it was at every commit, also at `commits` that nothing leads to."""
    _hear_file(f"{definition}/{_MANIFEST}", needed)
    with _doubting(needed, definition):
        if not _is_there(f"{definition}/.git"):
            return
        refuse_incomplete(definition)
        names = versions_of(definition, _MANIFEST, commits)
        for name, content in read_small_objects(definition, names, _LARGEST):
            place = f"{definition}/{_MANIFEST} as it was committed ({name[:10]})"
            if content is None:
                needed.doubt(place, "it is too large for a manifest")
            else:
                needed.hear_manifest(content, place)


def _hear_kept(scope: str, needed: Needed) -> list[str]:
    """What operations of a scope took away and keep, or were about to put in place.

    Returns the commits that its history may be put back to.
    """
    commits = []
    with _doubting(needed, f"{scope}/{OPS}"):
        for identifier in operation_ids(scope):
            with _doubting(needed, f"{scope}/{OPS}/{identifier}"):
                record = Journal(scope, identifier).read()
                commits += _commits_of(record)
                _hear_swaps(scope, record, needed)
    return commits


def _commits_of(record: OperationRecord) -> list[str]:
    references = [step for step in record.steps if isinstance(step, RefChange) and step.repository == _DEFINITION]
    values = [value for step in references for value in (step.old, step.new)]
    return [value for value in values if value is not None and is_full_commit(value)]


def _hear_swaps(scope: str, record: OperationRecord, needed: Needed) -> None:
    for number, step in enumerate(record.steps):
        if not isinstance(step, Swap):
            continue
        for kept in _KEPT:
            place = f"{scope}/{OPS}/{record.id}/{kept}/{number}"
            if step.path == f"{_DEFINITION}/{_MANIFEST}":
                _hear_file(place, needed)
            elif step.path == _DEFINITION:
                _hear_definition(place, [], needed)
            elif _is_there(f"{place}/{_DEFINITION}"):
                _hear_environment(place, needed)


def _hear_file(path: str, needed: Needed) -> None:
    with _doubting(needed, path):
        if not _is_there(path):
            return
        with open(path, "rb") as file:
            content = file.read(_LARGEST)
        needed.hear_manifest(content, path)


@contextlib.contextmanager
def _doubting(needed: Needed, place: str) -> Iterator[None]:
    """Whatever cannot be read inside is a doubt."""
    try:
        yield
    except ComfyDockError as error:
        needed.doubt(place, error.message.partition("\n")[0])
    except OSError as error:
        needed.doubt(str(error.filename or place), error.strerror or str(error))


def _is_there(path: str) -> bool:
    """Raises `OSError` where that cannot be seen."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _is_directory(path: str) -> bool:
    """Through links. Raises `OSError` where that cannot be seen."""
    return stat.S_ISDIR(os.stat(path).st_mode)
