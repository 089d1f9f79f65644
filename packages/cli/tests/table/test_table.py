"""Every row of the table, checked as a whole: all violations of a rule are listed at once."""

import importlib
import inspect
import shlex

from comfydock_cli.completion.values import OF_ENVIRONMENT, SOURCES
from comfydock_cli.generate.help import command_help
from comfydock_cli.table import (
    environments,
    history,
    live,
    models,
    nodes,
    program,
    python,
    resolve,
    sharing,
    workflows,
    workspace,
)
from comfydock_cli.table.parser import parse
from comfydock_cli.table.spec import GLOBAL, VALUE, WORD, Command

ROWS = resolve.all_commands()
RUNNABLE = [row for row in ROWS if row.handler]


def named(row: Command) -> str:
    return " ".join(row.path)


def test_every_handler_can_be_imported_and_takes_a_context_and_arguments():
    wrong = []
    for row in RUNNABLE:
        module, _, function = row.handler.partition(":")
        handler = getattr(importlib.import_module(module), function, None)
        if handler is None or list(inspect.signature(handler).parameters) != ["context", "arguments"]:
            wrong.append(named(row))
    assert wrong == []


def test_every_completer_exists():
    used = {arg.completer for row in ROWS for arg in (*row.args, *GLOBAL) if arg.completer}
    assert used <= SOURCES.keys() | OF_ENVIRONMENT.keys()


def test_every_example_is_a_command_line_of_its_row():
    wrong = []
    for row in RUNNABLE:
        for example in row.examples:
            program_name, *words = shlex.split(example)
            if program_name != "comfydock" or parse(words).path != row.path:
                wrong.append(example)
    assert wrong == []


def test_every_command_that_is_shown_has_an_example():
    assert [named(row) for row in RUNNABLE if not row.hidden and not row.examples] == []


def test_every_visible_row_has_a_summary_and_a_heading():
    assert [named(row) for row in ROWS if not row.summary or not row.about] == []
    assert [named(row) for row in ROWS if row.summary.endswith(".")] == []


def test_no_option_is_spelled_twice_in_one_row():
    wrong = []
    for row in ROWS:
        flags = [flag for arg in (*row.args, *GLOBAL) for flag in arg.flags]
        if len(flags) != len(set(flags)):
            wrong.append(named(row))
    assert wrong == []


def test_optional_words_follow_required_ones_and_a_repeated_one_is_last():
    wrong = []
    for row in ROWS:
        words = [arg for arg in row.args if arg.kind == WORD]
        order = [not arg.required for arg in words]
        if order != sorted(order) or any(arg.many for arg in words[:-1]):
            wrong.append(named(row))
    assert wrong == []


def test_defaults_are_among_the_choices():
    args = [arg for row in ROWS for arg in (*row.args, *GLOBAL) if arg.kind == VALUE and arg.choices and arg.default]
    assert [arg.name for arg in args if arg.default not in arg.choices] == []


def test_the_group_of_a_first_word_is_the_module_that_holds_it():
    modules = {
        "sharing": sharing,
        "environments": environments,
        "nodes": nodes,
        "models": models,
        "history": history,
        "workspace": workspace,
        "python": python,
        "program": program,
        "workflows": workflows,
    }
    found = {row.path[0]: name for name, module in modules.items() for row in module.COMMANDS}
    assert found == live.MODULE_OF


def test_every_parent_of_a_command_is_a_row_of_its_own():
    assert [named(row) for row in ROWS if len(row.path) > 1 and resolve.find(row.path[:-1]) is None] == []


def test_every_help_fits_every_width_where_words_allow_it():
    texts = [(named(row), width, command_help(row, width)) for row in ROWS for width in (40, 80, 100)]
    lines = [(name, width, line) for name, width, text in texts for line in text.splitlines()]
    broken = [
        found for found in lines if len(found[2]) > found[1] and not found[2].startswith(("usage:", "  comfydock"))
    ]
    assert [found for found in broken if len(found[2].split()) > 2] == []
