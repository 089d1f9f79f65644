"""On a real terminal: questions, progress and colour; and none of it where nobody looks."""

import os
import re
import sys
from pathlib import Path

import pexpect
import pytest

from tests.support.sessions import Session, names_in

ESCAPE = "\x1b"
# Colours of text and background; bold, dim and moving the cursor are none.
COLOUR = re.compile(r"\x1b\[[0-9;]*?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r(?!\n)")
QUESTION = r"delete the environment `work` \(\d+ files?, [0-9.]+ k?B\)\? \[y/N\] "
CREATE = ("create", "new", "--torch-backend", "none")


@pytest.fixture
def work(workspace: Session) -> Session:
    """A workspace with the smallest environment there is."""
    definition = workspace.environments / "work" / ".cec"
    definition.mkdir(parents=True)
    (definition / ".complete").touch()
    return workspace


def terminal(session: Session, *words: str, columns: int = 100, **changes: str | None) -> "pexpect.spawn[str]":
    """The program on a terminal of its own."""
    environment = session.environment(**{"TERM": "xterm-256color", **changes})
    command = session.program.command
    child = pexpect.spawn(command[0], [*command[1:], *words], env=environment, encoding="utf-8", codec_errors="replace",
                          timeout=60, dimensions=(24, columns))  # type: ignore[arg-type]  # fmt: skip
    child.delaybeforesend = None
    return child


def end(child: "pexpect.spawn[str]") -> tuple[int | None, str]:
    """Wait for the end; exit code, and what was shown since the last expectation."""
    child.expect(pexpect.EOF)
    shown = str(child.before)
    child.close()
    return child.exitstatus, shown


def exists(session: Session) -> bool:
    return (session.environments / "work").is_dir()


@pytest.mark.parametrize("answer", ["n", "", "no", " NO "])
def test_no_keeps_it_and_is_the_default(work: Session, answer: str) -> None:
    child = terminal(work, "delete", "work")
    child.expect(QUESTION)
    child.sendline(answer)
    code, shown = end(child)
    assert (code, exists(work)) == (0, True)
    assert shown.endswith("nothing was deleted\r\n")


@pytest.mark.parametrize("answer", ["y", "Y", "yes", " YES "])
def test_yes_deletes(work: Session, answer: str) -> None:
    child = terminal(work, "delete", "work")
    child.expect(QUESTION)
    child.sendline(answer)
    code, shown = end(child)
    assert (code, exists(work)) == (0, False)
    assert "deleted work: " in shown


@pytest.mark.parametrize("typed", [b"x\n", b"yess\n", b"\xff\xfe\n", "日本\n".encode()])
def test_what_is_neither_yes_nor_no_is_asked_again(work: Session, typed: bytes) -> None:
    child = terminal(work, "delete", "work")
    child.expect(QUESTION)
    os.write(child.child_fd, typed)
    child.expect("please answer y or n\r\n")
    child.expect(QUESTION)
    assert exists(work)
    child.sendline("y")
    assert (end(child)[0], exists(work)) == (0, False)


def test_a_line_that_the_end_of_input_cuts_is_no_answer(work: Session) -> None:
    child = terminal(work, "delete", "work")
    child.expect(QUESTION)
    child.send("y")
    child.expect_exact("y")  # The terminal has it.
    child.sendeof()
    child.sendeof()
    code, shown = end(child)
    assert (code, exists(work), shown.splitlines()[-1]) == (0, True, "nothing was deleted")


def test_ctrl_c_at_the_question_keeps_it(work: Session) -> None:
    child = terminal(work, "delete", "work")
    child.expect(QUESTION)
    child.sendintr()
    code, shown = end(child)
    assert (code, exists(work)) == (130, True)
    assert shown.endswith("error: interrupted\r\n")  # The terminal may show `^C` before it.


def test_the_end_of_input_at_the_question_keeps_it(work: Session) -> None:
    child = terminal(work, "delete", "work")
    child.expect(QUESTION)
    child.sendeof()
    code, shown = end(child)
    assert (code, exists(work)) == (0, True)
    assert shown.splitlines()[-1] == "nothing was deleted"


def test_an_option_answers_the_question(work: Session) -> None:
    code, shown = end(terminal(work, "delete", "work", "--yes"))
    assert (code, exists(work), "[y/N]" in shown) == (0, False, False)


def test_without_a_terminal_nobody_is_asked(work: Session) -> None:
    ran = work.run("delete", "work", input="y\n")
    assert (ran.code, ran.out, exists(work)) == (2, "", True)
    assert ran.err.startswith("error: there is no terminal to answer: delete the environment `work`")
    assert ran.err.endswith("\nhint: add `--yes` to go ahead\n")
    assert work.error("delete", "work")["exit_code"] == 2


def test_scripts_with_json_are_not_asked_on_a_terminal_either(work: Session) -> None:
    code, shown = end(terminal(work, "delete", "work", "--json"))
    assert (code, exists(work), '"code": "usage"' in shown) == (2, True, True)


# Progress


def test_creating_on_a_terminal_draws_what_it_does(workspace: Session) -> None:
    code, shown = end(terminal(workspace, *CREATE))
    assert code == 0
    assert f"{ESCAPE}[?25l" in shown  # The cursor is hidden while something is drawn
    assert shown.rindex(f"{ESCAPE}[?25h") > shown.rindex(f"{ESCAPE}[?25l")  # and comes back.
    assert re.search(r"Cloning ComfyUI v0\.10\.0 \(\d+\.\d s\)", shown)
    assert re.search(r"created new: ComfyUI v0\.10\.0 in \d+\.\d s\r\n", shown)


@pytest.mark.parametrize(
    ("words", "variables"),
    [(("--no-progress",), {}), (("--quiet",), {}), ((), {"TERM": "dumb"}), ((), {"CI": "1"})],
    ids=["no-progress", "quiet", "dumb", "ci"],
)
def test_nothing_is_drawn_where_it_is_not_wanted(
    workspace: Session, words: tuple[str, ...], variables: dict[str, str]
) -> None:
    code, shown = end(terminal(workspace, *CREATE, *words, **variables))
    assert code == 0
    assert ESCAPE not in shown
    assert ("Cloning ComfyUI v0.10.0\r\n" in shown) is (words != ("--quiet",))


@pytest.mark.parametrize(
    ("words", "variables"), [((), {"NO_COLOR": "1"}), (("--color", "never"), {})], ids=["variable", "option"]
)
def test_no_colour_means_none(workspace: Session, words: tuple[str, ...], variables: dict[str, str]) -> None:
    code, shown = end(terminal(workspace, *CREATE, *words, **variables))
    assert (code, f"{ESCAPE}[?25l" in shown) == (0, True)
    assert COLOUR.findall(shown) == []


def test_colour_is_there_otherwise(workspace: Session) -> None:
    assert COLOUR.findall(end(terminal(workspace, *CREATE))[1])


def test_ctrl_c_while_something_is_drawn_gives_the_cursor_back(workspace: Session) -> None:
    child = terminal(workspace, *CREATE)
    child.expect("Resolving Python packages")
    child.sendintr()
    code, shown = end(child)
    assert code == 130
    assert f"{ESCAPE}[?25h" in shown
    assert CONTROL.sub("", shown).splitlines()[-1] == "error: interrupted"
    assert names_in(workspace.environments) == []


def test_an_error_while_something_is_drawn_stands_alone(workspace: Session) -> None:
    code, shown = end(terminal(workspace, *CREATE, "--comfyui", "nothing-like-this"))
    assert code == 3
    assert re.search(r"^error: .* has no\s+release", CONTROL.sub("", shown), re.MULTILINE)


def test_piped_output_is_plain(workspace: Session) -> None:
    for words in (CREATE, ("list",), ("status", "-e", "new"), ("--help",), ("frobnicate",)):
        ran = workspace.run(*words, TERM="xterm-256color")
        assert ESCAPE not in ran.out + ran.err


def test_data_is_plain_where_only_errors_are_seen(workspace: Session, tmp_path: Path) -> None:
    """`comfydock create … > file` draws on the terminal and writes one line into the file."""
    target = tmp_path / "out"
    command = " ".join(f"'{word}'" if "'" not in word else f'"{word}"' for word in workspace.program.command)
    environment = workspace.environment(TERM="xterm-256color")
    line = f"{command} {' '.join(CREATE)} > '{target}'"
    child = pexpect.spawn("bash", ["-c", line], env=environment, encoding="utf-8", timeout=60)  # type: ignore[arg-type]
    code, shown = end(child)
    assert (code, ESCAPE in shown) == (0, True)
    assert re.fullmatch(r"created new: ComfyUI v0\.10\.0 in \d+\.\d s\n", target.read_text())


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
