"""Help texts."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_cli.generate.completions import SCRIPTS
from comfydock_cli.generate.explanations import explanation_text, explanations, explanations_source
from comfydock_cli.generate.help import command_help, overview
from comfydock_cli.generate.topics import TOPICS, topic_list
from comfydock_cli.table import resolve
from tests.support.source import run_source


def test_the_overview_names_every_visible_command():
    text = overview(80)
    for word in resolve.children(()):
        assert f"\n  {word} " in text
    assert "__complete" not in text


def test_a_command_s_help_names_every_option_and_argument():
    for command in resolve.all_commands():
        text = command_help(command, 80)
        for arg in command.args:
            assert all(flag in text for flag in arg.flags)
            assert arg.metavar in text


def test_help_comes_by_option_and_by_command_alike():
    for path in (["create"], ["completion"], ["completion", "install"]):
        by_option = run_source(*path, "--help")
        by_command = run_source("help", *path)
        assert (by_option.code, by_option.err) == (0, "")
        assert by_option.out == by_command.out


def test_help_without_a_subject_is_the_overview_and_the_topics():
    out = run_source("help").out
    assert out == f"{overview(80)}\n{topic_list(80)}"
    assert all(f"\n  {topic} " in out for topic in TOPICS)


def test_the_examples_stand_before_everything_that_has_to_be_read():
    for command in resolve.all_commands():
        if command.examples:
            usage, examples, rest = command_help(command, 80).split("\n\n", 3)[1:]
            assert usage.startswith("usage: ")
            assert examples == "examples:\n" + "\n".join(f"  {example}" for example in command.examples)
            assert rest
    assert overview(80).split("\n\n")[2].startswith("examples:\n  comfydock init\n")


def test_what_is_quoted_is_not_broken_where_a_line_has_room_for_it():
    text = command_help(resolve.find(("delete",)), 80)  # type: ignore[arg-type]
    assert "`comfydock help undo`" in text
    assert "`comfydock undo`" in text


@pytest.mark.parametrize("columns", ["30", "60", "90", "300"])
def test_help_fits_the_width_of_the_terminal(columns: str):
    width = min(max(int(columns), 40), 100)
    out = run_source("create", "--help", COLUMNS=columns).out
    assert out == command_help(resolve.find(("create",)), width)  # type: ignore[arg-type]


@given(st.integers(40, 100))
def test_every_width_says_the_same_words(width: int):
    assert overview(width).split() == overview(80).split()


def test_without_words_help_is_shown_as_an_error():
    ran = run_source()
    assert (ran.code, ran.out) == (2, "")
    assert "usage: comfydock" in ran.err


def test_every_error_can_be_explained():
    for code, (exit_code, text) in explanations().items():
        ran = run_source("explain", code)
        assert (ran.code, ran.out) == (0, explanation_text(code, exit_code, text, 80))
        assert ran.out.split() == f"{code} (exit code {exit_code}) {text}".split()


def test_every_explanation_says_in_one_line_what_happened_and_then_what_to_do():
    wrong = []
    for code, (_, text) in explanations().items():
        what, _, rest = text.partition("\n\n")
        if "\n" in what or not what.endswith(".") or not 1 <= len(rest.splitlines()) <= 3 or not rest.endswith("."):
            wrong.append(code)
    assert wrong == []


def test_the_frozen_explanations_are_the_live_ones():
    scope: dict[str, object] = {}
    exec(explanations_source(), scope)
    assert scope["EXPLANATIONS"] == explanations()


def test_an_unknown_error_code_is_answered_with_the_nearest_one():
    ran = run_source("explain", "workspace-notfound")
    assert (ran.code, "did you mean `workspace-not-found`?" in ran.err) == (2, True)


def test_the_version_is_that_of_both_distributions():
    from comfydock_cli._version import VERSION

    for package in ("core", "cli"):
        text = (Path(__file__).parents[4] / "packages" / package / "pyproject.toml").read_text(encoding="utf-8")
        assert f'version = "{VERSION}"' in text
    assert run_source("--version").out == f"comfydock {VERSION}\n"


def test_completion_scripts_are_printed_for_every_shell():
    for shell, script in SCRIPTS.items():
        assert run_source("completion", "show", shell).out == script
