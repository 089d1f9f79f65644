"""Words that fit at the cursor."""

import os
import shutil
import sys
from pathlib import Path

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_cli.completion.answer import _join_equals, candidates
from comfydock_cli.generate.completions import SCRIPTS
from tests.support.source import clean_environment, make_workspace, run_source


def offered(*words: str) -> list[str]:
    return [word for word, _ in candidates(list(words))]


def test_commands_are_offered_first():
    assert {"create", "list", "completion"} <= set(offered(""))
    assert "__complete" not in offered("")
    assert offered("cre") == ["create"]


def test_the_words_of_a_group_are_offered_after_it():
    assert offered("completion", "") == ["install", "uninstall", "status", "show"]


def test_options_are_offered_once_a_dash_is_typed():
    assert "--comfyui" in offered("create", "-")
    assert "--comfyui" not in offered("create", "")
    assert offered("create", "x", "--comfyui-r") == ["--comfyui-repository"]


def test_dry_run_is_offered_where_something_changes():
    assert offered("create", "--dry") == ["--dry-run"]
    assert offered("status", "--dry") == []


def test_choices_are_offered_as_values():
    assert offered("--color", "a") == ["auto", "always"]
    assert offered("config", "--registry-cache=o") == ["--registry-cache=on", "--registry-cache=off"]


def test_paths_are_left_to_the_shell():
    assert offered("init", "") == [":files"]
    assert offered("run", "--", "--output-directory", "") == [":files"]


def test_nothing_is_offered_where_nothing_fits():
    assert offered("nonsense", "") == []
    assert offered("list", "") == []


def test_environments_are_offered_by_name(tmp_path: Path):
    home = make_workspace(tmp_path / "ws", "alpha", "beta gamma", "albert")
    for words in (["use", ""], ["-e", ""], ["status", "--env", ""], ["delete", ""]):
        ran = run_source("__complete", "bash", *words, COMFYDOCK_HOME=str(home))
        assert ran.out.splitlines() == ["albert", "alpha", "beta gamma"]
    assert run_source("__complete", "bash", "use", "al", COMFYDOCK_HOME=str(home)).out == "albert\nalpha\n"
    assert run_source("__complete", "bash", "-e", "=", "al", COMFYDOCK_HOME=str(home)).code == 0


def test_the_names_offered_are_those_that_are_listed(tmp_path: Path):
    home = make_workspace(tmp_path / "comfydock", "alpha", "beta gamma", "Größe")
    (home / "environments" / "half" / ".cec").mkdir(parents=True)
    (home / "environments" / ".create-x" / ".cec").mkdir(parents=True)
    (home / "environments" / ".create-x" / ".cec" / ".complete").touch()
    (home / "environments" / "file").touch()
    for place in (str(home), "~/comfydock", ""):
        places = {"HOME": str(tmp_path), "COMFYDOCK_HOME": place}
        listed = run_source("list", "--json", **places).envelope()["data"]["environments"]
        assert run_source("__complete", "bash", "use", "", **places).out.splitlines() == [row["name"] for row in listed]
        assert len(listed) == 3


def test_without_a_workspace_there_are_no_names_and_no_noise(tmp_path: Path):
    ran = run_source("__complete", "bash", "use", "", COMFYDOCK_HOME=str(tmp_path / "none"))
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_explanations_go_to_the_shells_that_show_them():
    assert run_source("__complete", "zsh", "creat").out == "create\tCreate an environment\n"
    assert run_source("__complete", "bash", "creat").out == "create\n"


def test_bash_gets_only_the_part_behind_the_equals_sign():
    assert run_source("__complete", "bash", "--color", "=", "al").out == "always\n"
    assert run_source("__complete", "bash", "--color", "=").out == "auto\nalways\nnever\n"
    assert run_source("__complete", "zsh", "--color=al").out == "--color=always\n"


WORD = st.one_of(st.sampled_from(["--color", "=", "create", "--", "-e", ""]), st.text(max_size=4))
WORDS = st.lists(WORD, min_size=1)


@given(WORDS)
def test_any_words_are_answered(words: list[str]):
    joined, typed = _join_equals(words)
    assert joined[-1].endswith(typed)
    for word, _ in candidates(joined):
        assert word == ":files" or word.startswith(joined[-1])


# The real shells


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A HOME with completion turned on for every shell, and a workspace with two environments."""
    make_workspace(tmp_path / "comfydock", "alpha", "beta")
    for shell in ("bash", "zsh", "fish"):
        ran = run_source("completion", "install", shell, **_home(tmp_path))
        assert ran.code == 0, ran
    return tmp_path


def _home(path: Path) -> dict[str, str]:
    return {"HOME": str(path), "TERM": "xterm"}


def _type_in(shell: str, arguments: list[str], home: Path, typed: str, expected: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed here")
    environment = clean_environment(**_home(home))
    environment["PATH"] = os.path.dirname(sys.executable) + os.pathsep + environment["PATH"]
    terminal = pexpect.spawn(program, arguments, env=environment, cwd=str(home), encoding="utf-8", timeout=60,
                             dimensions=(40, 200))  # fmt: skip
    try:
        terminal.sendline("echo rea''dy")
        terminal.expect("\nready|\rready|ready\r")
        terminal.expect_exact("\x1b[?2004h")  # The line editor is up: what is typed before would be lost in zsh.
        terminal.send(typed + "\t\r")
        terminal.expect_exact(expected)
    finally:
        terminal.close(force=True)


@pytest.mark.parametrize(("shell", "arguments"), [("bash", ["-i"]), ("zsh", ["-i"]), ("fish", ["-i"])])
@pytest.mark.parametrize(
    ("typed", "expected"), [("comfydock use al", "using alpha"), ("cfd completion sta", "powershell  off")]
)
def test_a_tab_in_a_real_shell_completes_what_is_then_run(
    shell: str, arguments: list[str], home: Path, typed: str, expected: str
):
    _type_in(shell, arguments, home, typed, expected)


@pytest.mark.parametrize("typed", ["comfydock use al", "cfd use al"])
def test_zsh_finds_the_script_by_itself_where_an_installer_puts_it(tmp_path: Path, typed: str):
    """Loaded by the first TAB, it answers that TAB."""
    make_workspace(tmp_path / "comfydock", "alpha", "beta")
    functions = tmp_path / "share/zsh/site-functions"
    functions.mkdir(parents=True)
    (functions / "_comfydock").write_text(SCRIPTS["zsh"])
    (tmp_path / ".zshrc").write_text(f"fpath=({functions} $fpath)\nautoload -Uz compinit\ncompinit -u\n")
    _type_in("zsh", ["-i"], tmp_path, typed, "using alpha")
