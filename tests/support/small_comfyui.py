"""A ComfyUI of a few lines: what newer nodes are described with, written for these tests in its manner."""

from pathlib import Path

from comfydock_core.analyzers.class_inputs import SourceTree, read_class_inputs
from comfydock_core.analyzers.code.class_files import files_of_comfyui, files_of_pack
from comfydock_core.models.workflow import ClassCatalog

IO = """
from abc import ABC
from dataclasses import dataclass, field
from enum import Enum

class Hidden(str, Enum):
    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"

class Upload(str, Enum):
    image = "image_upload"

class Kind(ABC):
    io_type = None

def kind(io_type, **others):
    def decorate(cls):
        made = type(cls.__name__, (cls, Kind), {k: v for k, v in cls.__dict__.items() if k not in ("__dict__",)})
        made.io_type = io_type
        for name in ("Input", "Output"):
            if hasattr(made, name):
                part = getattr(made, name)
                setattr(made, name, type(part.__name__, (part,), dict(part.__dict__)))
                getattr(made, name).Parent = made
        return made
    return decorate

def without_none(given):
    return {k: v for k, v in given.items() if v is not None}

class Part:
    Parent = None
    @property
    def io_type(self):
        return self.Parent.io_type

class Input(Part):
    def __init__(self, id, display_name=None, optional=False, tooltip=None, extra=None):
        self.id, self.display_name, self.optional, self.tooltip = id, display_name, optional, tooltip
        self.extra = extra if extra is not None else {}
    def as_dict(self):
        return without_none({"display_name": self.display_name, "optional": self.optional,
                             "tooltip": self.tooltip}) | without_none(self.extra)
    def get_io_type(self):
        return self.io_type

class Widget(Input):
    def __init__(self, id, display_name=None, optional=False, tooltip=None, default=None, extra=None):
        super().__init__(id, display_name, optional, tooltip, extra)
        self.default = default
    def as_dict(self):
        return super().as_dict() | without_none({"default": self.default})

class Output(Part):
    def __init__(self, id=None, display_name=None):
        self.id, self.display_name = id, display_name

class Both(Kind):
    class Input(Input): ...
    class Output(Output): ...

@kind(io_type="MODEL")
class Model(Both):
    pass

@kind("MASK")
class Mask(Both):
    pass

@kind("INT")
class Int(Both):
    class Input(Widget):
        def __init__(self, id, default=None, min=None, max=None, control_after_generate=None, **others):
            super().__init__(id, default=default, **others)
            self.min, self.max, self.control_after_generate = min, max, control_after_generate
        def as_dict(self):
            return super().as_dict() | without_none({"min": self.min, "max": self.max,
                                                     "control_after_generate": self.control_after_generate})

@kind("COMBO")
class Combo(Both):
    class Input(Widget):
        def __init__(self, id, options=None, upload=None, **others):
            if isinstance(options, type) and issubclass(options, Enum):
                options = [one.value for one in options]
            super().__init__(id, **others)
            self.options, self.upload = options, upload
        def as_dict(self):
            return super().as_dict() | without_none({"options": self.options,
                                                     **({self.upload.value: True} if self.upload is not None else {})})

@kind("COMFY_MULTITYPED_V3")
class MultiType(Both):
    class Input(Input):
        def __init__(self, id, types, **others):
            super().__init__(id, **others)
            self.types = types
        def get_io_type(self):
            return ",".join(dict.fromkeys(one.io_type for one in self.types))

@kind("COMFY_MATCHTYPE_V3")
class MatchType(Both):
    class Template:
        def __init__(self, template_id, allowed_types=()):
            self.template_id, self.allowed_types = template_id, allowed_types
        def as_dict(self):
            types = ",".join(one.io_type for one in self.allowed_types)
            return {"template_id": self.template_id, "allowed_types": types}
    class Input(Input):
        def __init__(self, id, template, **others):
            super().__init__(id, **others)
            self.template = template
        def as_dict(self):
            return super().as_dict() | {"template": self.template.as_dict()}

@kind("COMFY_DYNAMICCOMBO_V3")
class DynamicCombo(Both):
    class Option:
        def __init__(self, key, inputs):
            self.key, self.inputs = key, inputs
        def as_dict(self):
            return {"key": self.key, "inputs": in_sections(self.inputs)}
    class Input(Input):
        def __init__(self, id, options, **others):
            super().__init__(id, **others)
            self.options = options
        def as_dict(self):
            return super().as_dict() | {"options": [one.as_dict() for one in self.options]}

@kind("COMFY_AUTOGROW_V3")
class Autogrow(Both):
    class Template:
        def __init__(self, input):
            self.input = input
        def as_dict(self):
            return {"input": in_sections([self.input])}
    class TemplatePrefix(Template):
        def __init__(self, input, prefix, min=1, max=10):
            super().__init__(input)
            self.prefix, self.min, self.max = prefix, min, max
        def as_dict(self):
            return super().as_dict() | {"prefix": self.prefix, "min": self.min, "max": self.max}
    class TemplateNames(Template):
        def __init__(self, input, names, min=1):
            super().__init__(input)
            self.names, self.min = names, min
        def as_dict(self):
            return super().as_dict() | {"names": self.names, "min": self.min}
    class Input(Input):
        def __init__(self, id, template, **others):
            super().__init__(id, **others)
            self.template = template
        def as_dict(self):
            return super().as_dict() | {"template": self.template.as_dict()}

def Custom(io_type):
    @kind(io_type=io_type)
    class Made(Both):
        ...
    return Made

def in_sections(inputs):
    whole = {"required": {}}
    for one in inputs:
        given = one.as_dict()
        given.pop("optional", None)
        whole.setdefault("optional" if one.optional else "required", {})[one.id] = (one.get_io_type(), given)
    return whole

@dataclass
class Info:
    input: dict = None
    output: list = None
    display_name: str = None

@dataclass
class Schema:
    node_id: str
    display_name: str = None
    inputs: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    hidden: list = field(default_factory=list)
    is_output_node: bool = False
    def finalize(self):
        if self.is_output_node and Hidden.prompt not in self.hidden:
            self.hidden.append(Hidden.prompt)
    def get_v1_info(self, cls):
        whole = in_sections(self.inputs)
        for one in self.hidden:
            whole.setdefault("hidden", {})[one.name] = (one.value,)
        return Info(input=whole, output=[one.io_type for one in self.outputs], display_name=self.display_name)

class ComfyNode:
    @classmethod
    def define_schema(cls):
        raise NotImplementedError
"""
FILES = {
    "comfy_api/latest/_io.py": IO,
    "comfy_api/latest/_io_public.py": "from ._io import *",
    "comfy_api/latest/__init__.py": "from . import _io_public as io\nIO = io\nclass ComfyExtension: ...\n",
    "comfy/samplers.py": "import torch\n"
    'SAMPLERS = ["euler", "heun"]\nclass KSampler:\n    SAMPLERS = SAMPLERS + ["ddim"]\n',
    "nodes.py": """
import comfy.samplers
import folder_paths
MAX_RESOLUTION = 16384
class KSampler:
    @classmethod
    def INPUT_TYPES(s):
        return {"required": {"model": ("MODEL",), "sampler": (comfy.samplers.KSampler.SAMPLERS,)},
                "optional": {"seed": ("INT", {"default": 0, "control_after_generate": True})},
                "hidden": {"id": "UNIQUE_ID"}}
    RETURN_TYPES = ("LATENT",)
class Loader:
    @classmethod
    def INPUT_TYPES(s):
        return {"required": {"name": (folder_paths.get_filename_list("checkpoints"), {"tooltip": "help"})}}
    RETURN_TYPES = ("MODEL", "CLIP")
NODE_CLASS_MAPPINGS = {"KSampler": KSampler, "Loader": Loader}
NODE_DISPLAY_NAME_MAPPINGS = {"Loader": "Load it"}
""",
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def comfyui(place: Path, **further: str) -> Path:
    """A small ComfyUI; a name of `further` is that of a file in `comfy_extras`."""
    return write(place, FILES | {f"comfy_extras/{name}.py": text for name, text in further.items()})


def read_comfyui(place: Path) -> ClassCatalog:
    return read_class_inputs(str(place), files_of_comfyui(str(place)))


def read_pack(place: Path, files: dict[str, str], beside: Path | None = None) -> ClassCatalog:
    """The classes of a pack with these files, for the ComfyUI beside it."""
    write(place, files)
    tree = None if beside is None else SourceTree(str(beside))
    return read_class_inputs(str(place), files_of_pack(str(place)), tree)
