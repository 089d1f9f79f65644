"""The directories that ComfyUI of an environment reads models from."""

import os
import shlex
from collections.abc import Iterator

from comfydock_core import repositories
from comfydock_core.analyzers.model_files.extra_paths import CUSTOM_NODES, EXTRA_PATHS
from comfydock_core.analyzers.model_files.listing import counts, names_below
from comfydock_core.analyzers.model_files.model_folders import read_model_folders
from comfydock_core.analyzers.model_files.root_places import root_places
from comfydock_core.analyzers.model_files.seeing import seen_from
from comfydock_core.configs.defaults import MODEL_EXTENSIONS
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.doctor import NOTE, OK, PROBLEM, Finding
from comfydock_core.models.exceptions import ModelPathsInvalid
from comfydock_core.models.model_files.folders import ModelFolder, ModelFolders
from comfydock_core.models.model_files.model_paths import PathsSection
from comfydock_core.utils import native
from comfydock_core.utils.text import counted

_OPERATIONS = ".ops/"
_SHOWN = 20


def check_models(layout: EnvironmentLayout) -> Iterator[Finding]:
    """Whether ComfyUI can read its file of model paths, the directories in it, and what links lead to."""
    if not native.is_file(f"{layout.comfyui}/folder_paths.py"):
        return  # That there is no ComfyUI is reported by itself.
    file, name = f"{layout.comfyui}/{EXTRA_PATHS}", layout.name
    try:
        folders = read_model_folders(layout.comfyui, layout.custom_nodes)
    except ModelPathsInvalid as error:
        yield Finding(error.code, PROBLEM, error.message, name, error.hint or "")
        return
    if native.is_file(file):
        yield from _named_roots(file, name)
    elif os.path.islink(file):
        message = f"`{file}` leads to `{os.readlink(file)}`, which is not there, and ComfyUI starts without it"
        yield Finding("model-paths-dangling", NOTE, message, name, "mount what it leads to, or remove the link")
    yield from _directories(folders, name)


def _named_roots(file: str, name: str) -> Iterator[Finding]:
    """A disk that is not mounted is no fault, and hides all its models."""
    extra = repositories.read_model_paths(file)
    for line, text in extra.notes:
        yield Finding("model-paths-odd", NOTE, f"line {line} of `{file}`: {text}", name, "keep one of the two")
    absent = False
    for section in extra.sections:
        places = [root.path for root in root_places(section, file)]
        gone = [path for path in places if not os.path.isdir(path)]
        for path in gone:
            absent = True
            message = f"the directory of models `{path}` is not there"
            fix = f"mount it, or {_without(section, file, name, is_whole=gone == places)}"
            yield Finding("model-root-absent", NOTE, message, name, fix)
    if not absent:
        yield Finding("model-roots", OK, f"{counted(len(extra.sections), 'section')} of directories of models", name)


def _without(section: PathsSection, file: str, name: str, *, is_whole: bool) -> str:
    """What lets ComfyUI look there no more, and everywhere else as before."""
    if not is_whole:
        return f"take it out of the section `{section.name}` of `{file}`, which names other directories, too"
    word = f"-- {shlex.quote(section.name)}" if section.name.startswith("-") else shlex.quote(section.name)
    return f"`comfydock model root remove -e {name} {word}`"


def _directories(folders: ModelFolders, name: str) -> Iterator[Finding]:
    places = {place: folder for folder in folders if folder.name != CUSTOM_NODES for place in folder.directories}
    dangling: dict[str, None] = {}
    for place, folder in places.items():
        if os.path.isdir(place) and not os.access(place, os.R_OK | os.X_OK):
            message = f"ComfyUI cannot read the directory of models `{place}`"
            yield Finding("model-root-unreadable", PROBLEM, message, name, "check who owns it and its permissions")
        paths = (f"{place}/{one}" for one in names_below(place) if counts(folder, one))
        dangling |= dict.fromkeys(path for path in paths if os.path.islink(path) and not os.path.exists(path))
    yield from _unseen(folders, name)
    if dangling:
        verb = "leads" if len(dangling) == 1 else "lead"
        message = f"{counted(len(dangling), 'link')} among the models {verb} nowhere, which ComfyUI lists all the same"
        details = tuple(f"{path} → {os.readlink(path)}" for path in dangling)
        fix = "bring back what they lead to, or remove them"
        yield Finding("model-links-dangling", NOTE, message, name, fix, details)


def _unseen(folders: ModelFolders, name: str) -> Iterator[Finding]:
    """Files that look like models and that ComfyUI shows nowhere, with the reason."""
    models = folders.models
    places = [(f"{os.path.realpath(place)}/", folder) for folder in folders for place in folder.directories]
    unseen = [
        path
        for one in (names_below(models) if models is not None else ())
        if os.path.splitext(one)[1].lower() in MODEL_EXTENSIONS and not one.startswith(_OPERATIONS)
        and not _is_shown(path := f"{os.path.realpath(models or '')}/{one}", places)
    ]  # fmt: skip
    if unseen:
        message = f"ComfyUI shows {counted(len(unseen), 'file')} nowhere that may be models"
        details = tuple(f"{path}: {'; '.join(seen_from(folders, path).reasons)}" for path in sorted(unseen)[:_SHOWN])
        more = (f"and {len(unseen) - _SHOWN} more",) if len(unseen) > _SHOWN else ()
        fix = "move them into one of ComfyUI's folders, or add the node pack that reads them"
        yield Finding("models-unseen", NOTE, message, name, fix, (*details, *more))


def _is_shown(path: str, places: list[tuple[str, ModelFolder]]) -> bool:
    return any(path.startswith(place) and counts(folder, path) for place, folder in places)
