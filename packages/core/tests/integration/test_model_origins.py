"""Where models that workflows ask for and that are missing here can be had, by what is known without the network."""

import json
from pathlib import Path

import pytest

from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.models.operation import Initiator
from comfydock_core.models.workflow.plans import Decisions, WantedModel, WorkflowResolution
from comfydock_core.repositories.model_index import open_model_index
from comfydock_core.utils.reporting import SilentReporter
from tests.support.node_lists import write_lists

SILENT = SilentReporter()
WHO = Initiator(("workflow", "resolve"))
SHA256 = "c0" * 32
NODES = """
import folder_paths


class Load:
    RETURN_TYPES = ()
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"ckpt_name": (folder_paths.get_filename_list("checkpoints"),),
                             "vae_name": (folder_paths.get_filename_list("vae"),)}}


NODE_CLASS_MAPPINGS = {"Load": Load}
"""


class Place:
    """An environment with a class that loads a checkpoint and a VAE, and one workflow that uses it."""

    def __init__(self, workspace: Workspace, environment: Environment) -> None:
        self.workspace = workspace
        self.layout = environment.layout
        pack = Path(self.layout.custom_nodes, "loading")
        pack.mkdir()
        (pack / "__init__.py").write_text(NODES)
        models = Path(workspace.layout.models)
        (models / "vae").mkdir(exist_ok=True)
        (models / "vae" / "here.pt").write_bytes(b"a vae")

    def save(self, value: str, **named: str) -> None:
        node = {"id": 1, "type": "Load", "inputs": [], "outputs": [], "widgets_values": [value, "here.pt"]}
        if named:
            node["properties"] = {"models": [{"name": value, "directory": "checkpoints", **named}]}
        workflow = Path(self.layout.workflows, "w.json")
        workflow.parent.mkdir(parents=True, exist_ok=True)
        workflow.write_text(json.dumps({"version": 0.4, "nodes": [node], "links": []}))

    def list(self, *entries: dict[str, str]) -> None:
        """What the Manager's list of models has."""
        write_lists(Path(self.workspace.layout.node_data), models={"models": list(entries)})

    def plan(self) -> WorkflowResolution:
        return self.workspace.workflows.plan_resolution("demo", "w", Decisions(), SILENT)

    def wanted(self) -> WantedModel:
        (wanted,) = self.plan().fetch
        return wanted

    def offered(self) -> tuple[ModelListEntry, ...]:
        """What people may choose from; nothing is fetched by itself then."""
        plan = self.plan()
        assert plan.fetch == ()
        (missing,) = plan.missing
        return plan.offered.get(missing.reference.value, ())

    def hint(self) -> str | None:
        (check,) = self.workspace.workflows.check("demo", ["w"], SILENT)
        (issue,) = check.issues
        return issue.hint

    def manifest(self) -> str:
        return Path(self.layout.manifest).read_text()


@pytest.fixture
def place(workspace: Workspace, demo: Environment) -> Place:
    return Place(workspace, demo)


def entry(name: str, url: str, save_path: str = "checkpoints/SD1.5", **fields: str) -> dict[str, str]:
    return {"filename": name, "url": url, "save_path": save_path, "type": "checkpoint", "size": "4GB", **fields}


def known(place: Place, url: str) -> None:
    """A content that was here once, of which the index knows where it can be had."""
    with open_model_index(place.workspace.layout.model_index) as index:
        with index._changing():
            index._connection.execute("INSERT INTO contents VALUES (?, ?, 5, 1)", ("b3" * 32, SHA256))
        index.add_source("b3" * 32, url, "url")


def test_the_list_of_models_is_asked_when_nothing_else_knows(place: Place) -> None:
    place.list(entry("base.safetensors", "https://h.example/base"))
    place.save("sub/base.safetensors")
    wanted = place.wanted()
    assert (wanted.urls, wanted.to, wanted.known_from) == (
        ("https://h.example/base",), "checkpoints/sub/base.safetensors", "model-list",
    )  # fmt: skip
    assert place.hint() == "ComfyUI-Manager's list has it at https://h.example/base (4GB)"


def test_what_the_workflow_names_goes_first(place: Place) -> None:
    known(place, "https://by-digest.example/x")
    place.list(entry("base.safetensors", "https://h.example/base"))
    place.save("base.safetensors", url="https://own.example/base", hash=SHA256, hash_type="SHA256")
    wanted = place.wanted()
    assert (wanted.urls, wanted.known_from) == (("https://own.example/base",), "workflow")
    assert place.hint() == "the workflow names https://own.example/base"


def test_what_the_manifest_notes_goes_before_the_list(place: Place) -> None:
    place.save("base.safetensors", url="https://own.example/base")
    place.workspace.workflows.note_resolution(place.plan(), WHO, SILENT)
    place.list(entry("base.safetensors", "https://h.example/base"))
    place.save("base.safetensors")
    wanted = place.wanted()
    assert (wanted.urls, wanted.known_from) == (("https://own.example/base",), "manifest")
    assert place.hint() == "the manifest notes https://own.example/base"


def test_what_the_index_knows_of_a_digest_goes_before_the_list(place: Place) -> None:
    known(place, "https://by-digest.example/x")
    place.list(entry("base.safetensors", "https://h.example/base"))
    place.save("base.safetensors", hash=SHA256.upper(), hash_type="SHA256")
    wanted = place.wanted()
    assert (wanted.urls, wanted.known_from, (wanted.sha256 or "").lower()) == (
        ("https://by-digest.example/x",), "index", SHA256,
    )  # fmt: skip
    assert place.hint() == "a model of this digest was had from https://by-digest.example/x"


def test_without_a_digest_the_index_is_not_believed(place: Place) -> None:
    known(place, "https://by-digest.example/x")
    place.save("base.safetensors")
    assert place.offered() == ()
    assert place.hint() is None


def test_a_digest_that_the_workflow_names_is_asked_of_what_the_list_has(place: Place) -> None:
    place.list(entry("base.safetensors", "https://h.example/base"))
    place.save("base.safetensors", hash=SHA256, hash_type="SHA256")
    assert (place.wanted().known_from, place.wanted().sha256) == ("model-list", SHA256)


@pytest.mark.parametrize("name", ["base", "my-base.safetensors", "base.safetensors.pt", "base.safetensor"])
def test_a_part_of_a_name_is_nothing(place: Place, name: str) -> None:
    place.list(entry(name, "https://h.example/base"))
    place.save("base.safetensors")
    assert place.offered() == ()


@pytest.mark.parametrize("save_path", ["vae", "loras", "vae/checkpoints", "default"])
def test_a_file_for_another_folder_is_not_meant(place: Place, save_path: str) -> None:
    place.list(entry("base.safetensors", "https://h.example/base", save_path, type="VAE"))
    place.save("base.safetensors")
    assert place.offered() == ()


def test_the_usual_folder_of_a_kind_fits(place: Place) -> None:
    place.list(entry("base.safetensors", "https://h.example/base", "default"))
    place.save("base.safetensors")
    assert place.wanted().known_from == "model-list"


def test_entries_that_disagree_are_offered_and_none_is_chosen(place: Place) -> None:
    urls = ["https://h.example/1", "https://h.example/2"]
    place.list(*(entry("base.safetensors", url) for url in urls))
    place.save("base.safetensors")
    assert [one.url for one in place.offered()] == urls
    assert place.hint() == f"ComfyUI-Manager's list has 2 files of this name: {urls[0]}, {urls[1]}"


def test_entries_of_one_address_are_one(place: Place) -> None:
    place.list(*(entry("base.safetensors", "https://h.example/1", f"checkpoints/{n}") for n in "ab"))
    place.save("base.safetensors")
    assert place.wanted().urls == ("https://h.example/1",)


def test_the_file_of_the_same_name_for_another_folder_is_no_disagreement(place: Place) -> None:
    place.list(
        entry("base.safetensors", "https://h.example/1"), entry("base.safetensors", "https://h.example/2", "vae")
    )
    place.save("base.safetensors")
    assert place.wanted().urls == ("https://h.example/1",)


def test_a_name_that_any_model_may_have_is_offered_only(place: Place) -> None:
    place.list(entry("model.safetensors", "https://h.example/1"))
    place.save("model.safetensors")
    assert [one.url for one in place.offered()] == ["https://h.example/1"]
    assert place.hint() == "ComfyUI-Manager's list has a file of this name at https://h.example/1"


def test_the_very_case_of_a_name_goes_before_another_case(place: Place) -> None:
    place.list(entry("Base.safetensors", "https://h.example/1"), entry("base.safetensors", "https://h.example/2"))
    place.save("base.safetensors")
    assert place.wanted().urls == ("https://h.example/2",)
    place.save("BASE.safetensors")
    assert len(place.offered()) == 2


def test_what_the_list_says_is_not_noted_in_the_manifest(place: Place) -> None:
    place.list(entry("base.safetensors", "https://h.example/base"))
    place.save("base.safetensors")
    place.workspace.workflows.note_resolution(place.plan(), WHO, SILENT)
    assert "h.example" not in place.manifest()
    assert place.wanted().known_from == "model-list"


def test_without_lists_a_missing_model_is_only_missing(place: Place) -> None:
    place.save("base.safetensors")
    assert place.offered() == ()
    assert place.hint() is None


def test_a_check_that_misses_nothing_reads_no_list(place: Place) -> None:
    models = Path(place.workspace.layout.models, "checkpoints")
    models.mkdir(exist_ok=True)
    (models / "base.safetensors").write_bytes(b"a model")
    place.list(entry("base.safetensors", "https://h.example/base"))
    place.save("base.safetensors")
    (check,) = place.workspace.workflows.check("demo", ["w"], SILENT)
    assert check.issues == ()
    assert not Path(place.workspace.layout.node_data, "node_index.sqlite").exists()
