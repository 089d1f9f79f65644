"""What a move would take away is refused by name, whatever it is, and what only is nearby stays as it is."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.moves import (
    branch,
    comfyui,
    contents,
    definition,
    goes,
    head,
    live,
    packs,
    pin_comfyui,
    save,
    set_git_config,
    settled,
)
from tests.support.miniature import Miniature, commit, git
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session, wait_for_line

Change = Callable[[Session], None]


@pytest.fixture
def past(work: Session, host: PackHost, miniature: Miniature) -> Session:
    """Two commits that differ in everything; ComfyUI is at that of the second."""
    host.add("blur", "1.0.0", files=pack_files("Blur"))
    save(work, "portrait.json", '{"nodes": [1]}')
    save(work, "gone.json")
    work.ok("commit", "-m", "second")
    work.ok("node", "add", "blur@1.0.0")
    pin_comfyui(work, miniature, "v0.2.0")
    save(work, "portrait.json", '{"nodes": [1, 2]}')
    save(work, "new.json")
    (live(work) / "gone.json").unlink()
    work.ok("commit", "-m", "third")
    work.ok("checkout", "v2")
    work.ok("checkout", "main")
    return work


def edit_manifest(session: Session) -> None:
    manifest = definition(session) / "pyproject.toml"
    manifest.write_text(f"{manifest.read_text()}\n# mine\n")


def edit_lock(session: Session) -> None:
    lock = definition(session) / "uv.lock"
    lock.write_text(f"# mine\n{lock.read_text()}")


def edit_python(session: Session) -> None:
    (definition(session) / ".python-version").write_text("3.11.1\n")


def change_workflow(session: Session) -> None:
    save(session, "portrait.json", "mine")


def add_workflow(session: Session) -> None:
    save(session, "gone.json", "mine")


def delete_workflow(session: Session) -> None:
    (live(session) / "portrait.json").unlink()


def change_pack(session: Session) -> None:
    (packs(session) / "blur/__init__.py").write_text("mine = 1\n")


def change_comfyui(session: Session) -> None:
    (comfyui(session) / "comfyui_version.py").write_text("mine = 1\n")


def stage_in_comfyui(session: Session) -> None:
    change_comfyui(session)
    git(comfyui(session), "add", "comfyui_version.py")


def delete_of_comfyui(session: Session) -> None:
    (comfyui(session) / "requirements.txt").unlink()


def move_comfyui(session: Session) -> None:
    git(comfyui(session), "checkout", "--quiet", "HEAD~1")


LOSSES: dict[str, tuple[Change, dict[str, str]]] = {
    "manifest": (edit_manifest, {"kind": "definition", "name": "pyproject.toml", "reason": "changed, not committed"}),
    "lock": (edit_lock, {"kind": "definition", "name": "uv.lock", "reason": "changed, not committed"}),
    "python": (edit_python, {"kind": "definition", "name": ".python-version", "reason": "changed, not committed"}),
    "workflow": (change_workflow, {"kind": "workflow", "name": "portrait", "reason": "changed, not committed"}),
    "new workflow": (add_workflow, {"kind": "workflow", "name": "gone", "reason": "new, not committed"}),
    "deleted workflow": (delete_workflow, {"kind": "workflow", "name": "portrait",
                                           "reason": "removed, not committed"}),
    "pack": (change_pack, {"kind": "pack", "name": "blur", "reason": "changed files: __init__.py"}),
    "ComfyUI": (change_comfyui, {"kind": "comfyui", "name": "ComfyUI/comfyui_version.py",
                                 "reason": "changed, not committed"}),
    "staged in ComfyUI": (stage_in_comfyui, {"kind": "comfyui", "name": "ComfyUI/comfyui_version.py",
                                             "reason": "changed, not committed"}),
    "deleted of ComfyUI": (delete_of_comfyui, {"kind": "comfyui", "name": "ComfyUI/requirements.txt",
                                               "reason": "changed, not committed"}),
}  # fmt: skip


@pytest.mark.parametrize("case", LOSSES)
def test_uncommitted_work_is_refused_by_name_and_discarded_when_asked(past: Session, case: str) -> None:
    change, expected = LOSSES[case]
    change(past)
    before, at = contents(past), head(past)
    error = past.error("checkout", "v2")
    assert (error["code"], error["exit_code"]) == ("uncommitted-work", 4)
    assert error["context"]["uncommitted"] == [expected]
    assert expected["name"] in error["message"]
    assert "--discard" in error["hint"]
    assert ("--stash" in error["hint"]) == (expected["kind"] in ("definition", "workflow"))
    assert (contents(past), head(past), branch(past)) == (before, at, "main")
    past.ok("checkout", "v2", "--discard")
    settled(past)
    past.ok("undo")
    assert (contents(past), head(past), branch(past)) == (before, at, "main")


@pytest.mark.parametrize("case", [case for case in LOSSES if LOSSES[case][1]["kind"] in ("definition", "workflow")])
def test_uncommitted_work_of_the_definition_is_put_aside_and_comes_back(past: Session, case: str) -> None:
    change, _ = LOSSES[case]
    change(past)
    before = contents(past)
    ran = past.ok("checkout", "v2", "--stash")
    assert "put uncommitted work aside as stash 1; `comfydock stash pop` brings it back" in ran.out
    settled(past)
    past.ok("checkout", "main")
    past.ok("stash", "pop")
    assert contents(past) == before
    assert past.ok("stash", "list").err.endswith("nothing was put aside\n")


def test_comfyui_at_a_commit_that_nobody_committed_is_refused(past: Session, miniature: Miniature) -> None:
    git(comfyui(past), "fetch", "--quiet", str(miniature.repository), miniature.commits["experiment"])
    git(comfyui(past), "checkout", "--quiet", miniature.commits["experiment"])
    before = contents(past)
    error = past.error("checkout", "v2")
    found, committed = miniature.commits["experiment"][:10], miniature.commits["v0.2.0"][:10]
    assert error["context"]["uncommitted"][0] == {
        "kind": "comfyui", "name": "ComfyUI", "reason": f"it is at {found}, and {committed} is committed"
    }  # fmt: skip
    assert contents(past) == before
    past.ok("checkout", "v2", "--discard")
    settled(past)


def test_a_file_of_ones_own_where_comfyui_has_one_is_refused_and_another_stays(
    past: Session, miniature: Miniature
) -> None:
    past.ok("checkout", "v2")
    past.ok("switch", "-c", "later")
    pin_comfyui(past, miniature, "main")
    past.ok("commit", "-m", "later")
    past.ok("checkout", "main~1")
    mine = comfyui(past) / "comfy/later.py"
    mine.write_text("mine = 1\n")
    (comfyui(past) / "mine.py").write_text("mine = 1\n")
    (comfyui(past) / "output").mkdir(exist_ok=True)
    (comfyui(past) / "output/picture.png").write_text("")
    before = contents(past)
    error = past.error("checkout", "later")
    assert [one["name"] for one in error["context"]["uncommitted"]] == ["ComfyUI/comfy/later.py"]
    assert contents(past) == before
    past.ok("checkout", "later", "--discard")
    assert mine.read_text() == "later = True\n"
    assert (comfyui(past) / "mine.py").exists()
    assert (comfyui(past) / "output/picture.png").exists()
    past.ok("undo")
    assert contents(past) == before


def test_what_is_not_in_the_way_stays(past: Session) -> None:
    save(past, "mine.json", "mine")
    save(past, "sub/mine.json", "mine")
    (definition(past) / "notes.md").write_text("mine")
    (comfyui(past) / "main.py").write_text("mine = 1\n")
    goes_with = contents(past)
    past.ok("checkout", "v2")
    after = contents(past)
    for path in ("ComfyUI/main.py", ".cec/notes.md", "ComfyUI/user/default/workflows/mine.json",
                 "ComfyUI/user/default/workflows/sub/mine.json"):  # fmt: skip
        assert after[path] == goes_with[path]
    past.ok("checkout", "main")
    assert contents(past) == goes_with


def test_work_that_is_the_same_at_the_other_place_is_in_nobodys_way(past: Session) -> None:
    save(past, "portrait.json", '{"nodes": [1]}')
    (live(past) / "new.json").unlink()
    goes(past, "checkout", "v2")


def test_several_losses_are_all_listed_at_once(past: Session) -> None:
    for case in ("workflow", "new workflow", "pack", "ComfyUI"):
        LOSSES[case][0](past)
    error = past.error("checkout", "v2")
    assert sorted(one["kind"] for one in error["context"]["uncommitted"]) == ["comfyui", "pack", "workflow", "workflow"]
    assert error["message"].startswith("4 uncommitted changes of `work` would be overwritten by going to v2:")
    ran = past.run("checkout", "v2")
    assert (ran.code, ran.out) == (4, "")
    assert "\n  node pack blur: changed files: __init__.py\n" in ran.err


def test_stashing_does_not_overwrite_code_that_no_stash_keeps(past: Session) -> None:
    change_workflow(past)
    change_pack(past)
    before = contents(past)
    error = past.error("checkout", "v2", "--stash")
    assert [one["kind"] for one in error["context"]["uncommitted"]] == ["pack"]
    assert contents(past) == before
    assert past.data("stash", "list")["stashes"] == []


def test_workflows_come_back_where_there_is_no_folder_of_them(past: Session) -> None:
    save(past, "same.json")
    past.ok("commit", "-m", "fourth")
    save(past, "other.json")
    past.ok("commit", "-m", "fifth")
    shutil.rmtree(live(past))
    goes(past, "checkout", "main~1")
    assert sorted(path.name for path in live(past).iterdir()) == ["new.json", "portrait.json", "same.json"]
    shutil.rmtree(live(past))
    goes(past, "checkout", "v2")
    assert sorted(path.name for path in live(past).iterdir()) == ["gone.json", "portrait.json"]


# Others at work


def test_a_merge_that_is_not_finished_is_refused(past: Session) -> None:
    (definition(past) / ".git/MERGE_HEAD").write_text(head(past))
    for words in (("checkout", "v2"), ("reset",), ("stash",), ("rollback", "v2")):
        error = past.error(*words)
        assert error["code"] == "repository-unfit", words


def test_git_that_holds_the_index_is_waited_for_and_named(past: Session) -> None:
    lock = definition(past) / ".git/index.lock"
    lock.write_text("")
    for words in (("checkout", "v2"), ("reset", "v2"), ("stash",)):
        error = past.error(*words)
        assert (error["code"], error["exit_code"], error["context"]["path"]) == ("repository-busy", 7, str(lock))
    lock.unlink()
    lock = comfyui(past) / ".git/index.lock"
    lock.write_text("")
    before = contents(past)
    error = past.error("checkout", "v2")
    assert (error["code"], error["context"]["path"]) == ("repository-busy", str(lock))
    lock.unlink()
    assert contents(past) == before


@pytest.fixture
def running(past: Session) -> Iterator[Session]:
    process = past.start("run", "--port", "0")
    try:
        wait_for_line(process, "To see the GUI go to")
        yield past
    finally:
        process.terminate()
        process.communicate()


def test_a_running_comfyui_is_not_disturbed_unless_that_is_wanted(running: Session) -> None:
    before = contents(running)
    for words in (("checkout", "v2"), ("switch", "-c", "x", "v2"), ("reset", "--hard", "v2"), ("rollback", "v2")):
        error = running.error(*words)
        assert (error["code"], error["exit_code"]) == ("environment-in-use", 7), words
    assert contents(running) == before
    running.ok("branch", "x")
    running.ok("tag", "y")
    running.ok("checkout", "v2", "--while-running")
    assert head(running) == git(definition(running), "rev-parse", "main~1").strip()


# What others wrote for git


def test_no_hook_filter_or_attribute_of_the_user_acts(past: Session, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "reference-transaction", "post-commit", "pre-commit", "post-rewrite",
                 "post-index-change", "fsmonitor"):  # fmt: skip
        for place in (hooks, definition(past) / ".git/hooks", comfyui(past) / ".git/hooks"):
            place.mkdir(exist_ok=True)
            (place / name).write_text(f"#!/bin/sh\ntouch '{marks}/{name}'\n")
            (place / name).chmod(0o755)
    script = tmp_path / "filter"
    script.write_text(f"#!/bin/sh\ntouch '{marks}/filter'\ntr a-z A-Z\n")
    script.chmod(0o755)
    (tmp_path / "attributes").write_text("* filter=loud text eol=crlf diff=loud ident\n")
    set_git_config(
        past,
        f"[core]\n hooksPath = {hooks}\n attributesFile = {tmp_path}/attributes\n autocrlf = true\n"
        f" fsmonitor = {hooks}/fsmonitor\n"
        f"[filter \"loud\"]\n clean = '{script}'\n smudge = '{script}'\n required = true\n"
        f"[diff]\n external = '{script}'\n[diff \"loud\"]\n textconv = '{script}'\n command = '{script}'\n"
        f"[commit]\n gpgSign = true\n[gpg]\n program = '{script}'\n[tag]\n gpgSign = true\n"
        f"[alias]\n diff-tree = !{script}\n",
    )
    past.ok("checkout", "v2")
    past.ok("switch", "main")
    past.ok("branch", "x")
    past.ok("branch", "-m", "x", "y")
    past.ok("tag", "z", "-m", "z")
    past.ok("rollback", "v2")
    past.ok("reset", "--hard", "HEAD~1")
    save(past, "portrait.json", "mine\n")
    past.ok("stash")
    past.ok("stash", "show")
    past.ok("stash", "pop")
    assert (live(past) / "portrait.json").read_text() == "mine\n"
    past.ok("undo")
    assert sorted(path.name for path in marks.iterdir()) == []


# Commits that a stranger made


def plumb(session: Session, *words: str, given: str = "") -> str:
    command = ["git", "-C", str(definition(session)), "-c", "user.name=x", "-c", "user.email=x@x", *words]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def make_tree(session: Session, lines: list[str]) -> str:
    return plumb(session, "mktree", "-z", "--missing", given="".join(f"{line}\0" for line in lines))


def stranger(session: Session, entries: dict[str, str], *, below: str | None = None) -> str:
    """A commit of the last tree and more entries (`mode kind object` by name), made without any check."""
    tree = plumb(session, "ls-tree", "HEAD").splitlines()
    made = [f"{what}\t{name}" for name, what in entries.items()]
    if below is not None:
        made = [f"040000 tree {make_tree(session, made)}\t{below}"]
    names = {line.partition("\t")[2] for line in made}
    root = make_tree(session, [*(line for line in tree if line.partition("\t")[2] not in names), *made])
    return plumb(session, "commit-tree", root, "-p", "HEAD", "-m", "stranger")


@pytest.fixture
def evil(work: Session) -> Session:
    save(work, "portrait.json")
    work.ok("commit", "-m", "one")
    return work


TREES = {
    "a way out": ({"..": "tree"}, None), "itself": ({".": "tree"}, None), "git": ({".git": "tree"}, None),
    "GIT": ({".GiT": "tree"}, None), "a way out below": ({"..": "tree"}, "workflows"),
    "git below": ({".git": "tree"}, "workflows"), "git as a file": ({".git": "blob"}, "sub"),
    "a short name of git": ({"git~1": "tree"}, None), "a name with a hidden letter": ({".g\u200cit": "tree"}, None),
    "a linked manifest": ({"pyproject.toml": "link"}, None), "a linked lock": ({"uv.lock": "link"}, None),
    "linked workflows": ({"workflows": "link"}, None), "linked parts": ({"backends": "link"}, None),
    "a linked part": ({"cpu": "link"}, "backends"), "a submodule": ({"sub": "commit"}, None),
    "a submodule of workflows": ({"workflows": "commit"}, None),
    "a folder for a manifest": ({"pyproject.toml": "tree"}, None),
    "a folder for a lock": ({"uv.lock": "tree"}, None),
    "a file for workflows": ({"workflows": "blob"}, None), "a file for parts": ({"backends": "blob"}, None),
    "no manifest": ({}, "pyproject.toml"),
}  # fmt: skip


@pytest.mark.parametrize("case", TREES)
def test_a_tree_that_leads_astray_is_refused_or_taken_harmlessly(evil: Session, tmp_path: Path, case: str) -> None:
    names, below = TREES[case]
    blob = plumb(evil, "hash-object", "-w", "--stdin", given=str(tmp_path / "outside"))
    tree = plumb(evil, "mktree", given=f"100644 blob {blob}\tconfig\n")
    kinds = {"tree": f"040000 tree {tree}", "blob": f"100644 blob {blob}", "link": f"120000 blob {blob}",
             "commit": f"160000 commit {head(evil)}"}  # fmt: skip
    made = stranger(evil, {name: kinds[kind] for name, kind in names.items()}, below=below)
    before, outside = contents(evil), sorted(os.listdir(tmp_path))
    config = (definition(evil) / ".git/config").read_bytes()
    for words in (("checkout", made), ("rollback", made), ("switch", "-c", "new", made), ("reset", "--hard", made)):
        ran = evil.run(*words, "--json")
        assert ran.code != 0, (words, ran)
        (error,) = ran.envelope()["errors"]
        assert error["code"] in ("history-damaged", "manifest-damaged", "lock-damaged", "uncommitted-work"), error
        assert "Traceback" not in ran.err
        assert contents(evil) == before
    assert sorted(os.listdir(tmp_path)) == outside
    assert (definition(evil) / ".git/config").read_bytes() == config
    assert git(definition(evil), "for-each-ref", "--format=%(refname)").split() == ["refs/heads/main"]


def test_files_that_are_named_like_options_or_end_oddly_are_files(evil: Session) -> None:
    for name in ("--output=x", "-n", "a\nb", "trailing ", 'quo"te', "back\\slash"):
        path = os.fsencode(definition(evil) / "sub") + b"/" + os.fsencode(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(str(len(name)))
    evil.ok("commit", "-m", "odd")
    goes(evil, "checkout", "main~1")
    goes(evil, "checkout", "main")


def test_a_commit_without_workflows_takes_those_away_that_are_committed(evil: Session) -> None:
    goes(evil, "checkout", "v1")
    assert not (definition(evil) / "workflows").exists()
    assert list(live(evil).iterdir()) == []
    goes(evil, "checkout", "main")
    assert (live(evil) / "portrait.json").exists()


def test_a_history_that_lacks_an_object_is_refused_and_nothing_changes(evil: Session) -> None:
    save(evil, "portrait.json", "other")
    evil.ok("commit", "-m", "two")
    name = git(definition(evil), "rev-parse", "HEAD~1:workflows/portrait.json").strip()
    (definition(evil) / f".git/objects/{name[:2]}/{name[2:]}").unlink()
    before = contents(evil)
    error = evil.error("checkout", "main~1")
    assert error["code"] in ("history-damaged", "git-failed"), error
    assert contents(evil) == before


# Histories that are none


@pytest.mark.parametrize("case", ["no commit", "no repository", "a linked worktree"])
def test_without_a_history_nothing_is_done_and_the_reason_is_told(work: Session, case: str) -> None:
    if case == "no commit":
        git(definition(work), "update-ref", "-d", "refs/heads/main")
    else:
        (definition(work) / ".git").rename(definition(work).parent / "away")
        if case == "a linked worktree":
            (definition(work) / ".git").write_text("gitdir: ../away\n")
    for words in (("checkout", "main"), ("checkout", "HEAD"), ("switch", "main"), ("switch", "-c", "x"), ("reset",),
                  ("reset", "--hard"), ("rollback",), ("rollback", "v1"), ("stash",), ("stash", "pop"),
                  ("branch", "x"), ("branch", "-m", "x"), ("tag", "x"), ("tag", "-d", "x")):  # fmt: skip
        ran = work.run(*words, "--json")
        assert "Traceback" not in ran.err, (words, ran)
        (error,) = ran.envelope()["errors"]
        expected = ("no-history", "repository-unfit", "stash-not-found", "ref-not-found", "usage")
        assert error["code"] in expected, (words, error)
        assert error["hint"], words


def test_who_commits_may_be_unknown_to_git(past: Session) -> None:
    set_git_config(past, "[user]\n  useConfigOnly = true\n")
    past.ok("tag", "shipped", "-m", "what the client got")
    text = git(definition(past), "cat-file", "tag", "shipped")
    assert re.search(r"^tagger \S.* <\S+> \d+ [+-]\d{4}$", text, re.MULTILINE)
    past.ok("rollback", "v2")
    settled(past)
    change_workflow(past)
    past.ok("stash")
    settled(past)
    past.ok("stash", "pop")


@pytest.mark.parametrize("words", [("tag", "x", "-m", " "), ("stash", "-m", " ")], ids=" ".join)
def test_an_empty_message_is_refused(past: Session, words: tuple[str, ...]) -> None:
    change_workflow(past)
    error = past.error(*words)
    assert (error["code"], error["exit_code"]) == ("conflict", 4), error
    assert git(definition(past), "for-each-ref", "refs/tags", "refs/comfydock") == ""


def test_what_belongs_to_this_machine_is_no_matter_of_a_commit(work: Session) -> None:
    """A stranger may have committed that an environment is finished, and which PyTorch it has."""
    own = {name: (definition(work) / name).read_bytes() for name in (".complete", ".pytorch-backend")}
    git(definition(work), "add", "--force", *own)
    commit(definition(work), "Machine")
    (definition(work) / ".pytorch-backend").write_bytes(own[".pytorch-backend"])
    work.ok("checkout", "v1")
    work.ok("checkout", "main")
    work.ok("checkout", "v1")
    assert {name: (definition(work) / name).read_bytes() for name in own} == own
    assert work.data("status")["packages"]["state"] == "in-sync"
