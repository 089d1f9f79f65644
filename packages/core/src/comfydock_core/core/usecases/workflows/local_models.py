"""The model files that ComfyUI of one environment lists, as the matching of models asks for them."""

import os
from collections.abc import Iterable, Iterator, Mapping

from comfydock_core import repositories
from comfydock_core.analyzers.model_files.extra_paths import CUSTOM_NODES
from comfydock_core.analyzers.model_files.listing import listed_files, path_of
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.remembered_folders import remembered_folders
from comfydock_core.models.model_files.folders import ModelFolder, ModelFolders
from comfydock_core.models.workflow.dependencies import ModelReference
from comfydock_core.records import record
from comfydock_core.resolvers.model_matching import ModelMatcher
from comfydock_core.utils.files.listed_once import ListedOnce

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.repositories.model_index import ModelIndexReader


@record
class LocalModels:
    """The folders of models of one environment, and what matches references with what lies in them now.

    `links` are the paths that the index was asked about so far, and where they lead.
    """

    folders: ModelFolders
    matcher: ModelMatcher
    links: Mapping[str, str]

    @property
    def directories(self) -> list[str]:
        """Where files of models may lie."""
        return [directory for one in self.folders if one.name != CUSTOM_NODES for directory in one.directories]

    def folders_of(self, reference: ModelReference) -> list[ModelFolder]:
        """The folders in which a model may be that a reference asks for."""
        names = {self.folders.legacy.get(name, name) for name in reference.folders}
        return [one for one in self.folders if one.name != CUSTOM_NODES and (not names or one.name in names)]


def local_models(
    workspace: WorkspaceLayout, environment: EnvironmentLayout, listed: ListedOnce | None = None
) -> LocalModels:
    """The models here; `listed` is what others look at, too.

    Raises `ModelPathsInvalid`, `EnvironmentBroken`, `OSError`.
    """
    folders = remembered_folders(environment, AnswerCache(workspace.answers), listed)
    digests = _Digests(workspace)
    return LocalModels(folders, _matcher(folders, digests), digests.links)


def model_matcher(
    workspace: WorkspaceLayout, environment: EnvironmentLayout, listed: ListedOnce | None = None
) -> ModelMatcher:
    """Matches with what lies in the folders now; digests are those that the index has.

    `listed` is what others look at, too.

    Raises `ModelPathsInvalid`, `EnvironmentBroken`, `OSError`.
    """
    return local_models(workspace, environment, listed).matcher


def _matcher(folders: ModelFolders, digests: "_Digests") -> ModelMatcher:
    by_name = {one.name: one for one in folders if one.name != CUSTOM_NODES}

    def names_in(folder: str) -> Mapping[str, str | None] | None:
        return _Names(by_name[folder]) if folder in by_name else None

    return ModelMatcher(names_in, by_name, folders.legacy, digests.paths, digests.are_equal)


class _Names(Mapping[str, str | None]):
    """The names in ComfyUI's list of a folder; the file of one is looked for when it is asked for."""

    def __init__(self, folder: ModelFolder) -> None:
        self._folder = folder
        self._names = dict.fromkeys(listed_files(folder))

    def __getitem__(self, name: str) -> str | None:
        if name not in self._names:
            raise KeyError(name)
        return path_of(self._folder, name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class _Digests:
    """What the index knows of contents. It is opened by the first question."""

    def __init__(self, workspace: WorkspaceLayout) -> None:
        self._path = workspace.model_index
        self.links: dict[str, str] = {}

    def paths(self, digest: str) -> Iterable[str]:
        """The files whose BLAKE3 or SHA-256 is this."""
        if len(digest) != 64:
            return []
        with self._open() as index:
            found = [one.full_path for one in index.locations_like(digest) if not one.absent]
        self.links |= {path: os.path.realpath(path) for path in found}
        return found

    def are_equal(self, first: str, second: str) -> bool:
        """Whether two paths are one file, or two whose digests are known to be equal."""
        if os.path.realpath(first) == os.path.realpath(second) or os.path.samefile(first, second):
            return True
        with self._open() as index:
            digests = [_digest(index, path) for path in (first, second)]
        return digests[0] is not None and digests[0] == digests[1]

    def _open(self) -> "ModelIndexReader":
        return repositories.model_index.read_model_index(self._path)


def _digest(index: "ModelIndexReader", path: str) -> str | None:
    real = os.path.realpath(path)
    directory = os.path.dirname(real)
    while directory != os.path.dirname(directory):
        found = index.location_at(directory, real[len(directory) + 1 :])
        if found is not None:
            return found.blake3
        directory = os.path.dirname(directory)
    return None
