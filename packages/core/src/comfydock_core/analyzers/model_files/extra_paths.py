"""The directories that `extra_model_paths.yaml` leads ComfyUI to."""

from __future__ import annotations

import os
from collections.abc import Iterator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.model_files.model_paths import PathsSection

EXTRA_PATHS = "extra_model_paths.yaml"
# A folder that holds no models but node packs, which are imported.
CUSTOM_NODES = "custom_nodes"


def base_of(section: PathsSection, file: str) -> str | None:
    """The whole path of a section's `base_path`, which may begin with `~`, a variable, or at the file."""
    if section.base_path is None:
        return None
    base = os.path.expandvars(os.path.expanduser(section.base_path))
    return base if os.path.isabs(base) else os.path.abspath(os.path.join(os.path.dirname(file), base))


def searched(section: PathsSection, file: str) -> Iterator[tuple[str, str]]:
    """The folders and directories of a section, in ComfyUI's order. Only `base_path` may have `~` and variables."""
    base = base_of(section, file)
    for named in section.paths:
        path = named.path
        if base:
            path = os.path.join(base, path)
        elif not os.path.isabs(path):
            path = os.path.abspath(os.path.join(os.path.dirname(file), path))
        yield named.folder, os.path.normpath(path)
