"""What the manifest notes of workflows: read, written, and all that others wrote into it kept."""

from dataclasses import replace

import hypothesis.strategies as st
import pytest
import tomlkit
from hypothesis import given, settings

from comfydock_core.managers.pyproject.workflow_entries import read_entry, read_known_models
from comfydock_core.managers.pyproject.workflows import put_entry, put_known_models
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.workflow.entries import IMPORTANCES, KnownModel, ModelEntry, ModelUse, WorkflowEntry
from comfydock_core.resolvers.class_choices import class_choices

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


def test_keys_and_comments_of_others_stay() -> None:
    text = START + EXAMPLE.replace('status = "resolved"', 'status = "resolved"  # mine\ntheirs = 3').replace(
        'path = "workflows', '# a word\nexecution_contract = {a = 1}\npath = "workflows'
    ).replace('category = "checkpoints"}', 'category = "checkpoints", other = true}')
    first, second = ENTRY.models
    changed = replace(ENTRY, packs=("a", "b"), models=(replace(first, importance="required"), second))
    once = written(text, changed, replace(KNOWN, sources=("https://x/y",)))
    assert read(once) == changed
    for kept in ("# mine", "theirs = 3", "# a word", "execution_contract = {a = 1}", "other = true"):
        assert kept in once
    assert read_known_models(tomlkit.parse(once).unwrap())[KNOWN.hash].sources == ("https://x/y",)


def test_sources_and_digests_of_known_models_are_never_lost() -> None:
    noted = replace(KNOWN, sources=("https://b",), blake3="b3", sha256="s2")
    once = written(START, ENTRY, noted)
    again = written(once, ENTRY, replace(KNOWN, sources=("https://a",)))
    found = read_known_models(tomlkit.parse(again).unwrap())[KNOWN.hash]
    assert found == replace(noted, sources=("https://a", "https://b"))


def test_models_that_no_workflow_has_any_more_go() -> None:
    once = written(START + EXAMPLE, replace(ENTRY, models=ENTRY.models[1:]))
    assert read_known_models(tomlkit.parse(once).unwrap()) == {}
    assert "[tool.comfydock.models]" not in once


def test_what_is_empty_is_not_written() -> None:
    once = written(START + EXAMPLE, WorkflowEntry("my wf"))
    assert read(once) == WorkflowEntry("my wf")
    assert "custom_node_map" not in once
    assert "nodes" not in once


def test_choices_are_read_as_the_evidence_reads_them() -> None:
    text = START + '[tool.comfydock.workflows.flow.custom_node_map]\nA = true\nB = ""\nC = 3\nD = "pack"\nE = false\n'
    manifest = tomlkit.parse(text).unwrap()
    for name in ("flow", "folder/flow", "other"):
        assert read_entry(manifest, name).choices == class_choices(EnvironmentManifest(manifest, ""), name).workflow
    assert read_entry(manifest, "folder/flow").choices == {"A": True, "D": "pack", "E": False}


def test_a_model_of_the_same_name_keeps_the_item_of_its_own_nodes() -> None:
    twins = tuple(
        ModelEntry(
            "m.safetensors", "vae", level, "resolved", (ModelUse(str(at), "L", 0, f"{at}/m.safetensors"),), f"{at}"
        )
        for at, level in enumerate(("required", "optional"))
    )
    once = written(START, WorkflowEntry("w", models=twins))
    assert read(written(once, WorkflowEntry("w", models=twins[::-1])), "w").models == twins[::-1]


@pytest.mark.parametrize("value", ["3", "[]", '"x"', "{models = 3}", "{models = [3], nodes = 4, custom_node_map = []}"])
def test_what_has_another_type_is_left_out_and_written_over(value: str) -> None:
    text = f"[tool.comfydock]\nworkflows = {{w = {value}}}\n"
    assert read_entry(tomlkit.parse(text).unwrap(), "w") == WorkflowEntry("w")


_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
_USES = st.builds(ModelUse, _TEXT, _TEXT, st.integers(0, 99), _TEXT)
_MODELS = st.builds(
    ModelEntry,
    _TEXT,
    _TEXT,
    st.sampled_from(IMPORTANCES),
    st.sampled_from(["resolved", "unresolved"]),
    st.lists(_USES, max_size=2).map(tuple),
    st.none() | _TEXT,
    st.lists(_TEXT, max_size=2).map(tuple),
    st.none() | _TEXT,
)
_ENTRIES = st.builds(
    WorkflowEntry,
    st.just('any name, with "quotes" and ünïcode'),
    _TEXT,  # Every entry has one; a table with nothing in it would not be written.
    st.sets(_TEXT, max_size=3).map(lambda names: tuple(sorted(names))),
    st.dictionaries(_TEXT, _TEXT | st.booleans(), max_size=3),
    st.lists(_MODELS, max_size=4).map(tuple),
)


@settings(max_examples=80, deadline=None)
@given(_ENTRIES, _ENTRIES)
def test_any_entry_is_read_as_it_was_written_whatever_was_there(first: WorkflowEntry, second: WorkflowEntry) -> None:
    once = written(START + EXAMPLE, first, KNOWN)
    assert read(once, first.name) == first
    again = written(once, second, KNOWN)
    assert read(again, second.name) == second
    assert read(again) == ENTRY
    assert written(again, second, KNOWN) == again
