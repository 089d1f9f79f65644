"""Which directories ComfyUI of an environment reads models from, told by its files; nothing of them is run.

In the order of ComfyUI's start: its own `folder_paths.py`, what its `main.py` adds with `extra_model_paths.yaml`, and
what the installed node packs add when they are imported.
"""

import ast
import os
import pathlib
from collections.abc import Iterator
from typing import Any

from comfydock_core import repositories
from comfydock_core.analyzers.code.python_syntax import parse
from comfydock_core.analyzers.model_files.adding_code import ADDING, TABLE, adding_places, called_name, may_add
from comfydock_core.analyzers.model_files.extra_paths import CUSTOM_NODES, EXTRA_PATHS, searched
from comfydock_core.analyzers.model_files.pack_code import is_entered, packs_in
from comfydock_core.analyzers.model_files.static_expressions import TooLong
from comfydock_core.analyzers.model_files.static_python import Follower
from comfydock_core.analyzers.model_files.static_values import UNKNOWN, Function, Namespace, is_known
from comfydock_core.models.exceptions import EnvironmentBroken
from comfydock_core.models.model_files.folders import FolderDoubt, ModelFolder, ModelFolders
from comfydock_core.utils import native
from comfydock_core.validation.requirement_lines import decoded

_LOADING = "load_extra_path_config"
_LARGEST = 1_000_000
_FIRST = ("prestartup_script.py", "__init__.py")
_MAPPING_LEGACY = "map_legacy"


def read_model_folders(comfyui: str, custom_nodes: str | None, *, extra: bool = True) -> ModelFolders:
    """The folders of ComfyUI in `comfyui` with the node packs in `custom_nodes`, or without any.

    Without `extra` they are as without any file of model paths.
    Raises `ModelPathsInvalid`, and `EnvironmentBroken` when `folder_paths.py` is not there or not Python; `OSError`.
    """
    return _Start(os.path.realpath(comfyui), extra).read(custom_nodes)


class _Start:
    """One start of ComfyUI, as far as it is about folders."""

    def __init__(self, comfyui: str, extra: bool) -> None:
        self._comfyui = comfyui
        self._extra = extra
        self._paths = Namespace({"__file__": f"{comfyui}/folder_paths.py", "__name__": "folder_paths"})
        self._loaded: set[str] = set()
        self._doubts: list[FolderDoubt] = []

    def read(self, custom_nodes: str | None) -> ModelFolders:
        own = f"{self._comfyui}/folder_paths.py"
        self._follow("folder_paths.py", self._module(own), self._paths)
        self._paths.names.setdefault(TABLE, None)
        self._table()
        self._follow_main()
        if custom_nodes is not None:
            for directory in self._pack_directories(custom_nodes):
                for pack in packs_in(directory):
                    self._follow_pack(directory, pack)
        models = self._paths.names.get("models_dir")
        return ModelFolders(
            tuple(self._folders()),
            models if isinstance(models, str) else None,
            _legacy_names(self._paths.names.get(_MAPPING_LEGACY)),
            tuple(self._doubts),
        )

    def _follow_main(self) -> None:
        """`main.py` adds what its user names, and where results are saved. One that hides how is not asked."""
        path, extra = f"{self._comfyui}/main.py", f"{self._comfyui}/{EXTRA_PATHS}"
        if native.is_file(path):
            home = Namespace({"__file__": path, "__name__": "__main__"})
            self._follow("main.py", self._module(path), home)
        if native.is_file(extra) and extra not in self._loaded:
            self._add_extra(extra)

    def _module(self, path: str) -> ast.Module:
        try:
            return parse(decoded((native.read_bytes(path) or b"")[:_LARGEST]))
        except (OSError, ValueError) as error:
            raise _broken(path, str(error)) from error

    def _follow(self, file: str, module: ast.Module, home: Namespace) -> tuple[Follower, set[int]]:
        """Follow a module. Returns the follower, and the calls that add what only a run would tell."""
        settings = Namespace(otherwise=None)  # Nothing is asked for on the command line.
        unknown: set[int] = set()

        def watch(node: ast.Call, function: object, arguments: list[object], named: dict[str, object]) -> object:
            if called_name(node) == _LOADING and arguments and isinstance(arguments[0], str):
                self._add_extra(arguments[0])
                return UNKNOWN
            if called_name(node) != ADDING:
                return None
            if is_known([arguments, named]) and isinstance(function, Function):
                return None
            unknown.add(id(node))
            return UNKNOWN

        follower = Follower({"folder_paths": self._paths, "comfy.cli_args": Namespace({"args": settings})}, watch)
        try:
            follower.follow(module, home)
        except (TooLong, RecursionError):
            self._doubts.append(FolderDoubt(file, 1, "it does too much to be followed"))
        return follower, unknown

    def _pack_directories(self, custom_nodes: str) -> Iterator[str]:
        """Where ComfyUI imports node packs from: also what a file names as `custom_nodes`."""
        known = self._table().get(CUSTOM_NODES)
        further = known[0] if isinstance(known, tuple) and isinstance(known[0], list) else []
        places = {os.path.realpath(place): place for place in (*further, custom_nodes) if isinstance(place, str)}
        return (place for place in places.values() if os.path.isdir(place))

    def _follow_pack(self, directory: str, pack: str) -> None:
        for path in _adding_files(f"{directory}/{pack}"):
            file = os.path.relpath(path, directory)
            try:
                module = parse(decoded((native.read_bytes(path) or b"")[:_LARGEST]))
            except ValueError as error:
                self._doubts.append(FolderDoubt(file, 1, str(error)))
                continue
            follower, unknown = self._follow(file, module, Namespace({"__file__": path, "__name__": pack}))
            places = list(adding_places(module))
            unclear = unknown | follower.lost
            lines = [one.line for one in places if id(one.node) in unclear or id(one.reached) not in follower.seen]
            if self._take_out_unknown() and places:
                lines.append(places[0].line)
            for line in dict.fromkeys(lines):
                self._doubts.append(FolderDoubt(file, line, "which directory it adds, and when, only a run would tell"))

    def _add_extra(self, path: str) -> None:
        """`extra_model_paths.yaml`, or another file of its kind."""
        self._loaded.add(path)
        if not self._extra:
            return
        for section in repositories.read_model_paths(path).sections:
            for folder, directory in searched(section, path):
                self._add(folder, directory, is_default=section.is_default)

    def _add(self, folder: str, directory: str, *, is_default: bool) -> None:
        """By ComfyUI's own function, with its old names; early ones have none."""
        adding = self._paths.names.get(ADDING)
        if isinstance(adding, Function):
            Follower({}, lambda *_: None).call(adding, [folder, directory, is_default])
            return
        paths = self._table().setdefault(folder, ([], set()))[0]
        if directory not in paths:
            paths.insert(0 if is_default else len(paths), directory)

    def _table(self) -> dict[str, Any]:
        table = self._paths.names[TABLE]
        if not isinstance(table, dict):
            raise _broken(f"{self._comfyui}/folder_paths.py", f"it has no `{TABLE}`")
        return table

    def _take_out_unknown(self) -> bool:
        """Keep what is known of the folders. Returns whether there was anything else."""
        found = False
        table = self._table()
        for name, value in list(table.items()):
            if not isinstance(name, str) or not _is_folder(value):
                del table[name]
                found = True
                continue
            directories = [place for place in map(_path_text, value[0]) if place is not None]
            if directories != value[0] or not is_known(value[1]):
                found = found or len(directories) != len(value[0]) or not is_known(value[1])
                value[0][:] = directories
                table[name] = (value[0], value[1] if is_known(value[1]) else set())
        return found

    def _folders(self) -> Iterator[ModelFolder]:
        self._take_out_unknown()
        for name, (directories, extensions) in self._table().items():
            texts = (one for one in extensions if isinstance(one, str))
            yield ModelFolder(name, tuple(directories), frozenset(texts))


def _adding_files(pack: str) -> list[str]:
    """The Python files of a pack that name ComfyUI's folders, those first that are run first."""
    if os.path.isfile(pack):
        return [pack] if _may_add(pack) else []
    found: list[str] = []
    for place, directories, names in os.walk(pack):
        directories[:] = sorted(filter(is_entered, directories))
        found += [path for name in names if name.endswith(".py") and _may_add(path := f"{place}/{name}")]
    first = {f"{pack}/{name}": number for number, name in enumerate(_FIRST)}
    return sorted(found, key=lambda path: (first.get(path, len(first)), path))


def _is_folder(value: object) -> bool:
    """Whether a value is what ComfyUI has for a folder: directories and extensions."""
    if not isinstance(value, tuple | list) or len(value) < 2:
        return False
    return isinstance(value[0], list) and isinstance(value[1], list | set | frozenset | tuple | dict)


def _may_add(path: str) -> bool:
    """A link that leads nowhere, a pipe and what may not be read add nothing to what is imported."""
    try:
        return may_add(native.read_bytes(path) or b"") if native.is_file(path) else False
    except OSError:
        return False


def _path_text(value: object) -> str | None:
    return str(value) if isinstance(value, str | pathlib.PurePath) else None


def _legacy_names(function: object) -> dict[str, str]:
    """The old names that `map_legacy` has in a dictionary."""
    found: dict[str, str] = {}
    for node in ast.walk(function.node) if isinstance(function, Function) else ():
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                old, new = getattr(key, "value", None), getattr(value, "value", None)
                if isinstance(old, str) and isinstance(new, str):
                    found[old] = new
    return found


def _broken(path: str, reason: str) -> EnvironmentBroken:
    return EnvironmentBroken(
        f"`{path}` does not tell where ComfyUI looks for models: {reason}",
        hint="`comfydock doctor` says what is wrong with the environment and what to do",
        context={"path": path},
    )
