"""The copies of the live workflows that a commit holds, in `.cec/workflows`, and putting them there.

Few that differ are put in place one by one, many as a whole folder.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterator

from comfydock_core.configs.environment_layout import WORKFLOWS, EnvironmentLayout
from comfydock_core.integrations.git.committing import PLAIN, CommitBuilder, look_again
from comfydock_core.models.committing import WorkflowCopies
from comfydock_core.models.exceptions import ChangedMeanwhile
from comfydock_core.models.operation import Swap
from comfydock_core.repositories.live_workflows import LiveWorkflows, hidden_below
from comfydock_core.services.transaction.execution import Operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files.git_index import object_name

COPIES = ".cec/workflows"
_FEW = 50


def take_workflows(
    builder: CommitBuilder,
    layout: EnvironmentLayout,
    live: LiveWorkflows,
    look_at: Callable[[str, bytes], None] = lambda path, content: None,
) -> WorkflowCopies:
    """Let the commit hold the live workflows, byte for byte, in place of those that the definition has.

    `look_at` gets each that the definition does not have like that: its path and its content. Raises `GitFailed`,
    `FileSystemError`, `OSError`.
    """
    listed = {entry.path.decode("utf-8", "surrogateescape"): entry[1:4] for entry in builder.entries()
              if entry.path.startswith(WORKFLOWS.encode())}  # fmt: skip
    names: dict[str, str] = {}
    other: dict[str, str] = {}
    size = 0

    def new_contents() -> Iterator[bytes]:
        nonlocal size
        for path in live.files:
            with open(f"{layout.workflows}/{path}", "rb") as file:
                content = file.read()
            name = names[path] = builder.object_of(content)
            if listed.get(WORKFLOWS + path) != (PLAIN, name, 0):
                other[path] = name
                size += len(content)
                look_at(path, content)
                yield content

    builder.write(new_contents())
    gone = [path for path in listed if path.removeprefix(WORKFLOWS) not in names and not _is_hidden(path)]
    builder.put({WORKFLOWS + path: name for path, name in other.items()}, gone)
    gone = [path.removeprefix(WORKFLOWS) for path in gone]
    whole = bool(other or gone) and not _can_be_put_singly(layout, other, gone)
    return WorkflowCopies(names if whole else other, tuple(gone), whole, size)


def steps_of(layout: EnvironmentLayout, copies: WorkflowCopies) -> Iterator[Swap]:
    """The names that the operation swaps for them."""
    if copies.whole:
        yield swap(layout.root, COPIES, has_new=True, detail="the live workflows")
        return
    for path in copies.files:
        yield swap(layout.root, f"{COPIES}/{path}", has_new=True)
    for path in copies.gone:
        yield swap(layout.root, f"{COPIES}/{path}", has_new=False)


def stage_workflows(layout: EnvironmentLayout, copies: WorkflowCopies, index: str, under_way: Operation) -> None:
    """Copy live workflows to where the operation takes them from, with their times, and let the index know them.

    Raises `ChangedMeanwhile`, `GitFailed`, `OSError`.
    """
    if not copies.files and not copies.whole:
        return
    tree = f"{under_way.work}/tree"
    made = f"{tree}/workflows"
    os.makedirs(made)
    folders = {os.path.dirname(path) for path in copies.files}
    for folder in folders:
        os.makedirs(f"{made}/{folder}", exist_ok=True)
    for path, name in copies.files.items():
        _copy(f"{layout.workflows}/{path}", f"{made}/{path}", name)
    if copies.whole:
        _keep_hidden(f"{layout.root}/{COPIES}", made)
    fault("workflows staged")
    look_again(layout.definition, tree, index)
    if copies.whole:
        os.rename(made, under_way.place(COPIES))
        return
    for path in copies.files:
        os.rename(f"{made}/{path}", under_way.place(f"{COPIES}/{path}"))


def _can_be_put_singly(layout: EnvironmentLayout, other: dict[str, str], gone: list[str]) -> bool:
    """Whether few files differ, in folders that are there already."""
    if len(other) + len(gone) > _FEW or any(f"{path}/".startswith(f"{old}/") for path in other for old in gone):
        return False
    place = f"{layout.root}/{COPIES}"
    fit = all(_is_free_or_file(f"{place}/{path}") and _is_real_folder(place, path) for path in other)
    return fit and all(os.path.lexists(f"{place}/{path}") and _is_real_folder(place, path) for path in gone)


def _is_real_folder(place: str, path: str) -> bool:
    """Whether a path below `place` lies in folders that no link leads to."""
    while True:
        path = os.path.dirname(path)
        folder = f"{place}/{path}" if path else place
        if os.path.islink(folder) or not os.path.isdir(folder):
            return False
        if not path:
            return True


def _is_free_or_file(path: str) -> bool:
    return not os.path.lexists(path) or (os.path.isfile(path) and not os.path.islink(path))


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _copy(source: str, target: str, name: str) -> None:
    """Raises `ChangedMeanwhile` when the content is another than what was committed."""
    try:
        with open(source, "rb", opener=_no_link) as file:
            found, content = os.fstat(file.fileno()), file.read()
    except FileNotFoundError as error:
        raise _changed(source) from error
    if object_name(content, len(name)) != name:
        raise _changed(source)
    with open(target, "xb") as file:
        file.write(content)
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))


def _keep_hidden(before: str, copies: str) -> None:
    """Hidden files are nobody's workflows: what somebody put into the definition stays there."""
    for path in hidden_below(before):
        target = f"{copies}/{path}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if stat.S_ISDIR(os.lstat(f"{before}/{path}").st_mode):
            shutil.copytree(f"{before}/{path}", target, symlinks=True)
        else:
            shutil.copy2(f"{before}/{path}", target, follow_symlinks=False)


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))


def _changed(path: str) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"`{path}` was changed while it was being committed; nothing was done",
        hint="run the command again: it commits what is there now",
        context={"path": path},
    )
