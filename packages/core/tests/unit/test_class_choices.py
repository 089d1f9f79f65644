"""Choices of packs for node classes: read from the manifest, written into it, taken back."""

from pathlib import Path

import pytest

from comfydock_core.managers.pyproject_manager import PyprojectManager
from comfydock_core.models.exceptions import ManifestDamaged
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.workflow import ClassChoices
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.resolvers.class_choices import class_choices

FIRST = """\
# A word of the user.
[project]
name = "x"

[tool.comfydock]
schema_version = 1

[tool.comfydock.workflows."my wf"]
nodes = ["comfyui-fancy"]

[tool.comfydock.workflows."my wf".custom_node_map]
Unknowny = false
DualNode = "pack-b"
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "pyproject.toml"
    path.write_text(FIRST)
    return path


def choices(manifest: Path, workflow: str) -> ClassChoices:
    return class_choices(EnvironmentManifest(read_manifest(str(manifest)), str(manifest)), workflow)


def test_choices_are_those_of_the_workflow_also_in_a_folder(manifest: Path) -> None:
    for name in ("my wf", "folder/my wf"):
        assert choices(manifest, name) == ClassChoices({"Unknowny": False, "DualNode": "pack-b"}, {})
    assert choices(manifest, "other") == ClassChoices()


def test_a_choice_is_remembered_for_a_workflow_or_for_all_and_taken_back(manifest: Path) -> None:
    writer = PyprojectManager(str(manifest))
    writer.choose_class("A B", "pack-a", workflow="new/one")
    writer.choose_class("Everywhere", False)
    assert choices(manifest, "new/one") == ClassChoices({"A B": "pack-a"}, {"Everywhere": False})
    assert choices(manifest, "my wf").of("Everywhere") is False
    writer.forget_choice("A B", workflow="new/one")
    writer.forget_choice("Everywhere")
    assert choices(manifest, "new/one") == ClassChoices()
    assert manifest.read_text().startswith(FIRST.rstrip("\n"))


def test_a_choice_that_was_not_made_cannot_be_taken_back(manifest: Path) -> None:
    before = manifest.read_bytes()
    for workflow in (None, "my wf", "nothing"):
        with pytest.raises(KeyError):
            PyprojectManager(str(manifest)).forget_choice("Nothing", workflow=workflow)
    assert manifest.read_bytes() == before


def test_a_choice_replaces_another_and_the_last_one_takes_its_table_away(manifest: Path) -> None:
    writer = PyprojectManager(str(manifest))
    writer.choose_class("DualNode", True, workflow="my wf")
    assert choices(manifest, "my wf").of("DualNode") is True
    for name in ("DualNode", "Unknowny"):
        writer.forget_choice(name, workflow="my wf")
    assert "custom_node_map" not in manifest.read_text()
    assert 'nodes = ["comfyui-fancy"]' in manifest.read_text()


@pytest.mark.parametrize("value", ["3", "[]", '{A = 3, B = "", C = []}'])
def test_what_is_no_choice_is_passed_over(manifest: Path, value: str) -> None:
    manifest.write_text(f"[tool.comfydock]\ncustom_node_map = {value}\n")
    assert choices(manifest, "x") == ClassChoices()


def test_a_manifest_that_is_none_is_refused(manifest: Path) -> None:
    manifest.write_text("[tool]\ncomfydock = 3\n")
    with pytest.raises(ManifestDamaged):
        choices(manifest, "x")
    manifest.write_text("[tool.comfydock]\ncustom_node_map = 4\n[tool.comfydock.workflows]\none = 3\n")
    for workflow in (None, "one"):
        with pytest.raises(ManifestDamaged):
            PyprojectManager(str(manifest)).choose_class("A", "b", workflow=workflow)
