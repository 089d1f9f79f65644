"""`workflow node` and `workflow model`: what somebody says of a workflow is remembered, and can be taken back."""

import json
from pathlib import Path

from comfydock_core.models.workflow.entries import OPTIONAL
from tests.e2e.test_workflow_resolving import VAE, known, models, nodes, noted, one_node, place_of, put, save, workflow
from tests.support.sessions import Session, tree

__all__ = ["known", "models"]  # Fixtures.


def manifest(session: Session) -> Path:
    return session.environments / "work/.cec/pyproject.toml"


def test_a_choice_holds_for_every_workflow_until_it_is_taken_back(known: Session) -> None:
    save(known, nodes("Dual1"))
    before = manifest(known).read_bytes()
    told = known.ok("workflow", "node", "map", "Dual1", "pack-a")
    assert told.out == "`Dual1` in every workflow of work: pack-a\n"
    assert "`comfydock node add pack-a`" in told.err
    assert b'[tool.comfydock.custom_node_map]\nDual1 = "pack-a"\n' in manifest(known).read_bytes()
    (one,) = known.data("workflow", "node", "list", "portrait")["classes"]
    assert (one["decided"], one["decided_by"]) == ("pack-a", "chosen")
    again = known.data("workflow", "node", "map", "Dual1", "pack-a")
    assert again["operation"] is None
    known.ok("workflow", "node", "unmap", "Dual1")
    assert manifest(known).read_bytes().rstrip() == before.rstrip()
    known.ok("undo", "-e", "work")
    assert known.data("workflow", "node", "list")["choices"] == [
        {"class": "Dual1", "pack": "pack-a", "workflow": None, "installed": None}
    ]


def test_a_choice_for_one_workflow_goes_before_that_for_all(known: Session) -> None:
    save(known, nodes("Dual1"))
    save(known, nodes("Dual1"), "folder/other")
    known.ok("workflow", "node", "map", "Dual1", "pack-a")
    known.ok("workflow", "node", "map", "Dual1", "--optional", "--workflow", "folder/other.json")
    ways = [
        known.data("workflow", "node", "list", name)["classes"][0]["decided_by"]
        for name in ("portrait", "folder/other")
    ]
    assert ways == ["chosen", "optional"]
    assert noted(known, "folder/other").choices == {"Dual1": False}
    error = known.error("workflow", "node", "unmap", "Dual1", "--workflow", "portrait")
    assert (error["code"], "`--workflow folder/other`" in error["hint"]) == ("class-not-found", True)
    known.ok("workflow", "node", "unmap", "Dual1", "--workflow", "folder/other")
    assert known.data("workflow", "node", "list", "folder/other")["classes"][0]["decided"] == "pack-a"


def test_names_that_are_wrong_are_answered_with_near_ones(known: Session) -> None:
    save(known, nodes("Dual1"))
    before = tree(known.environments / "work")
    error = known.error("workflow", "node", "map", "Dual", "pack-a")
    assert (error["code"], error["hint"]) == ("class-not-found", "did you mean `Dual1`?")
    error = known.error("workflow", "node", "map", "Dual1", "pack-a", "--workflow", "portait")
    assert (error["code"], error["hint"]) == ("workflow-not-found", "did you mean `portrait`?")
    error = known.error("workflow", "node", "unmap", "Dual1")
    assert (error["code"], error["context"]["known"]) == ("class-not-found", [])
    assert tree(known.environments / "work") == before
    told = known.ok("workflow", "node", "map", "Dual1", "pack-aa")
    assert "no list knows `pack-aa`, and it is not installed; did you mean `pack-a`" in told.err
    assert known.run("workflow", "node", "map", "Dual1").code == 2
    assert known.run("workflow", "node", "map", "Dual1", "pack-a", "--optional").code == 2


def test_a_pack_is_noted_by_the_name_that_the_environment_has_for_it(known: Session) -> None:
    save(known, nodes("Odd"))
    known.ok("node", "add", "my-blur")
    told = known.ok("workflow", "node", "map", "Odd", "MY-BLUR")
    assert (told.out, "installed" in told.err) == ("`Odd` in every workflow of work: my-blur\n", False)
    known.ok("workflow", "resolve", "portrait", "--auto")
    assert noted(known).packs == ("my-blur",)


def test_a_dry_run_of_a_choice_changes_nothing(known: Session) -> None:
    save(known, nodes("Dual1"))
    before = tree(known.environments / "work")
    plan = known.data("workflow", "node", "map", "Dual1", "pack-a", "--dry-run")
    assert [step["path"] for step in plan["steps"]] == [".cec/pyproject.toml"]
    assert tree(known.environments / "work") == before


def test_importance_is_remembered_over_every_resolution_and_undone(known: Session) -> None:
    path = save(known, workflow(ckpt="SUB\\a.safetensors"))
    put(known, "checkpoints/sub/a.safetensors")
    put(known, "vae/v.safetensors", VAE)
    before = path.read_bytes(), manifest(known).read_bytes()
    plan = known.data("workflow", "model", "importance", "portrait", "a.safetensors", "optional", "--dry-run")
    assert ([step["path"] for step in plan["steps"]], plan["before"]) == ([".cec/pyproject.toml"], "flexible")
    told = known.ok("workflow", "model", "importance", "portrait", "a.safetensors", "optional")
    assert told.out == "a.safetensors is optional for portrait, it was flexible\n"
    assert path.read_bytes() == before[0]
    known.ok("workflow", "resolve", "portrait", "--auto", "--install")
    assert b"sub/a.safetensors" in path.read_bytes()
    assert {one.filename: one.importance for one in noted(known).models}["a.safetensors"] == OPTIONAL
    again = known.data("workflow", "model", "importance", "portrait", "a.safetensors", "optional")
    assert again["operation"] is None
    known.ok("workflow", "model", "importance", "portrait", "v.safetensors", "required")
    known.ok("undo", "-e", "work")
    listed = {one["value"]: one["importance"] for one in known.data("workflow", "model", "list", "portrait")["models"]}
    assert listed == {"sub/a.safetensors": "optional", "v.safetensors": "flexible"}


def test_a_name_is_mapped_to_a_file_in_the_workflow_and_in_the_manifest(known: Session) -> None:
    path = save(known, workflow(ckpt="gone.safetensors"))
    before = path.read_bytes()
    file = put(known, "checkpoints/x/here.safetensors")
    put(known, "vae/v.safetensors", VAE)
    for named in ("checkpoints/x/here.safetensors", "x/here.safetensors", str(file)):
        plan = known.data("workflow", "model", "map", "portrait", "gone.safetensors", named, "--dry-run")
        assert [(one["old"], one["new"]) for one in plan["changes"]] == [("gone.safetensors", "x/here.safetensors")]
    assert path.read_bytes() == before
    known.ok("workflow", "model", "map", "portrait", "gone.safetensors", str(file))
    assert path.read_bytes() == before.replace(b'"gone.safetensors"', b'"x/here.safetensors"', 1)
    assert noted(known).models[0].filename == "here.safetensors"
    known.ok("undo", "-e", "work")
    assert path.read_bytes() == before


def test_a_choice_that_cannot_be_written_into_the_workflow_is_remembered(known: Session) -> None:
    """The graph is a text in the file, which is not written back."""
    flow = one_node("CheckpointLoaderSimple", "a.safetensors")
    path = save(known, {"workflow": json.dumps(flow)})
    put(known, "checkpoints/one/a.safetensors")
    put(known, "checkpoints/two/a.safetensors", b"other")
    before = path.read_bytes()
    assert known.run("workflow", "resolve", "portrait", "--auto").code == 1
    known.ok("workflow", "model", "map", "portrait", "a.safetensors", "two/a.safetensors")
    known.ok("workflow", "resolve", "portrait", "--auto")
    (model,) = known.data("workflow", "model", "list", "portrait")["models"]
    assert (model["path"].endswith("two/a.safetensors"), path.read_bytes()) == (True, before)


def test_wrong_names_of_models_are_answered_with_near_ones(known: Session) -> None:
    save(known, one_node("VAELoader", "vae-ft.safetensors"))
    for words in (
        ("map", "portrait", "vae_ft.safetensors", "x"),
        ("importance", "portrait", "vae_ft.safetensors", "optional"),
    ):
        error = known.error("workflow", "model", *words)
        assert (error["code"], "`vae-ft.safetensors`" in error["hint"]) == ("model-not-found", True)
    error = known.error("workflow", "model", "map", "portrait", "vae-ft.safetensors", "nothing.safetensors")
    assert error["code"] == "model-not-found"
    assert known.error("workflow", "model", "list", "portrai")["hint"] == "did you mean `portrait`?"
    assert known.run("workflow", "model", "importance", "portrait", "vae-ft.safetensors", "much").code == 2


def test_names_are_completed(known: Session) -> None:
    save(known, nodes("Dual1"))
    known.ok("workflow", "node", "map", "Dual1", "pack-a")
    for words, offered in (
        (("workflow", "node", "map", ""), "Dual1"),
        (("workflow", "node", "unmap", ""), "Dual1"),
        (("workflow", "model", "list", ""), "portrait"),
        (("workflow", "node", "map", "Dual1", "x", "--workflow", ""), "portrait"),
        (("workflow", "model", "importance", "portrait", "x", ""), "flexible"),
    ):
        assert offered in known.ok("__complete", "bash", *words).out


def test_check_says_what_to_do_about_missing_classes(known: Session) -> None:
    save(known, nodes("MyBlur", "Dual1", "Odd"))
    issues = {one["type"]: one["hint"] for one in known_issues(known) if one["code"] == "missing-class"}
    assert issues["MyBlur"] == "`comfydock node add my-blur` adds the pack that has it"
    assert issues["Dual1"] == "it may be from `pack-a`, `pack-b`; `comfydock workflow resolve portrait` decides"
    assert issues["Odd"] is None
    known.ok("node", "add", "my-blur")
    assert "MyBlur" not in {one["type"] for one in known_issues(known) if one["code"] == "missing-class"}


def test_check_without_lists_says_how_to_get_them(work: Session) -> None:
    save(work, nodes("MyBlur"))
    (hint,) = [one["hint"] for one in known_issues(work) if one["code"] == "missing-class"]
    assert "`comfydock registry update`" in hint


def known_issues(session: Session) -> list[dict[str, str | None]]:
    ran = session.run("workflow", "check", "portrait", "--json")
    issues: list[dict[str, str | None]] = ran.envelope()["data"]["workflows"][0]["issues"]
    assert place_of(session).exists()
    return issues
