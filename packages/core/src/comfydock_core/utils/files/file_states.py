"""The state of a file as the index of models has it: taken from the disk, and compared with it later."""

import os

from comfydock_core.models.model_files.location import FileState, ModelLocation
from comfydock_core.utils.files.file_systems import has_lasting_numbers


def file_state(path: str) -> FileState:
    """A file as it is now; of a link, the file that it leads to. Raises `OSError`."""
    return FileState.of(os.stat(path))


def is_unchanged(place: ModelLocation) -> bool:
    """Whether a file is as the index has it. Raises `OSError` where there is none."""
    now = file_state(place.full_path)
    return now.is_same_as(place.state, by_number=has_lasting_numbers(now.device))
