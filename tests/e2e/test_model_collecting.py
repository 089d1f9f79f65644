"""`model gc`: what nothing refers to goes to the trash and comes back; whatever may be referred to stays."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.test_models import write_whole
from tests.e2e.test_terminal import end, terminal
from tests.support.miniature import git
from tests.support.sessions import Session

NOW = ("--older-than", "0d")
AT_ONCE = (*NOW, "--yes")


def furnish(models: Path) -> None:
    for number, name in enumerate(("used", "past ☃", "spare one", "spare two")):
        path = models / f"checkpoints/{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, b"%d" % number, 1000 + number)
    (models / "strange").mkdir(exist_ok=True)
    write_whole(models / "strange/apart.safetensors", b"apart", 500)


def prepare(session: Session) -> Path:
    """An environment whose workflow uses one model, and in whose history another was used."""
    session.ok("create", "work", "--torch-backend", "none", "--use")
    models = session.workspace / "models"
    furnish(models)
    save_workflow(session, "live", "used.safetensors")
    commit(session, "sub/past ☃.safetensors")
    commit(session, "nothing any more")
    return models


def save_workflow(session: Session, name: str, widget: str) -> None:
    directory = session.environments / "work/ComfyUI/user/default/workflows/deep"
    directory.mkdir(parents=True, exist_ok=True)
    nodes = [{"id": 1, "type": "CheckpointLoaderSimple", "widgets_values": [widget]}]
    (directory / f"{name}.json").write_text(json.dumps({"nodes": nodes, "links": []}))


def commit(session: Session, widget: str) -> None:
    definition = session.environments / "work/.cec"
    (definition / "workflows").mkdir(exist_ok=True)
    (definition / "workflows/old.json").write_text(json.dumps({"nodes": [{"widgets_values": [widget]}]}))
    git(definition, "add", "-A")
    git(definition, "commit", "-q", "-m", "change a workflow")


@pytest.fixture
def models(source: Session) -> Path:
    return prepare(source)


def there(models: Path) -> list[str]:
    return sorted(path.name for path in models.glob("*/**/*.safetensors") if ".ops" not in path.parts)


def going(session: Session, *words: str) -> list[str]:
    return sorted(Path(one["path"]).name for one in session.data("model", "gc", *NOW, "--dry-run", *words)["files"])


ALL = ["apart.safetensors", "past ☃.safetensors", "spare one.safetensors", "spare two.safetensors", "used.safetensors"]
SPARE = ["spare one.safetensors", "spare two.safetensors"]


def test_the_story_of_models_that_nothing_refers_to(workspace: Session) -> None:
    models = prepare(workspace)
    plan = workspace.ok("model", "gc", *NOW, "--dry-run").out
    assert "spare one.safetensors" in plan
    assert "nothing: only here" in plan
    assert there(models) == ALL
    taken = workspace.data("model", "gc", *AT_ONCE)
    assert sorted(Path(one["path"]).name for one in taken["files"]) == SPARE
    assert taken["bytes"] == sum(one["size"] for one in taken["files"])
    assert len(taken["operations"]) == 1
    assert there(models) == [name for name in ALL if name not in SPARE]
    assert "nothing to take away" in workspace.ok("model", "gc", *AT_ONCE).out
    workspace.ok("undo")
    assert there(models) == ALL


def test_each_file_that_stays_has_a_reason(source: Session, models: Path) -> None:
    kept = {Path(one["path"]).name: one["reason"] for one in source.data("model", "gc", *NOW, "--dry-run")["kept"]}
    assert sorted(kept) == [name for name in ALL if name not in SPARE]
    assert "deep/live.json" in kept["used.safetensors"]
    assert "the history of the environment `work`" in kept["past ☃.safetensors"]
    assert "no folder that ComfyUI knows" in kept["apart.safetensors"]


def test_what_was_changed_not_long_ago_stays_and_links_of_the_past_too(source: Session, models: Path) -> None:
    """Times can be set to the past, but not when that was done."""
    for path in models.rglob("*.safetensors"):
        os.utime(path, (1, 1))
    assert source.data("model", "gc", "--dry-run")["files"] == []
    assert source.run("model", "gc", "--older-than", "soon", "--yes").code == 2


def test_a_folder_that_comfyui_does_not_know_is_looked_at_when_it_is_named(source: Session, models: Path) -> None:
    assert going(source, "--folder", "strange") == ["apart.safetensors"]
    error = source.error("model", "gc", "--folder", "nowhere", "--dry-run")
    assert (error["code"], "checkpoints" in error["hint"]) == ("not-found", True)


def test_nobody_is_asked_where_nobody_can_answer(source: Session, models: Path) -> None:
    assert source.run("model", "gc", *NOW).code == 2
    assert there(models) == ALL


@pytest.mark.parametrize(("answer", "left"), [("n", ALL), ("y", [name for name in ALL if name not in SPARE])])
def test_all_that_goes_is_shown_before_the_question(
    source: Session, models: Path, answer: str, left: list[str]
) -> None:
    child = terminal(source, "model", "gc", *NOW, columns=300)
    child.expect(r"spare one\.safetensors")
    child.expect("would bring it back: nothing: only here")
    child.expect(r"move 2 files \([0-9.]+ k?B\) to the trash\? \[y/N\] ")
    child.sendline(answer)
    assert (end(child)[0], there(models)) == (0, left)


def test_the_plan_is_what_is_done_and_has_path_and_digest(source: Session, models: Path) -> None:
    (change,) = source.data("model", "gc", *NOW, "--dry-run")["changes"]
    source.ok("model", "gc", *AT_ONCE)
    done = source.data("operation", "list", "--workspace")["operations"][-1]
    assert (done["fingerprint"], done["steps"]) == (change["fingerprint"], change["steps"])
    for step, line in zip(done["steps"], change["plan"], strict=True):
        digest = step["detail"].removeprefix("blake3 ")
        assert len(digest) == 64
        assert digest in line["detail"]
        assert line["target"].endswith(step["path"])


def test_a_source_of_which_the_digest_is_known_would_bring_a_file_back(source: Session, models: Path) -> None:
    source.ok("model", "index", "sync")
    source.ok("model", "add-source", "spare one", "https://example.org/spare.safetensors")
    found = source.data("model", "gc", *NOW, "--dry-run")["files"]
    back = {Path(one["path"]).name: one["brings_back"] for one in found}
    assert "https://example.org/spare.safetensors" in back["spare one.safetensors"]
    assert back["spare two.safetensors"] == "nothing: only here"


def mention(session: Session, text: str) -> None:
    (session.environments / "work/.cec/noted.txt").write_text(text)


@pytest.mark.parametrize("digest", ["blake3", "sha256"])
def test_the_last_file_of_a_content_that_a_digest_asks_for_stays(source: Session, models: Path, digest: str) -> None:
    copy = models / "checkpoints/copy.safetensors"
    copy.write_bytes((models / "checkpoints/spare one.safetensors").read_bytes())
    source.ok("model", "index", "sync", "--hash")
    known = source.data("model", "index", "show", "spare one")[digest]
    mention(source, f"sha256:{known.upper()}\n")
    taken = source.data("model", "gc", *AT_ONCE)["files"]
    assert sorted(Path(one["path"]).name for one in taken) == SPARE
    assert next(one["brings_back"] for one in taken if "one" in one["path"]) == f"the same is in {copy}"
    assert copy.exists()


def test_a_digest_is_looked_for_although_the_file_was_never_read(source: Session, models: Path) -> None:
    source.ok("model", "index", "sync", "--hash")
    mention(source, source.data("model", "index", "show", "spare two")["blake3"])
    for path in (source.workspace / "comfydock_cache").glob("model_index.db*"):
        path.unlink()
    assert going(source) == ["spare one.safetensors"]


def test_only_the_link_goes_and_what_a_link_that_stays_leads_to_stays(source: Session, models: Path) -> None:
    (models / "checkpoints/unneeded link.safetensors").symlink_to("used.safetensors")
    save_workflow(source, "linked", "needed.safetensors")
    (models / "vae").mkdir()
    (models / "vae/middle.safetensors").symlink_to("../checkpoints/spare one.safetensors")
    (models / "vae/needed.safetensors").symlink_to("middle.safetensors")
    taken = {Path(one["path"]).name: one for one in source.data("model", "gc", *AT_ONCE)["files"]}
    assert sorted(taken) == ["spare two.safetensors", "unneeded link.safetensors"]
    assert taken["unneeded link.safetensors"]["frees"] == 0
    assert (models / "vae/needed.safetensors").exists()


def test_parts_of_one_model_stay_together(source: Session, models: Path) -> None:
    for number in (1, 2):
        write_whole(models / f"checkpoints/big-0000{number}-of-00002.safetensors", b"%d" % number, 400)
        write_whole(models / f"checkpoints/apart-0000{number}-of-00002.safetensors", b"a%d" % number, 401)
    whole = models / "checkpoints/diffuser"
    (whole / "unet").mkdir(parents=True)
    (whole / "model_index.json").write_text("{}")
    write_whole(whole / "unet/weights.safetensors", b"unet", 402)
    save_workflow(source, "parts", "big-00001-of-00002.safetensors")
    save_workflow(source, "whole", "diffuser")
    assert going(source) == sorted([*SPARE, *(f"apart-0000{number}-of-00002.safetensors" for number in (1, 2))])


def test_a_deleted_environment_keeps_its_models_as_long_as_it_can_come_back(source: Session, models: Path) -> None:
    source.ok("create", "other", "--torch-backend", "none")
    source.ok("delete", "work", "--yes")
    assert going(source) == SPARE


def test_a_damaged_history_stops_it(source: Session, models: Path) -> None:
    definition = source.environments / "work/.cec"
    blob = git(definition, "rev-parse", "HEAD~1:workflows/old.json").strip()
    (definition / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    error = source.error("model", "gc", *AT_ONCE)
    assert (error["code"], error["exit_code"]) == ("references-unreadable", 8)
    assert str(definition) in error["message"]
    assert there(models) == ALL


def test_a_workflow_that_cannot_be_followed_stops_it(source: Session, models: Path) -> None:
    """As of a disk that is not mounted."""
    link = source.environments / "work/ComfyUI/user/default/workflows/elsewhere"
    link.symlink_to("/nowhere/workflows")
    error = source.error("model", "gc", *AT_ONCE)
    assert (error["code"], str(link) in error["message"]) == ("references-unreadable", True)
    assert there(models) == ALL


def test_a_workspace_without_an_environment_has_nothing_that_could_refer_to_models(source: Session) -> None:
    furnish(source.workspace / "models")
    assert source.error("model", "gc", *AT_ONCE)["code"] == "references-unreadable"


def test_an_environment_that_is_being_changed_stops_it(source: Session, models: Path) -> None:
    variables = source.environment(COMFYDOCK_FAULT="stop:6")
    words = [*source.program.command, "constraint", "add", "mini-imaging<9", "-e", "work"]
    changing = subprocess.Popen(words, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        os.waitpid(changing.pid, os.WUNTRACED)
        error = source.error("model", "gc", *AT_ONCE)
        assert (error["exit_code"], "work" in error["message"]) == (7, True)
    finally:
        changing.kill()
        changing.wait()
    assert there(models) == ALL
