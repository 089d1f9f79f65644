"""What `INPUT_TYPES` of a class says, in all the ways in which people write it."""

import textwrap
from pathlib import Path

import pytest

from comfydock_core.models.workflow import ClassInput, NodeClass
from tests.support.small_comfyui import comfyui, read_comfyui, read_pack

HEAD = "import os\nimport folder_paths\nimport nodes\nimport comfy.samplers\nfrom .lists import NAMES, texts, Base\n"
LISTS = """
import folder_paths
NAMES = ["a", "b"]
def texts(more=()):
    found = []
    for name in NAMES:
        found.append(name.upper())
    return found + list(more)
class Base:
    SIZES = ["s", "m"]
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"size": (cls.SIZES,)}}
    RETURN_TYPES = ("IMAGE",)
"""
# What the body of `INPUT_TYPES` returns, and the one input `x` that comes of it.
KNOWN: dict[str, tuple[str, object]] = {
    "a literal": ('return {"required": {"x": (["a", "b"],)}}', ("a", "b")),
    "a list of the module": ('return {"required": {"x": (NAMES,)}}', ("a", "b")),
    "an attribute of the class": ('return {"required": {"x": (s.KINDS,)}}', ("k", "l")),
    "a list plus a list": ('return {"required": {"x": (["none"] + NAMES,)}}', ("none", "a", "b")),
    "an unpacked list": ('return {"required": {"x": ([*NAMES, "c"],)}}', ("a", "b", "c")),
    "a sorted list": ('return {"required": {"x": (sorted(["b", "a"]),)}}', ("a", "b")),
    "a comprehension": ('return {"required": {"x": ([f"{n}.{i}" for n in NAMES for i in (1, 2) if i != 2],)}}',
                        ("a.1", "b.1")),
    "a helper": ('return {"required": {"x": (texts(["z"]),)}}', ("A", "B", "z")),
    "a helper of the class": ('return {"required": {"x": (s.helper(),)}}', ("h",)),
    "the keys of a dictionary": ('return {"required": {"x": (list({"a": 1, "b": 2}.keys()),)}}', ("a", "b")),
    "dict()": ('return dict(required=dict(x=(NAMES,)))', ("a", "b")),
    "a dictionary that is filled": ('d = {}\nd["x"] = (NAMES,)\nreturn {"required": d}', ("a", "b")),
    "a dictionary that is updated": (
        'd = {"required": {}}\nd["required"].update({"x": (NAMES,)})\nreturn d', ("a", "b")),
    "a dictionary in a dictionary": ('b = {"x": (NAMES,)}\nreturn {"required": {**b}}', ("a", "b")),
    "a union": ('return {"required": {} | {"x": (NAMES,)}}', ("a", "b")),
    "a loop": ('d = {}\nfor n in ["x"]:\n    d[n] = (NAMES,)\nreturn {"required": d}', ("a", "b")),
    "a known condition": ('if len(NAMES) == 2:\n    n = NAMES\nelse:\n    n = []\nreturn {"required": {"x": (n,)}}',
                          ("a", "b")),
    "a conditional expression": ('return {"required": {"x": (NAMES if s.KINDS else [],)}}', ("a", "b")),
    "what both ways agree in": (
        'n = NAMES if os.getenv("Q") else ["a", "b"]\nreturn {"required": {"x": (n,)}}', ("a", "b")),
    "percent and join": ('return {"required": {"x": (["%s-%d" % ("a", 1), "-".join(NAMES)],)}}', ("a-1", "a-b")),
    "a list of ComfyUI": ('return {"required": {"x": (comfy.samplers.KSampler.SAMPLERS,)}}', ("euler", "heun", "ddim")),
    "the inputs of a class of ComfyUI": (
        'return {"required": {"x": nodes.KSampler.INPUT_TYPES()["required"]["sampler"]}}',
                                         ("euler", "heun", "ddim")),
    "a list that only newer nodes say": ('return {"required": {"x": ("COMBO", {"options": NAMES})}}', ("a", "b")),
    "a range": ('return {"required": {"x": ([str(i) for i in range(2)],)}}', ("0", "1")),
    "no choices at all": ('return {"required": {"x": ([],)}}', ()),
}  # fmt: skip
FOLDERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "a folder": ('folder_paths.get_filename_list("vae")', ("vae",)),
    "a folder and more": ('["none"] + folder_paths.get_filename_list("vae")', ("vae",)),
    "two folders": ('folder_paths.get_filename_list("unet") + folder_paths.get_filename_list("vae")', ("unet", "vae")),
    "a sorted folder": ('sorted(folder_paths.get_filename_list("vae"), key=str.lower)', ("vae",)),
    "a filtered folder": ('[f for f in folder_paths.get_filename_list("vae") if f.endswith(".pt")]', ("vae",)),
    "a folder by a helper": ("s.files()", ("loras",)),
    "a folder or nothing": ('folder_paths.get_filename_list("vae") or ["none"]', ("vae",)),
    "a folder as it changes": ('["/".join(f.split("\\\\")) for f in folder_paths.get_filename_list("vae")]', ("vae",)),
    "a folder through a dictionary": ('list({f: 1 for f in folder_paths.get_filename_list("vae")})', ("vae",)),
    "a folder of the class": ("s.CHECKPOINTS", ("checkpoints",)),
    "a folder of ComfyUI's class": ('nodes.Loader.INPUT_TYPES()["required"]["name"][0]', ("checkpoints",)),
    "files of users": ("[f for f in os.listdir(folder_paths.get_input_directory()) if os.path.isfile(f)]", ()),
}
CLASS = """
class A:
    KINDS = ["k", "l"]
    CHECKPOINTS = folder_paths.get_filename_list("checkpoints")
    @staticmethod
    def helper():
        return ["h"]
    @classmethod
    def files(cls):
        found = []
        for name in folder_paths.get_filename_list("loras"):
            found.append(name)
        found.insert(0, "none")
        return found
    @classmethod
    def INPUT_TYPES(s):
{}
    RETURN_TYPES = ("INT", ["a", "b"])
NODE_CLASS_MAPPINGS = {{"A": A}}
"""


def one_class(place: Path, body: str) -> NodeClass:
    text = HEAD + CLASS.format(textwrap.indent(body, " " * 8))
    catalog = read_pack(place / "pack", {"__init__.py": text, "lists.py": LISTS}, comfyui(place / "ComfyUI"))
    assert catalog.doubts == ()
    found = catalog.get("A")
    assert found is not None
    return found


def only_input(place: Path, body: str) -> ClassInput:
    found = one_class(place, body)
    assert (found.doubts, len(found.inputs)) == ((), 1)
    return found.inputs[0]


@pytest.mark.parametrize("title", KNOWN)
def test_choices_are_read_however_they_are_written(tmp_path: Path, title: str) -> None:
    body, choices = KNOWN[title]
    assert only_input(tmp_path, body) == ClassInput("x", "required", "COMBO", choices)  # type: ignore[arg-type]


@pytest.mark.parametrize("title", FOLDERS)
def test_folders_of_models_are_seen_through_what_is_done_with_their_files(tmp_path: Path, title: str) -> None:
    code, folders = FOLDERS[title]
    found = only_input(tmp_path, f'return {{"required": {{"x": ({code},)}}}}')
    assert found == ClassInput("x", "required", "COMBO", None, folders)


def test_sections_come_in_comfyuis_order_with_types_and_options(tmp_path: Path) -> None:
    body = """return {"hidden": {"id": "UNIQUE_ID"}, "optional": {"s": ("STRING", {"multiline": True, "tooltip": "t"})},
    "required": {"i": ("INT", {"default": 1, "min": -5, "max": nodes.MAX_RESOLUTION, "forceInput": True})}}"""
    assert one_class(tmp_path, body).inputs == (
        ClassInput("i", "required", "INT", options={"default": 1, "min": -5, "max": 16384, "forceInput": True}),
        ClassInput("s", "optional", "STRING", options={"multiline": True}),
        ClassInput("id", "hidden", "UNIQUE_ID"),
    )


def test_outputs_titles_and_output_nodes_are_read(tmp_path: Path) -> None:
    text = (
        'class A:\n    def INPUT_TYPES():\n        return {}\n    RETURN_TYPES = ("INT", ["a"])\n'
        "    OUTPUT_NODE = True\n"
        'NODE_CLASS_MAPPINGS = {"A": A}\nNODE_DISPLAY_NAME_MAPPINGS = {"A": "An A"}'
    )
    found = read_pack(tmp_path, {"__init__.py": text}).get("A")
    assert found == NodeClass("A", "__init__.py", (), ("INT", "COMBO"), True, "An A")


def test_classes_inherit_from_the_pack_and_from_comfyui(tmp_path: Path) -> None:
    text = HEAD + textwrap.dedent("""
        class A(Base):
            SIZES = ["xl"]
        class B(Base):
            @classmethod
            def INPUT_TYPES(cls):
                found = super().INPUT_TYPES()
                found["required"]["more"] = ("INT",)
                return found
        class C(nodes.KSampler):
            pass
        NODE_CLASS_MAPPINGS = {"A": A, "B": B, "C": C}
    """)
    found = read_pack(tmp_path / "pack", {"__init__.py": text, "lists.py": LISTS}, comfyui(tmp_path / "ComfyUI"))
    assert [one.choices for one in found.classes["A"].inputs] == [("xl",)]
    assert [one.name for one in found.classes["B"].inputs] == ["size", "more"]
    assert [one.name for one in found.classes["C"].inputs] == ["model", "sampler", "seed", "id"]
    assert found.classes["C"].outputs == ("LATENT",)


@pytest.mark.parametrize("oddity", [
    "@staticmethod\n    def INPUT_TYPES():\n        return R",
    "def INPUT_TYPES(s=None):\n        return R",
    "INPUT_TYPES = classmethod(lambda s: R)",
    "INPUT_TYPES = lambda: R",
    "@classmethod\n    @functools.lru_cache\n    def INPUT_TYPES(cls, *args, **kwargs):\n        return R",
    "@kept\n    def INPUT_TYPES(cls):\n        return R",
])  # fmt: skip
def test_input_types_may_be_any_kind_of_function(tmp_path: Path, oddity: str) -> None:
    text = (
        "import functools\ndef kept(function):\n    return classmethod(function)\n"
        f'R = {{"required": {{"x": ("INT",)}}}}\nclass A:\n    {oddity}\nNODE_CLASS_MAPPINGS = {{"A": A}}'
    )
    found = read_pack(tmp_path, {"__init__.py": text}).get("A")
    assert found is not None
    assert (found.inputs, found.doubts) == ((ClassInput("x", "required", "INT"),), ())


@pytest.mark.parametrize("code", [
    'INT if os.environ.get("Q") else FLOAT', "json.load(open('x.json'))", "list(NAMES_OF_NOBODY)",
    "[n for n in os.listdir(folder_paths.models_dir)]", "list({'a', 'b'})", "requests.get('x').json()",
])  # fmt: skip
def test_what_only_a_run_would_tell_is_a_doubt_with_its_place_and_no_guess(tmp_path: Path, code: str) -> None:
    text = (
        "import os, json, requests, folder_paths\nINT, FLOAT = ['i'], ['f']\nclass A:\n    @classmethod\n"
        f"    def INPUT_TYPES(s):\n        return {{'required': {{'x': ({code},), 'y': ('INT',)}}}}\n"
        "NODE_CLASS_MAPPINGS = {'A': A}"
    )
    found = read_pack(tmp_path, {"__init__.py": text}).classes["A"]
    unclear, clear = found.inputs
    assert (unclear.choices, unclear.folders, found.doubts, clear) == (None, (), (), ClassInput("y", "required", "INT"))
    assert unclear.doubt is not None
    assert unclear.doubt.startswith("__init__.py:")


def test_an_input_that_is_there_in_some_runs_is_said_so(tmp_path: Path) -> None:
    body = 'd = {"x": ("INT",)}\nif os.getenv("Q"):\n    d["y"] = ("INT",)\nreturn {"required": d}'
    found = one_class(tmp_path, body)
    assert [(one.name, one.type, one.doubt) for one in found.inputs] == [
        ("x", "INT", None),
        ("y", "INT", "__init__.py:24: only in some runs"),
    ]


@pytest.mark.parametrize("body", [
    'd = {"x": ("INT",)}\nd.update(read_more())\nreturn {"required": d}',
    'return {"required": {"x": ("INT",), **json_of("inputs.json")}}',
    'd = {"x": ("INT",)}\nsomebody.fills(d)\nreturn {"required": d}',
    'd = {"x": ("INT",)}\nfor n in os.listdir("."):\n    d[n] = ("INT",)\nreturn {"required": d}',
])  # fmt: skip
def test_more_inputs_than_those_read_are_a_doubt_of_the_class(tmp_path: Path, body: str) -> None:
    found = one_class(tmp_path, body)
    assert [(one.name, one.doubt) for one in found.inputs] == [("x", None)]
    assert found.doubts
    assert all(doubt.startswith("__init__.py:") for doubt in found.doubts)


def test_what_is_returned_earlier_in_some_runs_has_not_what_comes_later(tmp_path: Path) -> None:
    body = (
        'd = {"x": ("INT",)}\nif os.getenv("Q"):\n    return {"required": d}\nd["y"] = ("INT",)\nreturn {"required": d}'
    )
    assert [(one.name, one.doubt is None) for one in one_class(tmp_path, body).inputs] == [("x", True), ("y", False)]


def test_names_that_a_failed_import_would_change_are_not_known(tmp_path: Path) -> None:
    text = (
        "try:\n    import onnx\n    KINDS = ['a', 'onnx']\nexcept ImportError:\n    KINDS = ['a']\n"
        "class A:\n    @classmethod\n    def INPUT_TYPES(s):\n        return {'required': {'x': (KINDS,)}}\n"
        "NODE_CLASS_MAPPINGS = {'A': A}"
    )
    (found,) = read_pack(tmp_path, {"__init__.py": text}).classes["A"].inputs
    assert (found.type, found.choices, found.doubt is None) == ("COMBO", None, False)


def test_comfyuis_own_classes_are_read_with_their_titles(tmp_path: Path) -> None:
    found = read_comfyui(comfyui(tmp_path))
    assert sorted(found.classes) == ["KSampler", "Loader"]
    assert found.classes["Loader"] == NodeClass(
        "Loader", "nodes.py", (ClassInput("name", "required", "COMBO", None, ("checkpoints",)),), ("MODEL", "CLIP"),
        False, "Load it",
    )  # fmt: skip


@pytest.mark.parametrize("way", [
    "from .parts.one import NODE_CLASS_MAPPINGS",
    "from .parts import one\nNODE_CLASS_MAPPINGS = {**one.NODE_CLASS_MAPPINGS}",
    "import importlib\nNODE_CLASS_MAPPINGS = {}\nfor name in ['one']:\n"
    "    NODE_CLASS_MAPPINGS.update(importlib.import_module(f'.parts.{name}', __name__).NODE_CLASS_MAPPINGS)",
    "import importlib, os\nNODE_CLASS_MAPPINGS = {}\nfor name in os.listdir(os.path.dirname(__file__) + '/parts'):\n"
    "    module = importlib.import_module('.parts.' + name[:-3], package=__package__)\n"
    "    NODE_CLASS_MAPPINGS.update(module.NODE_CLASS_MAPPINGS)",
    "import importlib.util\nfrom pathlib import Path\nNODE_CLASS_MAPPINGS = {}\n"
    "for file in (Path(__file__).parent / 'parts').glob('*.py'):\n"
    "    spec = importlib.util.spec_from_file_location(file.stem, file)\n"
    "    module = importlib.util.module_from_spec(spec)\n    spec.loader.exec_module(module)\n"
    "    NODE_CLASS_MAPPINGS.update(getattr(module, 'NODE_CLASS_MAPPINGS', {}))",
    "from .parts import one\nfrom .register import NODE_CLASS_MAPPINGS",
    "NODE_CLASS_MAPPINGS = somebody.knows()",
])  # fmt: skip
def test_classes_are_found_however_a_pack_collects_them(tmp_path: Path, way: str) -> None:
    one = (
        "from ..register import register\nclass A:\n    @classmethod\n    def INPUT_TYPES(s):\n"
        "        return {'required': {'x': ('INT',)}}\nregister('A', A)\nNODE_CLASS_MAPPINGS = {'A': A}"
    )
    register = "NODE_CLASS_MAPPINGS = {}\ndef register(name, cls):\n    NODE_CLASS_MAPPINGS[name] = cls\n"
    files = {"__init__.py": way, "parts/one.py": one, "register.py": register}
    found = read_pack(tmp_path / "pack", files, comfyui(tmp_path / "ComfyUI"))
    assert {name: (cls.module, cls.inputs) for name, cls in found.classes.items()} == {
        "A": ("parts/one.py", (ClassInput("x", "required", "INT"),))
    }
    assert bool(found.doubts) == way.endswith("knows()")


def test_a_class_that_cannot_be_found_is_named_with_a_doubt(tmp_path: Path) -> None:
    text = "from elsewhere import A\nNODE_CLASS_MAPPINGS = {'A': A}"
    found = read_pack(tmp_path, {"__init__.py": text}).classes["A"]
    assert (found.inputs, found.doubts) == ((), ("__init__.py:1: `elsewhere.A` is not looked at",))


def test_what_one_pack_changes_in_comfyui_is_not_seen_by_the_next(tmp_path: Path) -> None:
    ours = comfyui(tmp_path / "ComfyUI")
    adding = "import comfy.samplers\ncomfy.samplers.KSampler.SAMPLERS.append('mine')\n"
    reading = (
        "import nodes\nclass A(nodes.KSampler):\n    pass\nNODE_CLASS_MAPPINGS = {'A': A}\n"
    )  # fmt: skip
    changed = read_pack(tmp_path / "one", {"__init__.py": adding + reading}, ours).classes["A"].input("sampler")
    other = read_pack(tmp_path / "two", {"__init__.py": reading}, ours).classes["A"].input("sampler")
    assert changed is not None and changed.choices == ("euler", "heun", "ddim", "mine")
    assert other is not None and other.choices == ("euler", "heun", "ddim")
