"""How workflows are, as far as that is known already: a look at sizes and times. Fast path; no workflow is read.

Nothing is checked here, however little there is to check: that would need the code of the environment to be read.
A check is noted by who makes one (`core/usecases/workflows/noting`).

A check is valid for a *content*, so a workflow that is renamed, or saved again with another view, keeps it. It holds
while two things stand still: the code that tells the node classes and the model folders, and whether each file that
the workflow asks for is there. Both are looked at whenever somebody asks, so that "fine" is never said of a workflow
whose model went.
"""

from binascii import crc32

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.workflow import status as states
from comfydock_core.models.workflow.status import DetailedWorkflowStatus, WorkflowState
from comfydock_core.repositories import workflow_note
from comfydock_core.repositories.workflow_note import NotedCheck, read_note
from comfydock_core.utils import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    Listings = dict[str, list[native.system.DirEntry[str]]]

_END = ".json"
_TYPE_MASK, _REGULAR = 0o170000, 0o100000
_PASSED_OVER = frozenset({"__pycache__", "node_modules", ".git"})
_CODE = (".py", ".js", ".mjs")
_OF_COMFYUI = ("nodes.py", "folder_paths.py", "main.py", "extra_model_paths.yaml")
_COMFYUI_PARTS = ("comfy_extras", "comfy_api_nodes")
_GONE = "gone"


class WorkflowLook:
    """The workflows of one environment against what is noted of them.

    `open_questions` are the names of those whose content has to be read: what is noted of them is of an earlier state.
    """

    def __init__(self, environment: EnvironmentLayout, note: str) -> None:
        """Raises `OSError`."""
        self.environment = environment
        self.note_path = note
        self.live = stamps_below(environment.workflows)
        self.committed = stamps_below(environment.committed_workflows)
        self.note = read_note(note) if self.live else workflow_note.WorkflowNote()
        self.open_questions = [name for name, stamp in self.live.items() if self._is_open(name, stamp)]

    def _is_open(self, name: str, stamp: str) -> bool:
        """Whether what is noted does not say how it is against its copy, or of which content it is."""
        noted, committed = self.note.files.get(name), self.committed.get(name)
        if noted is None or noted.stamp != stamp:
            return committed is not None or bool(self.note.checks)
        if committed is not None and (noted.committed != committed or noted.changed is None):
            return True
        return noted.digest is None and bool(self.note.checks)

    def status(self) -> DetailedWorkflowStatus:
        """What is known; questions that nobody answered make a workflow `changed` and `not-checked`."""
        last = {check.name: check for check in self.note.checks.values()}
        valid = ValidChecks(self.environment, self.note)
        found: list[WorkflowState] = []
        for name in sorted(self.live.keys() | self.committed.keys()):
            if name not in self.live:
                found.append(WorkflowState(name, states.DELETED, None))
                continue
            one = WorkflowState(name, self._state(name))
            noted = self.note.files.get(name)
            digest = noted.digest if noted is not None and noted.stamp == self.live[name] else None
            check = self.note.checks.get(digest) if digest is not None else None
            if check is None and name in last:
                one.checked, one.reason = last[name].at, states.EDITED
            elif check is not None:
                one.checked, one.reason = check.at, valid.objection(check)
                if one.reason is None:
                    one.check, one.needs = states.NEEDS if check.needs else states.FINE, check.needs
            found.append(one)
        return DetailedWorkflowStatus(found)

    def _state(self, name: str) -> str:
        committed = self.committed.get(name)
        if committed is None:
            return states.NEW
        noted = self.note.files.get(name)
        is_known = noted is not None and noted.stamp == self.live[name] and noted.committed == committed
        return states.UNCHANGED if noted is not None and is_known and noted.changed is False else states.CHANGED


class ValidChecks:
    """Tells whether what checks relied on stands still; each thing is looked at once, when it is first asked for."""

    def __init__(
        self, environment: EnvironmentLayout, note: workflow_note.WorkflowNote, code: "CodeStamp | None" = None
    ) -> None:
        """`code` is the stamp of the code as it is now, where somebody has it."""
        self._environment = environment
        self._note = note
        self._code = code
        self._same_code: bool | None = None
        self._holds: list[bool | None] = [None] * len(note.paths)

    def objection(self, check: NotedCheck) -> str | None:
        """Why a check counts no more, `None` while it does."""
        if self._same_code is None:
            stamp = self._code or CodeStamp(self._environment)
            self._same_code = stamp.with_files(self._note.further) == self._note.code
        if not self._same_code:
            return states.OTHER_CODE
        for at in check.relied_on:
            holds = self._holds[at]
            if holds is None:
                holds = self._holds[at] = still_holds(self._note.paths[at])
            if not holds:
                return states.OTHER_FILES
        return None


def still_holds(fact: str) -> bool:
    """Whether something that a check relied on is so: a sign of `workflow_note`, and a path."""
    sign, path = fact[:1], fact[1:]
    if sign == workflow_note.IS_FILE:
        return native.is_file(path)
    if sign == workflow_note.NOT_LISTED:
        return not _is_listed(path)
    return native.exists(path) is (sign == workflow_note.EXISTS)


def _is_listed(path: str) -> bool:
    """Whether ComfyUI would list it among models, which it does with links that lead nowhere, too."""
    try:
        native.system.lstat(path)
    except (OSError, ValueError):
        return False
    return not native.is_directory(path)


def stamps_below(root: str) -> dict[str, str]:
    """The workflows below a directory: their names, as `WorkflowFiles` has them, and stamps. Raises `OSError`."""
    found: dict[str, str] = {}
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            entries = native.system.scandir(f"{root}/{prefix}")
        except (FileNotFoundError, NotADirectoryError):
            continue
        with entries:
            for entry in entries:
                name = entry.name
                if name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{prefix}{name}/")
                elif name.endswith(_END):
                    stamp = _stamp_of_entry(entry)
                    if stamp is not None:
                        found[prefix + name[: -len(_END)]] = stamp
    return found


def _stamp_of_entry(entry: "native.system.DirEntry[str]") -> str | None:
    """The stamp of a regular file; a link is what it leads to."""
    try:
        found = entry.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return stamp_of(found) if found.st_mode & _TYPE_MASK == _REGULAR else None


def stamp_of(found: "native.system.stat_result") -> str:
    """Another text when a file is written. Who changes it can put its time back, but not that of its last change."""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ino} {found.st_ctime_ns}"


def time_of_change(stamp: str) -> int:
    """When the state of the file changed last, in nanoseconds since 1970."""
    return int(stamp.rpartition(" ")[2])


def file_stamp(path: str) -> str:
    """The stamp of a path, whatever is there, or that nothing is there."""
    try:
        return stamp_of(native.system.stat(path))
    except (OSError, ValueError):
        return _GONE


class CodeStamp:
    """Another one when code that tells node classes or folders of models is written, comes or goes.

    That is what ComfyUI starts with, its own nodes and the node packs that are turned on, as they are when this is
    made. The environment itself is in it, as paths are noted whole. `newest` is when the latest change of it was.
    """

    __slots__ = ("_count", "_listings", "_total", "newest")

    def __init__(self, environment: EnvironmentLayout, listings: "Listings | None" = None) -> None:
        """`listings` takes what was listed, for others who look at the same directories."""
        comfyui, custom_nodes = environment.comfyui, environment.custom_nodes
        self._listings = listings
        self._total = crc32(environment.root.encode("utf-8", "surrogateescape"))
        self._count = self.newest = 0
        for name in _OF_COMFYUI:
            self._add_file(f"{comfyui}/{name}")
        for root in (*(f"{comfyui}/{part}" for part in _COMFYUI_PARTS), custom_nodes):
            self._add_code_below(root)

    def with_files(self, further: list[str]) -> str:
        """Its text with files taken in, too, that the code was found to depend on, as they are now."""
        total = self._total + sum(_share(path, file_stamp(path)) for path in further)
        return self._text(self._count + len(further), total)

    def _add_file(self, path: str, entry: "native.system.DirEntry[str] | None" = None) -> None:
        try:
            found = native.system.stat(path) if entry is None else entry.stat()
        except (OSError, ValueError):
            self._add(path, _GONE)
            return
        if found.st_ctime_ns > self.newest:
            self.newest = found.st_ctime_ns
        self._add(path, stamp_of(found))

    def _add(self, path: str, stamp: str) -> None:
        self._total += _share(path, stamp)
        self._count += 1

    def _add_code_below(self, root: str) -> None:
        """The files of code below a directory, links to directories followed, each directory once."""
        seen: set[tuple[int, int]] = set()
        waiting = [root]
        while waiting:
            place = waiting.pop()
            try:
                entries = list(native.system.scandir(place))
            except OSError as error:
                self._add(place, f"not read: {error.errno}")
                continue
            if self._listings is not None:
                self._listings[place] = entries
            for entry in entries:
                name = entry.name
                if name in _PASSED_OVER or (place == root and name.endswith(".disabled")):
                    continue
                if name.endswith(_CODE):
                    self._add_file(f"{place}/{name}", entry)
                elif _is_new_directory(entry, seen):
                    waiting.append(f"{place}/{name}")

    def __str__(self) -> str:
        return self._text(self._count, self._total)

    @staticmethod
    def _text(count: int, total: int) -> str:
        return f"{workflow_note.SCHEMA} {count} {total:x}"


class FurtherCode(CodeStamp):
    """The same of other directories of code."""

    __slots__ = ()

    def __init__(self, directories: list[str]) -> None:
        self._listings = None
        self._count = self._total = self.newest = 0
        for one in directories:
            self._add_code_below(one)


def _share(path: str, stamp: str) -> int:
    return crc32(f"{path}\0{stamp}".encode("utf-8", "surrogateescape"))


def _is_new_directory(entry: "native.system.DirEntry[str]", seen: set[tuple[int, int]]) -> bool:
    """Whether it is a directory to look into; one that links lead to counts once."""
    try:
        if entry.is_dir(follow_symlinks=False):
            return True
        if not entry.is_symlink() or not entry.is_dir():
            return False
        there = entry.stat()
    except OSError:
        return False
    identity = (there.st_dev, there.st_ino)
    if identity in seen:
        return False
    seen.add(identity)
    return True
