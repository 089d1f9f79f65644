"""Opening what somebody else made: a bundle, a manifest, a directory or a repository.

Nothing of it runs, and nothing is written outside of the scratch directory.
"""

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from comfydock_core.caching.repository_mirrors import clone_listener
from comfydock_core.core.usecases.sharing.carried_wheels import unused_wheels
from comfydock_core.core.usecases.sharing.foreign_templates import template_of_foreign
from comfydock_core.integrations.git import carrying, history, queries, remotes
from comfydock_core.integrations.git.trees import EXECUTABLE, LINK, SUBMODULE, read_tree
from comfydock_core.managers.export_import_manager import unused_members
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.environments.template import Template, TemplateHistory
from comfydock_core.models.exceptions import (
    GitFailed,
    HistoryDamaged,
    InvalidSetting,
    OfflineRefused,
    TemplateDamaged,
    TemplateNotFound,
)
from comfydock_core.models.foreign import ForeignDefinition
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.sharing import HISTORY, HistoryTip
from comfydock_core.records import record
from comfydock_core.repositories.bundles.reading import MOST_BYTES, BundleFile, damaged, read_bundle
from comfydock_core.repositories.definition.template_reader import (
    is_of_definition,
    read_template,
    template_of_bundle,
    template_of_files,
)
from comfydock_core.repositories.foreign_definitions.reading import is_foreign, read_foreign
from comfydock_core.utils.file_names import stands_for_git
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.git_urls import local_path
from comfydock_core.utils.text import did_you_mean, nearest, size_text, some

STANDARD_INPUT = "-"
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*://|[^/\s:@]+@[^/\s:]+:", re.IGNORECASE)
_GZIP = b"\x1f\x8b"
_MANIFEST = "pyproject.toml"
_DEFINITION = ".cec"
_SHOWN = 5
_MOST_FILES = 100_000


@record
class OpenedSource:
    """A definition that was read, with the bundle that it came in, if it did, or as another tool wrote it down."""

    template: Template
    bundle: BundleFile | None = None
    foreign: ForeignDefinition | None = None


def _standard_input() -> IO[bytes]:
    if sys.stdin is None:
        raise TemplateNotFound(
            "standard input is closed", hint="send a bundle to it, or name a file", context={"path": STANDARD_INPUT}
        )
    return sys.stdin.buffer


def _near_names(path: str) -> list[str]:
    """What is called alike in the same directory."""
    directory, name = os.path.split(path)
    try:
        return nearest(name, os.listdir(directory), limit=3)
    except OSError:
        return []


def open_source(
    source: str, ref: str | None, scratch: str | None, reporter: Reporter, *, offline: bool = False
) -> OpenedSource:
    """Read a source of any kind. Without `scratch` large members of a bundle are only compared with their digests.

    Raises `TemplateNotFound`, `TemplateDamaged`, `InvalidSetting`, `FileSystemError`, and for repositories
    `RefNotFound`, `RefAmbiguous`, `RefInvalid`, `RemoteError`, `GitFailed`, `HistoryDamaged`.
    """
    if source == STANDARD_INPUT:
        _refuse_ref(ref, "a bundle")
        return _of_bundle(_standard_input(), "standard input", scratch)
    if _ELSEWHERE.match(source):
        address, directory = _split(source)
        return OpenedSource(_of_repository(address, directory, ref, _needed(scratch), reporter, offline=offline))
    path = os.path.abspath(os.path.expanduser(source))
    directory = ""
    if not os.path.lexists(path) and "#" in source:
        path, directory = _split(path)
    if os.path.isdir(path):
        return OpenedSource(_of_directory(path, directory, ref, _needed(scratch), reporter))
    _refuse_ref(ref, "a file")
    return _of_file(path, scratch)


def open_bundle(source: str, reporter: Reporter) -> BundleFile:
    """Read a bundle, and nothing else. Raises `TemplateNotFound`, `TemplateDamaged`."""
    opened = open_source(source, None, None, reporter)
    if opened.bundle is None:
        raise TemplateNotFound(
            f"`{source}` is no bundle", hint="name a bundle (`.tar.gz`), or `-`", context={"path": source}
        )
    return opened.bundle


def _needed(scratch: str | None) -> str:
    if scratch is None:
        raise TemplateNotFound("a bundle is a file", hint="name a bundle (`.tar.gz`), or `-`", context={})
    return scratch


def _refuse_ref(ref: str | None, what: str) -> None:
    if ref is not None:
        raise InvalidSetting(
            f"`--ref` is for repositories, and {what} has no branches",
            hint="leave `--ref` out",
            context={"ref": ref},
        )


def _split(source: str) -> tuple[str, str]:
    """The repository and the directory in it, which follows the last `#`."""
    address, separator, directory = source.rpartition("#")
    if not separator:
        return source, ""
    directory = directory.strip("/")
    if any(part in ("", ".", "..") for part in directory.split("/")) and directory:
        raise InvalidSetting(
            f"`{directory}` is no directory of a repository",
            hint="name it by its path from the top, like `https://example.com/repository#environments/work`",
            context={"directory": directory},
        )
    return address, directory


# Files


def _of_file(path: str, scratch: str | None) -> OpenedSource:
    try:
        with open(path, "rb") as file:
            start = file.read(2)
            file.seek(0)
            if start == _GZIP:
                return _of_bundle(file, path, scratch)
        if is_foreign(path, start):
            foreign = read_foreign(path, scratch)
            return OpenedSource(template_of_foreign(foreign), foreign=foreign)
    except (FileNotFoundError, NotADirectoryError) as error:
        near = _near_names(path)
        raise TemplateNotFound(
            f"there is no `{path}`: {error.strerror}",
            hint=did_you_mean(near)
            if near
            else "name a bundle (`.tar.gz`), a `pyproject.toml`, a directory or a git repository",
            context={"path": path, "near": near},
        ) from error
    except OSError as error:
        raise TemplateDamaged(
            f"cannot read `{path}`: {error.strerror or error}", hint="check its permissions", context={"path": path}
        ) from error
    return OpenedSource(read_template(path))


def _of_bundle(file: IO[bytes], path: str, scratch: str | None) -> OpenedSource:
    bundle = read_bundle(file, path, scratch)
    template = template_of_bundle(bundle)
    place = template.carried.get(HISTORY)
    tip = bundle.manifest.history if bundle.manifest is not None else None
    if place is not None and scratch is not None and tip is not None:
        template = _with_history(template, bundle, tip, place, f"{scratch}/history")
    if scratch is not None:
        unused = (*unused_members(template), *unused_wheels(bundle, template))
        used = {name: place for name, place in template.carried.items() if name not in unused}
        template = replace(template, carried=used, passed_over=(*template.passed_over, *unused))
    return OpenedSource(template, bundle)


def _with_history(template: Template, bundle: BundleFile, tip: HistoryTip, place: str, directory: str) -> Template:
    """The history that a bundle carries, if it ends with exactly the files of the bundle."""
    branch = tip.branch
    try:
        os.mkdir(directory)
        if branch is not None and not queries.is_reference_name(directory, f"refs/heads/{branch}"):
            raise damaged(bundle.path, f"its branch `{branch}` has a name that no branch has")
        os.rmdir(directory)
        carrying.unpack_history(place, directory, branch=branch, commit=tip.commit)
        files, _, _ = _files_of(directory, tip.commit, "", bundle.path)
    except (GitFailed, HistoryDamaged) as error:
        raise damaged(bundle.path, f"its history cannot be read: {error.message}") from error
    ours = {name: content for name, content in files.items() if is_of_definition(name)}
    theirs = {name: content for name, content in bundle.files.items() if is_of_definition(name)}
    other = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    if other:
        raise damaged(bundle.path, f"its history and its files disagree about {some(other, _SHOWN)}")
    kept = {name: content for name, content in files.items() if name not in ours}
    return replace(template, kept=kept, history=TemplateHistory(directory, tip.commit, branch, None))


# Directories and repositories


def _of_directory(path: str, directory: str, ref: str | None, scratch: str, reporter: Reporter) -> Template:
    """An environment, its definition, or a repository; one that is a repository itself is read as its last commit."""
    place = f"{path}/{_DEFINITION}" if not directory and os.path.isdir(f"{path}/{_DEFINITION}") else path
    if queries.is_repository(place):
        if os.path.lexists(f"{place}/.git") and queries.has_changes(place):
            reporter.warn(f"what is not committed in `{place}` is not imported")
        return _of_repository(place, directory, ref, scratch, reporter, offline=False)
    _refuse_ref(ref, f"`{path}`")
    place = f"{place}/{directory}" if directory else place
    return template_of_files(place, read_directory(place))


def read_directory(place: str) -> dict[str, bytes]:
    """The files of the definition in a directory. Raises `TemplateDamaged`, `FileSystemError`."""
    files: dict[str, bytes] = {}
    size = 0
    with disk_errors("read the definition", place):
        for name, path in _below(place):
            size += os.path.getsize(path)
            if size > MOST_BYTES or len(files) >= _MOST_FILES:
                raise _too_much(place)
            with open(path, "rb") as file:
                files[name] = file.read(MOST_BYTES)
    return files


def _below(place: str) -> Iterator[tuple[str, str]]:
    """The files of a definition in a directory; no link is followed."""
    for top, directories, names in os.walk(place):
        directories[:] = [name for name in directories if not stands_for_git(name)]
        for name in names:
            path = f"{top}/{name}"
            shown = os.path.relpath(path, place)
            if is_of_definition(shown) and os.path.isfile(path) and not os.path.islink(path):
                yield shown, path


def _of_repository(
    repository: str, directory: str, ref: str | None, scratch: str, reporter: Reporter, *, offline: bool
) -> Template:
    """A commit of a repository, with all of its history unless only a directory of it is meant."""
    shown = without_credentials(repository)
    if offline and local_path(repository) is None:
        raise OfflineRefused(
            f"`{shown}` is not on this machine, and the network is off",
            hint="run the command without `--offline`",
            context={"repository": shown},
        )
    clone = f"{scratch}/clone"
    reporter.phase(f"Cloning {shown}")
    remotes.clone(repository, clone, on_line=clone_listener(reporter), what="the environment")
    commit, branch = carrying.find_reference(clone, repository, ref)
    files, executables, others = _files_of(clone, commit, directory, shown)
    where = f"{shown}#{directory}" if directory else shown
    template = replace(template_of_files(where, files, executables=executables), passed_over=others)
    if directory:
        return replace(template, kept={})
    carrying.put_head(clone, commit, branch, follows=True)
    return replace(template, history=TemplateHistory(clone, commit, branch, shown))


def _files_of(
    worktree: str, commit: str, directory: str, shown: str
) -> tuple[dict[str, bytes], frozenset[str], tuple[str, ...]]:
    """The files of a commit below a directory, those that are programs, and what is no file.

    Raises `TemplateDamaged`, `HistoryDamaged`, `GitFailed`.
    """
    prefix = f"{directory}/" if directory else ""
    tree = read_tree(worktree, commit)
    inside = {path.removeprefix(prefix): file for path, file in tree.items() if path.startswith(prefix)}
    if not inside and directory:
        tops = sorted({path.partition("/")[0] for path in tree if "/" in path})
        raise TemplateDamaged(
            f"`{shown}` has no directory `{directory}`",
            hint=f"at its top it has {some([f'`{top}`' for top in tops]) or 'no directories'}",
            context={"repository": shown, "directory": directory, "directories": tops},
        )
    odd = sorted(path for path, file in inside.items() if file.mode in (LINK, SUBMODULE))
    links = [path for path in odd if is_of_definition(path)]
    if links:
        raise TemplateDamaged(
            f"cannot use `{shown}`: its `{links[0]}` is a link, or another repository",
            hint="a definition has files of its own; ask its author for one that has",
            context={"repository": shown, "paths": links},
        )
    sizes = history.list_tree(worktree, commit)
    wanted = {path: file for path, file in inside.items() if path not in odd}
    if sum(sizes[f"{prefix}{path}"][1] for path in wanted) > MOST_BYTES or len(wanted) > _MOST_FILES:
        raise _too_much(shown)
    contents = dict(history.read_objects(worktree, [file.object for file in wanted.values()]))
    files = {path: contents[file.object] for path, file in wanted.items()}
    return files, frozenset(path for path, file in wanted.items() if file.mode == EXECUTABLE), tuple(odd)


def _too_much(shown: str) -> TemplateDamaged:
    return TemplateDamaged(
        f"cannot use `{shown}`: it holds more than {size_text(MOST_BYTES)}, more than a definition can",
        hint="name the directory that has the definition, like `REPOSITORY#directory`",
        context={"path": shown},
    )
