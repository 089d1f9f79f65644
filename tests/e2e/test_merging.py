"""Merging branches of an environment, and taking commits back: what both sides changed is united by its meaning."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.miniature import Miniature, git
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session, tree

FLOW: dict[str, Any] = {
    "last_node_id": 2,
    "last_link_id": 1,
    "nodes": [
        {"id": 1, "type": "Load", "pos": [0, 0], "outputs": [{"name": "MODEL", "links": [1]}],
         "widgets_values": ["a.safetensors"]},
        {"id": 2, "type": "Sample", "pos": [300, 0], "inputs": [{"name": "model", "link": 1}],
         "widgets_values": [20, 7.5, "euler"]},
    ],
    "links": [[1, 1, 0, 2, 0, "MODEL"]],
}  # fmt: skip


def definition(session: Session) -> Path:
    return session.environments / "work/.cec"


def flow_file(session: Session, name: str = "flow") -> Path:
    return session.environments / f"work/ComfyUI/user/default/workflows/{name}.json"


def save(session: Session, flow: dict[str, Any], name: str = "flow") -> None:
    flow_file(session, name).parent.mkdir(parents=True, exist_ok=True)
    flow_file(session, name).write_text(json.dumps(flow))


def flow(steps: int = 20, cfg: float = 7.5, sampler: str = "euler", model: str = "a.safetensors") -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(FLOW))
    made["nodes"][0]["widgets_values"] = [model]
    made["nodes"][1]["widgets_values"] = [steps, cfg, sampler]
    return made


def packs(session: Session) -> list[str]:
    return sorted(path.name for path in (session.environments / "work/ComfyUI/custom_nodes").iterdir()
                  if path.is_dir() and path.name != "__pycache__")  # fmt: skip


@pytest.fixture
def work(source: Session, host: PackHost) -> Session:
    """An environment with a workflow, committed as v2; packs that can be had."""
    source.variables |= host.variables()
    for name in ("blur", "sharp"):
        host.add(name, "1.0.0", files=pack_files(name))
        host.add(name, "2.0.0", files=pack_files(name, requirements="mini-masks\n"))
    source.ok("create", "work", "--torch-backend", "cpu", "--use")
    save(source, flow())
    source.ok("commit")
    return source


def on_two_sides(session: Session, mine: list[tuple[str, ...]], theirs: list[tuple[str, ...]]) -> None:
    """Commits of commands on a branch `other`, and of others on `main`."""
    session.ok("switch", "-c", "other")
    for words in theirs:
        session.ok(*words)
    session.ok("commit")
    session.ok("switch", "main")
    for words in mine:
        session.ok(*words)
    session.ok("commit")


def test_what_either_side_added_is_there_and_git_agrees(work: Session) -> None:
    on_two_sides(
        work,
        [("node", "add", "blur@1.0.0"), ("py", "add", "mini-choice<3")],
        [("node", "add", "sharp@2.0.0"), ("constraint", "add", "mini-imaging<1.1")],
    )
    previewed = work.data("merge", "other", "--preview")
    assert (previewed["kind"], previewed["questions"], previewed["commit"]) == ("merge", [], None)
    assert git(definition(work), "log", "--format=%s", "-1").strip() != previewed["message"]
    data = work.data("merge", "other")
    assert packs(work) == ["blur", "sharp"]
    manifest = (definition(work) / "pyproject.toml").read_text()
    assert "mini-choice<3" in manifest
    assert "mini-imaging<1.1" in manifest
    assert git(definition(work), "log", "-1", "--format=%P").split() == [data["mine"], data["theirs"]]
    assert git(definition(work), "merge-base", "HEAD", "other").strip() == data["theirs"]
    assert git(definition(work), "status", "--porcelain") == ""
    assert git(definition(work), "fsck", "--strict", "--no-dangling") == ""
    status = work.data("status")
    assert (status["packages"]["state"], status["definition"]["clean"]) == ("in-sync", True)
    assert work.ok("merge", "other").out == "work: nothing to merge, this branch has all of other already\n"
    work.ok("undo")
    assert packs(work) == ["blur"]
    assert git(definition(work), "rev-parse", "HEAD").strip() == data["mine"]


def test_a_branch_that_only_went_on_is_gone_to(work: Session) -> None:
    work.ok("switch", "-c", "other")
    work.ok("node", "add", "blur")
    work.ok("commit")
    work.ok("switch", "main")
    assert work.data("merge", "other")["kind"] == "fast-forward"
    assert packs(work) == ["blur"]
    assert work.data("branch")["branches"][0]["current"] is True
    assert (
        git(definition(work), "rev-parse", "main", "other").split()[0]
        == git(definition(work), "rev-parse", "other").strip()
    )


def test_a_pack_at_two_versions_is_a_question_with_a_name(work: Session) -> None:
    on_two_sides(work, [("node", "add", "blur@1.0.0")], [("node", "add", "blur@2.0.0")])
    before = tree(work.environments / "work")
    error = work.error("merge", "other")
    assert (error["code"], error["exit_code"]) == ("merge-undecided", 4)
    (question,) = error["context"]["questions"]
    assert (question["name"], question["mine"], question["theirs"]) == ("pack:blur", "1.0.0", "2.0.0")
    assert "--take pack:blur=theirs" in error["hint"]
    assert tree(work.environments / "work") == before
    work.ok("merge", "other", "--take", "pack:blur=theirs")
    manifest = (definition(work) / "pyproject.toml").read_text()
    assert 'version = "2.0.0"' in manifest
    assert "mini-masks" in manifest  # What the pack requires came with it.
    assert work.data("status")["packages"]["state"] == "in-sync"


def test_a_pack_that_one_side_removed_and_the_other_changed_is_a_question(work: Session) -> None:
    work.ok("node", "add", "blur@1.0.0")
    work.ok("commit")
    on_two_sides(work, [("node", "remove", "blur")], [("node", "update", "blur")])
    (question,) = work.data("merge", "other", "--preview")["questions"]
    assert (question["name"], question["mine"], question["theirs"]) == ("pack:blur", "nothing", "2.0.0")
    work.ok("merge", "other", "--auto-resolve", "mine")
    assert packs(work) == []


def test_two_versions_of_comfyui_are_one_question(work: Session, miniature: Miniature) -> None:
    on_two_sides(work, [("comfyui", "use", "v0.2.0")], [("comfyui", "use", "main")])
    data = work.data("merge", "other", "--preview")
    assert [one["name"] for one in data["questions"]] == ["comfyui"]
    work.ok("merge", "other", "--take", "comfyui=theirs")
    comfyui = work.environments / "work/ComfyUI"
    assert git(comfyui, "rev-parse", "HEAD").strip() == miniature.commits["main"]
    assert "mini-sampling" in (definition(work) / "pyproject.toml").read_text()


def test_values_of_one_workflow_are_united_node_by_node(work: Session) -> None:
    work.ok("switch", "-c", "other")
    theirs = flow(steps=30)
    theirs["nodes"].append({"id": 3, "type": "Save", "inputs": [{"name": "images", "link": None}]})
    theirs["last_node_id"] = 3
    save(work, theirs)
    work.ok("commit")
    work.ok("switch", "main")
    mine = flow(cfg=5.0, model="b.safetensors")
    mine["nodes"].append({"id": 3, "type": "Preview", "inputs": [{"name": "model", "link": 2}]})
    mine["links"].append([2, 1, 0, 3, 0, "MODEL"])
    mine["nodes"][0]["outputs"][0]["links"] = [1, 2]
    save(work, mine)
    work.ok("commit")
    work.ok("merge", "other")
    found = json.loads(flow_file(work).read_text())
    by_type = {node["type"]: node for node in found["nodes"]}
    assert by_type["Sample"]["widgets_values"] == [30, 5.0, "euler"]
    assert by_type["Load"]["widgets_values"] == ["b.safetensors"]
    assert len({node["id"] for node in found["nodes"]}) == 4  # Both added a node 3.
    assert by_type["Preview"]["inputs"][0]["link"] == 2
    assert flow_file(work).read_bytes() == (definition(work) / "workflows/flow.json").read_bytes()


def test_one_value_changed_twice_is_a_question_about_that_value(work: Session) -> None:
    work.ok("switch", "-c", "other")
    save(work, flow(steps=30, cfg=3.0))
    work.ok("commit")
    work.ok("switch", "main")
    save(work, flow(steps=40))
    work.ok("commit")
    error = work.error("merge", "other")
    (question,) = error["context"]["questions"]
    assert (question["name"], question["mine"], question["theirs"]) == ("workflow:flow:2.widgets[0]", "40", "30")
    work.ok("merge", "other", "--take", "workflow:flow:2.widgets[0]=mine")
    assert json.loads(flow_file(work).read_text())["nodes"][1]["widgets_values"] == [40, 3.0, "euler"]


def test_a_whole_workflow_can_be_taken_from_one_side(work: Session) -> None:
    work.ok("switch", "-c", "other")
    save(work, flow(steps=30))
    work.ok("commit")
    theirs = flow_file(work).read_bytes()
    work.ok("switch", "main")
    save(work, flow(steps=40, cfg=1.0))
    work.ok("commit")
    work.ok("merge", "other", "--take", "workflow:flow=theirs")
    assert flow_file(work).read_bytes() == theirs


def test_an_answer_to_what_is_not_asked_is_refused_with_what_is(work: Session) -> None:
    on_two_sides(work, [("node", "add", "blur@1.0.0")], [("node", "add", "blur@2.0.0")])
    error = work.error("merge", "other", "--take", "pack:blurr=theirs")
    assert (error["code"], error["hint"]) == ("question-unknown", "did you mean `pack:blur` or `packages`?")
    assert work.error("merge", "other", "--take", "pack:blur=yours")["code"] == "usage"


def test_a_merge_that_cannot_be_resolved_changes_nothing(work: Session) -> None:
    on_two_sides(work, [("py", "add", "mini-choice==1.0")], [("py", "add", "mini-choice==3.0")])
    (question,) = work.data("merge", "other", "--preview")["questions"]
    assert question["name"] == "package:mini-choice"
    work.ok("merge", "other", "--auto-resolve", "theirs")
    assert "mini-choice==3.0" in (definition(work) / "pyproject.toml").read_text()


def test_a_history_of_another_environment_has_nothing_in_common(work: Session) -> None:
    work.ok("create", "second", "--torch-backend", "cpu")
    git(definition(work), "fetch", "--quiet", str(work.environments / "second/.cec"), "main:stranger")
    head = git(definition(work), "rev-parse", "stranger").strip()
    orphan = git(definition(work), "-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", f"{head}^{{tree}}",
                 "-m", "alone").strip()  # fmt: skip
    git(definition(work), "branch", "alone", orphan)
    assert work.error("merge", "alone")["code"] == "nothing-in-common"


def test_a_revert_takes_one_commit_back_and_leaves_later_ones(work: Session) -> None:
    work.ok("node", "add", "blur@1.0.0")
    work.ok("commit")
    work.ok("node", "add", "sharp@1.0.0")
    work.ok("commit")
    data = work.data("revert", "v3")
    assert packs(work) == ["sharp"]
    assert git(definition(work), "log", "-1", "--format=%s%n%P").split("\n")[:2] == [
        'Revert "add pack blur"', data["mine"],
    ]  # fmt: skip
    assert work.data("status")["packages"]["state"] == "in-sync"
    assert work.ok("revert", "v3").out == "work: nothing to revert, nothing of v3 is left\n"


def test_a_merge_that_git_began_is_aborted(work: Session) -> None:
    work.ok("switch", "-c", "other")
    save(work, flow(), "second")
    work.ok("commit")
    work.ok("switch", "main")
    work.ok("node", "add", "blur@1.0.0")
    work.ok("commit")
    assert work.error("merge", "--abort")["code"] == "repository-unfit"
    merging = ["-c", "user.name=a", "-c", "user.email=a@b", "merge", "--quiet", "--no-commit", "--no-ff", "other"]
    git(definition(work), *merging)
    assert work.error("merge", "other")["code"] == "repository-unfit"
    work.ok("merge", "--abort")
    assert git(definition(work), "status", "--porcelain") == ""


def test_uncommitted_work_is_in_the_way_of_a_merge(work: Session) -> None:
    on_two_sides(work, [("node", "add", "blur@1.0.0")], [("node", "add", "sharp@1.0.0")])
    work.ok("py", "add", "mini-choice")
    error = work.error("merge", "other")
    assert error["code"] == "uncommitted-work"
    work.ok("merge", "other", "--stash")
    assert packs(work) == ["blur", "sharp"]
    assert work.data("stash", "list")["stashes"][0]["number"] == 1
