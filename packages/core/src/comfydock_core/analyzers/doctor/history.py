"""The history of an environment's definition: what keeps it from being committed, and the locks of its workflows."""

import os
import shlex
import time
from collections.abc import Iterator

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.integrations.git import queries
from comfydock_core.integrations.git.examining import broken_references, damage_of
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.index_lock import OURS
from comfydock_core.integrations.git.remote_settings import TRACKING, list_remotes, refs_below, upstream_of
from comfydock_core.integrations.git.unfinished import unfinished
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.doctor import NOTE, PROBLEM, Finding, Mending
from comfydock_core.models.exceptions import WorkflowLockDamaged
from comfydock_core.repositories.history import conversion_note
from comfydock_core.repositories.start_reports import unreadable_reports
from comfydock_core.repositories.workflow_files import WorkflowFiles
from comfydock_core.repositories.workflow_locks import DIRECTORY, WorkflowLocks
from comfydock_core.utils.text import counted

_LONG_AGO = 60.0  # Seconds; what git does in a definition takes hundredths.


def check_history(layout: EnvironmentLayout) -> Iterator[Finding]:
    """Whether the definition can be committed, as far as that is seen without git. Raises `OSError`."""
    name, definition = layout.name, layout.definition
    under_way = unfinished(definition)
    if under_way is not None:
        message = f"{under_way[0]} is not finished in its definition, which cannot be committed"
        fix = f"finish or abort it with `git -C {shlex.quote(definition)}`"
        yield Finding("history-unfinished", PROBLEM, message, name, fix, (under_way[1],))
    lock = f"{definition}/.git/index.lock"
    if _is_left(lock):
        message = "git's lock of its definition was left, and keeps it from being committed"
        yield Finding(
            "history-locked", PROBLEM, message, name, "when no git is running there, remove that file", (lock,)
        )
    note = f"{definition}/{conversion_note.NOTE}"
    if not conversion_note.is_readable_note(note):
        message = f"what was converted from ComfyDock 1.x cannot be told from changes of yours: `{note}` is damaged"
        fix = f"remove it; `comfydock diff -e {name}` shows what differs, and `comfydock commit -e {name}` keeps it"
        yield Finding(
            "conversion-note-damaged", NOTE, message, name, fix, mending=Mending("remove-conversion-note", note)
        )


def check_objects(layout: EnvironmentLayout, *, deep: bool) -> Iterator[Finding]:
    """Whether the history has all that its branches, tags and stashes lead to, and ComfyUI's what it keeps.

    A small history is read as a whole, and any one if `deep`; of others only what is there. Raises `ToolMissing`.
    """
    name, definition = layout.name, layout.definition
    if queries.is_repository(definition):
        broken = broken_references(definition, "refs/comfydock/")
        if broken:
            message = f"{counted(len(broken), 'reference')} of its stashes lead to commits that are missing"
            fix = f"`git -C {shlex.quote(definition)} update-ref -d {shlex.quote(broken[0])}` forgets it"
            yield Finding("stash-damaged", PROBLEM, message, name, fix, tuple(broken))
        damage = damage_of(definition, whole=deep, without=broken)
        if damage:
            message = "its history is damaged"
            fix = f"`git -C {shlex.quote(definition)} fsck` tells all; a copy elsewhere may have what is missing"
            yield Finding("history-damaged", PROBLEM, message, name, fix, tuple(damage))
    if queries.is_repository(layout.comfyui):
        broken = broken_references(layout.comfyui, "refs/comfydock/kept/")
        if broken:
            message = "ComfyUI's repository lacks commits that it was at, so going back there has to fetch them"
            git = f"git -C {shlex.quote(layout.comfyui)} update-ref -d"
            yield Finding(
                "comfyui-commit-missing",
                NOTE,
                message,
                name,
                f"`{git} {shlex.quote(broken[0])}` forgets it",
                tuple(broken),
            )


def check_upstream(layout: EnvironmentLayout) -> Iterator[Finding]:
    """Whether what its branch follows is there, as far as that is known without asking. Raises `GitFailed`."""
    name, definition = layout.name, layout.definition
    branch = read_head(definition)[1]
    follows = upstream_of(definition, branch) if branch is not None and queries.is_repository(definition) else None
    if follows is None:
        return
    remote, there = follows
    followed = f"`{branch}` follows `{without_credentials(remote)}/{there}`"
    known = [one.name for one in list_remotes(definition)]
    if remote not in known:
        message = f"{followed}, and there is no such remote"
        fix = f"`comfydock remote add NAME URL -e {name}` adds one,"
        fix += f" `comfydock push {known[0] if known else 'NAME'} -e {name}` lets the branch follow it"
        yield Finding("upstream-missing", NOTE, message, name, fix)
    elif there not in refs_below(definition, f"{TRACKING}{remote}/"):
        message = f"{followed}, which is not known here: it was deleted there, or nothing was fetched yet"
        fix = f"`comfydock fetch {remote} -e {name}` gets what is there,"
        fix += f" `comfydock push {remote} --set-upstream -e {name}` pushes the branch and lets it follow that"
        yield Finding("upstream-missing", NOTE, message, name, fix)


def check_start_reports(directory: str, name: str) -> Iterator[Finding]:
    """Whether what was kept of ComfyUI's starts can be read. Raises `OSError`."""
    for path in unreadable_reports(directory):
        message = f"what ComfyUI said at a start cannot be read: `{path}`"
        fix = "the next start with that definition writes another"
        yield Finding("start-report-damaged", NOTE, message, name, fix, mending=Mending("remove-start-report", path))


def check_workflow_locks(layout: EnvironmentLayout) -> Iterator[Finding]:
    """Whether every lock of a workflow can be read. Raises `FileSystemError`."""
    locks = WorkflowLocks(layout)
    damaged: list[str] = []
    for workflow in WorkflowFiles(f"{layout.root}/{DIRECTORY}").names():
        try:
            locks.read(workflow)
        except WorkflowLockDamaged as error:
            damaged.append(error.message)
    if damaged:
        message = f"{len(damaged)} of the locks of its workflows cannot be used"
        fix = f"`comfydock workflow lock NAME -e {layout.name}` after removing the file, or restore it from the history"
        yield Finding("workflow-lock-damaged", PROBLEM, message, layout.name, fix, tuple(damaged))


def _is_left(lock: str) -> bool:
    """Whether it is older than anything git does; the one that a stopped operation of ours left is told as that."""
    try:
        age = time.time() - os.lstat(lock).st_mtime
        with open(lock, "rb") as file:
            is_ours = file.read(len(OURS)) == OURS
    except FileNotFoundError:
        return False
    return age > _LONG_AGO and not is_ours
