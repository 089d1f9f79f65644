"""What inputs the node classes of ComfyUI, or of a node pack, take: read from their files, which are never run."""

import os
from collections.abc import Iterable

from comfydock_core.analyzers.class_inputs.attributes import TooMuch
from comfydock_core.analyzers.class_inputs.describing import placed
from comfydock_core.analyzers.class_inputs.modules import Modules, SourceTree
from comfydock_core.analyzers.class_inputs.node_classes import described
from comfydock_core.analyzers.class_inputs.operations import plain
from comfydock_core.analyzers.class_inputs.values import (
    MISSING,
    MORE,
    Class,
    Instance,
    Maybe,
    Module,
    Place,
    Unknown,
    reason_of,
)
from comfydock_core.models.workflow.class_inputs import ClassCatalog, NodeClass

_MAPPINGS = "NODE_CLASS_MAPPINGS"
_TITLES = "NODE_DISPLAY_NAME_MAPPINGS"
_ENTRY = "comfy_entrypoint"
_SIGNS = (_MAPPINGS.encode(), _ENTRY.encode())
_MOST_DOUBTS = 20
_UNCLEAR = "which classes there are only a run would tell"


def read_class_inputs(root: str, files: Iterable[str], comfyui: SourceTree | None = None) -> ClassCatalog:
    """The node classes that files below a directory define, with their inputs.

    For a pack, `comfyui` has the files of the ComfyUI that it is for: packs inherit from its classes and use its lists,
    and the classes of newer nodes are described by its code. It is left out for ComfyUI itself, and for a pack that is
    read alone.
    """
    return ClassInputReader(root, comfyui).read(files)


class ClassInputReader:
    """Reads the classes of one place."""

    def __init__(self, root: str, comfyui: SourceTree | None = None) -> None:
        self._tree = SourceTree(root, keep=False)
        is_comfyui = comfyui is None and os.path.isfile(f"{root}/nodes.py") and os.path.isdir(f"{root}/comfy")
        self._run = Modules(self._tree, self._tree if is_comfyui else comfyui)
        self._classes: dict[str, NodeClass] = {}
        self._doubts: dict[str, None] = {}

    @property
    def used(self) -> list[str]:
        """The files that were looked at, those of ComfyUI included, and directories that were listed."""
        return [*self._run.used, *self._run.files.listed]

    def read(self, files: Iterable[str]) -> ClassCatalog:
        scripts = [os.path.normpath(file) for file in files if file.endswith(".py")]
        first = os.path.join(self._tree.root, "__init__.py")
        whole = first in scripts and self._from_module(self._run.module(first))
        for path in scripts if not whole else ():
            if path != first and self._may_define(path):
                self._from_module(self._run.module(path))
        self._doubts.update(self._run.doubts)
        return ClassCatalog(self._classes, tuple(self._doubts)[:_MOST_DOUBTS])

    @staticmethod
    def _may_define(path: str) -> bool:
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError:
            return True
        return any(sign in content for sign in _SIGNS)

    def _from_module(self, module: Module) -> bool:
        """Take the classes of a module. Returns whether that is certainly all that it offers."""
        self._run.load(module)
        mappings = self._name(module, _MAPPINGS)
        titles = self._name(module, _TITLES)
        if isinstance(mappings, dict):
            for name, cls in list(mappings.items()):
                if isinstance(name, str):
                    self._take(name, cls, titles, module)
            if MORE in mappings:
                self._doubt(reason_of(mappings[MORE]), module, "there may be more classes")
            return MORE not in mappings
        if mappings is not None and mappings is not MISSING:
            self._doubt(reason_of(mappings), module, _UNCLEAR)
        entry = self._name(module, _ENTRY)
        return entry is not MISSING and self._from_entry(entry, module)

    def _name(self, module: Module, name: str) -> object:
        found = module.names.get(name, MISSING)
        return MISSING if found is MISSING else self._run.settled(found)

    def _doubt(self, reason: str | None, module: Module, otherwise: str) -> None:
        self._doubts[placed(reason or otherwise, Place(module, 1))] = None

    def _from_entry(self, entry: object, module: Module) -> bool:
        """The classes that an extension of newer nodes lists."""
        at = Place(module, 1)
        try:
            with self._run.own_steps():
                extension = self._run.call(entry, [], {}, at)
                listing = self._run.attribute(extension, "get_node_list", at)
                classes = self._run.call(listing, [], {}, at)
        except (TooMuch, RecursionError):
            classes = Unknown(f"{at}: it does too much to be followed")
        whole = isinstance(classes, list)
        for cls in classes if isinstance(classes, list) else ():
            inner = cls.value if isinstance(cls, Maybe) else cls
            if isinstance(inner, Class):
                self._take(None, inner, MISSING, module)
            else:
                whole = False
                self._doubt(reason_of(inner), module, _UNCLEAR)
        if not isinstance(classes, list):
            self._doubt(reason_of(classes), module, _UNCLEAR)
        return whole

    def _take(self, name: str | None, value: object, titles: object, module: Module) -> None:
        cls = self._run.settled(value.value if isinstance(value, Maybe) else value)
        if isinstance(cls, Instance):
            cls = cls.cls
        title = _title(titles, name)
        if isinstance(cls, Class):
            made = described(self._run, name, cls, title)
        elif name is not None:
            why = placed(reason_of(cls) or f"which class `{name}` is only a run would tell", Place(module, 1))
            made = NodeClass(name, module.shown, display_name=title, doubts=(why,))
        else:
            made = Unknown(reason_of(cls))
        if isinstance(made, Unknown):
            self._doubt(made.reason, module, _UNCLEAR)
        elif made.name not in self._classes or self._classes[made.name].doubts:
            self._classes[made.name] = made


def _title(titles: object, name: str | None) -> str | None:
    title = titles.get(name) if isinstance(titles, dict) and name is not None else None
    title = plain(title.value if isinstance(title, Maybe) else title)
    return title if isinstance(title, str) else None
