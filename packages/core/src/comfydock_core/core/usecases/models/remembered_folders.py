"""The folders of models of an environment, told from its code again only where files changed: that takes a while."""

import os
from collections.abc import Iterator

# The reader itself is loaded when something has to be read anew.
from comfydock_core.analyzers import model_files
from comfydock_core.analyzers.model_files.extra_paths import EXTRA_PATHS
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.model_files.folders import ModelFolder, ModelFolders
from comfydock_core.utils.files.fingerprints import stamp

_READER = "2"  # Another one makes what was told before worthless.
_SUBJECT = "model-folders"
_MAX_AGE = 90 * 24 * 3600.0
_NO_CODE = ("__pycache__", ".git")


def remembered_folders(layout: EnvironmentLayout, answers: AnswerCache) -> ModelFolders:
    """What `read_model_folders` tells of an environment, without its doubts. Raises what it raises."""

    def ask() -> dict[str, object]:
        found = model_files.read_model_folders(layout.comfyui, layout.custom_nodes)
        listed = [[one.name, list(one.directories), sorted(one.extensions)] for one in found]
        return {"folders": listed, "models": found.models, "legacy": dict(found.legacy)}

    answer = answers.remember(_SUBJECT, [_READER, layout.comfyui, _stamp(layout)], _MAX_AGE, ask)
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


def _stamp(layout: EnvironmentLayout) -> str:
    """Another text when a file of code, or the file of model paths, is written, comes or goes."""
    own = [f"{layout.comfyui}/{name}" for name in ("folder_paths.py", "main.py", EXTRA_PATHS)]
    return stamp(sorted((*own, *_files(layout.custom_nodes))))


def _files(custom_nodes: str) -> Iterator[str]:
    for directory, directories, names in os.walk(custom_nodes, followlinks=True):
        directories[:] = [name for name in directories if name not in _NO_CODE]
        yield from (f"{directory}/{name}" for name in names if name.endswith(".py"))
