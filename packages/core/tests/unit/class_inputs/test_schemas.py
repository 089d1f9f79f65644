"""What newer nodes say with a schema: ComfyUI's own code, which is followed too, turns it into inputs."""

from pathlib import Path

from comfydock_core.models.workflow import ClassInput, InputOption, InputTemplate, NodeClass
from tests.support.small_comfyui import comfyui, read_comfyui, read_pack

HEAD = """
from enum import Enum
import folder_paths
from comfy_api.latest import ComfyExtension, io
class Size(str, Enum):
    SMALL = "small"
    LARGE = "large"
def common(more):
    found = [io.Int.Input("width", default=512, min=1)]
    if more:
        found.append(io.Int.Input("height", default=512))
    return found
class Node(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(node_id="Node", display_name="A node", is_output_node=%s, hidden=[%s], outputs=[
            io.Model.Output(), io.Custom("MINE").Output("second")], inputs=[%s])
class Extension(ComfyExtension):
    async def get_node_list(self):
        return [Node]
async def comfy_entrypoint():
    return Extension()
"""


def node(place: Path, inputs: str, hidden: str = "", output: bool = False) -> NodeClass:
    catalog = read_comfyui(comfyui(place, nodes_mine=HEAD % (output, hidden, inputs)))
    assert catalog.doubts == ()
    return catalog.classes["Node"]


def test_a_class_is_named_by_its_schema_and_has_its_outputs(tmp_path: Path) -> None:
    found = node(tmp_path, 'io.Model.Input("model")', output=True)
    assert found == NodeClass(
        "Node", "comfy_extras/nodes_mine.py",
        (ClassInput("model", "required", "MODEL"), ClassInput("prompt", "hidden", "PROMPT")),
        ("MODEL", "MINE"), True, "A node",
    )  # fmt: skip


def test_optional_inputs_come_after_required_ones_and_hidden_ones_last(tmp_path: Path) -> None:
    given = 'io.Mask.Input("mask", optional=True), io.Model.Input("model")'
    found = node(tmp_path, given, "io.Hidden.unique_id")
    assert [(one.name, one.section, one.type) for one in found.inputs] == [
        ("model", "required", "MODEL"),
        ("mask", "optional", "MASK"),
        ("unique_id", "hidden", "UNIQUE_ID"),
    ]


def test_options_have_the_names_that_comfyui_gives_them(tmp_path: Path) -> None:
    given = 'io.Int.Input("seed", default=0, min=0, max=2**64 - 1, control_after_generate=True, tooltip="help")'
    assert node(tmp_path, given).inputs == (
        ClassInput(
            "seed", "required", "INT",
            options={"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True},
        ),
    )  # fmt: skip


def test_choices_come_from_lists_enumerations_and_folders(tmp_path: Path) -> None:
    given = (
        'io.Combo.Input("list", options=["a", "b"]), io.Combo.Input("enum", options=Size),'
        'io.Combo.Input("model", options=folder_paths.get_filename_list("loras")),'
        'io.Combo.Input("file", options=[], upload=io.Upload.image)'
    )
    assert node(tmp_path, given).inputs == (
        ClassInput("list", "required", "COMBO", ("a", "b")),
        ClassInput("enum", "required", "COMBO", ("small", "large")),
        ClassInput("model", "required", "COMBO", None, ("loras",)),
        ClassInput("file", "required", "COMBO", (), options={"image_upload": True}),
    )


def test_helpers_may_give_several_inputs(tmp_path: Path) -> None:
    assert [one.name for one in node(tmp_path, '*common(True), io.Model.Input("model")').inputs] == [
        "width", "height", "model",
    ]  # fmt: skip


def test_inputs_of_several_types_and_of_any_one_type_are_told(tmp_path: Path) -> None:
    given = (
        'io.MultiType.Input("many", [io.Int, io.Model, io.Int]),'
        'io.MatchType.Input("same", io.MatchType.Template("t", [io.Model, io.Mask])), io.Custom("MINE").Input("own")'
    )
    assert node(tmp_path, given).inputs == (
        ClassInput("many", "required", "INT,MODEL"),
        ClassInput(
            "same", "required", "COMFY_MATCHTYPE_V3",
            options={"template": {"template_id": "t", "allowed_types": "MODEL,MASK"}},
        ),
        ClassInput("own", "required", "MINE"),
    )  # fmt: skip


def test_each_choice_of_a_dynamic_combo_has_its_inputs(tmp_path: Path) -> None:
    given = (
        'io.DynamicCombo.Input("format", options=[io.DynamicCombo.Option("png", []), '
        'io.DynamicCombo.Option("jpg", [io.Int.Input("quality", default=90), '
        'io.Combo.Input("lut", options=folder_paths.get_filename_list("luts"), optional=True)])])'
    )
    (found,) = node(tmp_path, given).inputs
    assert found.type == "COMFY_DYNAMICCOMBO_V3"
    assert found.branches == (
        InputOption("png"),
        InputOption("jpg", (
            ClassInput("quality", "required", "INT", options={"default": 90}),
            ClassInput("lut", "optional", "COMBO", None, ("luts",)),
        )),
    )  # fmt: skip


def test_inputs_that_grow_have_a_template(tmp_path: Path) -> None:
    given = (
        'io.Autogrow.Input("many", template=io.Autogrow.TemplatePrefix(io.Model.Input("m"), prefix="m", min=2, max=5)),'
        'io.Autogrow.Input("named", template=io.Autogrow.TemplateNames(io.Mask.Input("k"), names=["a", "b"], min=0))'
    )
    many, named = node(tmp_path, given).inputs
    assert many.template == InputTemplate(ClassInput("m", "required", "MODEL"), prefix="m", least=2, most=5)
    assert named.template == InputTemplate(ClassInput("k", "required", "MASK"), ("a", "b"), least=0, most=2)


def test_packs_use_the_schemas_of_the_comfyui_beside_them(tmp_path: Path) -> None:
    text = HEAD % (False, "", 'io.Combo.Input("x", options=["a"])')
    found = read_pack(tmp_path / "pack", {"__init__.py": text}, comfyui(tmp_path / "ComfyUI"))
    assert found.doubts == ()
    assert found.classes["Node"].inputs == (ClassInput("x", "required", "COMBO", ("a",)),)


def test_an_input_that_only_a_run_would_tell_is_a_doubt_of_the_class(tmp_path: Path) -> None:
    text = "from elsewhere import more\n" + HEAD % (False, "", 'io.Model.Input("model"), *more()')
    found = read_pack(tmp_path / "pack", {"__init__.py": text}, comfyui(tmp_path / "ComfyUI")).classes["Node"]
    assert [one.name for one in found.inputs] == ["model"]
    assert found.doubts


def test_a_class_with_a_schema_in_the_mappings_has_the_name_it_has_there(tmp_path: Path) -> None:
    text = HEAD % (False, "", "") + 'NODE_CLASS_MAPPINGS = {"Other": Node}\n'
    assert list(read_pack(tmp_path / "pack", {"__init__.py": text}, comfyui(tmp_path / "ComfyUI")).classes) == ["Other"]


def test_without_a_comfyui_newer_nodes_are_a_doubt(tmp_path: Path) -> None:
    found = read_pack(tmp_path, {"__init__.py": HEAD % (False, "", "")})
    assert (dict(found.classes), bool(found.doubts)) == ({}, True)
