"""Going elsewhere in the history of an environment and back: everything is what the commit says, whatever was there."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.moves import (
    WORKFLOW,
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
from tests.support.miniature import Miniature, git
from tests.support.pack_host import PackHost, pack_files, pack_host
from tests.support.sessions import Session, copy_workspace

FANCY = "https://github.com/alice/Fancy"


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackHost]:
    with pack_host(tmp_path_factory.mktemp("shops")) as served:
        served.add("blur", "1.0.0", files=pack_files("Blur", requirements="mini-masks<2\n"))
        served.add("blur", "2.0.0", files=pack_files("Blur", requirements="mini-masks>=2\n"))
        served.add_repository("alice", "Fancy", pack_files("Fancy"))
        yield served


@pytest.fixture(scope="module")
def made(first: Session, shops: PackHost, miniature: Miniature, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Three commits: as created; with packs, a package, workflows; with other ones and another ComfyUI."""
    work = doubled(first, tmp_path_factory.mktemp("past"), shops)
    work.ok("node", "add", "blur@1.0.0", FANCY)
    save(work, "portrait.json", '{"nodes": [1]}')
    save(work, "sub/folder/landscape.json")
    work.ok("commit", "-m", "second")
    work.ok("node", "update", "blur")
    work.ok("node", "remove", "Fancy")
    work.ok("py", "add", "mini-choice<2")
    pin_comfyui(work, miniature, "v0.2.0")
    save(work, "portrait.json", '{"nodes": [1, 2]}')
    save(work, "new.json")
    shutil.rmtree(live(work) / "sub")
    work.ok("commit", "-m", "third")
    work.ok("checkout", "main~2")
    work.ok("checkout", "main")
    return work


@pytest.fixture
def past(made: Session, shops: PackHost, tmp_path: Path) -> Session:
    return doubled(made, tmp_path, shops)


def doubled(session: Session, place: Path, host: PackHost) -> Session:
    """The same environment once more, elsewhere."""
    (place / "home").mkdir(parents=True)
    copy_workspace(session.workspace, place / "workspace")
    variables = {**session.variables, **host.variables(), "HOME": str(place / "home")}
    return Session(session.program, place / "workspace", variables)


# There and back


def test_every_commit_can_be_gone_to_and_come_back_from(past: Session, miniature: Miniature) -> None:
    settled(past)
    assert (branch(past), git(comfyui(past), "rev-parse", "HEAD").strip()) == ("main", miniature.commits["v0.2.0"])
    third = contents(past)
    assert not (live(past) / "sub").exists()
    goes(past, "checkout", "v2")
    second = contents(past)
    assert branch(past) is None
    assert git(comfyui(past), "rev-parse", "HEAD").strip() == miniature.commits["v0.10.0"]
    assert (live(past) / "portrait.json").read_text() == '{"nodes": [1]}'
    assert (definition(past) / "workflows/sub/folder/landscape.json").read_text() == WORKFLOW
    assert sorted(path.name for path in packs(past).iterdir() if path.is_dir()) == ["Fancy", "blur"]
    assert "mini_masks" in (packs(past) / "blur/requirements.txt").read_text().replace("-", "_")
    goes(past, "checkout", "v1")
    first = contents(past)
    assert [path for path in packs(past).iterdir() if path.is_dir()] == []
    assert not (live(past) / "portrait.json").exists()
    for ref, expected in (("main", third), ("v2", second), ("main~0", third), ("v1", first), ("HEAD~0", first)):
        goes(past, "checkout", ref)
        assert contents(past) == expected, ref


def test_the_paths_of_the_answer_say_what_became_of_everything(past: Session, miniature: Miniature) -> None:
    data = past.data("checkout", "v2")
    assert (data["to"], data["commit"], data["branch"]) == ("v2", head(past), None)
    assert data["comfyui"] == {"before": miniature.commits["v0.2.0"], "after": miniature.commits["v0.10.0"]}
    assert (sorted(data["packs"]["fetched"]), data["packs"]["removed"]) == (["Fancy", "blur"], [])
    assert "workflows/portrait.json" in data["files"]
    assert {"pyproject.toml", "uv.lock"} < set(data["files"])
    again = past.data("checkout", "v2")
    assert (again["operation"], again["files"]) == (None, [])


def test_each_move_is_undone_and_the_undo_undone(past: Session) -> None:
    past.ok("branch", "old", "v2")
    before, where = contents(past), branch(past)
    for words in (("checkout", "v1"), ("switch", "old"), ("switch", "-c", "new", "v1"), ("reset", "--hard", "v2"),
                  ("rollback", "v1")):  # fmt: skip
        past.ok(*words)
        after, there, at = contents(past), branch(past), head(past)
        assert after != before, words
        past.ok("undo")
        settled(past)
        assert (contents(past), branch(past)) == (before, where), words
        past.ok("undo")
        settled(past)
        assert (contents(past), branch(past), head(past)) == (after, there, at), words
        past.ok("undo")


def test_numbers_end_where_the_environment_is_and_the_way_on_is_told(past: Session) -> None:
    past.ok("checkout", "v1")
    error = past.error("checkout", "v3")
    assert (error["code"], error["hint"]) == (
        "ref-not-found",
        "the history has v1 alone, up to where it is now: `comfydock switch main` goes to the end of `main`",
    )
    goes(past, "switch", "main")
    goes(past, "checkout", "v3")


# Branches


def test_switching_makes_goes_and_goes_back(past: Session) -> None:
    assert past.ok("switch", "-c", "faces", "v2").out.startswith("work is now at the new branch faces (")
    settled(past)
    assert branch(past) == "faces"
    save(past, "face.json")
    past.ok("commit")
    goes(past, "switch", "-")
    assert branch(past) == "main"
    goes(past, "switch", "@{-1}")
    assert branch(past) == "faces"
    goes(past, "checkout", "-")
    assert branch(past) == "main"
    goes(past, "checkout", "v1")
    assert "node packs" not in past.ok("diff").out
    goes(past, "checkout", "-")
    assert branch(past) == "main"


def test_a_branch_and_a_tag_of_one_name_are_told_apart(past: Session) -> None:
    past.ok("branch", "same", "v1")
    git(definition(past), "tag", "same", "main~1")
    goes(past, "checkout", "heads/same")
    assert branch(past) == "same"
    goes(past, "switch", "heads/main")
    assert branch(past) == "main"
    goes(past, "checkout", "tags/same")
    assert (branch(past), head(past)) == (None, git(definition(past), "rev-parse", "main~1").strip())
    past.ok("branch", "heads/odd", "v1")
    goes(past, "switch", "heads/odd")
    assert git(definition(past), "symbolic-ref", "HEAD").strip() == "refs/heads/heads/odd"


def test_there_is_no_branch_before_the_first(work: Session) -> None:
    for words in (("switch", "-"), ("checkout", "@{-1}")):
        error = work.error(*words)
        assert (error["code"], error["exit_code"]) == ("ref-not-found", 3)


def test_a_name_that_is_no_branch_says_what_it_may_be(past: Session) -> None:
    past.ok("branch", "faces")
    git(definition(past), "update-ref", "refs/remotes/origin/theirs", "HEAD")
    for name, hint in (("facse", "did you mean `faces`?"), ("theirs", "comfydock switch -c theirs origin/theirs"),
                       ("v1", "comfydock checkout v1"), (head(past)[:9], "comfydock checkout")):  # fmt: skip
        error = past.error("switch", name)
        assert (error["code"], error["exit_code"]) == ("ref-not-found", 3)
        assert hint in error["hint"], name
    goes(past, "switch", "-c", "theirs", "origin/theirs")
    error = past.error("switch")
    assert (error["code"], error["exit_code"]) == ("usage", 2)


def test_a_name_that_leads_nowhere_changes_nothing(past: Session) -> None:
    before = contents(past)
    number = past.data("operation", "list", "-e", "work")["operations"][-1]["number"]
    for name, code, exit_code in (("v9", "ref-not-found", 3), ("mian", "ref-not-found", 3), ("a b", "ref-invalid", 2),
                                  (f"op:{number}", "ref-invalid", 2), ("op:99", "operation-not-found", 3),
                                  ("a..b", "ref-invalid", 2), ("", "ref-invalid", 2)):  # fmt: skip
        for command in ("checkout", "rollback", "reset"):
            error = past.error(command, name)
            assert (error["code"], error["exit_code"]) == (code, exit_code), (command, name)
            assert error["hint"]
    assert contents(past) == before
    assert "main" in past.error("checkout", "mian")["hint"]


@pytest.mark.parametrize("name", ["v7", "HEAD", "@", "a" * 40, "-x", "a b", "a..b", ".a", "a.lock", "a/", "x" * 300])
def test_a_branch_or_tag_cannot_be_called_what_means_something_else(work: Session, name: str) -> None:
    words = [("switch", f"--create={name}"), ("checkout", "v1", f"--branch={name}")]
    for each in words if name.startswith("-") else [("branch", name), ("tag", name), *words]:
        error = work.error(*each)
        assert error["code"] in ("ref-exists", "ref-invalid"), (each, error)
    assert git(definition(work), "for-each-ref", "--format=%(refname)").split() == ["refs/heads/main"]


def test_branches_are_listed_made_renamed_and_deleted(past: Session) -> None:
    assert past.ok("branch", "faces", "v1").out.startswith("work: made the branch faces at ")
    assert past.ok("branch").out.split()[0] == "faces"
    assert "\n*  main " in past.ok("branch").out
    error = past.error("branch", "faces")
    assert (error["code"], error["exit_code"]) == ("ref-exists", 4)
    error = past.error("branch", "-d", "main")
    assert (error["code"], error["exit_code"]) == ("branch-in-use", 4)
    error = past.error("branch", "-d", "faecs")
    assert (error["code"], "`faces`" in error["hint"]) == ("ref-not-found", True)
    past.ok("branch", "-d", "faces")
    past.ok("undo")
    assert "faces" in past.ok("branch").out
    past.ok("branch", "-m", "faces", "portraits")
    assert sorted(one["name"] for one in past.data("branch")["branches"]) == ["main", "portraits"]
    assert past.data("branch", "-m", "trunk")["new_name"] == "trunk"
    assert branch(past) == "trunk"
    settled(past)
    past.ok("undo")
    assert branch(past) == "main"


def test_a_branch_with_commits_of_its_own_is_deleted_by_force_alone(past: Session) -> None:
    past.ok("switch", "-c", "faces")
    save(past, "face.json")
    past.ok("commit")
    made = head(past)
    past.ok("switch", "main")
    error = past.error("branch", "-d", "faces")
    assert (error["code"], error["context"]) == ("branch-unmerged", {"branch": "faces", "commits": 1})
    past.ok("branch", "-d", "faces", "--force")
    past.ok("undo")
    assert git(definition(past), "rev-parse", "faces").strip() == made
    past.ok("tag", "kept", "faces")
    past.ok("branch", "-d", "faces")


def test_the_settings_of_a_branch_go_with_it(past: Session) -> None:
    repository = definition(past)
    git(repository, "config", "branch.main.remote", "origin")
    git(repository, "config", "branch.main.merge", "refs/heads/main")
    git(repository, "config", "branch.mainly.remote", "else")
    config = (repository / ".git/config").read_bytes()
    past.ok("branch", "-m", "trunk.x/y")
    assert git(repository, "config", "branch.trunk.x/y.merge").strip() == "refs/heads/main"
    assert git(repository, "config", "branch.mainly.remote").strip() == "else"
    past.ok("undo")
    assert (repository / ".git/config").read_bytes() == config
    past.ok("undo")
    past.ok("switch", "-c", "other")
    past.ok("branch", "-d", "trunk.x/y")
    assert "trunk" not in (repository / ".git/config").read_text()
    past.ok("undo")
    assert git(repository, "config", "branch.trunk.x/y.remote").strip() == "origin"


def test_a_branch_is_renamed_where_its_name_is_a_folder_of_the_new_one(past: Session) -> None:
    past.ok("branch", "a")
    past.ok("branch", "-m", "a", "a/b")
    past.ok("branch", "-m", "a/b", "a")
    assert sorted(one["name"] for one in past.data("branch")["branches"]) == ["a", "main"]
    error = past.error("branch", "a/b")
    assert (error["code"], error["exit_code"]) == ("ref-exists", 4)
    past.ok("branch", "-m", "main/trunk")
    settled(past)
    assert branch(past) == "main/trunk"
    past.ok("undo")
    assert branch(past) == "main"


# Tags


def test_a_tag_has_a_message_and_is_never_signed(past: Session, tmp_path: Path) -> None:
    set_git_config(past, "[tag]\n  gpgSign = true\n[commit]\n  gpgSign = true\n[gpg]\n  program = false\n")
    past.ok("tag", "shipped", "v2", "-m", "what the client got")
    text = git(definition(past), "cat-file", "tag", "shipped")
    assert text.splitlines()[1:3] == ["type commit", "tag shipped"]
    assert text.endswith("\n\nwhat the client got\n")
    assert "PGP" not in text
    past.ok("tag", "light")
    assert git(definition(past), "cat-file", "-t", "light").strip() == "commit"
    assert [one["name"] for one in past.data("tag")["tags"]] == ["light", "shipped"]
    goes(past, "checkout", "shipped")
    assert head(past) == git(definition(past), "rev-parse", "shipped^{commit}").strip()
    past.ok("tag", "-d", "shipped")
    assert past.error("checkout", "shipped")["code"] == "ref-not-found"
    past.ok("undo")
    goes(past, "checkout", "shipped")


# Reset and rollback


def test_a_soft_reset_moves_the_branch_alone(past: Session) -> None:
    before, index = contents(past), git(definition(past), "ls-files", "--stage")
    past.ok("reset", "--soft", "v2")
    assert contents(past) == before
    assert git(definition(past), "ls-files", "--stage") == index
    assert branch(past) == "main"
    assert past.data("status")["definition"]["clean"] is False
    past.ok("undo")
    settled(past)


def test_a_mixed_reset_moves_gits_index_too(past: Session) -> None:
    before = contents(past)
    past.ok("reset", "v2")
    assert contents(past) == before
    assert git(definition(past), "diff", "--cached") == ""
    assert git(definition(past), "log", "--format=%s").splitlines()[0] == "second"
    past.ok("undo")
    settled(past)


def test_a_mixed_reset_without_a_commit_unstages(past: Session) -> None:
    (definition(past) / "mine.md").write_text("mine")
    git(definition(past), "add", "mine.md")
    past.ok("reset")
    assert git(definition(past), "status", "--porcelain").splitlines() == ["?? mine.md"]
    past.ok("reset")


def test_a_hard_reset_overwrites_what_is_not_committed_and_leaves_what_no_commit_knows(past: Session) -> None:
    save(past, "portrait.json", "changed")
    save(past, "mine.json", "mine")
    (definition(past) / "mine.md").write_text("mine")
    (live(past) / "new.json").unlink()
    past.ok("reset", "--hard")
    assert (live(past) / "portrait.json").read_text() == '{"nodes": [1, 2]}'
    assert (live(past) / "new.json").exists()
    assert (live(past) / "mine.json").read_text() == "mine"
    assert (definition(past) / "mine.md").read_text() == "mine"
    past.ok("undo")
    assert (live(past) / "portrait.json").read_text() == "changed"
    assert not (live(past) / "new.json").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [(("reset", "--soft", "--hard"), "cannot be combined"), (("checkout", "v1", "--stash", "--discard"), "combined"),
     (("branch", "-d", "-m", "x"), "combined"), (("branch", "-d"), "needs NAME"), (("tag", "-d"), "needs NAME"),
     (("branch", "-d", "a", "b"), "one NAME"), (("tag", "-d", "a", "b"), "nothing but NAME"),
     (("tag", "-d", "a", "-m", "x"), "nothing but NAME")],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(work: Session, words: tuple[str, ...], told: str) -> None:
    error = work.error(*words)
    assert (error["code"], error["exit_code"], told in error["message"]) == ("usage", 2, True), error
    assert error["hint"]


def test_rolling_back_grows_the_history(past: Session) -> None:
    old = head(past)
    assert past.ok("rollback", "v1").out.startswith("work is now at v1 (")
    settled(past)
    past.ok("rollback", "v2")
    settled(past)
    subjects = git(definition(past), "log", "--format=%s").splitlines()
    assert subjects == ["Rollback to v2", "Rollback to v1", "third", "second", "Initial environment setup"]
    assert (branch(past), git(definition(past), "rev-parse", "HEAD~2").strip()) == ("main", old)
    assert git(definition(past), "rev-parse", "HEAD^{tree}") == git(definition(past), "rev-parse", "main~3^{tree}")
    assert "nothing to do" in past.ok("rollback", "v2").out
    assert len(git(definition(past), "log", "--format=%s").splitlines()) == 5


def test_rolling_back_without_a_commit_discards_and_leaves_what_no_commit_knows(past: Session) -> None:
    save(past, "portrait.json", "changed")
    save(past, "mine.json", "mine")
    past.ok("py", "add", "mini-masks")
    past.ok("rollback")
    assert (live(past) / "portrait.json").read_text() == '{"nodes": [1, 2]}'
    assert (live(past) / "mine.json").read_text() == "mine"
    (live(past) / "mine.json").unlink()
    settled(past)
    assert git(definition(past), "log", "--format=%s").splitlines()[0] == "third"
    past.ok("undo")
    assert (live(past) / "portrait.json").read_text() == "changed"


def test_a_rehearsed_rollback_leaves_nothing(past: Session) -> None:
    objects = sorted(path.name for path in (definition(past) / ".git/objects").rglob("*"))
    before = contents(past)
    plan = past.data("rollback", "v1", "--dry-run")
    assert plan["steps"]
    assert contents(past) == before
    assert sorted(path.name for path in (definition(past) / ".git/objects").rglob("*")) == objects


def test_rolling_back_is_refused_with_uncommitted_work_unless_it_is_kept_or_given_up(past: Session) -> None:
    save(past, "portrait.json", "changed")
    error = past.error("rollback", "v2")
    assert (error["code"], error["exit_code"]) == ("uncommitted-work", 4)
    past.ok("rollback", "v2", "--stash")
    settled(past)
    past.ok("undo")
    past.ok("rollback", "v2", "--discard")
    settled(past)


# Names and places


def test_workflows_have_any_name(work: Session) -> None:
    names = ["with space.json", "Grüße ☃.json", "it's \"quoted\".json", "two\nlines.json", "-option.json",
             "sub folder/--x/Ü.json", "back\\slash.json", "tab\there.json"]  # fmt: skip
    for name in names:
        save(work, name, f'{{"nodes": [], "name": {len(name)}}}')
    work.ok("commit", "-m", "odd")
    odd = contents(work)
    for name in names:
        save(work, name, "{}")
    work.ok("commit", "-m", "other")
    other = contents(work)
    goes(work, "checkout", "v1")
    assert list(live(work).rglob("*")) == []
    goes(work, "checkout", "main~1")
    assert contents(work) == odd
    goes(work, "checkout", "main")
    assert contents(work) == other


def test_a_folder_becomes_a_file_of_its_name_and_a_file_a_folder(work: Session) -> None:
    save(work, "thing.json/inner.json", "1")
    work.ok("commit", "-m", "folder")
    folder = contents(work)
    shutil.rmtree(live(work) / "thing.json")
    save(work, "thing.json", "2")
    work.ok("commit", "-m", "file")
    file = contents(work)
    goes(work, "checkout", "v2")
    assert contents(work) == folder
    goes(work, "checkout", "main")
    assert contents(work) == file
    past = work.ok("undo")
    assert past.code == 0
    assert contents(work) == folder


def test_a_folder_with_something_of_ones_own_is_not_replaced_by_a_file(work: Session) -> None:
    save(work, "thing.json", "2")
    work.ok("commit", "-m", "file")
    (live(work) / "thing.json").unlink()
    save(work, "thing.json/inner.json", "1")
    work.ok("commit", "-m", "folder")
    save(work, "thing.json/mine.json", "mine")
    before = contents(work)
    error = work.error("checkout", "v2")
    assert error["code"] == "uncommitted-work"
    assert contents(work) == before
    error = work.error("checkout", "v2", "--discard")
    assert error["code"] == "uncommitted-work"
    assert contents(work) == before


def test_workflows_that_a_link_leads_to_are_left_alone_and_told(work: Session, tmp_path: Path) -> None:
    save(work, "mine.json", "1")
    work.ok("commit", "-m", "one")
    save(work, "mine.json", "2")
    work.ok("commit", "-m", "two")
    shared = tmp_path / "shared"
    shutil.move(live(work), shared)
    live(work).symlink_to(shared)
    ran = work.ok("checkout", "v2")
    assert "leads out of the environment" in ran.err
    assert (shared / "mine.json").read_text() == "2"
    assert (definition(work) / "workflows/mine.json").read_text() == "1"


def test_a_commit_of_a_stranger_with_executable_files_and_links_is_taken_as_it_is(work: Session) -> None:
    (definition(work) / "run.sh").write_text("#!/bin/sh\n")
    (definition(work) / "run.sh").chmod(0o755)
    (definition(work) / "here").symlink_to("../../nowhere")
    work.ok("commit", "-m", "tools")
    goes(work, "checkout", "v1")
    goes(work, "checkout", "main")
    assert os.access(definition(work) / "run.sh", os.X_OK)
    assert os.readlink(definition(work) / "here") == "../../nowhere"
