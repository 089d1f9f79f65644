"""`status` and `workflow list` tell how workflows are, and `workflow check` is what they know it from."""

import json
from pathlib import Path

import pytest

from build.freeze import forbidden_modules, own_modules
from tests.support.sessions import Session
from tests.support.workflow_comfyui import put

CHECKPOINTS = "models/checkpoints"


@pytest.fixture
def workflows(work: Session) -> Path:
    """The directory of workflows of an environment whose loader asks for files of a folder."""
    comfyui = work.environments / "work/ComfyUI"
    nodes = comfyui / "nodes.py"
    asked = '(folder_paths.get_filename_list("checkpoints"),)'
    nodes.write_text(nodes.read_text().replace('"ckpt_name": ("STRING", {})', f'"ckpt_name": {asked}'))
    directory = comfyui / "user/default/workflows"
    directory.mkdir(parents=True)
    return directory


def prompt(model: str, kind: str = "Nobody") -> str:
    return json.dumps(
        {
            "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": model}},
            "2": {"class_type": kind, "inputs": {"model": ["1", 0], "seed": 1}},
        }
    )


def test_without_workflows_nothing_is_said_of_them(work: Session) -> None:
    assert "  workflows  " not in work.ok("status").out
    assert work.data("status")["workflows"] == []


def test_status_and_the_list_tell_what_the_last_check_found(work: Session, workflows: Path) -> None:
    put(workflows / "portrait.json", prompt("here.safetensors"))
    put(workflows / "below/gone.json", prompt("gone.safetensors"))
    put(work.workspace / CHECKPOINTS / "here.safetensors", "weights")
    assert "  workflows   2, 2 new, 2 not checked (`comfydock workflow check --all -e work`)\n" in work.ok("status").out
    assert work.run("workflow", "check", "--all").code == 1
    shown = work.ok("status").out
    assert "  workflows   2, 2 new, 2 need something (`comfydock workflow check --all -e work`)\n" in shown
    assert "    ! below/gone needs 2 things\n" in shown
    assert "    ! portrait needs 1 thing\n" in shown
    states = {one["name"]: one["needs"] for one in work.data("status")["workflows"]}
    assert states == {"portrait": {"missing-class": 1}, "below/gone": {"missing-class": 1, "missing-model": 1}}
    assert "new  needs 2 things: missing-class, missing-model\n" in work.ok("workflow", "list").out
    assert {one["name"]: one["check"] for one in work.data("workflow", "list")["workflows"]} == {
        "portrait": "needs",
        "below/gone": "needs",
    }


def test_what_is_reported_again_is_what_was_reported(work: Session, workflows: Path) -> None:
    put(workflows / "one.json", prompt("gone.safetensors"))
    put(workflows / "two.json", "{")
    for words in (("one",), ("one", "--json"), ("one", "--offline"), ("--all",), ("--all", "--json"), ("--all",)):
        first, again = work.run("workflow", "check", *words), work.run("workflow", "check", *words)
        assert (first.code, first.out) == (again.code, again.out)
        assert "nothing here defines `Nobody`" in first.out
    assert work.run("workflow", "check", "one").out == work.run("workflow", "check", "one", "--offline").out


def test_a_report_is_told_without_loading_what_checks(work: Session, workflows: Path, tmp_path: Path) -> None:
    put(workflows / "one.json", prompt("gone.safetensors"))
    for _ in range(2):
        work.run("workflow", "check", "one")
    loaded = own_modules(
        work.program.modules(("workflow", "check", "one", "-e", "work"), work.environment(), tmp_path / "m")
    )
    assert "comfydock_core.core.usecases.workflows.recalling" in loaded
    assert "comfydock_core.core.usecases.workflows.checking" not in loaded


def test_a_model_that_goes_makes_the_check_void_and_the_list_can_check_again(work: Session, workflows: Path) -> None:
    model = work.workspace / CHECKPOINTS / "here.safetensors"
    put(model, "weights")
    put(workflows / "one.json", prompt("here.safetensors"))
    work.run("workflow", "check", "one")
    assert "1 not checked" not in work.ok("status").out
    model.unlink()
    assert "1 not checked" in work.ok("status").out
    assert "files that it asks for came or went since\n" in work.ok("workflow", "list").out
    assert "needs 2 things" in work.ok("workflow", "list", "--check").out
    assert "1 needs something" in work.ok("status").out


def test_workflows_are_compared_with_their_committed_copies(work: Session, workflows: Path) -> None:
    committed = work.environments / "work/.cec/workflows"
    for name in ("same", "other", "gone"):
        put(committed / f"{name}.json", prompt("a.safetensors"))
    put(workflows / "same.json", json.dumps({**json.loads(prompt("a.safetensors")), "extra": {"ds": {"scale": 2}}}))
    put(workflows / "other.json", prompt("b.safetensors"))
    shown = work.ok("status").out
    assert "  workflows   2, 1 changed, 1 deleted, 2 not checked" in shown
    assert "    - gone\n    ~ other\n" in shown
    assert {one["name"]: one["state"] for one in work.data("workflow", "list")["workflows"]} == {
        "gone": "deleted",
        "other": "changed",
        "same": "unchanged",
    }


def test_a_resolution_leaves_the_workflow_checked(work: Session, workflows: Path) -> None:
    put(work.workspace / CHECKPOINTS / "below/here.safetensors", "weights")
    put(workflows / "one.json", prompt("here.safetensors", "KSampler"))
    work.run("workflow", "resolve", "one", "--auto", "--no-install", "--models", "skip")
    assert "below/here.safetensors" in (workflows / "one.json").read_text()
    (one,) = work.data("status")["workflows"]
    assert (one["check"], one["needs"]) == ("needs", {"no-output": 1})


def test_a_workflow_that_cannot_be_read_keeps_no_other_from_being_checked(work: Session, workflows: Path) -> None:
    put(workflows / "bad.json", "{")
    put(workflows / "good.json", prompt("a.safetensors"))
    checked = work.run("workflow", "check", "--all")
    assert checked.code == 1
    assert "good: does not run" in checked.out
    assert "unreadable" in checked.out


def test_a_status_of_workflows_that_stand_still_loads_only_what_looks_at_them(
    work: Session, workflows: Path, tmp_path: Path
) -> None:
    without = work.program.modules(("status",), work.environment(), tmp_path / "without.txt")
    put(workflows / "one.json", prompt("a.safetensors"))
    work.run("workflow", "check", "--all")
    loaded = work.program.modules(("status",), work.environment(), tmp_path / "with.txt")
    assert forbidden_modules(loaded) == frozenset()
    assert own_modules(loaded - without) == {
        "comfydock_core.analyzers.workflow_states",
        "comfydock_core.managers",
        "comfydock_core.managers.workflow_manager",
        "comfydock_core.models.workflow",
        "comfydock_core.models.workflow.status",
        "comfydock_core.repositories.workflow_note",
    }
    assert loaded - without - own_modules(loaded) <= {"binascii"}
