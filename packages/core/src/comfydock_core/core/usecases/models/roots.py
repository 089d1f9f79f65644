"""The roots of an environment: listing them, and adding and removing those of `extra_model_paths.yaml`."""

import os
import re
import shlex
import shutil

from comfydock_core import repositories
from comfydock_core.analyzers.model_files.extra_paths import EXTRA_PATHS
from comfydock_core.analyzers.model_files.model_folders import read_model_folders
from comfydock_core.analyzers.model_files.root_counts import named_roots, own_root
from comfydock_core.analyzers.model_files.root_layouts import folders_in, known_ways
from comfydock_core.analyzers.model_files.root_places import root_places
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.exceptions import ModelRootNotFound, ModelRootRefused
from comfydock_core.models.model_files.folders import ModelFolders
from comfydock_core.models.model_files.model_paths import ExtraModelPaths, PathsSection
from comfydock_core.models.model_files.roots import ModelRootsOverview, RootPlan
from comfydock_core.models.operation import ChangePlan, Initiator
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.services.transaction import make_plan, operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils import native
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import counted, nearest, some

_PLACE = f"ComfyUI/{EXTRA_PATHS}"
_NAMED = 60  # Folders named when none of them is there.


def list_roots(layout: EnvironmentLayout) -> ModelRootsOverview:
    """Every root of the environment, with what ComfyUI would list of it.

    Raises `ModelPathsInvalid`, `EnvironmentBroken`, `FileSystemError`.
    """
    with disk_errors("look at the directories of models"):
        folders = read_model_folders(layout.comfyui, layout.custom_nodes)
        extra = _read(layout)
        own = own_root(folders)
        roots = (*([own] if own is not None else []), *named_roots(extra, _file(layout), folders))
    return ModelRootsOverview(layout.name, _file(layout), roots, extra.notes, folders.doubts)


def root_sections(layout: EnvironmentLayout) -> list[PathsSection]:
    """The sections of the file, which may be named to remove them. Raises `ModelPathsInvalid`, `OSError`."""
    return list(_read(layout).sections)


def plan_addition(layout: EnvironmentLayout, path: str, section: str | None, *, is_default: bool) -> RootPlan:
    """A section for the directory `path`, with the folders in it that ComfyUI knows.

    Raises `ModelRootRefused`, `ModelPathsInvalid`, `EnvironmentBroken`, `FileSystemError`.
    """
    with disk_errors("look at the directories of models"):
        root, file = os.path.abspath(os.path.expanduser(path)), _file(layout)
        if not os.path.isdir(root):
            raise _refused(f"there is no directory `{root}`", "name one that holds folders of models", root)
        _refuse_link(file)
        folders = read_model_folders(layout.comfyui, layout.custom_nodes, extra=False)
        data = native.read_bytes(file) or b"" if os.path.lexists(file) else b""
        nothing = repositories.says_nothing(data)
        extra = ExtraModelPaths(()) if nothing else repositories.parse_model_paths(data, file)
        _refuse_known(root, extra, file, folders)
        found = folders_in(root, folders, layout.comfyui)
        if not found:
            raise _nothing_in(root, folders, layout)
        name = _free_name(section, root, extra)
        content = repositories.with_section(data, file, name, root, found, is_default=is_default)
        detail = f"section {name} with {counted(len(found), 'folder')}"
        change = _plan(layout, "model root add", detail, content)
    pairs = tuple((folder, way) for folder, ways in found.items() for way in ways)
    return RootPlan(layout.name, name, root, pairs, content, change)


def plan_removal(layout: EnvironmentLayout, what: str) -> RootPlan:
    """The file without the section that is called `what`, or is of that directory; the directory stays as it is.

    Raises `ModelRootNotFound`, `ModelRootRefused`, `ModelPathsInvalid`, `FileSystemError`.
    """
    with disk_errors("look at the directories of models"):
        file, extra = _file(layout), _read(layout)
        _refuse_link(file)
        section = _chosen(what, extra, file, layout)
        data = native.read_bytes(file) or b""
        content = repositories.without_section(data, file, section.name)
        detail = f"without the section {section.name}"
        change = _plan(layout, "model root remove", detail, content)
        places = root_places(section, file)
    pairs = tuple((named.folder, named.path) for named in section.paths)
    return RootPlan(layout.name, section.name, places[-1].path if places else "", pairs, content, change)


def change_roots(layout: EnvironmentLayout, plan: RootPlan, initiator: Initiator, reporter: Reporter) -> str:
    """Execute the plan and return the operation. Raises `ScopeBusy`, `ChangedMeanwhile`, `FileSystemError`."""
    with operation(plan.change, initiator, reporter) as under_way:
        if plan.content is not None:
            place = under_way.place(_PLACE)
            with open(place, "xb") as file:
                file.write(plan.content)
            if os.path.exists(_file(layout)):
                shutil.copymode(_file(layout), place)
        under_way.commit()
    return under_way.id


def _file(layout: EnvironmentLayout) -> str:
    """As ComfyUI calls it, which goes by where it really lies."""
    return f"{os.path.realpath(layout.comfyui)}/{EXTRA_PATHS}"


def _read(layout: EnvironmentLayout) -> ExtraModelPaths:
    file = _file(layout)
    return repositories.read_model_paths(file) if os.path.isfile(file) else ExtraModelPaths(())


def _plan(layout: EnvironmentLayout, command: str, detail: str, content: bytes | None) -> ChangePlan:
    step = swap(layout.root, _PLACE, has_new=content is not None, detail=detail)
    work = [PlanStep("remove" if content is None else "write", f"{layout.root}/{_PLACE}", detail)]
    return make_plan(layout.root, command, [step], work=work, fetch_bytes=0, disk_needed=len(content or b""))


def _free_name(wanted: str | None, root: str, extra: ExtraModelPaths) -> str:
    """The name of a new section: what is wished for, or what the directory is called, with a number if need be."""
    taken = {section.name for section in extra.sections} | {written.section for written in extra.written}
    if wanted is not None:
        if wanted in taken or not wanted.strip():
            reason = f"there is a section `{wanted}` already" if wanted in taken else "a section needs a name"
            hint = "choose another with `--section`; `comfydock model root list` shows those that are there"
            raise _refused(reason, hint, root)
        return wanted
    plain = re.sub(r"[^\w.-]+", "-", os.path.basename(root)).strip("-.") or "models"
    numbered = (f"{plain}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (plain, *numbered) if name not in taken)


def _refuse_link(file: str) -> None:
    if os.path.islink(file):
        target = os.path.realpath(file)
        raise _refused(f"`{file}` is a link to `{target}`, which others may share", f"edit `{target}` yourself", file)


def _refuse_known(root: str, extra: ExtraModelPaths, file: str, folders: ModelFolders) -> None:
    """A directory that is read already need not be added; twice it would only be listed twice."""
    real = os.path.realpath(root)
    if folders.models is not None and os.path.realpath(folders.models) == real:
        raise _refused(f"`{root}` is ComfyUI's models directory", "there is nothing to do: ComfyUI reads it", root)
    for section in extra.sections:
        if any(os.path.realpath(place.path) == real for place in root_places(section, file)):
            hint = f"`comfydock model root remove {shlex.quote(section.name)}` takes that section out first"
            raise _refused(f"the section `{section.name}` names `{root}` already", hint, root)


def _nothing_in(root: str, folders: ModelFolders, layout: EnvironmentLayout) -> ModelRootRefused:
    ways = list(dict.fromkeys(way for _, way in known_ways(folders, layout.comfyui)))
    hint = "name the directory that holds such folders, not one of them"
    above = os.path.dirname(root)
    if folders_in(above, folders, layout.comfyui):
        hint = f"`comfydock model root add {shlex.quote(above)}` adds the directory above it, which has some"
    looked = f"looked for were {some(ways, _NAMED)}"
    return _refused(f"`{root}` has none of the folders that ComfyUI knows: {looked}", hint, root, ways)


def _chosen(what: str, extra: ExtraModelPaths, file: str, layout: EnvironmentLayout) -> PathsSection:
    """The section of this name, else the one of this directory."""
    for section in extra.sections:
        if section.name == what:
            return section
    wanted = os.path.abspath(os.path.expanduser(what))
    for section in extra.sections:
        places = root_places(section, file)
        if any(wanted in (place.path, os.path.realpath(place.path)) for place in places):
            if len(places) > 1:
                hint = f"`comfydock model root remove {shlex.quote(section.name)}` takes out all of it"
                others = some([place.path for place in places if place.path != wanted])
                raise _refused(f"the section `{section.name}` names other directories, too: {others}", hint, wanted)
            return section
    names = [section.name for section in extra.sections]
    near = nearest(what, names)
    hint = f"did you mean {some([f'`{name}`' for name in near])}?" if near else "`comfydock model root list` shows them"
    if wanted == os.path.realpath(layout.models_link):
        hint = "it is the models directory of the workspace, which every environment reads"
    raise ModelRootNotFound(
        f"`{what}` is neither a section of `{file}` nor a directory of one",
        hint=hint,
        context={"root": what, "sections": names},
    )


def _refused(reason: str, hint: str, path: str, looked_for: list[str] | None = None) -> ModelRootRefused:
    context: dict[str, object] = {"path": path}
    if looked_for is not None:
        context["looked_for"] = looked_for
    return ModelRootRefused(reason, hint=hint, context=context)
