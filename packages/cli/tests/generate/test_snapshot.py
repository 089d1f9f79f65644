"""The literal forms of the table."""

import ast
import marshal
from typing import Any

from comfydock_cli.generate.snapshot import HELP_WIDTHS, help_source, snapshot_source, surface_text
from comfydock_cli.table import resolve
from comfydock_cli.table.spec import Arg, Command
from tests.support.source import run_source


def snapshot() -> dict[str, Any]:
    scope: dict[str, Any] = {}
    exec(snapshot_source(), scope)
    return scope


def fields(command: Command) -> list[object]:
    values = [getattr(command, name) for name in Command.__slots__ if name != "args"]
    return [*values, [[getattr(arg, name) for name in Arg.__slots__] for arg in command.args]]


def test_the_snapshot_gives_back_every_row_as_it_is():
    made = [fields(resolve.materialise(marshal.loads(row))) for row in snapshot()["ROWS"].values()]
    assert made == [fields(command) for command in resolve.all_commands()]


def test_the_snapshot_has_the_outline():
    assert marshal.loads(snapshot()["OUTLINE"]) == resolve.outline()


def test_the_snapshot_is_a_literal():
    tree = ast.parse(snapshot_source())
    assert [type(node).__name__ for node in tree.body] == ["Expr", "Assign", "Assign"]
    assert [ast.literal_eval(node.value) for node in tree.body[1:]]  # type: ignore[attr-defined]


def test_the_surface_names_every_command_and_option():
    text = surface_text()
    for command in resolve.all_commands():
        assert " ".join(command.path) in text
        for arg in command.args:
            assert all(flag in text for flag in arg.flags)


def test_the_frozen_help_is_what_the_live_program_prints():
    scope: dict[str, Any] = {}
    exec(help_source(), scope)
    assert set(scope["HELP"]) == {"", *(" ".join(command.path) for command in resolve.all_commands())}
    assert scope["WIDTHS"] == HELP_WIDTHS
    for path, texts in scope["HELP"].items():
        for width, text in zip(HELP_WIDTHS, texts, strict=True):
            assert run_source(*path.split(), "--help", COLUMNS=str(width)).out == text
