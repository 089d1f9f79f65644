"""Directories of models that an installation's `extra_model_paths.yaml` names, as ComfyUI understands it."""

import os

from comfydock_core.models.environments.installation import FoundRoot
from comfydock_core.repositories.extra_model_paths import parse_extra_model_paths
from comfydock_core.utils import native
from comfydock_core.validation.requirement_lines import decoded

_SETTINGS = ("base_path", "is_default")


def read_model_roots(path: str) -> tuple[tuple[FoundRoot, ...], tuple[int, ...]]:
    """The directories that a file names, each with what is in it, and the lines that could not be read.

    What lies below a `base_path` counts as one root, everything else as one of its own. Raises `OSError`.
    """
    read = parse_extra_model_paths(decoded(native.read_bytes(path) or b""))
    roots: list[FoundRoot] = []
    for section, settings in read.sections.items():
        base = settings.get("base_path")
        root = None if base is None else _absolute(_expanded(base), os.path.dirname(path))
        inside: list[tuple[str, str]] = []
        for folder, named in settings.items():
            if folder in _SETTINGS:
                continue
            for line in filter(None, named.split("\n")):
                place = os.path.join(root, line) if root is not None else _absolute(line, os.path.dirname(path))
                if root is not None and os.path.normpath(place).startswith(f"{os.path.normpath(root)}{os.sep}"):
                    inside.append((folder, place))
                else:
                    fixed = root is not None or os.path.isabs(line)
                    roots.append(_measured(place, section, [(folder, place)], fixed=fixed))
        if root is not None:
            roots.append(_measured(root, section, inside, fixed=os.path.isabs(_expanded(base or ""))))
    return tuple(roots), tuple(read.unread)


def _expanded(path: str) -> str:
    return os.path.expandvars(os.path.expanduser(path))


def _absolute(path: str, directory: str) -> str:
    return path if os.path.isabs(path) else os.path.abspath(os.path.join(directory, path))


def _measured(root: str, section: str, places: list[tuple[str, str]], *, fixed: bool) -> FoundRoot:
    """The files in some directories, each counted once although several folders may lead to it."""
    files: dict[str, int] = {}
    for _, place in places:
        for directory, _, names in os.walk(place):
            for name in names:
                path = os.path.realpath(f"{directory}/{name}")
                if os.path.isfile(path):
                    files[path] = os.stat(path).st_size
    folders = tuple(dict.fromkeys(folder for folder, _ in places))
    return FoundRoot(os.path.normpath(root), section, folders, len(files), sum(files.values()),
                     there=os.path.isdir(root), fixed=fixed)  # fmt: skip
