"""What still leads to the old place of a workspace that was moved.

Three things of a workspace hold absolute paths: its setting of the models directory, the `models` links, and the links
of virtual environments to interpreters that uv keeps inside of the workspace.
"""

import os

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.records import record
from comfydock_core.repositories.workspace_place import read_place
from comfydock_core.utils import native


@record
class Leftover:
    """A name below `environments/` that leads to the old place. `target` is the same thing at the new one.

    For a link it is what it is to lead to; for a file (`pyvenv.cfg`) its `content` is what it is to hold.
    """

    path: str
    target: str
    content: str | None = None


def old_place(layout: WorkspaceLayout) -> str | None:
    """Where the workspace was, by what it noted itself; `None` when it lies there still, or never noted it.

    A copy whose original is still there is none that was moved: what it is to share is its owner's to say. Raises
    `OSError`.
    """
    noted = read_place(layout)
    if noted is None or noted == layout.root or os.path.isdir(f"{noted}/.metadata"):
        return None
    return noted


def models_at_new_place(layout: WorkspaceLayout, models_directory: str | None, old: str) -> str:
    """The models directory: at the new place where it lay in the workspace, elsewhere as it is."""
    if models_directory is None:
        return layout.models
    return layout.root + models_directory[len(old) :] if _is_below(models_directory, old) else models_directory


def leftovers(layout: WorkspaceLayout, names: list[str], old: str) -> list[Leftover]:
    """Every link, and every `pyvenv.cfg`, of these environments that leads below the old place. Raises `OSError`."""
    found: list[Leftover] = []
    for name in names:
        environment = layout.environment(name)
        for path in (environment.models_link, *_interpreter_links(environment)):
            target = native.link_target(path)
            if target is not None and _is_below(target, old):
                found.append(Leftover(_relative(layout, path), layout.root + target[len(old) :]))
        found += _settings_of_venv(layout, environment, old)
    return found


def _interpreter_links(environment: EnvironmentLayout) -> list[str]:
    directory = f"{environment.venv}/bin"
    names = native.list_names(directory) if native.is_directory(directory) else []
    return [f"{directory}/{name}" for name in names if name.startswith("python")]


def _settings_of_venv(layout: WorkspaceLayout, environment: EnvironmentLayout, old: str) -> list[Leftover]:
    path = f"{environment.venv}/pyvenv.cfg"
    content = (native.read_bytes(path) or b"").decode("utf-8", "surrogateescape")
    moved = content.replace(f"{old}/", f"{layout.root}/")
    return [Leftover(_relative(layout, path), path, moved)] if moved != content else []


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory}/")


def _relative(layout: WorkspaceLayout, path: str) -> str:
    return path[len(layout.environments) + 1 :]
