"""Where the files lie that nodes load: among ComfyUI's inputs, or its results, as the value says."""

import os

from comfydock_core.configs.environment_layout import EnvironmentLayout

_PLACES = {"[input]": "input", "[output]": "output", "[temp]": "temp"}


def input_path(environment: EnvironmentLayout, value: str) -> str:
    """The file that a value names, be it there or not, which may lead anywhere."""
    return os.path.join(*_directory_and_name(environment, value))


def is_among_inputs(environment: EnvironmentLayout, value: str) -> bool:
    """Whether it lies below the directory that it is to be in."""
    directory, name = _directory_and_name(environment, value)
    return os.path.normpath(os.path.join(directory, name)).startswith(f"{os.path.normpath(directory)}{os.sep}")


def _directory_and_name(environment: EnvironmentLayout, value: str) -> tuple[str, str]:
    name, place = value.rstrip(), "input"
    for mark, directory in _PLACES.items():
        if name.endswith(mark):
            name, place = name[: -len(mark)].rstrip(), directory
    return os.path.join(environment.comfyui, place), name
