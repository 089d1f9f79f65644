"""What ComfyUI of one environment lists: the same names as its own answer to `/models/FOLDER`."""

from comfydock_core.analyzers.model_files.extra_paths import CUSTOM_NODES
from comfydock_core.analyzers.model_files.listing import listed_files, path_of
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.remembered_folders import remembered_folders
from comfydock_core.models.exceptions import ModelNotFound
from comfydock_core.models.model_files.folders import ModelFolders
from comfydock_core.records import record
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import nearest, some


@record
class ListedFile:
    """A name in ComfyUI's list of a folder, and the file that it opens: the first one of several of that name.

    `path` is `None` for a link that leads nowhere, which ComfyUI lists as well.
    """

    folder: str
    name: str
    path: str | None

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {"folder": self.folder, "name": self.name, "path": self.path}


def files_seen(workspace: WorkspaceLayout, layout: EnvironmentLayout, folder: str | None) -> list[ListedFile]:
    """Everything that ComfyUI of an environment lists, folder by folder in its order, or one folder of it.

    Raises `ModelNotFound` for a folder that it does not know, `ModelPathsInvalid`, `EnvironmentBroken`,
    `FileSystemError`.
    """
    with disk_errors("look at the directories of models"):
        folders = remembered_folders(layout, AnswerCache(workspace.answers))
        chosen = [one for one in folders if one.name != CUSTOM_NODES and folder in (None, one.name)]
        if not chosen:
            raise _unknown(folder or "", folders, layout)
        return [ListedFile(one.name, name, path_of(one, name)) for one in chosen for name in listed_files(one)]


def _unknown(folder: str, folders: ModelFolders, layout: EnvironmentLayout) -> ModelNotFound:
    names = [one.name for one in folders if one.name != CUSTOM_NODES]
    near = nearest(folder, names, limit=1)
    return ModelNotFound(
        f"ComfyUI of `{layout.name}` knows no folder `{folder}`",
        hint=f"did you mean `{near[0]}`?" if near else f"it knows {some(names, len(names))}",
        context={"folder": folder, "known": names},
    )
