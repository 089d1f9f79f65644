"""One environment: its Python, packages, lock, links, back end, and what runs."""

import os
import re
import shlex
from collections.abc import Iterator, Sequence

from comfydock_core.analyzers.packages.virtual_environment import check_contents, check_touched, quick_check
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.models.doctor import NOTE, OK, PROBLEM, Finding, Mending
from comfydock_core.models.environment import EnvironmentStatus, VersionDifference
from comfydock_core.models.exceptions import ToolMissing
from comfydock_core.models.packages.virtual_environment import VenvFault
from comfydock_core.models.running import RunningComfyUI
from comfydock_core.repositories.definition.backend_choice import read_choice
from comfydock_core.repositories.install_record import site_packages
from comfydock_core.utils import native
from comfydock_core.utils.text import counted

_VERSION = re.compile(r"version(?:_info)?\s*=\s*(\S+)")
# Back ends that do not depend on what the machine has.
_ANYWHERE = ("none", "pypi")


def check_status(status: EnvironmentStatus) -> Iterator[Finding]:
    """What `status` saw, as findings."""
    name = status.name
    if not status.complete:
        message = "it is incomplete: its marker `.cec/.complete` is missing"
        fix = f"`comfydock repair -e {name}` finishes it, `comfydock delete {name}` removes it"
        yield Finding("environment-incomplete", PROBLEM, message, name, fix)
    yield from _comfyui(status)
    yield from _packages(status)
    if status.packs.missing:
        message = f"{len(status.packs.missing)} of its node packs are missing"
        details = tuple(status.packs.missing)
        yield Finding("packs-missing", PROBLEM, message, name, f"`comfydock sync -e {name}`", details)
    if status.packs.changed:
        message = f"{len(status.packs.changed)} of its node packs are at another version than the manifest says"
        details = tuple(_told_difference(change) for change in status.packs.changed)
        yield Finding("packs-drift", PROBLEM, message, name, f"`comfydock sync -e {name}`", details)
    if status.packs.failed:
        message = f"{len(status.packs.failed)} of its node packs could not be imported when ComfyUI last started"
        fix = f"`comfydock node verify -e {name}` tries again; `comfydock node update` may bring a version that works"
        yield Finding("packs-not-imported", PROBLEM, message, name, fix, tuple(status.packs.failed))
    yield from _patches(status)
    yield from _models_link(status)


def _comfyui(status: EnvironmentStatus) -> Iterator[Finding]:
    """Users work in this checkout, so no command of ours changes it without being asked for a version."""
    state, name, place = status.comfyui, status.name, f"{status.path}/ComfyUI"
    git = f"git -C {shlex.quote(place)} checkout"
    if not state.present:
        fix = "create a new environment with `comfydock create NAME`"
        if os.path.exists(f"{place}/.git"):
            fix = f"`{git} -- . ':(exclude)models'` brings its files back"
        yield Finding("comfyui-missing", PROBLEM, "there is no ComfyUI in it", name, fix)
    elif state.matches is False:
        message = "ComfyUI is at another commit than the manifest says"
        yield Finding("comfyui-drift", NOTE, message, name, f"`{git} {state.manifest_commit}` takes it there")


def _patches(status: EnvironmentStatus) -> Iterator[Finding]:
    """Of the changes to ComfyUI and to node packs that the definition holds."""
    held, name = status.patches, status.name
    if held is None:
        return
    if held.missing:
        message = f"{len(held.missing)} of the patches that its definition holds are not applied as they are"
        fix = (
            f"`comfydock sync -e {name}` applies them where nothing else was changed; `comfydock commit --with-patches`"
        )
        fix += " makes them anew"
        yield Finding("patches-not-applied", PROBLEM, message, name, fix, tuple(held.missing))
    for problem in held.unusable:
        fix = "remove the file, or commit anew with `--with-patches` where it was made"
        yield Finding("patch-unusable", PROBLEM, problem, name, fix)


def _packages(status: EnvironmentStatus) -> Iterator[Finding]:
    state, name = status.packages, status.name
    if state.contested:
        message = f"{counted(len(state.contested), 'file')} of its packages came from several of them, each another one"
        fix = "`comfydock py list` shows who asks for them: do without all but one"
        yield Finding("packages-contested", NOTE, message, name, fix, tuple(state.contested))
    if state.state == "in-sync":
        yield Finding("packages", OK, "packages are as locked", name)
    elif state.python_missing:
        return  # The look at its Python says what there is to say.
    elif state.state == "unknown":
        yield Finding("packages-unknown", NOTE, f"packages cannot be compared: {state.unknown}", name)
    else:
        changed = [_told_difference(change) for change in state.changed]
        details = [*(f"- {item}" for item in state.missing), *(f"+ {item}" for item in state.extra), *changed]
        words = "not installed" if state.state == "not-installed" else "not as locked"
        # Where the manifest was changed and the lock was not, a sync would refuse.
        relock = " --relock" if state.dependencies_changed and not state.lock_changed else ""
        fix = f"`comfydock sync{relock} -e {name}`"
        yield Finding("packages-drift", PROBLEM, f"packages are {words}", name, fix, tuple(details))


def _told_difference(change: VersionDifference) -> str:
    return f"~ {change.name} {change.expected} → {change.found}"


def _models_link(status: EnvironmentStatus) -> Iterator[Finding]:
    link, name = status.models_link, status.name
    if link.state == "linked":
        yield Finding("models-link", OK, "models are linked", name)
    elif link.state == "directory":
        message = "`ComfyUI/models` is a directory of its own"
        fix = "move its models to the workspace's models directory and remove it, then `comfydock doctor --fix`"
        yield Finding("models-link", PROBLEM, message, name, fix)
    elif link.state in ("missing", "elsewhere", "dangling") and link.expected and os.path.isdir(link.expected):
        message = f"`ComfyUI/models` does not lead to `{link.expected}`" + (
            f" but to `{link.target}`" * bool(link.target)
        )
        mending = Mending("link-models", name) if status.comfyui.present else None
        yield Finding("models-link", PROBLEM, message, name, "`comfydock doctor --fix`", mending=mending)


def check_python(layout: EnvironmentLayout) -> Iterator[Finding]:
    """Whether its Python runs, is of the wanted version, and every distribution has its papers."""
    name = layout.name
    fix = f"`comfydock repair -e {name}`"
    check = quick_check(layout.venv)
    if check.faults:
        first, more = str(check.faults[0]), len(check.faults) - 1
        message = f"its virtual environment is damaged: {first}" + (f", and {more} more" if more else "")
        yield Finding("venv-damaged", PROBLEM, message, name, fix, tuple(map(str, check.faults)))
    else:
        yield Finding("venv", OK, f"virtual environment with {check.distributions} distributions", name)
    if not check.relocatable and native.is_directory(layout.venv):
        message = "its virtual environment cannot be moved yet"
        yield Finding("venv-fixed-place", NOTE, message, name, "the next change of packages builds one that can")
    found, wanted = _venv_version(layout.venv), _wanted_version(layout)
    if found is not None and wanted is not None and found.split(".")[: wanted.count(".") + 1] != wanted.split("."):
        message = f"its Python is {found}, but {wanted} is required"
        yield Finding("python-version", PROBLEM, message, name, fix)


def _venv_version(venv: str) -> str | None:
    content = (native.read_bytes(f"{venv}/pyvenv.cfg") or b"").decode("utf-8", "replace")
    match = _VERSION.search(content)
    return match[1] if match else None


def _wanted_version(layout: EnvironmentLayout) -> str | None:
    content = (native.read_bytes(layout.python_version) or b"").decode("utf-8", "replace").strip()
    return content if re.fullmatch(r"\d+(\.\d+)*", content) else None


def check_lock(layout: EnvironmentLayout, workspace: WorkspaceLayout) -> Iterator[Finding]:
    """Whether `uv.lock` still belongs to the manifest, as far as that can be told without the network."""
    name = layout.name
    if not native.is_file(layout.lock):
        yield Finding("lock-missing", PROBLEM, "it has no `uv.lock`", name, f"`comfydock sync --relock -e {name}`")
        return
    try:
        answer = UVCommand.of_environment(layout, workspace, offline=True).check_lock()
    except ToolMissing:
        return  # That uv is missing is reported once, among the tools.
    if answer.returncode == 0:
        yield Finding("lock", OK, "`uv.lock` fits the manifest", name)
    elif "needs to be updated" in answer.text:
        message = "`uv.lock` does not fit the manifest any more"
        yield Finding("lock-outdated", PROBLEM, message, name, f"`comfydock sync --relock -e {name}`")
    else:
        reason = answer.text.split("\n")[0]
        yield Finding("lock-unknown", NOTE, f"`uv.lock` cannot be checked offline: {reason}", name)


def check_backend(layout: EnvironmentLayout, detected: str) -> Iterator[Finding]:
    """Whether the chosen PyTorch back end is one for this machine."""
    name, chosen = layout.name, read_choice(layout.definition)
    if chosen is None or chosen in _ANYWHERE:
        return
    if chosen == detected:
        yield Finding("backend", OK, f"PyTorch for {chosen}", name)
    elif chosen == "cpu":
        message = f"PyTorch is for the CPU only, while this machine offers {detected}"
        yield Finding("backend-unused", NOTE, message, name, f"`comfydock backend use {detected} -e {name}`")
    elif detected == "cpu":
        message = f"PyTorch is for {chosen}, while no such device was found on this machine"
        fix = f"install the device's driver, or `comfydock backend use cpu -e {name}`"
        yield Finding("backend-mismatch", PROBLEM, message, name, fix)
    else:
        message = f"PyTorch is for {chosen}, while this machine's driver suggests {detected}"
        yield Finding("backend-other", NOTE, message, name, f"`comfydock backend use {detected} -e {name}`")


def check_running(name: str, running: Sequence[RunningComfyUI]) -> Iterator[Finding]:
    for one in running:
        by_hand = ", started by hand" if one.by_hand else ""
        yield Finding("running", NOTE, f"ComfyUI runs: {one}{by_hand}", name)


def check_files(layout: EnvironmentLayout, workspace: WorkspaceLayout, *, deep: bool) -> Iterator[Finding]:
    """Installed files against their hashes, and who shares the changed ones: other environments, and uv's cache.

    Without `deep` only files are read that were written to since the installation, or have another size.
    """
    name, uv_cache = layout.name, workspace.uv_cache
    faults = check_contents(layout.venv) if deep else check_touched(layout.venv)
    if not faults and not deep:
        return
    if not faults:
        yield Finding("files", OK, "every installed file is as it was installed", name)
        return
    message = f"{len(faults)} installed file{' was' if len(faults) == 1 else 's were'} changed or lost"
    yield Finding(
        "files-changed", PROBLEM, message, name, f"`comfydock repair -e {name}`", tuple(str(fault) for fault in faults)
    )
    sharing = _sharing(layout, workspace, faults)
    if sharing:
        message = f"changed files of it are links, and the same ones in {' and '.join(sharing)}"
        fix = "repair each of them: "
        fix += ", ".join(f"`comfydock repair -e {other}`" for other in [name, *sharing])
        yield Finding("files-shared", PROBLEM, message, name, fix)
    poisoned = _poisoned(layout.venv, uv_cache, faults)
    if poisoned:
        message = f"uv's cache shares changed files with it, and would install them again: {', '.join(poisoned)}"
        fix = f"`comfydock repair -e {name}` fetches them again"
        yield Finding("uv-cache-poisoned", PROBLEM, message, name, fix, tuple(poisoned.values()))


def _sharing(layout: EnvironmentLayout, workspace: WorkspaceLayout, faults: Sequence[VenvFault]) -> list[str]:
    """The other environments that have one of the changed files as the very same file."""
    own = site_packages(layout.venv) or layout.venv
    paths = [fault.path for fault in faults if fault.kind in ("file-content", "file-size")]
    found = []
    for name in native.list_names(workspace.environments) if native.is_directory(workspace.environments) else []:
        place = site_packages(workspace.environment(name).venv)
        if name != layout.name and place is not None and any(_same_file(own, place, path) for path in paths):
            found.append(name)
    return found


def _same_file(first: str, second: str, path: str) -> bool:
    try:
        return os.path.samestat(os.stat(f"{first}/{path}"), os.stat(f"{second}/{path}"))
    except OSError:
        return False


def _poisoned(venv: str, uv_cache: str, faults: Sequence[VenvFault]) -> dict[str, str]:
    """Projects of whose changed files the cache has the very same ones, and where."""
    directory = site_packages(venv)
    changed = [fault for fault in faults if fault.kind in ("file-content", "file-size") and fault.distribution]
    found: dict[str, str] = {}
    for fault in changed:
        project = (fault.distribution or "").partition("-")[0]
        path = os.path.join(directory or venv, fault.path)
        if project not in found and (entry := _cache_entry(uv_cache, path, fault.path)) is not None:
            found[project] = entry
    return found


def _cache_entry(uv_cache: str, path: str, relative: str) -> str | None:
    known = os.stat(path)
    if known.st_nlink == 1:
        return None
    for version in native.list_names(uv_cache) if native.is_directory(uv_cache) else []:
        if not version.startswith("archive-"):
            continue
        for entry in native.list_names(f"{uv_cache}/{version}"):
            candidate = f"{uv_cache}/{version}/{entry}/{relative}"
            try:
                if os.path.samestat(os.stat(candidate), known):
                    return f"{uv_cache}/{version}/{entry}"
            except OSError:
                continue
    return None
