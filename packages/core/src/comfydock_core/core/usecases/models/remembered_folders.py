"""The folders of models of an environment, told from its code again only where files changed: that takes a while."""

# The reader itself is loaded when something has to be read anew.
from comfydock_core.analyzers import model_files
from comfydock_core.analyzers.model_files.extra_paths import EXTRA_PATHS
from comfydock_core.analyzers.model_files.pack_code import is_entered, packs_in
from comfydock_core.caching.answer_cache import OLDEST, AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.model_files.folders import ModelFolder, ModelFolders
from comfydock_core.utils import native
from comfydock_core.utils.files.listed_once import ListedOnce

_READER = "2"  # Another one makes what was told before worthless.
_SUBJECT = "model-folders"


def remembered_folders(
    layout: EnvironmentLayout, answers: AnswerCache, listed: ListedOnce | None = None
) -> ModelFolders:
    """What `read_model_folders` tells of an environment, without its doubts. Raises what it raises.

    `listed` is what others look at, too.
    """

    def ask() -> dict[str, object]:
        found = model_files.read_model_folders(layout.comfyui, layout.custom_nodes)
        listed = [[one.name, list(one.directories), sorted(one.extensions)] for one in found]
        return {"folders": listed, "models": found.models, "legacy": dict(found.legacy)}

    question = [_READER, layout.comfyui, _stamp(layout, listed or ListedOnce())]
    answer = answers.remember(_SUBJECT, question, OLDEST, ask)
    folders, models, legacy = answer["folders"], answer["models"], answer["legacy"]
    assert isinstance(folders, list)
    assert isinstance(legacy, dict)
    return ModelFolders(
        tuple(
            ModelFolder(name, tuple(directories), frozenset(extensions)) for name, directories, extensions in folders
        ),
        models if isinstance(models, str) else None,
        legacy,
    )


def _stamp(layout: EnvironmentLayout, listed: ListedOnce) -> str:
    """Another text when a file of code, or the file of model paths, is written, comes or goes."""
    code = [f"{layout.comfyui}/{name}" for name in ("folder_paths.py", "main.py", EXTRA_PATHS)]
    for pack in packs_in(layout.custom_nodes) if native.is_directory(layout.custom_nodes) else ():
        place = f"{layout.custom_nodes}/{pack}"
        code += listed.files(place, (".py",), is_entered) if native.is_directory(place) else [place]
    return listed.stamp(code)
