"""What becomes of the models of an installation: they stay where they are, and some of them are seen from there."""

import os
import shlex
import shutil
from collections.abc import Iterable

from comfydock_core.models.environments.adoption import RootFate
from comfydock_core.models.environments.installation import FoundRoot, Installation
from comfydock_core.utils.text import counted, size_text

_FILE = "extra_model_paths.yaml"
_YML = "ComfyUI reads no file of that name"


def root_fates(found: Installation, models: str, name: str) -> tuple[RootFate, ...]:
    """What becomes of each directory of models; `models` is the workspace's, `name` the new environment's."""
    fates: list[RootFate] = []
    own = found.models
    if own is not None:
        seen = os.path.realpath(own.path) == os.path.realpath(models)
        advice = None if seen or not own.files else _linking(own.path, models, name)
        fates.append(RootFate(own.path, "ComfyUI", (), own.files, own.bytes, True, seen, None, advice))
    why = _why_not_taken(found)
    for root in found.model_roots:
        advice = None if why is None else f"put its whole path into `{_FILE}` of the new environment"
        reason = _about(root, found) if why is None else why
        fates.append(RootFate(root.path, found.extra_model_paths or _FILE, root.folders, root.files, root.bytes,
                              root.there, why is None, reason, advice))  # fmt: skip
    return tuple(fates)


def take_model_paths(found: Installation, comfyui: str) -> None:
    """Copy the file that names further directories, where it means the same in the new place. Raises `OSError`."""
    if found.extra_model_paths is not None and _why_not_taken(found) is None:
        shutil.copyfile(found.extra_model_paths, f"{comfyui}/{_FILE}")


def notes_about_models(fates: Iterable[RootFate], found: Installation) -> list[str]:
    """A line for every directory of models, and for the file that names them where it is not taken over."""
    notes: list[str] = []
    for fate in fates:
        size = f"{counted(fate.files, 'file')}, {size_text(fate.bytes)}"
        if fate.told_by == "ComfyUI":
            if fate.files and not fate.seen:
                notes.append(f"models stay at {fate.path} ({size}), where this workspace does not look: {fate.advice}")
            continue
        if not fate.there:
            size = "it is not there"
        where = f"models stay at {fate.path} ({size})"
        notes.append(f"{where}; the new environment looks there, too" if fate.seen else
                     f"{where}, and the new environment does not see them: {fate.reason}; {fate.advice}")  # fmt: skip
        if fate.seen and fate.reason is not None:
            notes[-1] += f"; {fate.reason}"
    if found.extra_model_paths is not None:
        why = _why_not_taken(found)
        taken = "is taken over as it is" if why is None else f"is not taken over: {why}"
        notes.append(f"{found.extra_model_paths} {taken}")
    return notes


def _why_not_taken(found: Installation) -> str | None:
    if found.extra_model_paths is None:
        return None
    if os.path.basename(found.extra_model_paths) != _FILE:
        return _YML
    if found.model_paths_fault is not None:
        return found.model_paths_fault
    if not all(root.fixed for root in found.model_roots):
        return "it names directories by their way from the installation"
    return None


def _about(root: FoundRoot, found: Installation) -> str | None:
    said: list[str] = []
    if f"{os.path.realpath(root.path)}{os.sep}".startswith(f"{os.path.realpath(found.path)}{os.sep}"):
        said.append("it is part of the installation, and goes with it")
    if "custom_nodes" in root.folders:
        said.append("node packs in it are loaded, but nothing that they ask for is installed for them")
    return "; ".join(said) or None


def _linking(path: str, models: str, name: str) -> str:
    """The command that shows the workspace the models of one folder, where they are."""
    folders = sorted(entry for entry in os.listdir(path) if _has_files(f"{path}/{entry}"))
    folder = folders[0] if folders else "checkpoints"
    target = f"{models}/{folder}/{name}" if os.path.lexists(f"{models}/{folder}") else f"{models}/{folder}"
    command = shlex.join(["ln", "-s", f"{path}/{folder}", target])
    return f"`{command}` shows it those of `{folder}`, for example"


def _has_files(directory: str) -> bool:
    return os.path.isdir(directory) and any(names for _, _, names in os.walk(directory))
