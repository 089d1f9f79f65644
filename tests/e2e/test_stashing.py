"""Putting uncommitted work aside and bringing it back."""

import json
import os
from pathlib import Path

import pytest

from tests.e2e.moves import branch, contents, definition, head, live, packs, save, settled
from tests.e2e.test_terminal import end, terminal
from tests.support.miniature import git
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session


@pytest.fixture
def past(work: Session, host: PackHost) -> Session:
    host.add("blur", "1.0.0", files=pack_files("Blur", requirements="mini-masks<2\n"))
    save(work, "portrait.json", '{"nodes": [1]}')
    save(work, "gone.json")
    work.ok("commit", "-m", "second")
    return work


def busy(session: Session) -> None:
    """Uncommitted work of every kind that a stash keeps."""
    session.ok("node", "add", "blur")
    session.ok("comfyui", "use", "v0.2.0")
    save(session, "portrait.json", '{"nodes": [1, 2]}')
    save(session, "sub/new.json", "mine")
    (live(session) / "gone.json").unlink()
    (definition(session) / "notes.md").write_text("mine")


def test_everything_uncommitted_is_put_aside_and_comes_back(past: Session) -> None:
    clean = contents(past)
    busy(past)
    dirty = contents(past)
    ran = past.ok("stash", "-m", "half done")
    assert "put uncommitted work aside as stash 1" in ran.out
    settled(past)
    assert contents(past) == clean
    listed = past.data("stash", "list")["stashes"]
    assert [(one["number"], one["subject"], one["parent"]) for one in listed] == [(1, "half done", head(past))]
    assert past.ok("stash", "list").out.split()[-2:] == ["half", "done"]
    shown = past.ok("stash", "show").out
    assert "+ blur 1.0.0" in shown
    assert "portrait" in shown
    past.ok("stash", "pop")
    assert contents(past) == dirty
    assert git(definition(past), "diff", "--cached", "--name-only") == ""
    assert past.data("stash", "list")["stashes"] == []
    past.ok("undo")
    assert contents(past) == clean
    assert len(past.data("stash", "list")["stashes"]) == 1
    past.ok("undo")
    assert contents(past) == dirty


def test_a_stash_is_undone_and_the_undo_undone(past: Session) -> None:
    clean = contents(past)
    busy(past)
    dirty = contents(past)
    past.ok("stash")
    past.ok("undo")
    assert (contents(past), past.data("stash", "list")["stashes"]) == (dirty, [])
    past.ok("undo")
    assert contents(past) == clean
    settled(past)


def test_where_nothing_is_uncommitted_there_is_nothing_to_put_aside(past: Session) -> None:
    refs = git(definition(past), "for-each-ref")
    ran = past.ok("stash")
    assert "nothing to do" in ran.out
    data = past.data("stash")
    assert (data["stash"], data["operation"]) == (None, None)
    assert git(definition(past), "for-each-ref") == refs


def test_a_rehearsed_stash_leaves_nothing(past: Session) -> None:
    busy(past)
    before = contents(past)
    objects = sorted(str(path) for path in (definition(past) / ".git").rglob("*"))
    plan = past.data("stash", "--dry-run")
    assert plan["steps"]
    assert "would" in past.ok("stash", "--dry-run").out
    assert contents(past) == before
    assert sorted(str(path) for path in (definition(past) / ".git").rglob("*")) == objects


def test_stashes_have_numbers_and_any_of_them_is_shown_popped_and_dropped(past: Session) -> None:
    for number in (1, 2, 3):
        save(past, f"w{number}.json", f"{number}")
        past.ok("stash", "-m", f"work {number}")
    assert [one["number"] for one in past.data("stash", "list")["stashes"]] == [3, 2, 1]
    assert "w2" in past.ok("stash", "show", "2").out
    past.ok("stash", "pop", "2")
    assert sorted(path.name for path in live(past).glob("w*")) == ["w2.json"]
    assert past.ok("stash", "drop", "1").out.startswith("work: deleted the stash 1 (was ")
    assert [one["number"] for one in past.data("stash", "list")["stashes"]] == [3]
    past.ok("undo")
    assert [one["number"] for one in past.data("stash", "list")["stashes"]] == [3, 1]
    past.ok("stash", "drop")
    assert [one["number"] for one in past.data("stash", "list")["stashes"]] == [1]


@pytest.mark.parametrize("word", ["9", "x", "-1", "01", "stash@{0}", ""])
def test_a_stash_that_is_not_there_is_a_named_error(past: Session, word: str) -> None:
    for words in (("stash", "pop"), ("stash", "show"), ("stash", "drop")):
        ran = past.run(*words, word, "--json")
        (error,) = ran.envelope()["errors"] if ran.out else ({"code": "usage"},)
        assert error["code"] in ("stash-not-found", "usage"), (words, ran)
        assert ran.code in (2, 3)


def test_there_is_no_newest_stash_where_there_is_none(past: Session) -> None:
    for words in (("stash", "pop"), ("stash", "show"), ("stash", "drop")):
        error = past.error(*words)
        assert (error["code"], error["exit_code"], error["hint"]) == (
            "stash-not-found", 3, "`comfydock stash` makes one"
        )  # fmt: skip


def test_a_stash_comes_back_at_another_commit_that_it_fits(past: Session) -> None:
    save(past, "mine.json", "mine")
    past.ok("stash")
    past.ok("node", "add", "blur")
    past.ok("commit", "-m", "blur")
    past.ok("stash", "pop")
    assert (live(past) / "mine.json").read_text() == "mine"
    assert (packs(past) / "blur").is_dir()
    assert git(definition(past), "status", "--porcelain") == ""
    assert "+ mine" in past.ok("diff").out


def everything(session: Session) -> list[str]:
    return sorted(str(path) for path in (definition(session) / ".git").rglob("*"))


def test_a_stash_whose_files_changed_since_asks_as_a_merge_does(past: Session) -> None:
    save(past, "portrait.json", "mine")
    past.ok("stash")
    save(past, "portrait.json", "other")
    past.ok("commit", "-m", "other")
    before = contents(past)
    error = past.error("stash", "pop")
    assert (error["code"], error["exit_code"]) == ("merge-undecided", 4)
    assert [one["name"] for one in error["context"]["questions"]] == ["workflow:portrait"]
    assert contents(past) == before
    assert len(past.data("stash", "list")["stashes"]) == 1
    assert past.ok("stash", "pop", "--dry-run").out == (
        "work: would bring back stash 1, which changes 0 files\n"
        "  ? workflow:portrait: mine is our version, theirs is their version → open\n"
    )
    past.ok("stash", "pop", "--take", "workflow:portrait=theirs")
    assert (live(past) / "portrait.json").read_text() == "mine"
    assert past.data("stash", "list")["stashes"] == []
    past.ok("undo")
    assert contents(past) == before
    past.ok("stash", "pop", "--auto-resolve", "mine")
    assert contents(past) == before
    assert past.data("stash", "list")["stashes"] == []


def test_a_question_about_a_stash_is_answered_on_a_terminal(past: Session) -> None:
    save(past, "portrait.json", "mine")
    past.ok("stash")
    save(past, "portrait.json", "other")
    past.ok("commit", "-m", "other")
    child = terminal(past, "stash", "pop", columns=400)
    child.expect_exact("(workflow:portrait)")
    child.expect_exact("number [1]: ")
    child.sendline("2")
    code, shown = end(child)
    assert code == 0, shown
    assert (live(past) / "portrait.json").read_text() == "mine"


def node(number: int, text: str) -> dict[str, object]:
    return {"id": number, "type": "Note", "pos": [0, 0], "size": [1, 1], "inputs": [], "outputs": [],
            "widgets_values": [text], "properties": {}}  # fmt: skip


def test_a_workflow_that_changed_on_both_sides_is_united_by_its_nodes(past: Session) -> None:
    def graph(*texts: str) -> str:
        nodes = [node(number, text) for number, text in enumerate(texts, 1)]
        return json.dumps({"nodes": nodes, "links": [], "version": 0.4, "last_node_id": len(texts), "last_link_id": 0})

    save(past, "graph.json", graph("a", "b"))
    past.ok("commit", "-m", "graph")
    save(past, "graph.json", graph("a", "stashed"))
    past.ok("stash")
    save(past, "graph.json", graph("committed", "b"))
    past.ok("commit", "-m", "other")
    before = everything(past)
    past.ok("stash", "pop", "--dry-run")
    assert everything(past) == before
    past.ok("stash", "pop")
    found = json.loads((live(past) / "graph.json").read_text())
    assert [one["widgets_values"] for one in found["nodes"]] == [["committed"], ["stashed"]]
    assert past.ok("diff").out.splitlines()[0] == "workflows"


def test_a_stash_of_packages_is_united_with_packages_that_were_committed_since(past: Session) -> None:
    past.ok("py", "add", "mini-choice<2")
    past.ok("stash")
    past.ok("node", "add", "blur")
    past.ok("commit", "-m", "blur")
    before, files = contents(past), everything(past)
    plan = past.data("stash", "pop", "--dry-run")
    assert plan["steps"]
    assert (contents(past), everything(past)) == (before, files)
    past.ok("stash", "pop")
    manifest = (definition(past) / "pyproject.toml").read_text()
    assert "mini-choice<2" in manifest
    assert "blur" in past.ok("node", "list").out
    assert past.data("status")["packages"]["state"] == "in-sync"
    assert git(definition(past), "diff", "--name-only").split() == ["pyproject.toml", "uv.lock"]
    past.ok("undo")
    assert contents(past) == before


def test_a_rehearsed_pop_leaves_nothing(past: Session) -> None:
    busy(past)
    past.ok("stash")
    before, files = contents(past), everything(past)
    assert past.data("stash", "pop", "--dry-run")["steps"]
    assert (contents(past), everything(past)) == (before, files)


def test_a_stash_is_refused_over_uncommitted_work_of_the_same_files(past: Session) -> None:
    save(past, "portrait.json", "mine")
    past.ok("stash")
    save(past, "portrait.json", "mine, too")
    before = contents(past)
    error = past.error("stash", "pop")
    assert error["context"]["uncommitted"] == [
        {"kind": "workflow", "name": "portrait", "reason": "changed, not committed"}
    ]
    assert contents(past) == before


def test_a_stash_of_what_is_there_again_only_goes(past: Session) -> None:
    save(past, "portrait.json", "mine")
    past.ok("stash")
    save(past, "portrait.json", "mine")
    past.ok("stash", "pop")
    assert (live(past) / "portrait.json").read_text() == "mine"
    assert past.data("stash", "list")["stashes"] == []


def test_work_on_no_branch_is_put_aside_and_brought_back_there(past: Session) -> None:
    past.ok("checkout", "v1")
    save(past, "mine.json", "mine")
    past.ok("stash")
    assert past.data("stash", "list")["stashes"][0]["subject"] == "work on no branch"
    past.ok("stash", "pop")
    assert branch(past) is None
    assert (live(past) / "mine.json").exists()


def test_changed_code_that_is_in_the_way_of_a_stash_is_refused(past: Session) -> None:
    past.ok("node", "add", "blur")
    (packs(past) / "blur/__init__.py").write_text("mine = 1\n")
    before = contents(past)
    error = past.error("stash")
    assert [one["name"] for one in error["context"]["uncommitted"]] == ["blur"]
    assert contents(past) == before
    assert git(definition(past), "for-each-ref", "refs/comfydock") == ""


def test_stashes_survive_the_cleaning_of_git(past: Session) -> None:
    busy(past)
    dirty = contents(past)
    past.ok("stash")
    past.ok("operation", "prune")
    git(definition(past), "gc", "--quiet", "--prune=now")
    past.ok("stash", "pop")
    assert contents(past) == dirty


def test_a_reference_that_is_no_stash_of_ours_is_passed_over(past: Session, tmp_path: Path) -> None:
    for name in ("x", "1/2", "001", "²"):
        git(definition(past), "update-ref", f"refs/comfydock/stash/{name}", "HEAD")
    listed = past.data("stash", "list")["stashes"]
    assert [one["number"] for one in listed] in ([], [1])
    save(past, "mine.json", "mine")
    past.ok("stash", "-m", "mine")
    past.ok("stash", "pop")
    assert (live(past) / "mine.json").read_text() == "mine"


def test_names_that_are_no_text_come_back_as_they_are(past: Session) -> None:
    name = os.fsencode(definition(past)) + b"/odd\xff\xfe"
    with open(name, "w") as file:
        file.write("mine")
    past.ok("stash")
    assert not os.path.exists(name)
    past.ok("stash", "pop")
    with open(name) as file:
        assert file.read() == "mine"
