"""Finding the workspace and the environments in it, on the startup path.

Errors and layouts are named through the lazy faces, so that their modules load when one is raised or made.
"""

import comfydock_core
from comfydock_core.utils import native

TYPE_CHECKING = False  # Type checkers take it for true; `typing` would cost start time.
if TYPE_CHECKING:
    from comfydock_core.configs.environment_layout import EnvironmentLayout
    from comfydock_core.configs.workspace_layout import WorkspaceLayout


def workspace_root() -> str:
    """Where the workspace is or would be: `COMFYDOCK_HOME`, else `~/comfydock`. Parents are not searched."""
    named = native.getenv("COMFYDOCK_HOME")
    if named is None:
        return f"{native.home()}/comfydock"
    if named == "~" or named.startswith("~/"):
        named = native.home() + named[1:]
    if named.startswith("/") or (native.WINDOWS and named[1:2] == ":"):
        return named
    return f"{native.system.getcwd()}/{named}"


def find_workspace() -> "WorkspaceLayout":
    """The workspace: a directory that holds `.metadata/`. Raises `WorkspaceNotFound`."""
    layout = comfydock_core.configs.WorkspaceLayout(workspace_root())
    if not native.is_directory(layout.metadata):
        raise comfydock_core.models.WorkspaceNotFound(
            f"there is no workspace at `{layout.root}`",
            hint="create one with `comfydock init`, or name another with COMFYDOCK_HOME",
            context={"path": layout.root},
        )
    return layout


def active_environment(workspace: "WorkspaceLayout") -> str | None:
    """The name of the active environment, which may be gone. Raises `WorkspaceDamaged`."""
    from comfydock_core.repositories.workspace_config_reader import read_active_environment

    return read_active_environment(workspace.config_file)


def environment_names(workspace: "WorkspaceLayout") -> list[str]:
    """Every finished environment, sorted. Raises `OSError` when the directory cannot be read."""
    directory = workspace.environments
    if not native.is_directory(directory):
        return []
    return [
        name
        for name in native.list_names(directory)
        if not name.startswith(".") and native.exists(f"{directory}/{name}/.cec/.complete")
    ]


def find_environment(workspace: "WorkspaceLayout", name: str) -> "EnvironmentLayout":
    """The environment `name`; it needs no more than a `.cec` directory, as in 1.x.

    Raises `EnvironmentNotFound` (with the known names in `context`) and `EnvironmentIncomplete`.
    """
    layout = workspace.environment(name)
    plain = name not in ("", ".", "..") and "/" not in name and "\\" not in name and "\0" not in name
    if plain and native.is_directory(layout.definition):
        return layout
    if plain and not name.startswith(".") and native.is_directory(layout.root):
        raise comfydock_core.models.EnvironmentIncomplete(
            f"`{layout.root}` is not an environment: it has no `.cec` directory",
            hint="if the directory is yours, move it elsewhere; ComfyDock leaves it alone",
            context={"environment": name, "path": layout.root},
        )
    known = environment_names(workspace)
    raise comfydock_core.models.EnvironmentNotFound(
        f"there is no environment named `{name}`",
        hint="`comfydock list` shows the environments" if known else "create one with `comfydock create NAME`",
        context={"environment": name, "known": known},
    )


def choose_environment(workspace: "WorkspaceLayout", named: str | None, active: str | None) -> "EnvironmentLayout":
    """The environment a command is about: the one named, else the active one. Raises `NoActiveEnvironment` too.

    An empty name, as an unset variable of a script gives, is a name of nothing and never means the active one.
    """
    name = active if named is None else named
    if name is None:
        known = environment_names(workspace)
        choose = "name one with `-e NAME`, or choose one with `comfydock use NAME`"
        raise comfydock_core.models.NoActiveEnvironment(
            "no environment was named, and none is active" if known else "there are no environments yet",
            hint=choose if known else "make one with `comfydock create NAME --use`",
            context={"known": known},
        )
    return find_environment(workspace, name)
