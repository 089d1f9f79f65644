"""Questions of a merge on a terminal, and answers by `--take`."""

import json
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.e2e.test_merge_cases import F, flow, node, saved, text
from tests.e2e.test_terminal import end, terminal
from tests.support import programs
from tests.support.branches import Files, branch_off, files_at
from tests.support.histories import MANIFEST, PastEnvironment, past_environment
from tests.support.sessions import Session, tree

ESCAPE = "\x1b"
PROMPT = "number [1]: "
TWO = saved(node(1, "Load", ["a", "b"]), node(2, "Sample", [20, 7.5]))
OURS = saved(node(1, "Load", ["mine", "b"]), node(2, "Sample", [30, 7.5]))
THEIRS = saved(node(1, "Load", ["theirs", "c"]), node(2, "Sample", [40, 7.5]))


@pytest.fixture
def made(tmp_path: Path) -> PastEnvironment:
    return past_environment(tmp_path)


@pytest.fixture
def asking(made: PastEnvironment) -> Session:
    """Two branches with two questions: `1.widgets[0]` and `2.widgets[0]` of the workflow `flow`."""
    return branched(made, {F: text(TWO)}, {F: text(OURS)}, {F: text(THEIRS)})


def branched(made: PastEnvironment, base: Files, ours: Files, theirs: Files) -> Session:
    branch_off(made, {"pyproject.toml": MANIFEST, **base}, ours, theirs)
    return Session(programs.program("source"), made.workspace)


def asked(session: Session, *words: str, columns: int = 200) -> "pexpect.spawn[str]":
    return terminal(session, "merge", "other", *words, columns=columns)


def values(made: PastEnvironment) -> list[Any]:
    return [one["widgets_values"] for one in json.loads(files_at(made, "HEAD")[F])["nodes"]]


def test_questions_come_in_the_order_of_the_workflow_and_are_said_once(made: PastEnvironment, asking: Session) -> None:
    child = asked(asking)
    child.expect_exact("both sides changed `1.widgets[0]` in the workflow `flow` (workflow:flow:1.widgets[0])\r\n")
    child.expect_exact("  1  mine: mine\r\n  2  theirs: theirs\r\n")
    child.expect_exact(PROMPT)
    child.sendline("2")
    child.expect_exact("both sides changed `2.widgets[0]` in the workflow `flow` (workflow:flow:2.widgets[0])\r\n")
    child.expect_exact(PROMPT)
    child.sendline("1")
    code, shown = end(child)
    assert (code, "both sides changed" in shown) == (0, False)
    assert "? workflow:flow:1.widgets[0]: mine is mine, theirs is theirs → theirs\r\n" in shown
    assert values(made) == [["theirs", "c"], [30, 7.5]]


def test_an_empty_line_is_ours(made: PastEnvironment, asking: Session) -> None:
    child = asked(asking)
    for _ in range(2):
        child.expect_exact(PROMPT)
        child.sendline("")
    assert end(child)[0] == 0
    assert values(made) == [["mine", "c"], [30, 7.5]]


@pytest.mark.parametrize("typed", ["3", "0", "-1", "theirs", "99999999999999999999", "²", "\x1b[A", "日本"])
def test_another_answer_is_asked_for_again(made: PastEnvironment, asking: Session, typed: str) -> None:
    child = asked(asking, "--take", "workflow:flow:1.widgets[0]=mine")
    child.expect_exact(PROMPT)
    child.sendline(typed)
    child.expect_exact("please answer with one of these\r\n")
    child.expect_exact(PROMPT)
    child.sendline("2")
    assert end(child)[0] == 0
    assert values(made) == [["mine", "c"], [40, 7.5]]


@pytest.mark.parametrize("answered", [0, 1])
def test_the_end_of_input_leaves_everything_as_it_was(made: PastEnvironment, asking: Session, answered: int) -> None:
    before = tree(made.root)
    child = asked(asking)
    for _ in range(answered):
        child.expect_exact(PROMPT)
        child.sendline("2")
    child.expect_exact(PROMPT)
    child.sendeof()
    code, shown = end(child)
    assert (code, tree(made.root)) == (4, before)
    assert "error: the merge of `other` needs 2 answers:\r\n" in shown
    assert "--take 'workflow:flow:1.widgets[0]=theirs'" in shown


def test_ctrl_c_leaves_everything_as_it_was(made: PastEnvironment, asking: Session) -> None:
    before = tree(made.root)
    child = asked(asking)
    child.expect_exact(PROMPT)
    child.sendline("2")
    child.expect_exact(PROMPT)
    child.sendintr()
    code, shown = end(child)
    assert (code, tree(made.root)) == (130, before)
    assert shown.endswith("error: interrupted\r\n")


def test_a_preview_asks_nobody(made: PastEnvironment, asking: Session) -> None:
    before = tree(made.root)
    code, shown = end(asked(asking, "--preview"))
    assert (code, PROMPT in shown, tree(made.root)) == (0, False, before)
    assert "work: would merge other, which changes 1 file\r\n" in shown
    assert shown.count("→ open\r\n") == 2


def test_scripts_are_not_asked(made: PastEnvironment, asking: Session) -> None:
    code, shown = end(asked(asking, "--json"))
    assert (code, PROMPT in shown, '"merge-undecided"' in shown) == (4, False, True)


def test_two_hundred_questions(made: PastEnvironment) -> None:
    versions = [saved(*(node(number, "N", [side]) for number in range(1, 201))) for side in ("a", "b", "c")]
    session = branched(made, *({F: text(one)} for one in versions))
    error = session.error("merge", "other")
    assert len(error["context"]["questions"]) == 200
    assert error["message"].startswith("the merge of `other` needs 200 answers:\n")
    assert error["message"].endswith("\n  and 180 more")
    answers = ",".join(f"{one['name']}=theirs" for one in error["context"]["questions"][:199])
    child = asked(session, "--take", answers)
    child.expect_exact("(workflow:flow:200.widgets[0])")
    child.expect_exact(PROMPT)
    child.sendline("1")
    assert end(child)[0] == 0
    assert values(made) == [*([["c"]] * 199), ["b"]]


def test_two_hundred_questions_are_asked_one_by_one(made: PastEnvironment) -> None:
    versions = [saved(*(node(number, "N", [side]) for number in range(1, 201))) for side in ("a", "b", "c")]
    child = asked(branched(made, *({F: text(one)} for one in versions)))
    for number in range(1, 201):
        child.expect_exact(f"(workflow:flow:{number}.widgets[0])")
        child.expect_exact(PROMPT)
        child.sendline("2" if number % 2 else "")
    assert end(child)[0] == 0
    assert values(made) == [["c"], ["b"]] * 100


# What strangers write

HOSTILE = "a\x1b[31m\x07\u202e\nerror: you lost\r日本語" + "x" * 300


def test_what_acts_on_a_terminal_is_shown_instead(made: PastEnvironment) -> None:
    name = "e\x1b[2Jvil\n日本"
    versions = [saved({**node(1, HOSTILE, [HOSTILE + side]), "title": HOSTILE + side}) for side in ("a", "b", "c")]
    session = branched(made, *({f"workflows/{name}.json": text(one)} for one in versions))
    error = session.error("merge", "other")
    names = [one["name"] for one in error["context"]["questions"]]
    assert all(one.isprintable() for one in names), names
    lines = session.run("merge", "other").err.splitlines()
    assert len([line for line in lines if line.startswith("error: ")]) == 1
    child = asked(session)
    for _ in names:
        child.expect_exact(PROMPT)
        assert not any(mark in str(child.before) for mark in ("\x1b[31m", "\x07", "\u202e", "\x1b[2J"))
        child.sendline("2")
    code, shown = end(child)
    assert (code, "\x1b[31m" in shown, "\u202e" in shown) == (0, False, False)
    merged = json.loads(files_at(made, "HEAD")[f"workflows/{name}.json"])
    assert merged == versions[2]


def test_long_values_are_shown_where_they_differ(made: PastEnvironment) -> None:
    start = "a photo of a cat, " * 10
    versions = [flow(model=start + words) for words in ("at night", "at noon", "in the morning")]
    session = branched(made, *({F: text(one)} for one in versions))
    (question,) = session.error("merge", "other")["context"]["questions"]
    assert (question["mine"], question["theirs"]) == (
        "…, a photo of a cat, at noon",
        "…, a photo of a cat, in the morning",
    )


# Answers by name


def test_names_may_hold_commas_and_equals_signs(made: PastEnvironment) -> None:
    names = ["a,b", "c=d", "e=mine or not", "=", ",", "f,g=h"]
    sides = [{f"workflows/{name}.json": text(flow(steps)) for name in names} for steps in (20, 30, 40)]
    session = branched(made, *sides)
    answers = ",".join(f"workflow:{name}:2.widgets[0]={'mine' if name == 'c=d' else 'theirs'}" for name in names)
    session.ok("merge", "other", "--take", answers)
    found = files_at(made, "HEAD")
    steps = {name: json.loads(found[f"workflows/{name}.json"])["nodes"][1]["widgets_values"][0] for name in names}
    assert steps == {name: 30 if name == "c=d" else 40 for name in names}


def test_things_of_one_name_are_asked_apart(made: PastEnvironment) -> None:
    """The value of a node, and the whole of a workflow that is called like that."""
    other = "workflows/flow:2.widgets[0].json"
    session = branched(made, {F: text(flow()), other: "1"}, {F: text(flow(30)), other: "2"},
                       {F: text(flow(40)), other: "3"})  # fmt: skip
    names = [one["name"] for one in session.error("merge", "other")["context"]["questions"]]
    assert sorted(names) == ["workflow:flow:2.widgets[0]", "workflow:flow:2.widgets[0]~2"]
    session.ok("merge", "other", "--take", f"{names[0]}=mine,{names[1]}=theirs")
    found = files_at(made, "HEAD")
    steps = json.loads(found[F])["nodes"][1]["widgets_values"][0]
    assert (steps, found[other]) in ((30, b"3"), (40, b"2"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("pack:blur", "does not end in `=mine` or `=theirs`"),
        ("a=yours", "does not end in `=mine` or `=theirs`"),
        ("a=mine,b", "does not end in `=mine` or `=theirs`"),
        ("a=mine,a=theirs", "answers `a` with both `mine` and `theirs`"),
    ],
)
def test_an_answer_that_cannot_be_read_is_refused(
    made: PastEnvironment, asking: Session, words: str, said: str
) -> None:
    error = asking.error("merge", "other", "--take", words)
    assert (error["code"], error["exit_code"], said in error["message"]) == ("usage", 2, True)


@pytest.mark.parametrize("words", ["=mine", "workflow:flow:1.widgets[0]=mine,nothing=theirs"])
def test_an_answer_to_what_nobody_asks_is_refused(made: PastEnvironment, asking: Session, words: str) -> None:
    error = asking.error("merge", "other", "--take", words)
    assert (error["code"], error["exit_code"]) == ("question-unknown", 3)


def test_questions_of_a_revert_speak_of_later_commits(made: PastEnvironment) -> None:
    session = branched(made, {F: text(flow())}, {F: text(flow(30))}, {})
    made.put(F, flow(40))
    made.commit("later")
    (made.live / "flow.json").write_text((made.definition / F).read_text())
    child = terminal(session, "revert", "HEAD~1", columns=200)
    child.expect_exact(
        "later commits changed `2.widgets[0]` in the workflow `flow`, too (workflow:flow:2.widgets[0])\r\n"
    )
    child.expect_exact("  1  mine: 40\r\n  2  theirs: 20\r\n")
    child.expect_exact(PROMPT)
    child.sendline("2")
    assert end(child)[0] == 0
    assert values(made) == [["a"], [20, 7.5]]
