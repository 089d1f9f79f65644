"""Where models are looked for: the workspace's models directory, and what environments read besides."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from comfydock_core.analyzers.model_files.extra_paths import CUSTOM_NODES
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.defaults import MODEL_EXTENSIONS
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core import finding
from comfydock_core.core.usecases.models.remembered_folders import remembered_folders
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.model_files.folders import ModelFolder
from comfydock_core.models.model_files.index import ENVIRONMENT, WORKSPACE, ScanRoot
from comfydock_core.records import record
from comfydock_core.repositories.workspace_config_reader import read_config

_Folder = tuple[str, str, frozenset[str]]


@record
class Places:
    """The directories to look through, the workspace's first; environments that do not tell theirs, with the reason."""

    roots: tuple[ScanRoot, ...]
    untold: tuple[tuple[str, str], ...] = ()


def models_directory(layout: WorkspaceLayout) -> str:
    """The models directory of a workspace. Raises `WorkspaceDamaged`."""
    return os.path.abspath(read_config(layout.config_file).models_directory or layout.models)


def places_of_models(layout: WorkspaceLayout, known: Iterable[str] = ()) -> Places:
    """Every directory to look through. One that is not there counts when it is among the `known` ones.

    Raises `WorkspaceDamaged`, `OSError`.
    """
    found, answers = _Gathering(models_directory(layout)), AnswerCache(layout.answers)
    untold: list[tuple[str, str]] = []
    for name in finding.environment_names(layout):
        environment = layout.environment(name)
        try:
            folders = remembered_folders(environment, answers)
        except (ComfyDockError, OSError) as error:
            untold.append((name, str(error)))
            continue
        for folder in folders:
            if folder.name != CUSTOM_NODES:
                found.take(folder, environment.custom_nodes)
    return Places(tuple(found.roots(frozenset(known))), tuple(untold))


@dataclass(slots=True)
class _Gathering:
    """The folders of all environments, by the root that they lie in."""

    models: str
    _inside: dict[str, _Folder] = field(default_factory=dict)
    _outside: dict[str, _Folder] = field(default_factory=dict)

    def take(self, folder: ModelFolder, custom_nodes: str) -> None:
        """Where several folders read one directory, the first one names it. What is part of a node pack is its own."""
        own, packs = os.path.realpath(self.models), os.path.realpath(custom_nodes)
        for directory in folder.directories:
            real = os.path.realpath(directory)
            if real.startswith(f"{packs}{os.sep}"):
                continue
            if real.startswith(f"{own}{os.sep}"):
                inside = os.path.relpath(real, own)
                self._inside.setdefault(inside, (inside, folder.name, folder.extensions))
            elif real != own:
                self._outside.setdefault(real, ("", folder.name, folder.extensions))

    def roots(self, known: frozenset[str]) -> Iterator[ScanRoot]:
        yield ScanRoot(self.models, WORKSPACE, tuple(self._inside.values()), MODEL_EXTENSIONS)
        for directory, folder in self._outside.items():
            # What lies in another one is found there.
            if any(directory.startswith(f"{other}{os.sep}") for other in self._outside):
                continue
            if os.path.isdir(directory) or directory in known:
                yield ScanRoot(directory, ENVIRONMENT, (folder, *self._below(directory)), MODEL_EXTENSIONS)

    def _below(self, directory: str) -> list[_Folder]:
        return [
            (os.path.relpath(other, directory), name, extensions)
            for other, (_, name, extensions) in self._outside.items()
            if other.startswith(f"{directory}{os.sep}")
        ]
