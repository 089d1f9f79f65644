"""The build's literal forms of the table: `_snapshot.py` and `_frozen_help.py` for frozen programs, and the surface."""

import marshal

from comfydock_cli.generate.help import command_help, overview
from comfydock_cli.system import DEFAULT_WIDTH, MOST_WIDTH
from comfydock_cli.table import resolve
from comfydock_cli.table.spec import Arg, Command

_FORM = 2  # Without references: they depend on how often a text is used elsewhere, and builds are compared by bytes.

HELP_WIDTHS = (DEFAULT_WIDTH, MOST_WIDTH)


def snapshot_source() -> str:
    """The text of `table/_snapshot.py`: every row by its words, in the table's order.

    Rows are marshalled one by one: a start then makes the one it needs, however many there are. The form belongs to the
    version of Python that runs this, so the build runs it with the one it freezes.
    """
    rows = "".join(f"    {' '.join(command.path)!r}: {_marshalled(command)!r},\n" for command in resolve.all_commands())
    title = '"""The command table for this version of Python; made by the build."""'
    return f"{title}\n\nROWS = {{\n{rows}}}\n\nOUTLINE = {marshal.dumps(resolve.outline(), _FORM)!r}\n"


def help_source() -> str:
    """The text of `_frozen_help.py`: the help of every command, by its words, at the usual widths.

    Those are no terminal at all (80) and a terminal so wide that the limit of the text decides (100).
    """
    texts = {"": tuple(overview(width) for width in HELP_WIDTHS)}
    for command in resolve.all_commands():
        texts[" ".join(command.path)] = tuple(command_help(command, width) for width in HELP_WIDTHS)
    rows = "".join(f"    {path!r}: {text!r},\n" for path, text in texts.items())
    return f'"""Help, ready to print; made by the build."""\n\nWIDTHS = {HELP_WIDTHS!r}\nHELP = {{\n{rows}}}\n'


def surface_text() -> str:
    """Every command, option and argument, one a line: what a change of the surface shows in review."""
    lines: list[str] = []
    for command in resolve.all_commands():
        lines.append(" ".join(command.path) + (" (hidden)" if command.hidden else ""))
        for arg in command.args:
            spelled = ", ".join(arg.flags) if arg.flags else ""
            lines.append("    " + " ".join(part for part in (spelled, arg.metavar) if part))
        if command.passthrough:
            lines.append(f"    [--] {command.passthrough}...")
    return "\n".join(lines) + "\n"


def _marshalled(command: Command) -> bytes:
    return marshal.dumps(_row(command), _FORM)  # type: ignore[arg-type] # Nested tuples of text and flags, which it takes.


def _row(command: Command) -> tuple[object, ...]:
    fields = [getattr(command, name) for name in Command.__slots__]
    return tuple(tuple(_arg(arg) for arg in field) if name == "args" else field
                 for name, field in zip(Command.__slots__, fields, strict=True))  # fmt: skip


def _arg(arg: Arg) -> tuple[object, ...]:
    """In the order of the constructor, which is not the order of the slots alone: both are the same by a test."""
    return tuple(getattr(arg, name) for name in Arg.__slots__)
