"""Reading command lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_cli.table.parser import parse
from comfydock_cli.table.refusals import UsageError

_TRIED = (
    "create list run completion install --env -e --json -- -qv --python=3 --comfyui -n5 --dry-run help - --help -h"
    " __complete --= -= --env="
)
WORDS = st.lists(st.one_of(st.sampled_from(_TRIED.split()), st.text(max_size=6)), max_size=6)


def refused(*words: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse(list(words))
    return caught.value


def test_options_stand_before_and_after_the_command_words():
    for words in (["-e", "work", "status"], ["status", "-e", "work"], ["status", "--env=work"], ["status", "-ework"]):
        assert parse(words).options["env"] == "work"


def test_global_options_may_stand_between_command_words():
    invocation = parse(["completion", "--json", "show", "bash"])
    assert invocation.path == ("completion", "show")
    assert invocation.options["json"] is True


def test_the_last_value_of_a_repeated_option_counts():
    assert parse(["create", "x", "--python", "3.11", "--python", "3.12"]).arguments.word("python") == "3.12"


def test_short_flags_can_be_joined():
    options = parse(["list", "-qvl"]).options
    assert (options["quiet"], options["verbose"]) == (True, True)
    assert parse(["list", "-qvl"]).arguments.flag("long")


def test_a_short_option_takes_its_value_attached_or_apart():
    for words in (["logs", "-n", "5"], ["logs", "-n5"], ["logs", "-n=5"], ["logs", "--lines=5"]):
        assert parse(words).arguments.number("lines") == 5


def test_an_environment_named_like_a_command_changes_nothing():
    invocation = parse(["-e", "create", "status"])
    assert (invocation.path, invocation.options["env"]) == (("status",), "create")
    assert parse(["use", "list"]).arguments.word("name") == "list"


def test_what_follows_a_double_dash_is_no_option():
    assert parse(["use", "--", "--odd"]).arguments.word("name") == "--odd"


def test_run_leaves_everything_from_the_first_foreign_word_untouched():
    invocation = parse(["run", "-e", "work", "--port", "8190", "-e", "x", "--help"])
    assert invocation.options["env"] == "work"
    assert invocation.arguments.rest == ["--port", "8190", "-e", "x", "--help"]


def test_run_takes_the_shared_options_after_one_of_its_own():
    invocation = parse(["run", "--background", "--json", "-q", "--port", "8190", "--json"])
    assert (invocation.options["json"], invocation.options["quiet"]) == (True, True)
    assert invocation.arguments.rest == ["--port", "8190", "--json"]
    assert parse(["run", "--json", "--background"]).arguments.rest == ["--json", "--background"]


def test_run_leaves_everything_after_a_double_dash_untouched():
    assert parse(["run", "--", "--", "-e", "x"]).arguments.rest == ["--", "-e", "x"]


def test_an_empty_value_given_on_purpose_is_kept():
    assert parse(["config", "--civitai-key", ""]).arguments.text("civitai_key") == ""
    assert parse(["config"]).arguments.text("civitai_key") is None


def test_defaults_come_from_the_table():
    arguments = parse(["create", "x"]).arguments
    assert arguments.word("torch_backend") == "auto"
    assert (arguments.text("comfyui"), arguments.text("python")) == (None, None)


def test_help_is_recognised_at_every_level():
    assert parse(["--help"]).path == ()
    assert parse(["completion", "-h"]).path == ("completion",)
    assert parse(["create", "--help"]).path == ("create",)


def test_unknown_commands_are_answered_with_the_nearest_one():
    assert refused("craete", "x").hint == "did you mean `comfydock create`?"
    assert refused("completion", "instal").hint == "did you mean `comfydock completion install`?"
    assert refused("uninstall").hint == "did you mean `comfydock completion uninstall`?"
    assert "--help" in (refused("zzzzzz").hint or "")


def test_unknown_options_are_answered_with_the_nearest_one():
    assert refused("create", "x", "--pyton", "3").hint == "did you mean `--python`?"
    assert refused("--jsn", "list").hint == "did you mean `--json`?"


def test_values_are_checked_against_the_choices():
    assert refused("--color", "alway", "list").hint == "did you mean `always`?"
    assert refused("completion", "show", "tcsh").exit_code == 2


@pytest.mark.parametrize("number", ["x", "-1", "1.5", "", "٣"])
def test_numbers_are_whole_and_ascii(number: str):
    assert "whole number" in refused("logs", f"--lines={number}").message


@pytest.mark.parametrize(
    "words",
    [("create",), ("create", "a", "b"), ("list", "x"), ("completion",), ("create", "x", "--python"),
     ("list", "--long=1"), ("status", "--dry-run"), ("list", "-Q"), ("--",)],
)  # fmt: skip
def test_lines_that_do_not_fit_the_table_are_usage_errors(words: tuple[str, ...]):
    error = refused(*words)
    assert error.exit_code == 2
    assert error.hint


@given(WORDS)
def test_any_words_are_either_read_or_refused(words: list[str]):
    try:
        invocation = parse(words)
    except UsageError as error:
        assert error.message
    else:
        assert invocation.help or invocation.version or invocation.command is not None


@given(st.lists(st.text(), max_size=8))
def test_comfyui_gets_exactly_the_words_after_the_double_dash(words: list[str]):
    assert parse(["run", "--", *words]).arguments.rest == words
