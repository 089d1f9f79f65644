"""A definition composed of several commits: locked aside, and committed where nothing leads to it yet."""

import os
import tempfile
from collections.abc import Iterator, Mapping

from comfydock_core.configs.environment_layout import BACKENDS, EnvironmentLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.definition.backends import used_backend
from comfydock_core.core.usecases.definition.redefining import make_locks, put_file
from comfydock_core.core.usecases.definition.staging import stage_definition
from comfydock_core.core.usecases.moving.definition_files import LOCK, MANIFEST, PYTHON, is_of_python
from comfydock_core.integrations.git.committing import CommitBuilder, commit_tree
from comfydock_core.integrations.git.trees import PLAIN, tree_with, write_files
from comfydock_core.models.file_moves import TreeFile
from comfydock_core.models.protocols import Reporter
from comfydock_core.utils import native
from comfydock_core.utils.files.filesystem import remove_tree

# By path: a file that some commit has, new bytes, or `None` for one that there is not to be.
Composed = Mapping[str, TreeFile | bytes | None]


def locked_aside(
    layout: EnvironmentLayout, services: WorkspaceServices, files: Composed, reporter: Reporter
) -> dict[str, bytes | None]:
    """Manifest and locks as uv completes them, by path; the environment stays as it is, whatever it has now.

    Of `files`, those count that packages are locked in; the versions of a lock among them are kept where they fit.
    Raises `RequirementsConflict`, `HistoryDamaged`, `GitFailed`, `OSError`, and what else locking raises.
    """
    backend = used_backend(layout)
    of_python = {path: file for path, file in files.items() if is_of_python(path) and file is not None}
    with tempfile.TemporaryDirectory(prefix="comfydock-trial-") as scratch:
        trial = stage_definition(layout, scratch)
        _clear(trial.definition)
        committed = {
            f"{trial.definition}/{path}": file for path, file in of_python.items() if isinstance(file, TreeFile)
        }
        write_files(layout.definition, committed)
        for path, file in of_python.items():
            if isinstance(file, bytes):
                put_file(f"{trial.definition}/{path}", file)
        for warning in make_locks(services.environment(trial), backend, reporter):
            reporter.warn(warning)
        made = {*of_python, MANIFEST, LOCK, *_locks_of_backends(trial.definition)} - {PYTHON}
        return {path: native.read_bytes(f"{trial.definition}/{path}") for path in made}


def commit_composed(
    layout: EnvironmentLayout, services: WorkspaceServices, base: str, files: Composed, parents: list[str], message: str
) -> str:
    """Make a commit of what the commit `base` has, with other files; its name. Raises `GitFailed`, `OSError`."""
    with tempfile.TemporaryDirectory(prefix="comfydock-commit-") as scratch:
        tree, _ = tree_of_composed(layout.definition, base, files, scratch, rehearsal=False)
    identity = services.environment(layout).git.identity_variables
    return commit_tree(layout.definition, tree, parents, message, identity)


def tree_of_composed(
    repository: str, base: str, files: Composed, scratch: str, *, rehearsal: bool
) -> tuple[str, str | None]:
    """Make the tree of what the commit `base` has, with other files; `scratch` is an empty directory.

    In a rehearsal the repository gets nothing: the second answer is the directory in `scratch` with the new objects.
    Raises `GitFailed`, `OSError`.
    """
    builder = CommitBuilder(repository, scratch, head=base, rehearsal=rehearsal)
    builder.write([file for file in files.values() if isinstance(file, bytes)])
    named = {path: TreeFile(PLAIN, builder.object_of(file)) if isinstance(file, bytes) else file
             for path, file in files.items()}  # fmt: skip
    objects = f"{scratch}/objects" if rehearsal else None
    return tree_with(repository, base, named, scratch, objects=objects), objects


def _clear(definition: str) -> None:
    """Leave nothing that packages are locked in."""
    for name in (MANIFEST, LOCK, PYTHON):
        if os.path.lexists(f"{definition}/{name}"):
            os.unlink(f"{definition}/{name}")
    if os.path.isdir(f"{definition}/{BACKENDS}"):
        remove_tree(f"{definition}/{BACKENDS}")


def _locks_of_backends(definition: str) -> Iterator[str]:
    for directory, _, names in os.walk(f"{definition}/{BACKENDS}"):
        yield from (os.path.relpath(f"{directory}/{name}", definition) for name in names)
