"""No program of a stranger, and no habit of the user, acts in our calls of git."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.analyzers.git_probes import GitProbe
from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer
from comfydock_core.integrations import git_options
from comfydock_core.integrations.git import changes, remotes, runner
from tests.support.machines import Machine
from tests.support.miniature import commit, git

Program = Callable[[str], str]


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """The file that a program makes when it runs, which none should."""
    return tmp_path / "ran"


@pytest.fixture
def program(tmp_path: Path, ran: Path) -> Program:
    def program(name: str) -> str:
        path = tmp_path / "programs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {ran}\nexit 1\n")
        path.chmod(0o755)
        return str(path)

    return program


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "a.txt").write_text("one\n")
    (root / ".gitattributes").write_text("*.txt filter=x\n*.bin filter=lfs\n")
    commit(root, "first")
    return root


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own configuration of git."""
    path = tmp_path / "gitconfig"
    path.write_text("[user]\n\tname = me\n\temail = me@example\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(path))
    return path


@pytest.mark.parametrize("hook", ["post-checkout", "reference-transaction", "pre-commit", "post-index-change"])
def test_hooks_of_the_user_do_not_act(checkout: Path, users: Path, program: Program, ran: Path, hook: str) -> None:
    users.write_text(f"{users.read_text()}[core]\n\thooksPath = {os.path.dirname(program(hook))}\n")
    (checkout / "b").write_text("two")
    assert changes.commit_all(str(checkout), "second")
    changes.check_out(str(checkout), "HEAD~1", branch=None)
    assert not ran.exists()


def test_signing_and_monitors_do_not_act(checkout: Path, users: Path, program: Program, ran: Path) -> None:
    words = (
        f"[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = {program('gpg')}\n[core]\n\tfsmonitor = {program('watch')}\n"
    )
    users.write_text(users.read_text() + words)
    (checkout / "b").write_text("two")
    assert changes.commit_all(str(checkout), "second")
    assert not ran.exists()


def test_templates_of_the_user_are_not_copied(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEMPLATE_DIR", os.path.dirname(program("anything")))
    runner.run(["init", "--quiet", str(tmp_path / "new")], cwd=str(tmp_path), doing="start")
    assert not (tmp_path / "new" / ".git" / "anything").exists()


@pytest.mark.parametrize("where", ["own", "included", "worktree"])
@pytest.mark.parametrize("kind", ["clean", "process"])
def test_filters_of_a_repository_do_not_run_when_it_is_read(
    checkout: Path, program: Program, ran: Path, tmp_path: Path, where: str, kind: str
) -> None:
    root = checkout
    setting = [f"filter.x.{kind}", program("filter")]
    if where == "own":
        git(root, "config", *setting)
    elif where == "included":
        git(root, "config", "--file", str(tmp_path / "more"), *setting)
        git(root, "config", "include.path", str(tmp_path / "more"))
    else:
        git(root, "worktree", "add", "-q", str(tmp_path / "tree"))
        git(root, "config", *setting)
        root = tmp_path / "tree"
    git(root, "config", "filter.x.required", "true")
    (root / "a.txt").write_text("two\n")
    read, reason = NodeGitAnalyzer(str(root)).read()
    assert (read.changed, reason) == (("a.txt",), None)
    output, reason = GitProbe(str(root), ["status", "--porcelain"]).answer()
    assert (output, reason) == (b" M a.txt\n", None)
    assert not ran.exists()


def test_filters_of_the_user_do_not_run_either(
    checkout: Path, users: Path, program: Program, ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_options, "_users_filters", None)  # As at the start of a program.
    words = f'[filter "x"]\n\tclean = {program("clean")}\n\tsmudge = {program("smudge")}\n\trequired = true\n'
    users.write_text(users.read_text() + words)
    (checkout / "a.txt").write_text("three\n")
    assert changes.commit_all(str(checkout), "second")
    changes.check_out(str(checkout), "HEAD~1", branch=None)
    assert (checkout / "a.txt").read_text() == "one\n"
    assert not ran.exists()


def test_hooks_of_the_user_do_not_act_in_what_uv_fetches_by_git(
    tmp_path: Path, users: Path, program: Program, ran: Path, machine: Machine
) -> None:
    source = tmp_path / "thing"
    (source / "thing").mkdir(parents=True)
    (source / "thing" / "__init__.py").write_text("")
    (source / "pyproject.toml").write_text('[project]\nname = "thing"\nversion = "1.0"\n')
    git(source, "init", "-q", "-b", "main")
    commit(source, "first")
    program("post-checkout")
    users.write_text(f"{users.read_text()}[core]\n\thooksPath = {os.path.dirname(program('reference-transaction'))}\n")
    machine.write(f"thing @ git+{source.as_uri()}")
    machine.lock("none")
    assert 'name = "thing"' in Path(machine.definition, "uv.lock").read_text()
    assert not ran.exists()


def test_a_filter_that_calls_itself_lfs_is_the_one_of_git_lfs(checkout: Path, program: Program) -> None:
    git(checkout, "config", "filter.lfs.clean", program("filter"))
    said = runner.ask(["config", "--get", "filter.lfs.clean"], cwd=str(checkout)).output.strip()
    assert said == git_options.LFS_FILTER["clean"]


def test_the_users_addresses_and_logins_act(checkout: Path, users: Path) -> None:
    users.write_text(f'{users.read_text()}[url "file://{checkout.parent}/"]\n\tinsteadOf = https://nowhere.invalid/\n')
    assert remotes.list_refs("https://nowhere.invalid/checkout").default_branch == "main"
    users.write_text(f"{users.read_text()}[credential]\n\thelper = mine\n[http]\n\tproxy = http://proxy.invalid\n")
    for key, value in (("credential.helper", "mine"), ("http.proxy", "http://proxy.invalid")):
        assert runner.ask(["config", "--get", key], cwd=str(checkout)).output.strip() == value


def test_programs_as_addresses_are_refused_whatever_the_user_allows(
    tmp_path: Path, users: Path, program: Program, ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.write_text(f"{users.read_text()}[protocol]\n\tallow = always\n")
    for allowed in (None, "ext:https"):
        if allowed is not None:
            monkeypatch.setenv("GIT_ALLOW_PROTOCOL", allowed)
        assert runner.ask(["ls-remote", f"ext::{program('server')}"], cwd=str(tmp_path)).returncode != 0
    assert not ran.exists()


def test_a_server_that_has_fallen_silent_is_given_up(tmp_path: Path) -> None:
    for key in ("http.lowSpeedLimit", "http.lowSpeedTime"):
        assert int(runner.ask(["config", "--get", key], cwd=str(tmp_path)).output) > 0
