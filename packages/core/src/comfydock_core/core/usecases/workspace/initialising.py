"""Making a workspace."""

import contextlib
import os
import secrets

from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.models.environments.initialisation import InitialisationPlan
from comfydock_core.models.exceptions import InvalidSetting, WorkspaceExists
from comfydock_core.repositories.workspace_config_repository import (
    WorkspaceConfigRepository,
)
from comfydock_core.repositories.workspace_place import write_place
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import remove_tree

_OWN = ("environments", ".metadata", "comfydock_cache", "logs", "models")


def plan_initialisation(path: str, models_directory: str | None) -> InitialisationPlan:
    """What `initialise` will make. Raises `WorkspaceExists`, `InvalidSetting`, `FileSystemError`."""
    root = os.path.realpath(os.path.expanduser(path))
    _refuse_other_letters(root, "the workspace")
    with disk_errors("look at the place of the workspace", root):
        _refuse_occupied(root)
    layout = WorkspaceLayout(root)
    return InitialisationPlan(
        root=root,
        directories=(layout.root, *(f"{root}/{name}" for name in _OWN)),
        config_file=layout.config_file,
        models_directory=_models_directory(models_directory) or layout.models,
    )


def initialise(plan: InitialisationPlan) -> WorkspaceLayout:
    """Make the workspace. When that fails or is interrupted, what was made is removed again."""
    made: list[str] = []
    try:
        with disk_errors("make the workspace", plan.root):
            _refuse_occupied(plan.root)
            _make_directories(plan, made)
            _write_configuration(plan, made)
    except BaseException:
        for path in reversed(made):
            with contextlib.suppress(OSError):  # Somebody put something there: it stays.
                os.rmdir(path)
        raise
    return WorkspaceLayout(plan.root)


def _refuse_occupied(root: str) -> None:
    if os.path.isdir(f"{root}/.metadata"):
        raise WorkspaceExists(
            f"there is a workspace at `{root}` already",
            hint="use it as it is, or name another place with `comfydock init PATH`",
            context={"path": root},
        )
    if os.path.lexists(root) and (not os.path.isdir(root) or _foreign_names(root)):
        raise WorkspaceExists(
            f"`{root}` is not empty",
            hint="name an empty or a new directory with `comfydock init PATH`",
            context={"path": root},
        )


def _refuse_other_letters(path: str, what: str) -> None:
    """The files of a workspace name places in UTF-8, so that a path of other bytes could be written, but not read."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        shown = path.encode("utf-8", "backslashreplace").decode()
        raise InvalidSetting(
            f"{what} cannot be at `{shown}`: that path is not UTF-8",
            hint="choose a place whose path is UTF-8, or rename the directory",
            context={"path": shown},
        ) from error


def _foreign_names(root: str) -> list[str]:
    """What is not left over from an initialisation that was killed: its directories hold nothing."""
    names = os.listdir(root)
    return [name for name in names if not _is_leftover(root, name)]


def _is_leftover(root: str, name: str) -> bool:
    path = f"{root}/{name}"
    if name.startswith(".metadata."):
        return True
    return name in _OWN and os.path.isdir(path) and not os.path.islink(path) and not os.listdir(path)


def _models_directory(named: str | None) -> str | None:
    if named is None:
        return None
    path = os.path.realpath(os.path.expanduser(named))
    _refuse_other_letters(path, "the models directory")
    if not os.path.isdir(path):
        raise InvalidSetting(
            f"the models directory `{named}` is not a directory",
            hint="make it first, or leave it out to use the workspace's own",
            context={"path": path},
        )
    return path


def _make_directories(plan: InitialisationPlan, made: list[str]) -> None:
    os.makedirs(os.path.dirname(plan.root), exist_ok=True)
    for path in plan.directories:
        if not path.endswith("/.metadata") and not os.path.isdir(path):
            os.mkdir(path)
            made.append(path)


def _write_configuration(plan: InitialisationPlan, made: list[str]) -> None:
    """`.metadata` is what makes it a workspace, so it appears last and whole."""
    final = os.path.dirname(plan.config_file)
    for name in os.listdir(plan.root):
        if name.startswith(".metadata."):
            remove_tree(f"{plan.root}/{name}")
    temporary = f"{final}.{secrets.token_hex(4)}"
    try:
        os.mkdir(temporary)
        WorkspaceConfigRepository(f"{temporary}/{os.path.basename(plan.config_file)}").create(plan.models_directory)
        write_place(f"{temporary}/place", plan.root)
        os.rename(temporary, final)
    finally:
        if os.path.isdir(temporary):
            remove_tree(temporary)
