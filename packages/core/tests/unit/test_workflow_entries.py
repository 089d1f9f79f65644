"""What the manifest notes of workflows: read, written, and all that others wrote into it kept."""

import tomlkit

from comfydock_core.managers.pyproject.workflows import put_entry, put_known_models, read_entry, read_known_models
from comfydock_core.models.workflow.entries import KnownModel, ModelEntry, ModelUse, WorkflowEntry

START = """\
[project]
name = "x"

[tool.comfydock]
schema_version = 1
"""

# The example of the format's description.
EXAMPLE = """
[tool.comfydock.workflows."my wf"]
nodes = ["comfyui-fancy"]
path = "workflows/my wf.json"

[[tool.comfydock.workflows."my wf".models]]
filename = "m.safetensors"
category = "checkpoints"
criticality = "flexible"
status = "resolved"
nodes = [{node_id = "1", node_type = "CheckpointLoaderSimple", widget_idx = 0, widget_value = "sub/m.safetensors"}]
hash = "fdee4978c05f1401"

[[tool.comfydock.workflows."my wf".models]]
filename = "missing.safetensors"
category = "vae"
criticality = "flexible"
status = "unresolved"
nodes = [{node_id = "3", node_type = "VAELoader", widget_idx = 0, widget_value = "missing.safetensors"}]
sources = ["https://huggingface.co/a/b/resolve/main/missing.safetensors"]
relative_path = "vae/missing.safetensors"

[tool.comfydock.workflows."my wf".custom_node_map]
DualNode = "pack-b"
Unknowny = false

[tool.comfydock.models]
fdee4978c05f1401 = {filename = "m.safetensors", size = 100, relative_path = "checkpoints/sub/m.safetensors", category = "checkpoints"}
"""  # noqa: E501

ENTRY = WorkflowEntry(
    "my wf",
    "workflows/my wf.json",
    ("comfyui-fancy",),
    {"Unknowny": False, "DualNode": "pack-b"},
    (
        ModelEntry(
            "m.safetensors",
            "checkpoints",
            "flexible",
            "resolved",
            (ModelUse("1", "CheckpointLoaderSimple", 0, "sub/m.safetensors"),),
            "fdee4978c05f1401",
        ),
        ModelEntry(
            "missing.safetensors",
            "vae",
            "flexible",
            "unresolved",
            (ModelUse("3", "VAELoader", 0, "missing.safetensors"),),
            None,
            ("https://huggingface.co/a/b/resolve/main/missing.safetensors",),
            "vae/missing.safetensors",
        ),
    ),
)
KNOWN = KnownModel("fdee4978c05f1401", "m.safetensors", 100, "checkpoints/sub/m.safetensors", "checkpoints")


def written(text: str, entry: WorkflowEntry, *models: KnownModel) -> str:
    document = tomlkit.parse(text)
    put_entry(document, entry)
    put_known_models(document, models)
    return tomlkit.dumps(document)


def read(text: str, name: str = "my wf") -> WorkflowEntry:
    return read_entry(tomlkit.parse(text).unwrap(), name)


def test_an_entry_is_written_as_the_format_has_it() -> None:
    assert written(START, ENTRY, KNOWN) == START + EXAMPLE


def test_the_example_of_the_format_is_read() -> None:
    assert read(START + EXAMPLE) == ENTRY
    assert read_known_models(tomlkit.parse(START + EXAMPLE).unwrap()) == {KNOWN.hash: KNOWN}


def test_writing_what_is_there_changes_no_byte() -> None:
    assert written(START + EXAMPLE, ENTRY, KNOWN) == START + EXAMPLE
