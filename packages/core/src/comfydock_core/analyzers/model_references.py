"""Everything in which environments refer to model files, read text by text; nothing is changed and nothing left out.

That is the history of every definition, what lies in it now, live workflows, and what `undo` would bring back of
either. Pictures and other results, which may have a workflow within, are not read.
"""

import os
import stat
from collections.abc import Iterator

from comfydock_core.analyzers.model_files.mentions import OVERLAP, Mentions
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.integrations.git.objects import kept_texts, refuse_incomplete
from comfydock_core.models.exceptions import GitFailed, ReferencesUnreadable
from comfydock_core.models.protocols import Reporter

# Directories below ComfyUI's `user` in which the editor keeps what it saves.
_WORKFLOWS = ("workflows", "subgraphs")
_PIECE = 1 << 24


def environment_places(layout: WorkspaceLayout) -> list[str]:
    """Every directory that is or may be an environment, finished or not. Raises `ReferencesUnreadable`."""
    names = [entry.name for entry in _entries(layout.environments) if not entry.name.startswith(".")]
    places = [f"{layout.environments}/{name}" for name in sorted(names)]
    return [place for place in places if stat.S_ISDIR(_looked_at(place).st_mode)]


def hear_references(layout: WorkspaceLayout, mentions: Mentions, reporter: Reporter) -> None:
    """Let `mentions` hear every text in which a model may be referred to.

    Raises `ReferencesUnreadable`, naming the place, when anything cannot be read.
    """
    places = environment_places(layout)
    for number, place in enumerate(places, 1):
        reporter.progress("reading histories and workflows", number, len(places), "environments")
        _hear_environment(place, f"the environment `{os.path.basename(place)}`", mentions)
    for kept in _kept(layout.environments):
        _hear_environment(kept, f"an environment that `undo` would bring back, `{kept}`", mentions)


def _hear_environment(place: str, what: str, mentions: Mentions) -> None:
    definition = f"{place}/.cec"
    if _is_there(definition):
        _hear_history(definition, f"the history of {what}", mentions)
        for path in _files(definition, but=".git"):
            _hear_file(path, f"`{path}`", mentions)
    user = f"{place}/ComfyUI/user"
    if _is_there(user):
        for path in _files(user):
            inside = path[len(user) :].split("/")[:-1]
            if path.lower().endswith(".json") and any(name in _WORKFLOWS for name in inside):
                _hear_file(path, f"`{path}`", mentions)
    for kept in _kept(place):
        if not os.path.islink(kept) and stat.S_ISREG(_looked_at(kept).st_mode):
            _hear_file(kept, f"what `undo` would bring back in {what}", mentions)


def _hear_history(definition: str, what: str, mentions: Mentions) -> None:
    if not _is_there(f"{definition}/.git"):
        return
    try:
        refuse_incomplete(definition)
        for text in kept_texts(definition, OVERLAP):
            mentions.hear(text, what)
    except GitFailed as error:
        raise _unreadable(definition, error.message.partition("\n")[0]) from error


def _kept(scope: str) -> Iterator[str]:
    """What operations of a scope took away and keep."""
    operations = f"{scope}/.ops"
    if _is_there(operations):
        for entry in _entries(operations):
            if _is_there(f"{entry.path}/old"):
                yield from (kept.path for kept in _entries(f"{entry.path}/old"))


def _files(directory: str, *, but: str | None = None) -> Iterator[str]:
    """Every file below a directory, links followed, each directory once; without what is called `but` right in it."""
    pending, known = [directory], set()
    while pending:
        place = pending.pop()
        found = _looked_at(place)
        if (found.st_dev, found.st_ino) in known:
            continue
        known.add((found.st_dev, found.st_ino))
        for entry in _entries(place):
            if entry.name == but and place == directory:
                continue
            mode = _looked_at(entry.path).st_mode
            if stat.S_ISDIR(mode):
                pending.append(entry.path)
            elif stat.S_ISREG(mode):
                yield entry.path


def _hear_file(path: str, what: str, mentions: Mentions) -> None:
    try:
        with open(path, "rb") as file:
            end = b""
            while piece := file.read(_PIECE):
                mentions.hear(end + piece, what)
                end = piece[-OVERLAP:]
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error


def _entries(directory: str) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError as error:
        raise _unreadable(directory, error.strerror or str(error)) from error


def _is_there(path: str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    return True


def _looked_at(path: str) -> os.stat_result:
    """A file or directory, through links."""
    try:
        return os.stat(path)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error


def _unreadable(path: str, reason: str) -> ReferencesUnreadable:
    return ReferencesUnreadable(
        f"`{path}` cannot be read: {reason}; it may refer to any model, so none is taken away",
        hint="make it readable, or move it out of the workspace if it is not needed, and run the command again",
        context={"path": path, "reason": reason},
    )
