"""A workspace: its settings, directories, space, caches, and operations that were stopped."""

import os
import shlex
import shutil
from collections.abc import Iterator

from comfydock_core.analyzers.doctor.moved_workspace import old_place
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.integrations.git import mirrors
from comfydock_core.models.doctor import NOTE, OK, PROBLEM, Finding, Mending
from comfydock_core.models.exceptions import ComfyDockError, WorkspaceDamaged
from comfydock_core.models.workspace_config import WorkspaceConfig
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.model_index.model_index import open_model_index
from comfydock_core.repositories.model_scopes import model_scopes
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.repositories.working_places import left_places
from comfydock_core.repositories.workspace_config_reader import read_config
from comfydock_core.utils.files import file_locks, locks
from comfydock_core.utils.files.filesystem import measure_tree
from comfydock_core.utils.text import counted, size_text

_LITTLE = 10 * 10**9
_TOO_LITTLE = 10**9


def check_workspace(layout: WorkspaceLayout) -> Iterator[Finding]:
    """Everything that belongs to no environment. Reading caches costs most: their files are counted."""
    try:
        config = read_config(layout.config_file)
    except WorkspaceDamaged as error:
        yield Finding("workspace-damaged", PROBLEM, error.message, fix=error.hint or "")
    else:
        yield Finding("workspace", OK, f"workspace `{layout.root}`")
        yield from _check_active(layout, config)
        old = old_place(layout)
        yield _check_models(config, layout) if old is None else _moved(layout, old)
    yield from _check_directories(layout)
    yield from _check_owner(layout)
    yield _check_space(layout.root)
    yield from check_operations(layout.environments, "")
    yield from _check_changes_of_models(layout)
    yield from _check_model_index(layout.model_index)
    yield from _check_mirrors(layout)
    yield from _check_cache_locks(layout)
    yield from _check_left_places(layout)
    yield from _check_cache(layout.uv_cache, "uv-cache", "uv's cache")


def check_operations(scope: str, subject: str, where: str = "") -> Iterator[Finding]:
    """Changes that were stopped in the middle, and what they left; `where` is added to what is said of them."""
    try:
        known = operation_log.operation_ids(scope)
        record = Journal(scope, known[-1]).read() if known else None
        busy = not file_locks.is_free(f"{operation_log.operations_directory(scope)}/lock")
    except (ComfyDockError, OSError) as error:
        yield Finding("operation-damaged", PROBLEM, str(error), subject, "`comfydock operation list` shows the rest")
        return
    if busy:
        yield Finding("operation-running", NOTE, f"another command is changing it right now{where}", subject)
        return
    if record is not None and not record.finished_by_itself:
        yield Finding(
            "operation-unfinished",
            PROBLEM,
            f"operation {record.number} (`{' '.join(record.words)}`) was interrupted{where}",
            subject,
            "`comfydock operation resume` finishes it, `comfydock operation undo` takes it back",
        )
    trash = f"{operation_log.operations_directory(scope)}/.trash"
    left = os.listdir(trash) if os.path.isdir(trash) else []
    if left:
        message = f"{counted(len(left), 'removed thing')} could not be deleted yet{where}"
        yield Finding("operation-trash", NOTE, message, subject, "the next change does it")


def _check_changes_of_models(layout: WorkspaceLayout) -> Iterator[Finding]:
    """They are kept beside the models, of which each disk has its own."""
    try:
        scopes = model_scopes(layout)
    except OSError as error:
        message = f"what was changed among the models cannot be read: {error}"
        yield Finding("operation-damaged", PROBLEM, message, fix="check who owns it and its permissions")
        return
    for scope in scopes:
        yield from check_operations(scope, "", f" in `{scope}`")


def _check_model_index(path: str) -> Iterator[Finding]:
    """Every page of it is read: what finds models by name hardly looks at most of them."""
    if not os.path.lexists(path):  # Nobody asked for models yet.
        return
    try:
        with open_model_index(path, to_write=False) as index:
            index.check()
    except ComfyDockError as error:
        yield Finding("model-index-unusable", PROBLEM, error.message, fix=error.hint or "")
    else:
        yield Finding("model-index", OK, f"index of models `{path}`")


def _check_active(layout: WorkspaceLayout, config: WorkspaceConfig) -> Iterator[Finding]:
    name = config.active_environment
    if name is not None and not os.path.isdir(layout.environment(name).definition):
        yield Finding(
            "active-missing",
            PROBLEM,
            f"the active environment `{name}` does not exist",
            fix="choose another one with `comfydock use NAME`",
            mending=Mending("forget-active", layout.config_file),
        )


def _check_models(config: WorkspaceConfig, layout: WorkspaceLayout) -> Finding:
    path = config.models_directory
    if path is None:
        fix = f"name it as `global_model_directory` in `{layout.config_file}`"
        return Finding("models-not-configured", PROBLEM, "no models directory is configured", fix=fix)
    if os.path.isdir(path):
        return Finding("models", OK, f"models directory `{path}`")
    is_own = os.path.abspath(path) == os.path.abspath(layout.models) and not os.path.lexists(path)
    return Finding(
        "models-missing",
        PROBLEM,
        f"the models directory `{path}` does not exist",
        fix=f"make it or mount it, or correct `global_model_directory` in `{layout.config_file}`",
        mending=Mending("make-directory", path) if is_own else None,
    )


def _moved(layout: WorkspaceLayout, old: str) -> Finding:
    return Finding(
        "workspace-moved",
        PROBLEM,
        f"the workspace was moved from `{old}`, and its links still lead there",
        fix="`comfydock doctor --fix` links what it has to the new place",
        mending=Mending("relink-workspace", layout.root),
    )


def _check_directories(layout: WorkspaceLayout) -> Iterator[Finding]:
    refused = [path for path in (layout.root, layout.metadata) if not _is_usable(path)]
    for path in (layout.environments, layout.cache, layout.logs):
        if os.path.isdir(path):
            refused += [] if _is_usable(path) else [path]
        elif os.path.lexists(path):
            yield Finding("directory-blocked", PROBLEM, f"`{path}` is not a directory", fix="move it elsewhere")
        elif path != layout.cache:  # Everything that uses the cache makes it anew.
            missing = Mending("make-directory", path)
            yield Finding("directory-missing", PROBLEM, f"there is no `{path}`", fix="make it", mending=missing)
    for path in refused:
        fix = "check who owns it and its permissions, and whether it is mounted read-only"
        yield Finding("directory-not-writable", PROBLEM, f"`{path}` cannot be written to", fix=fix)


def _check_owner(layout: WorkspaceLayout) -> Iterator[Finding]:
    """git works in nobody else's repositories, and fails with every command about an environment."""
    if not hasattr(os, "geteuid"):
        return
    me = os.geteuid()
    names = sorted(os.listdir(layout.environments)) if os.path.isdir(layout.environments) else []
    places = [f"{layout.environment(name).definition}/.git" for name in names]
    others = [path for path in (layout.root, *places) if os.path.isdir(path) and os.stat(path).st_uid != me]
    if others:
        yours = f"`chown -R {me} {shlex.quote(layout.root)}` makes it yours"
        fix = f"{yours}; `git config --global --add safe.directory '*'` lets git trust everybody's"
        message = f"its owner is another user than you, and git refuses to work in it: `{others[0]}`"
        yield Finding("owner", PROBLEM, message, fix=fix)


def _is_usable(path: str) -> bool:
    return os.access(path, os.R_OK | os.W_OK | os.X_OK)


def _check_space(path: str) -> Finding:
    free = shutil.disk_usage(path).free
    told = f"{free / 10**9:.1f} GB of disk space are free"
    if free >= _LITTLE:
        return Finding("disk", OK, told)
    severity = PROBLEM if free < _TOO_LITTLE else NOTE
    fix = "`comfydock operation prune` frees what is kept for undoing, `comfydock cache prune` what nothing needs"
    return Finding("disk-full" if severity == PROBLEM else "disk-short", severity, told, fix=fix)


def _check_mirrors(layout: WorkspaceLayout) -> Iterator[Finding]:
    directory = layout.git_mirrors
    names = os.listdir(directory) if os.path.isdir(directory) else []
    for name in sorted(name for name in names if name.endswith(".git")):
        path = f"{directory}/{name}"
        if not (mirrors.is_mirror(path) and mirrors.is_sound(path, None)):
            message = f"the mirror `{name}` is damaged"
            fix = "nothing is lost: it is fetched again when it is needed"
            yield Finding("mirror-damaged", NOTE, message, fix=fix, mending=Mending("remove-mirror", path))
    yield from _check_cache(directory, "mirrors", "mirrors of repositories")


def _check_cache_locks(layout: WorkspaceLayout) -> Iterator[Finding]:
    """Who fetches something just now: others that need the same wait for that process, which may be stuck."""
    for directory in (layout.git_mirrors, layout.packs):
        names = os.listdir(directory) if os.path.isdir(directory) else []
        for path in sorted(f"{directory}/{name}" for name in names if name.endswith(".lock")):
            if _is_held(path):
                by = locks.holder(path) or "another process"
                message = f"`{os.path.relpath(path, layout.root)}` is held by {by}"
                yield Finding("cache-in-use", NOTE, message, fix="wait for that process, or end it if it is stuck")


def _check_left_places(layout: WorkspaceLayout) -> Iterator[Finding]:
    kinds = (("bisection-left", layout.bisections, "a bisection", "the next bisection"),
             ("scratch-left", layout.scratch, "an export or import", "the next one"),
             ("scratch-left", layout.uv_python_scratch, "an import of a mirror", "the next one"))  # fmt: skip
    for code, directory, what, remover in kinds:
        for place in left_places(directory):
            message = f"`{os.path.relpath(place, layout.root)}` was left by {what} that was killed"
            yield Finding(code, NOTE, message, fix=f"{remover} removes it", mending=Mending("remove-left-place", place))


def _is_held(path: str) -> bool:
    try:
        return not file_locks.is_free(path)
    except OSError:
        return False


def _check_cache(path: str, code: str, what: str) -> Iterator[Finding]:
    if os.path.isdir(path):
        size, files = measure_tree(path)
        yield Finding(code, OK, f"{what}: {size_text(size)} in {counted(files, 'file')}")
