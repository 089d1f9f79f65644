"""Directories of models that an installation's `extra_model_paths.yaml` names, as ComfyUI understands it."""

import os

from comfydock_core import repositories
from comfydock_core.analyzers.model_files.root_places import RootPlace, root_places
from comfydock_core.models.environments.installation import FoundRoot
from comfydock_core.models.exceptions import ModelPathsInvalid


def read_model_roots(path: str) -> tuple[tuple[FoundRoot, ...], str | None]:
    """The directories that a file names, each with what is in it, and what is wrong with the file. Raises `OSError`.

    What lies below a `base_path` counts as one root, everything else as one of its own.
    """
    try:
        sections = repositories.read_model_paths(path).sections
    except ModelPathsInvalid as error:
        return (), error.message.removeprefix(f"`{path}`").lstrip(":, ")
    return tuple(_measured(place, section.name) for section in sections for place in root_places(section, path)), None


def _measured(place: RootPlace, section: str) -> FoundRoot:
    """The files in some directories, each counted once although several folders may lead to it."""
    files: dict[str, int] = {}
    for _, searched in place.folders:
        for directory, _, names in os.walk(searched):
            for name in names:
                path = os.path.realpath(f"{directory}/{name}")
                if os.path.isfile(path):
                    files[path] = os.stat(path).st_size
    folders = tuple(dict.fromkeys(folder for folder, _ in place.folders))
    return FoundRoot(place.path, section, folders, len(files), sum(files.values()),
                     there=os.path.isdir(place.path), fixed=place.fixed)  # fmt: skip
