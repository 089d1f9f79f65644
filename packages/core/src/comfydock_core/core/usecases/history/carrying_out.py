"""Putting a commit in place: the copies of the workflows, git's index and the branch, all or none."""

import os
import shutil
import stat

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.history.committing import COPIES, INDEX
from comfydock_core.integrations.git.committing import look_again
from comfydock_core.integrations.git.index_lock import wait_for_index
from comfydock_core.models.committing import CommitOutcome, CommitPlan
from comfydock_core.models.exceptions import ChangedMeanwhile
from comfydock_core.models.operation import Initiator
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.live_workflows import hidden_below
from comfydock_core.services.transaction import operation
from comfydock_core.services.transaction.execution import Operation
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files.git_index import object_name


def carry_out_commit(
    layout: EnvironmentLayout, plan: CommitPlan, initiator: Initiator, reporter: Reporter
) -> CommitOutcome:
    """Carry a plan out that has something to do.

    Raises `ScopeBusy`, `RepositoryBusy`, `ChangedMeanwhile`, `AcrossFileSystems`, `FileSystemError`.
    """
    if plan.commit is None:
        raise RuntimeError("there is nothing to commit")
    with operation(plan.change, initiator, reporter) as under_way:
        index = f"{under_way.work}/index"
        with open(index, "xb") as file:
            file.write(plan.index)
        if plan.workflows is not None:
            _stage_workflows(layout, plan.workflows, index, under_way)
        os.rename(index, under_way.place(INDEX))
        wait_for_index(f"{layout.root}/{INDEX}")
        under_way.commit()
    return CommitOutcome(under_way.id, plan.commit)


def _stage_workflows(layout: EnvironmentLayout, names: dict[str, str], index: str, under_way: Operation) -> None:
    """Copy the live workflows to where the operation takes them from, with their times, and let the index know them."""
    tree = f"{under_way.work}/tree"
    copies = f"{tree}/workflows"
    os.makedirs(copies)
    for path, name in names.items():
        target = f"{copies}/{path}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        _copy(f"{layout.workflows}/{path}", target, name)
    _keep_hidden(f"{layout.root}/{COPIES}", copies)
    fault("workflows staged")
    look_again(layout.definition, tree, index)
    os.rename(copies, under_way.place(COPIES))


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
