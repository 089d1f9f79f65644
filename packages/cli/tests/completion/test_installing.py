"""Turning completion on and off."""

from pathlib import Path

import pytest

from tests.support.source import Ran, run_source

SHELLS = ("bash", "zsh", "fish", "powershell")


def completion(home: Path, *words: str, **environment: str) -> Ran:
    return run_source("completion", *words, HOME=str(home), **environment)


def tree(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


@pytest.mark.parametrize("shell", SHELLS)
def test_uninstall_leaves_the_files_as_they_were_before_install(tmp_path: Path, shell: str):
    for name in (".bashrc", ".zshrc", ".config/powershell/profile.ps1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"# mine \xff\nalias x=y\n")
    before = tree(tmp_path)
    assert completion(tmp_path, "install", shell).code == 0
    assert tree(tmp_path) != before
    assert completion(tmp_path, "uninstall", shell).code == 0
    assert tree(tmp_path) == before


@pytest.mark.parametrize("shell", SHELLS)
def test_installing_twice_changes_nothing_more(tmp_path: Path, shell: str):
    completion(tmp_path, "install", shell)
    before = tree(tmp_path)
    again = completion(tmp_path, "install", shell)
    assert "already on" in again.out
    assert tree(tmp_path) == before


def test_a_linked_start_up_file_stays_a_link(tmp_path: Path):
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles" / "bashrc").write_text("# mine\n")
    (tmp_path / ".bashrc").symlink_to("dotfiles/bashrc")
    completion(tmp_path, "install", "bash")
    assert (tmp_path / ".bashrc").is_symlink()
    assert "comfydock" in (tmp_path / "dotfiles" / "bashrc").read_text()


def test_status_tells_what_is_on(tmp_path: Path):
    completion(tmp_path, "install", "fish")
    states = completion(tmp_path, "status", "--json").envelope()["data"]
    assert states == {"bash": False, "zsh": False, "fish": True, "powershell": False}


def test_a_dry_run_names_the_files_and_writes_none(tmp_path: Path):
    planned = completion(tmp_path, "install", "bash", "--dry-run", "--json").envelope()["data"]["plan"]
    assert tree(tmp_path) == {}
    completion(tmp_path, "install", "bash")
    assert {step["target"] for step in planned} == {str(tmp_path / name) for name in tree(tmp_path)}


def test_the_shell_is_that_of_the_environment(tmp_path: Path):
    assert completion(tmp_path, "install", SHELL="/usr/bin/zsh").code == 0
    assert "completion.zsh" in (tmp_path / ".zshrc").read_text()


def test_an_unknown_shell_is_refused_with_a_hint(tmp_path: Path):
    ran = completion(tmp_path, "install", SHELL="/bin/tcsh")
    assert (ran.code, tree(tmp_path)) == (2, {})
    assert "hint: name one: bash, zsh, fish, powershell" in ran.err
