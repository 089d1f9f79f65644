"""What inputs the node classes of ComfyUI, or of a node pack, take: read from their files, which are never run."""

import os
from collections.abc import Iterable

from comfydock_core.analyzers.class_inputs.attributes import TooMuch
from comfydock_core.analyzers.class_inputs.describing import described
from comfydock_core.analyzers.class_inputs.modules import Modules, SourceTree
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
    is_unknown,
    reason_of,
    truth,
)
from comfydock_core.models.workflow.class_inputs import COMBO, ClassCatalog, NodeClass

_MAPPINGS = "NODE_CLASS_MAPPINGS"
_TITLES = "NODE_DISPLAY_NAME_MAPPINGS"
_ENTRY = "comfy_entrypoint"
_SIGNS = (_MAPPINGS.encode(), _ENTRY.encode())
_MOST_DOUBTS = 20
_SCHEMA = "define_schema"


def read_class_inputs(root: str, files: Iterable[str], comfyui: SourceTree | None = None) -> ClassCatalog:
    """The node classes that files below a directory define, with their inputs.

    For a pack, `comfyui` has the files of the ComfyUI that it is for: packs inherit from its classes and use its lists,
    and the classes of newer nodes are described by its code. For ComfyUI itself it is left out.
    """
    return ClassInputReader(root, comfyui).read(files)


class ClassInputReader:
    """Reads the classes of one place."""

    def __init__(self, root: str, comfyui: SourceTree | None = None) -> None:
        self._tree = SourceTree(root, keep=False)
        self._comfyui = comfyui
        self._run = Modules(self._tree, comfyui if comfyui is not None else self._tree)
        self._classes: dict[str, NodeClass] = {}
        self._doubts: dict[str, None] = {}

    @property
    def used(self) -> list[str]:
        """The files that were looked at, those of ComfyUI included, and directories that were listed."""
        return [*self._run.used, *self._run.files.listed]

    def read(self, files: Iterable[str]) -> ClassCatalog:
        scripts = [os.path.normpath(file) for file in files if file.endswith(".py")]
        first = os.path.join(self._tree.root, "__init__.py")
        whole = first in scripts and self._comfyui is not None and self._from_module(self._run.module(first))
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
            self._doubt(reason_of(mappings), module, "which classes there are only a run would tell")
        entry = self._name(module, _ENTRY)
        return entry is not MISSING and self._from_entry(entry, module)

    def _name(self, module: Module, name: str) -> object:
        found = module.names.get(name, MISSING)
        return MISSING if found is MISSING else self._run.settled(found)

    def _doubt(self, reason: str | None, module: Module, otherwise: str) -> None:
        self._doubts[(reason or f"{module.shown}:1: {otherwise}").replace("\n", " ")] = None

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
                self._doubt(reason_of(inner), module, "which classes there are only a run would tell")
        if not isinstance(classes, list):
            self._doubt(reason_of(classes), module, "which classes there are only a run would tell")
        return whole

    def _take(self, name: str | None, value: object, titles: object, module: Module) -> None:
        cls = self._run.settled(value.value if isinstance(value, Maybe) else value)
        if isinstance(cls, Instance):
            cls = cls.cls
        title = titles.get(name) if isinstance(titles, dict) and name is not None else None
        title = plain(title.value if isinstance(title, Maybe) else title)
        if not isinstance(cls, Class):
            if name is not None and name not in self._classes:
                why = reason_of(cls) or f"{module.shown}:1: which class `{name}` is only a run would tell"
                self._classes[name] = NodeClass(name, module.shown, display_name=_text(title), doubts=(why,))
            return
        try:
            with self._run.own_steps():
                made = self._described(name, cls, _text(title))
        except (TooMuch, RecursionError):
            why = f"{cls.module.shown}:{cls.line}: it does too much to be followed"
            made = (
                NodeClass(name, cls.module.shown, display_name=_text(title), doubts=(why,))
                if name is not None
                else None
            )
            if made is None:
                self._doubts[why] = None
        if made is not None:
            known = self._classes.get(made.name)
            if known is None or known.doubts:
                self._classes[made.name] = made

    def _described(self, name: str | None, cls: Class, title: str | None) -> NodeClass | None:
        if cls.find(_SCHEMA) is not MISSING and cls.find("INPUT_TYPES") is not None and self._is_schema(cls):
            return self._of_schema(name, cls, title)
        return None if name is None else self._of_input_types(name, cls, title)

    @staticmethod
    def _is_schema(cls: Class) -> bool:
        for one in cls.order:
            if isinstance(one, Class):
                if _SCHEMA in one.names:
                    return True
                if "INPUT_TYPES" in one.names:
                    return False
        return False

    def _of_input_types(self, name: str, cls: Class, title: str | None) -> NodeClass:
        run, at = self._run, Place(cls.module, cls.line)
        asked = run.attribute(cls, "INPUT_TYPES", at)
        doubts: list[str] = []
        if asked is MISSING:
            given: object = Unknown(f"{at}: `{cls.name}` has no `INPUT_TYPES`")
        else:
            given = run.call(asked, [], {}, at)
        inputs = described(given, doubts, str(at))
        outputs = _outputs(run.attribute(cls, "RETURN_TYPES", at))
        flag = run.attribute(cls, "OUTPUT_NODE", at)
        shown = tuple(dict.fromkeys(one.replace("\n", " ") for one in doubts))[:_MOST_DOUBTS]
        return NodeClass(name, cls.module.shown, inputs, outputs, _flag(flag), title, shown)

    def _of_schema(self, name: str | None, cls: Class, title: str | None) -> NodeClass | None:
        run, at = self._run, Place(cls.module, cls.line)
        schema = run.call(run.attribute(cls, _SCHEMA, at), [], {}, at)
        if not isinstance(schema, Instance):
            why = reason_of(schema) or f"{at}: its schema only a run would tell"
            if name is None:
                self._doubts[why.replace("\n", " ")] = None
                return None
            return NodeClass(name, cls.module.shown, display_name=title, doubts=(why.replace("\n", " "),))
        run.call(run.attribute(schema, "finalize", at), [], {}, at)
        known = plain(run.attribute(schema, "node_id", at))
        if name is None and not isinstance(known, str):
            self._doubts[(reason_of(known) or f"{at}: its name only a run would tell")] = None
            return None
        schema.names["price_badge"] = None  # What a run costs is no matter of inputs.
        info = run.call(run.attribute(schema, "get_v1_info", at), [cls], {}, at)
        doubts: list[str] = []
        inputs = described(run.attribute(info, "input", at), doubts, str(at))
        outputs = _outputs(run.attribute(info, "output", at))
        title = _text(plain(run.attribute(info, "display_name", at)))
        own = cls.find("OUTPUT_NODE")  # Of newer nodes some say it themselves, over their schema.
        flag = own if isinstance(own, bool) else _flag(run.attribute(schema, "is_output_node", at))
        shown = tuple(dict.fromkeys(one.replace("\n", " ") for one in doubts))[:_MOST_DOUBTS]
        return NodeClass(name or str(known), cls.module.shown, inputs, outputs, flag, title, shown)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: object) -> bool | None:
    if value is MISSING:
        return False
    return None if is_unknown(value) or truth(value) is None else value == True  # noqa: E712 -- As ComfyUI compares it.


def _outputs(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list | tuple):
        return None
    found: list[str] = []
    for one in value:
        one = plain(one)
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, list | tuple) or (isinstance(one, Unknown) and one.is_list):
            found.append(COMBO)
        else:
            return None
    return tuple(found)
