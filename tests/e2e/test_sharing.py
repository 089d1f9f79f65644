"""Two people who change one environment: what each pushed the other pulls, and both have all of it then."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_merging import flow, flow_file, packs, save
from tests.e2e.test_terminal import end, terminal
from tests.support.miniature import git
from tests.support.model_host import ModelHost, model_host
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session, copy_workspace, tree
from tests.support.two_people import Two, bare, two_people

MODEL = b"model" * 1000


@dataclass(slots=True)
class Pair:
    """Two workspaces with the same environment, whose history both have as `origin`."""

    mine: Session
    yours: Session
    shared: Path


@pytest.fixture
def pair(work: Session, host: PackHost, tmp_path: Path) -> Pair:
    for name in ("blur", "sharp"):
        host.add(name, "1.0.0", files=pack_files(name, requirements="mini-masks\n"))
    save(work, flow())
    work.ok("commit")
    shared = bare(tmp_path / "shared.git")
    work.ok("remote", "add", "origin", str(shared))
    work.ok("push")
    place = tmp_path / "yours"
    (place / "home").mkdir(parents=True)
    copy_workspace(work.workspace, place / "workspace")
    yours = Session(work.program, place / "workspace", {**work.variables, "HOME": str(place / "home")})
    return Pair(work, yours, shared)


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return two_people(tmp_path).pushed()


def definition(session: Session) -> Path:
    return session.environments / "work/.cec"


def head(session: Session) -> str:
    return git(definition(session), "rev-parse", "HEAD").strip()


def values(session: Session) -> Any:
    return json.loads(flow_file(session).read_text())["nodes"][1]["widgets_values"]


def lasting(session: Session) -> dict[str, object]:
    """What counts of an environment: its files, and what git has committed; what is known of remotes does not."""
    passing = (".git/", "__pycache__", ".venv/.comfydock/")
    found = {path: one for path, one in tree(session.environments / "work").items()
             if not any(part in path for part in passing)}  # fmt: skip
    return {**found, "branches": git(definition(session), "for-each-ref", "refs/heads", "refs/tags")}


def test_what_two_people_changed_is_united_and_undo_takes_a_pull_back(pair: Pair) -> None:
    me, you = pair.mine, pair.yours
    me.ok("node", "add", "blur")
    me.ok("py", "add", "mini-choice<3")
    save(me, flow(steps=30))
    me.ok("commit")
    me.ok("push")
    you.ok("node", "add", "sharp")
    you.ok("constraint", "add", "mini-imaging<1.1")
    save(you, flow(cfg=5.0))
    save(you, flow(), "new")
    you.ok("commit")
    before = lasting(you)
    data = you.data("pull")
    assert (data["kind"], data["ref"], data["message"]) == ("merge", "origin/main", "Merge origin/main into main")
    assert (packs(you), values(you)) == (["blur", "sharp"], [30, 5.0, "euler"])
    manifest = (definition(you) / "pyproject.toml").read_text()
    assert ("mini-choice<3" in manifest, "mini-imaging<1.1" in manifest) == (True, True)
    status = you.data("status")
    assert (status["packages"]["state"], status["definition"]["clean"]) == ("in-sync", True)
    after = lasting(you)
    you.ok("undo")
    assert lasting(you) == before
    you.ok("undo")
    assert lasting(you) == after
    you.ok("push")
    assert me.data("pull")["kind"] == "fast-forward"
    assert (head(me), packs(me), values(me)) == (head(you), ["blur", "sharp"], [30, 5.0, "euler"])
    assert flow_file(me, "new").exists()
    assert git(pair.shared, "fsck", "--strict", "--no-dangling") == ""


def test_a_pull_that_fails_leaves_everything_as_it_was(pair: Pair, host: PackHost) -> None:
    me, you = pair.mine, pair.yours
    host.add("gone", "1.0.0", files=pack_files("gone"))
    me.ok("node", "add", "gone")
    me.ok("commit")
    me.ok("push")
    before = lasting(you)
    ran = you.run("pull", COMFYDOCK_FAULT="enospc:9")
    assert ran.code == 6, ran
    assert lasting(you) == before
    you.ok("pull")
    assert packs(you) == ["gone"]


def test_models_that_came_workflows_miss_are_fetched_as_far_as_is_wanted(pair: Pair, models: ModelHost) -> None:
    me, you = pair.mine, pair.yours
    named = [{"name": "a.safetensors", "url": models.put("/a.safetensors", MODEL), "directory": "checkpoints"}]
    loads(me, "a.safetensors", named)
    skipped = you.run("pull", "--models", "skip")
    assert (skipped.code, "! missing, and not fetched: checkpoints/a.safetensors" in skipped.err) == (0, True)
    assert "comfydock workflow resolve photo --no-install --models all" in skipped.err
    you.ok("undo")
    data = you.data("pull")
    assert data["models"]["fetched"] == [{"to": "checkpoints/a.safetensors", "error": None}]
    assert (you.workspace / "models/checkpoints/a.safetensors").read_bytes() == MODEL


def test_a_model_that_cannot_be_had_leaves_the_pull_and_shows_in_the_exit_code(pair: Pair, models: ModelHost) -> None:
    me, you = pair.mine, pair.yours
    named = [{"name": "a.safetensors", "url": f"{models.url}/gone.safetensors", "directory": "checkpoints"}]
    loads(me, "a.safetensors", named)
    ran = you.run("pull")
    assert (ran.code, "  not fetched checkpoints/a.safetensors: " in ran.out) == (3, True), ran
    assert "`comfydock workflow resolve photo --no-install --models all` fetches what is missing" in ran.err
    assert head(you) == head(me)


@pytest.fixture
def models() -> Iterator[ModelHost]:
    with model_host() as running:
        yield running


def loads(session: Session, model: str, named: list[dict[str, str]]) -> None:
    """Commit and push a workflow that loads a model."""
    node = {"id": 1, "type": "CheckpointLoaderSimple", "widgets_values": [model], "properties": {"models": named}}
    save(session, {"nodes": [node], "links": []}, "photo")
    session.ok("commit")
    session.ok("push")


def test_what_both_changed_is_a_question_that_options_answer(two: Two) -> None:
    two.mine.commit(steps=30)
    two.mine.session.ok("push")
    two.yours.commit(steps=40)
    before = two.yours.head()
    error = two.yours.session.error("pull")
    assert (error["code"], error["exit_code"]) == ("merge-undecided", 4)
    assert "the pull of `origin/main` needs 1 answer" in error["message"]
    (question,) = error["context"]["questions"]
    assert (question["mine"], question["theirs"]) == ("40", "30")
    assert two.yours.session.data("pull", "--preview")["questions"][0]["answer"] is None
    assert (two.yours.head(), two.yours.steps()) == (before, 40)
    two.yours.session.ok("pull", "--take", f"{question['name']}=theirs", "-m", "as they have it")
    assert (two.yours.steps(), two.yours.made.git("log", "-1", "--format=%s")) == (30, "as they have it")
    two.yours.session.ok("undo")
    two.yours.session.ok("pull", "--auto-resolve", "mine")
    assert two.yours.steps() == 40


def test_what_both_changed_is_asked_on_a_terminal(two: Two) -> None:
    two.mine.commit(steps=30)
    two.mine.session.ok("push")
    two.yours.commit(steps=40)
    child = terminal(two.yours.session, "pull", columns=200)
    child.expect_exact("both sides changed")
    child.expect_exact("number [1]: ")
    child.sendline("2")
    code, _ = end(child)
    assert (code, two.yours.steps()) == (0, 30)


def test_a_preview_fetches_and_changes_nothing_else(two: Two) -> None:
    two.mine.commit(steps=30)
    two.mine.session.ok("push")
    before = lasting(two.yours.session)
    for option in ("--preview", "--dry-run"):
        data = two.yours.session.data("pull", option)
        assert (data["kind"], data["files"], data["commit"]) == ("fast-forward", ["workflows/flow.json"], None)
    assert lasting(two.yours.session) == before


def test_work_that_is_not_committed_is_refused_put_aside_or_discarded(two: Two) -> None:
    two.mine.commit(steps=30)
    two.mine.session.ok("push")
    two.yours.save(steps=50)
    assert two.yours.session.error("pull")["code"] == "uncommitted-work"
    assert two.yours.steps() == 50
    assert two.yours.session.data("pull", "--stash")["move"]["stash"] == 1
    two.yours.session.ok("undo")
    two.yours.session.ok("pull", "--discard")
    assert two.yours.steps() == 30


def test_another_branch_and_another_remote_can_be_pulled(two: Two, tmp_path: Path) -> None:
    other = bare(tmp_path / "other.git")
    two.mine.session.ok("remote", "add", "hub", str(other))
    two.mine.session.ok("switch", "-c", "faces")
    two.mine.commit(steps=30)
    two.mine.session.ok("push", "hub")
    two.yours.session.ok("remote", "add", "hub", str(other))
    data = two.yours.session.data("pull", "hub", "--branch", "faces")
    assert (data["ref"], two.yours.steps(), two.yours.head()) == ("hub/faces", 30, two.mine.head())
    assert two.yours.session.ok("pull").out == "work: nothing to pull, this branch has all of origin/main already\n"


def test_a_branch_that_follows_one_of_another_name_pulls_that(two: Two) -> None:
    two.mine.commit(steps=30)
    two.mine.session.ok("push")
    two.yours.session.ok("branch", "-m", "own")
    assert two.yours.session.data("pull")["ref"] == "origin/main"
    assert two.yours.steps() == 30
