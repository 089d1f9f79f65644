"""What the report of a check relies on beside the workflow's own content: the one place that lists all of it.

A report says more than `status` tells of a check, so more makes it void. It depends on

* ComfyDock itself and the interpreter, whose syntax trees the code is read by: `program`,
* the code of ComfyUI and its packs, of packs that are turned off, too, as the manifest may name them: `code`,
* which packs lie there, also those without code: `packs`,
* the lists of node packs, node classes and models, with the index that is made of them: `lists`,
* which repository ComfyUI is from, where no manifest says so: `repository`,
* the names in all folders of models, and which files they are: `models`,
* files, by their `stamps`: the manifest with its choices, the index of models, what the node classes were read from
  beside code, the releases in ComfyUI's history, and the lock, as a workflow with a lock has no report that is kept,
* the input files that the workflow asks for: `facts` as in `workflow_note`,
* where paths lead that the index of models has for digests: `links`.

Nothing else is asked by a check: no network, so that `--offline` is no part of it, no settings, and of time only which
files are newer than others. Who makes a check look at something else adds it here.

Sizes and times tell whether a file is another one, so what changed within a tick of the clock before the check began
does not count as known (`is_settled`). Names in directories are compared as they are.
"""

import os
import sys

import comfydock_core
from comfydock_core.analyzers.workflow_states import CodeStamp, FurtherCode, file_stamp, still_holds, time_of_change
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.integrations.own_program import own_file
from comfydock_core.utils import native
from comfydock_core.utils.light_digest import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from comfydock_core.analyzers.workflow_states import Listings

SCHEMA = 1  # Another one makes earlier reports worthless, as other code of ComfyDock does anyway.

_TICK = 20_000_000  # Nanoseconds within which two changes may leave a file with one stamp.
_OFF = ".disabled"
_NOT_ENTERED = ".git"


class ReportGrounds:
    """What reports of one environment rely on, as it is now; each thing is looked at once, however many ask.

    What all reports have in common is looked at when this is made, so make it before what is checked is read.
    """

    def __init__(self, workspace: WorkspaceLayout, environment: EnvironmentLayout, began: int) -> None:
        """`began` is now, in nanoseconds since 1970."""
        self._environment = environment
        self._began = began
        self._newest = 0
        self._stamps: dict[str, str] = {}
        self._listings: dict[str, str] = {}
        self.listed: Listings = {}
        """The directories of code that were listed, for who reads that code."""
        self.code = CodeStamp(environment, self.listed)
        packs, off = _packs(environment.custom_nodes)
        turned_off = FurtherCode(off)
        self._newest = max(self.code.newest, turned_off.newest)
        self._common = {
            "program": _program(),
            "code": f"{self.code} {turned_off}",
            "packs": packs,
            "lists": self._files_in(workspace.node_data),
            "repository": native.getenv("COMFYDOCK_COMFYUI_REPOSITORY") or "",
        }
        index = workspace.model_index
        for path in (environment.manifest, index, f"{index}-wal", workspace.earlier_model_index):
            self.stamp(path)
        self._always = tuple(self._stamps)

    def of_report(
        self, paths: "Iterable[str]", directories: "Iterable[str]", facts: "Iterable[str]", links: "Mapping[str, str]"
    ) -> dict[str, object] | None:
        """What a report relies on, as JSON can hold it; `None` when something changed too lately to be told apart.

        `paths` are files and directories, `directories` those of models, `facts` signs and paths as of a check.
        """
        stamps = {path: self.stamp(path) for path in (*self._always, *paths)}
        if not self.is_settled or any(map(self._is_new, stamps)):
            return None
        models = sorted(set(directories))
        return {
            **self._common,
            "models": [models, self.names_below(models)],
            "stamps": stamps,
            "facts": sorted(set(facts)),
            "links": dict(links),
        }

    @property
    def is_settled(self) -> bool:
        """Whether all that is in common changed long enough before this was made."""
        return self._newest < self._began - _TICK

    def are(self, known: object) -> bool:
        """Whether what a report relied on is as it was. What is damaged is not."""
        if not isinstance(known, dict) or any(known.get(name) != value for name, value in self._common.items()):
            return False
        models, stamps, facts, links = (known.get(name) for name in ("models", "stamps", "facts", "links"))
        if not (isinstance(models, list) and len(models) == 2 and isinstance(models[0], list)):
            return False
        if not (isinstance(stamps, dict) and isinstance(facts, list) and isinstance(links, dict)):
            return False
        return (
            all(path in stamps for path in self._always)
            and all(self.stamp(path) == stamp for path, stamp in stamps.items())
            and self.names_below(models[0]) == models[1]
            and all(map(still_holds, facts))
            and all(os.path.realpath(path) == real for path, real in links.items())
        )

    def stamp(self, path: str) -> str:
        """The stamp of a file or a directory, as it was when it was first asked for."""
        if path not in self._stamps:
            self._stamps[path] = file_stamp(path)
        return self._stamps[path]

    def names_below(self, directories: list[str]) -> str:
        """Another text when a file comes, goes, or is another one, in some directories of models."""
        return digest([self._listing(directory) for directory in directories])

    def _listing(self, directory: str) -> str:
        if directory not in self._listings:
            self._listings[directory] = digest(_entries_below(directory))
        return self._listings[directory]

    def _files_in(self, directory: str) -> str:
        """The stamps of the files that lie in a directory itself."""
        try:
            names = native.list_names(directory)
        except OSError as error:
            return f"not read: {error.errno}"
        stamps = {name: file_stamp(f"{directory}/{name}") for name in names if native.is_file(f"{directory}/{name}")}
        self._newest = max(self._newest, *map(time_of_change, stamps.values())) if stamps else self._newest
        return digest([text for pair in stamps.items() for text in pair])

    def _is_new(self, path: str) -> bool:
        """Whether it changed so lately that its stamp may be that of two states.

        What is gone may have been there a moment ago, but for what was gone before: then its directory changed.
        """
        stamp = file_stamp(path)
        if stamp != self.stamp(path):
            return True
        while not stamp[0].isdigit() and path not in self._always:
            path, before = os.path.dirname(path), path
            if path == before:
                return False
            stamp = file_stamp(path)
        return stamp[0].isdigit() and time_of_change(stamp) >= self._began - _TICK


def _program() -> str:
    """This ComfyDock, which another build of the same version is not, and the interpreter."""
    if native.frozen():
        program = file_stamp(own_file())
    else:
        program = str(FurtherCode([os.path.dirname(comfydock_core.__file__)]))
    return f"{SCHEMA} {sys.hexversion:x} {program}"


def _packs(custom_nodes: str) -> tuple[str, list[str]]:
    """What lies among the custom nodes, by name and kind, and the directories there that are turned off."""
    try:
        names = native.list_names(custom_nodes)
    except OSError as error:
        return f"not read: {error.errno}", []
    kinds = [native.is_directory(f"{custom_nodes}/{name}") for name in names]
    off = [f"{custom_nodes}/{name}" for name, there in zip(names, kinds, strict=True) if there and name.endswith(_OFF)]
    return digest([f"{name}/" if there else name for name, there in zip(names, kinds, strict=True)]), off


def _entries_below(root: str) -> list[str]:
    """Every entry below a directory, with the number of its file. Links are what they lead to."""
    found: list[str] = []
    waiting: list[tuple[str, tuple[str, ...]]] = [(root, (_identity(root),))]
    while waiting:
        directory, way = waiting.pop()
        found.append(f"{directory}\0{way[-1]}")
        try:
            with os.scandir(directory) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            found.append(f"not read: {error.errno}")
            continue
        for entry in listed:
            is_link = entry.is_symlink()
            identity = _identity(entry.path) if is_link else ""
            found.append(f"{entry.name}\0{entry.inode()}\0{identity}")
            if entry.name != _NOT_ENTERED and _is_directory(entry):
                identity = identity or _identity(entry.path)
                if identity not in way:
                    waiting.append((entry.path, (*way, identity)))
    return found


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _identity(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError as error:
        return f"not there: {error.errno}"
    return f"{found.st_dev} {found.st_ino} {found.st_mode:o}"
