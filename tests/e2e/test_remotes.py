"""Remotes, fetching and pushing: what goes where, what is refused, and what a remote can do to nobody."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.git_server import git_serving
from tests.support.histories import MANIFEST, past_environment
from tests.support.miniature import git
from tests.support.sessions import tree
from tests.support.two_people import Person, Two, bare, branches, hook, two_people

SSH_TEXTS = {
    "changed": (
        "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
        "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n"
        "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
        "IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\n"
        "Host key for git.example.com has changed and you have requested strict checking.\n"
        "Host key verification failed."
    ),
    "unknown": (
        "No ED25519 host key is known for git.example.com and you have requested strict checking.\n"
        "Host key verification failed."
    ),
    "denied": "git@git.example.com: Permission denied (publickey).",
    "read only": (
        "ERROR: The key you are authenticating with has been marked as read only.\n"
        "fatal: Could not read from remote repository."
    ),
    "unresolved": "ssh: Could not resolve hostname git.example.com: Name or service not known",
    "refused": "ssh: connect to host git.example.com port 22: Connection refused",
}


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return two_people(tmp_path)


def refs(person: Person) -> dict[str, str]:
    return branches(person.made.definition)


def remotes(person: Person) -> dict[str, str]:
    return {one["name"]: one["address"] for one in person.session.data("remote", "list")["remotes"]}


def test_a_remote_is_added_renamed_and_removed_and_undo_takes_each_back(two: Two) -> None:
    two.pushed()
    me = two.mine
    before = tree(me.made.root)
    me.session.ok("remote", "add", "hub", "https://git.example.com/work.git")
    assert remotes(me) == {"hub": "https://git.example.com/work.git", "origin": str(two.shared)}
    me.session.ok("undo")
    assert tree(me.made.root) == before
    me.session.ok("remote", "rename", "origin", "hub")
    assert (me.made.git("rev-parse", "--abbrev-ref", "main@{upstream}"), "refs/remotes/origin/main" in refs(me)) == (
        "hub/main",
        False,
    )
    me.session.ok("undo")
    assert remotes(me) == {"origin": str(two.shared)}
    me.session.ok("fetch", "--prune")
    assert [name for name in refs(me) if "remotes" in name] == ["refs/remotes/origin/main"]
    me.session.ok("remote", "remove", "origin")
    assert (remotes(me), [name for name in refs(me) if "remotes" in name]) == ({}, [])
    assert me.session.data("branch")["branches"][0]["upstream"] is None
    me.session.ok("undo")
    me.session.ok("fetch")
    assert me.session.data("branch")["branches"][0]["tracking"]["upstream"] == "origin/main"


@pytest.mark.parametrize("name", ["x y", "..", "a..b", ".hidden", "a/b", "", "a\x1b[31m", "name.lock", "é", "a:b"])
def test_what_cannot_be_the_name_of_a_remote_is_refused(two: Two, name: str) -> None:
    before = tree(two.mine.made.root)
    ran = two.mine.session.run("remote", "add", name, "https://git.example.com/work.git")
    assert (ran.code, "cannot be the name of a remote" in ran.err, "\x1b" in ran.err) == (2, True, False)
    assert tree(two.mine.made.root) == before


@pytest.mark.parametrize(
    "address",
    ["", "ext::sh -c whoami", "fd::7", "htps://git.example.com/x", "https:///x", "ssh://-oProxyCommand=x/y", "a\nb",
     "https://git.example.com/a b", "./nowhere"],
)  # fmt: skip
def test_what_cannot_be_the_address_of_a_remote_is_refused(two: Two, address: str) -> None:
    error = two.mine.session.error("remote", "add", "hub", address)
    assert (error["code"], error["exit_code"], bool(error["hint"])) == ("remote-invalid", 2, True)
    assert list(remotes(two.mine)) == ["origin"]


def test_an_address_without_its_scheme_is_asked_about(two: Two) -> None:
    error = two.mine.session.error("remote", "add", "hub", "github.com/alice/work")
    assert error["hint"] == "did you mean `https://github.com/alice/work`?"


def test_a_login_in_an_address_is_not_kept(two: Two) -> None:
    ran = two.mine.session.ok("remote", "add", "hub", "https://alice:s3cret@git.example.com/work.git")
    assert "the login in the address is not kept" in ran.err
    assert remotes(two.mine)["hub"] == "https://git.example.com/work.git"
    everything = b"".join(path.read_bytes() for path in two.mine.made.workspace.rglob("*") if path.is_file())
    assert b"s3cret" not in everything


def test_a_path_is_kept_whole(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    bare(two.shared.parent / "other.git")
    monkeypatch.chdir(two.shared.parent)
    two.mine.session.ok("remote", "add", "hub", "other.git")
    assert remotes(two.mine)["hub"] == str(two.shared.parent / "other.git")
    two.mine.session.ok("push", "hub")


def test_names_that_are_taken_or_unknown_are_told_with_the_nearest(two: Two) -> None:
    session = two.mine.session
    taken = session.error("remote", "add", "Origin", "https://git.example.com/work.git")
    assert (taken["code"], "comfydock remote rename origin" in taken["hint"]) == ("remote-exists", True)
    assert session.error("fetch", "orgin")["hint"] == "did you mean `origin`?"
    typed = session.error("push", str(two.shared))
    assert (typed["code"], "comfydock remote add NAME" in typed["hint"]) == ("remote-not-found", True)
    session.ok("remote", "remove", "origin")
    assert "comfydock remote add origin URL" in session.error("push")["hint"]
    for name in ("east", "west"):
        session.ok("remote", "add", name, str(two.shared))
    assert session.error("push")["hint"] == "name one: `east`, `west`"


@pytest.mark.parametrize("command", ["push", "pull", "fetch"])
def test_where_the_followed_remote_is_gone_none_is_guessed(two: Two, command: str) -> None:
    two.mine.session.ok("push")
    two.mine.made.git("config", "--remove-section", "remote.origin")
    two.mine.session.ok("remote", "add", "hub", str(two.shared))
    error = two.mine.session.error(command)
    assert error["message"] == "`main` follows `origin/main`, and `work` has no remote `origin`"
    assert (error["code"], error["hint"][:15]) == ("remote-not-found", "name one: `hub`")


def test_where_the_followed_remote_is_gone_all_that_are_there_can_be_fetched(two: Two) -> None:
    two.mine.session.ok("push")
    two.mine.made.git("config", "--remove-section", "remote.origin")
    two.mine.session.ok("remote", "add", "hub", str(two.shared))
    (fetched,) = two.mine.session.data("fetch", "--all")["remotes"]
    assert [one["name"] for one in fetched["refs"]] == ["main"]


def test_where_the_followed_remote_is_gone_the_branch_follows_what_it_is_pushed_to(two: Two) -> None:
    two.mine.session.ok("push")
    two.mine.made.git("config", "--remove-section", "remote.origin")
    two.mine.session.ok("remote", "add", "hub", str(two.shared))
    assert two.mine.session.data("push", "hub")["upstream"] == "hub/main"
    assert two.mine.session.ok("pull").out == "work: nothing to pull, this branch has all of hub/main already\n"


def test_a_pull_where_the_followed_branch_is_gone_says_which_there_are_and_how_to_follow_one(two: Two) -> None:
    two.mine.session.ok("push")
    two.mine.made.git("config", "branch.main.merge", "refs/heads/faces")
    error = two.mine.session.error("pull")
    assert error["message"] == "`main` follows `origin/faces`, and the remote has no branch `faces`"
    for command in ("pull --branch main", "push origin --set-upstream"):
        assert f"`comfydock {command}`" in error["hint"]
        two.mine.session.ok(*command.split())
    two.mine.session.ok("pull")


def test_a_push_says_what_went_and_the_branch_follows_it(two: Two) -> None:
    first = two.mine.session.data("push")
    new = {"kind": "branch", "name": "main", "outcome": "new", "before": None, "after": two.mine.head(), "commits": 1}
    assert (first["refs"], first["upstream"]) == ([new], "origin/main")
    before = two.mine.head()
    two.mine.commit(steps=30)
    two.mine.commit(steps=40)
    (went,) = two.mine.session.data("push")["refs"]
    assert (went["outcome"], went["before"], went["after"], went["commits"]) == ("updated", before, two.mine.head(), 2)
    assert branches(two.shared) == {"refs/heads/main": two.mine.head()}
    assert two.mine.session.ok("push").out.startswith("work: nothing to push, origin ")


def test_a_rehearsal_changes_nothing_here_or_there(two: Two) -> None:
    two.pushed()
    two.mine.commit(steps=30)
    places = (two.mine.made.root, two.yours.made.root, two.shared)
    before = [tree(place) for place in places]
    assert two.mine.session.data("push", "--dry-run")["refs"][0]["commits"] == 1
    assert [tree(place) for place in places] == before
    two.mine.session.ok("push")
    before = [tree(place) for place in places]
    announced = two.yours.session.data("fetch", "--dry-run")["remotes"][0]["refs"][0]
    assert [tree(place) for place in places] == before
    assert (announced["name"], announced["after"]) == ("main", two.mine.head())


def test_work_that_is_not_committed_is_listed_and_not_pushed(two: Two) -> None:
    me = two.mine
    me.save(steps=30)
    me.save("new")
    me.made.put("pyproject.toml", MANIFEST + "# edited\n")
    error = me.session.error("push")
    assert (error["code"], error["exit_code"]) == ("uncommitted-work", 4)
    assert {(one["kind"], one["name"], one["reason"]) for one in error["context"]["uncommitted"]} == {
        ("definition", "pyproject.toml", "changed"),
        ("workflow", "flow", "changed"),
        ("workflow", "new", "new"),
    }
    assert branches(two.shared) == {}


def test_a_push_that_would_lose_commits_is_rejected_and_pull_helps(two: Two) -> None:
    two.pushed()
    two.mine.commit(steps=30)
    two.mine.session.ok("push")
    two.yours.commit(seed=7)
    error = two.yours.session.error("push")
    assert (error["code"], error["exit_code"], error["hint"]) == (
        "push-rejected",
        4,
        "`comfydock pull origin` unites both",
    )
    two.yours.session.ok("pull", "origin")
    two.yours.session.ok("push")
    assert (two.yours.steps(), two.yours.seed()) == (30, 7)


def test_a_lease_is_what_was_fetched_and_force_fetches_first(two: Two) -> None:
    two.pushed()
    two.mine.commit(steps=30)
    two.mine.session.ok("push")
    two.yours.commit(seed=7)
    stale = two.yours.session.error("push", "--force-with-lease")
    assert (stale["code"], stale["exit_code"]) == ("lease-stale", 4)
    assert branches(two.shared) == {"refs/heads/main": two.mine.head()}
    (replaced,) = two.yours.session.data("push", "-r", "origin", "--force")["refs"]
    assert (replaced["outcome"], replaced["before"]) == ("forced", two.mine.head())
    assert branches(two.shared) == {"refs/heads/main": two.yours.head()}


def test_what_a_remote_declines_is_said_in_its_words(two: Two) -> None:
    hook(two.shared, "pre-receive", 'printf "main is protected\\033[31m\\n" >&2; exit 1')
    error = two.mine.session.error("push")
    assert (error["code"], error["exit_code"]) == ("push-declined", 5)
    assert "pre-receive hook declined" in error["message"]
    shown = two.mine.session.run("push").err
    assert ("main is protected\\x1b[31m" in shown, "\x1b" in shown) == (True, False)


def test_a_branch_that_is_checked_out_there_is_declined(two: Two) -> None:
    two.mine.session.ok("remote", "add", "yours", str(two.yours.made.definition))
    two.mine.commit(steps=30)
    error = two.mine.session.error("push", "yours")
    assert (error["code"], "checked out" in error["message"]) == ("push-declined", True)


def test_all_pushes_branches_and_tags_and_says_which_it_could_not(two: Two) -> None:
    me = two.mine
    me.session.ok("branch", "faces")
    me.session.ok("tag", "works", "-m", "it does")
    went = {(one["kind"], one["name"]) for one in me.session.data("push", "--all")["refs"]}
    assert went == {("branch", "main"), ("branch", "faces"), ("tag", "works")}
    me.commit(steps=30)
    me.session.ok("tag", "-d", "works")
    me.session.ok("tag", "works")
    error = me.session.error("push", "--all")
    assert (error["code"], [one["reference"] for one in error["context"]["refused"]]) == (
        "push-rejected",
        ["refs/tags/works"],
    )
    assert [one["name"] for one in error["context"]["pushed"]] == ["main"]


def test_on_no_branch_nothing_is_pushed_or_pulled(two: Two) -> None:
    two.pushed()
    two.mine.commit(steps=30)
    two.mine.session.ok("checkout", "v1")
    for command in ("push", "pull"):
        error = two.mine.session.error(command)
        assert (error["code"], "comfydock switch -c NAME" in error["hint"]) == ("on-no-branch", True)
    two.mine.session.ok("push", "--all")


def test_a_branch_that_is_not_there_is_told_with_those_that_are(two: Two) -> None:
    assert "it has no branch yet" in two.mine.session.error("pull")["hint"]
    two.pushed()
    two.yours.session.ok("switch", "-c", "faces")
    error = two.yours.session.error("pull")
    assert (error["code"], error["message"]) == ("ref-not-found", "the remote `origin` has no branch `faces`")
    assert "comfydock pull --branch" in error["hint"]
    assert two.yours.session.error("pull", "--branch", "mian")["hint"] == "did you mean `main`?"
    assert two.yours.session.data("pull", "--branch", "main")["kind"] == "nothing"


def test_commits_that_nobody_can_rebuild_are_told_when_they_are_pushed(two: Two) -> None:
    two.mine.made.commit("odd\n\nNot-Reproducible: the pack x is on this machine\x1b[31m alone")
    pushed = two.mine.session.run("push")
    assert "! 1 commit of it says what nobody can rebuild elsewhere:" in pushed.err
    assert ("the pack x is on this machine\\x1b[31m alone" in pushed.err, "\x1b" in pushed.err) == (True, False)
    two.mine.commit(steps=30)
    assert two.mine.session.data("push")["not_reproducible"] == []


def test_fetch_says_what_is_new_and_moves_no_branch(two: Two) -> None:
    two.pushed()
    me, you = two.mine, two.yours
    me.session.ok("branch", "faces")
    me.commit(steps=30)
    me.session.ok("tag", "works")
    me.session.ok("push", "--all")
    you.commit(seed=7)
    # Whatever else the settings would have it fetch.
    you.made.git("config", "--replace-all", "remote.origin.fetch", "+refs/heads/*:refs/heads/*")
    you.made.git("switch", "--quiet", "-c", "aside")
    before = you.head("main")
    data = you.session.data("fetch")
    found = {(one["kind"], one["name"], one["outcome"], one["commits"]) for one in data["remotes"][0]["refs"]}
    assert found == {("branch", "faces", "new", 0), ("branch", "main", "updated", 1), ("tag", "works", "new", None)}
    assert (you.head("main"), you.head("origin/main")) == (before, me.head())
    assert you.session.ok("fetch").out.startswith("work: nothing new at origin")


def test_how_far_a_branch_is_from_what_it_follows_is_told(two: Two) -> None:
    two.pushed()
    two.mine.commit(steps=30)
    two.mine.session.ok("push")
    two.yours.commit(seed=7)
    fetched = two.yours.session.ok("fetch")
    assert "main is 1 commit ahead of origin/main and 1 commit behind origin/main" in fetched.out
    assert "`comfydock pull` merges it" in fetched.err
    assert "origin/main (1 ahead, 1 behind)" in two.yours.session.ok("branch").out


def test_branches_that_are_gone_there_are_forgotten_by_prune_alone(two: Two) -> None:
    two.mine.session.ok("branch", "faces")
    two.mine.session.ok("push", "--all")
    two.yours.session.ok("fetch")
    git(two.shared, "branch", "-D", "faces")
    two.yours.session.ok("fetch")
    assert "refs/remotes/origin/faces" in refs(two.yours)
    (gone,) = two.yours.session.data("fetch", "--prune")["remotes"][0]["refs"]
    assert (gone["name"], gone["outcome"], "refs/remotes/origin/faces" in refs(two.yours)) == ("faces", "gone", False)


def test_a_branch_that_is_gone_and_in_the_way_of_another_is_told_with_what_helps(two: Two) -> None:
    two.mine.session.ok("branch", "faces")
    two.mine.session.ok("push", "--all")
    two.yours.session.ok("fetch")
    git(two.shared, "branch", "-m", "faces", "faces/new")
    error = two.yours.session.error("fetch")
    assert (error["code"], "comfydock fetch --prune" in error["hint"]) == ("git-failed", True)
    two.yours.session.ok("fetch", "--prune")
    assert "refs/remotes/origin/faces/new" in refs(two.yours)


def test_one_remote_of_several_that_cannot_be_reached_keeps_no_other(two: Two) -> None:
    two.mine.session.ok("push")
    two.yours.made.git("remote", "add", "gone", str(two.shared.parent / "gone.git"))
    ran = two.yours.session.run("fetch", "--all")
    assert (ran.code, "work: could not fetch from gone" in ran.out) == (3, True)
    assert "refs/remotes/origin/main" in refs(two.yours)


def test_a_history_of_something_else_is_told_from_this_one(two: Two, tmp_path: Path) -> None:
    other = past_environment(tmp_path / "other")
    other.commit("another", {"pyproject.toml": MANIFEST})
    other.git("push", "--quiet", str(two.shared), "main")
    before = tree(two.mine.made.root / "ComfyUI")
    error = two.mine.session.error("pull")
    assert (error["code"], error["exit_code"]) == ("nothing-in-common", 4)
    assert "`origin/main` and this branch have no commit in common" in error["message"]
    assert tree(two.mine.made.root / "ComfyUI") == before


def test_a_history_that_was_cut_off_is_completed_by_fetch(two: Two, tmp_path: Path) -> None:
    two.mine.commit(steps=30)
    two.mine.session.ok("push")
    cut_off(two.yours, f"file://{two.shared}")
    assert two.yours.made.git("rev-list", "--count", "HEAD") == "1"
    bare(tmp_path / "empty.git")
    two.yours.session.ok("remote", "add", "empty", str(tmp_path / "empty.git"))
    error = two.yours.session.error("push", "empty")
    assert (error["code"], "comfydock fetch" in error["hint"]) == ("history-shallow", True)
    two.yours.session.ok("fetch", "origin")
    assert two.yours.made.git("rev-list", "--count", "HEAD") == "2"
    two.yours.session.ok("push", "empty")


def test_a_history_that_is_cut_off_there_is_refused(two: Two, tmp_path: Path) -> None:
    two.mine.commit(steps=30)
    two.mine.session.ok("push")
    shallow = tmp_path / "shallow.git"
    subprocess.run(["git", "clone", "-q", "--bare", "--depth=1", f"file://{two.shared}", str(shallow)], check=True)
    two.yours.session.ok("remote", "add", "shallow", str(shallow))
    error = two.yours.session.error("fetch", "shallow")
    assert (error["code"], "git fetch --unshallow" in error["hint"]) == ("history-shallow", True)


def cut_off(person: Person, address: str) -> None:
    """Let somebody have a history as a clone of depth 1 has it."""
    place = person.made.workspace / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", address, str(place)], check=True)
    shutil.rmtree(person.made.definition / ".git")
    shutil.move(place / ".git", person.made.definition / ".git")
    person.save(steps=30)
    person.made.git("reset", "--quiet", "--hard")


def test_a_server_that_cannot_be_reached_is_told(two: Two) -> None:
    two.mine.session.ok("remote", "add", "hub", "http://127.0.0.1:1/work.git")
    for words in (("fetch", "hub"), ("push", "hub"), ("pull", "hub")):
        error = two.mine.session.error(*words)
        assert (error["code"], error["exit_code"]) == ("network-unavailable", 5)


def test_offline_no_server_is_asked(two: Two) -> None:
    two.mine.session.ok("push", "--offline")
    two.mine.session.ok("remote", "add", "hub", "http://127.0.0.1:1/work.git")
    for words in (("fetch", "hub"), ("push", "hub"), ("pull", "hub")):
        assert two.mine.session.error(*words, "--offline")["code"] == "offline"


def test_a_server_that_asks_for_a_login_gets_it_from_the_helper_of_the_user(two: Two, tmp_path: Path) -> None:
    git(two.shared, "config", "http.receivepack", "true")
    with git_serving(tmp_path, login="alice:s3cret") as server:
        address = f"http://127.0.0.1:{server.port}/shared.git"
        two.mine.session.ok("remote", "add", "hub", address)
        for words in (("push", "hub"), ("fetch", "hub")):
            error = two.mine.session.error(*words)
            assert (error["code"], error["exit_code"]) == ("authentication-failed", 5)
        helper = '!f() { test "$1" = get && echo username=alice && echo password=s3cret; }; f'
        (tmp_path / "gitconfig").write_text(f"[credential]\n\thelper = {json.dumps(helper)}\n")
        two.mine.session.ok("push", "hub", GIT_CONFIG_GLOBAL=str(tmp_path / "gitconfig"))
        two.mine.session.ok("fetch", "hub", GIT_CONFIG_GLOBAL=str(tmp_path / "gitconfig"))
    assert branches(two.shared) == {"refs/heads/main": two.mine.head()}
    kept = b"".join(path.read_bytes() for path in two.mine.made.workspace.rglob("*") if path.is_file())
    assert b"s3cret" not in kept


def test_a_login_that_git_was_given_is_in_no_message(two: Two, tmp_path: Path) -> None:
    two.mine.made.git("remote", "add", "hub", "http://alice:s3cret@127.0.0.1:1/work.git")
    for words in (("remote", "list"), ("fetch", "hub"), ("push", "hub", "--json"), ("pull", "hub", "--verbose")):
        ran = two.mine.session.run(*words)
        assert "s3cret" not in ran.out + ran.err, words
    assert "s3cret" not in "".join(path.read_text() for path in two.mine.made.workspace.rglob("*.log"))


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("changed", "host-key-refused", "is not the one that ssh knows"),
        ("unknown", "host-key-refused", "ssh does not know `git.example.com` yet"),
        ("denied", "authentication-failed", "asks for a login"),
        ("read only", "authentication-failed", "refuses whoever git logs in as"),
        ("unresolved", "network-unavailable", "cannot be reached"),
        ("refused", "network-unavailable", "cannot be reached"),
    ],
)
@pytest.mark.parametrize("command", ["fetch", "push"])
def test_what_ssh_says_becomes_an_error_of_its_kind(
    two: Two, tmp_path: Path, text: str, code: str, words: str, command: str
) -> None:
    (tmp_path / "said").write_text(SSH_TEXTS[text] + "\n")
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\ncat "{tmp_path}/said" >&2\nexit 255\n')
    ssh.chmod(0o755)
    two.mine.session.ok("remote", "add", "hub", "git@git.example.com:alice/work.git")
    error = two.mine.session.error(command, "hub", GIT_SSH_COMMAND=str(ssh), GIT_SSH_VARIANT="ssh")
    assert (error["code"], error["exit_code"], words in error["message"]) == (code, 5, True), error
    assert bool(error["hint"])


def test_what_is_no_repository_is_told(two: Two, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    two.mine.session.ok("remote", "add", "hub", str(tmp_path / "folder"))
    assert two.mine.session.error("fetch", "hub")["code"] == "repository-not-found"
    assert two.mine.session.error("push", "hub")["code"] == "repository-not-found"


def test_no_program_of_a_repository_runs(two: Two, tmp_path: Path) -> None:
    """Hooks and filters of either side, signing, and what an address or an attribute names."""
    ran = tmp_path / "ran"
    two.pushed()
    me, you = two.mine, two.yours
    me.made.put(".gitattributes", "* filter=evil diff=evil merge=evil\n")
    me.made.put(".gitmodules", '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch%20' + str(ran) + "\n")
    me.commit(steps=30)
    for person in (me, you):
        definition = person.made.definition
        for name in ("pre-push", "post-merge", "post-checkout", "reference-transaction", "post-commit", "pre-commit"):
            hook(definition / ".git", name, f"touch {ran}")
        for key in (
            "filter.evil.smudge",
            "filter.evil.clean",
            "diff.evil.textconv",
            "merge.evil.driver",
            "gpg.program",
        ):
            person.made.git("config", key, f"touch {ran}")
        for key in (
            "push.gpgSign",
            "commit.gpgSign",
            "submodule.recurse",
            "push.followTags",
            "fetch.recurseSubmodules",
        ):
            person.made.git("config", key, "true")
        person.made.git("config", "core.hooksPath", f"{definition}/.git/hooks")
        person.made.git("remote", "add", "evil", f"ext::touch {ran}")
    me.session.ok("push", "origin")
    you.session.ok("fetch", "origin")
    you.session.ok("pull", "origin", "--models", "skip")
    assert you.steps() == 30
    for words in (("fetch", "evil"), ("push", "evil"), ("pull", "evil")):
        assert you.session.run(*words).code != 0
    assert not ran.exists()


def test_odd_names_of_branches_at_a_remote_are_told_and_harm_nobody(two: Two) -> None:
    two.pushed()
    commit = two.mine.head()
    names = ["-x", "--upload-pack=touch", "Main", "MAIN", "a\u202eb", "c\x9bd", "v1", "HEAD", "\N{SNOWMAN}"]
    packed = "".join(f"{commit} refs/heads/{name}\n" for name in sorted(names))
    (two.shared / "packed-refs").write_text(f"# pack-refs with: peeled fully-peeled sorted \n{packed}", "utf-8")
    ran = two.yours.session.run("fetch")
    assert ran.code == 0, ran
    assert {f"refs/remotes/origin/{name}" for name in names} <= refs(two.yours).keys()
    assert ("\u202e" in ran.out, "\x9b" in ran.out, "a\\u202eb" in ran.out) == (False, False, True)
    assert two.yours.session.data("pull", "--branch=-x")["kind"] == "nothing"
    assert two.yours.session.run("branch").code == 0
    assert "work" in two.yours.session.ok("status").out


def test_thousands_of_branches_are_fetched_and_told_in_a_few_lines(two: Two) -> None:
    two.pushed()
    commit = two.mine.head()
    lines = "".join(f"{commit} refs/heads/b{number:05}\n" for number in range(10_000))
    (two.shared / "packed-refs").write_text(f"# pack-refs with: peeled fully-peeled sorted \n{lines}")
    ran = two.yours.session.ok("fetch")
    assert (len(ran.out.splitlines()) < 30, "  and 9980 more\n" in ran.out) == (True, True)
    assert "did you mean" in two.yours.session.error("pull", "--branch", "b0000")["hint"]


def test_remotes_are_completed(two: Two) -> None:
    two.mine.session.ok("remote", "add", "hub", "https://git.example.com/work.git")
    for words in (("push",), ("fetch",), ("pull",), ("remote", "remove"), ("push", "--remote")):
        offered = two.mine.session.ok("__complete", "bash", *words, "").out
        assert {"hub", "origin"} <= {line.split("\t")[0].strip() for line in offered.splitlines()}, (words, offered)


def test_two_names_for_the_remote_are_a_question(two: Two) -> None:
    assert two.mine.session.error("push", "origin", "--remote", "hub")["code"] == "usage"
    assert two.mine.session.error("fetch", "origin", "--all")["code"] == "usage"
