"""The program: words in, exit code out. Every import is made by the step that needs it."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from comfydock_cli.cli_utils import Context, Result
    from comfydock_cli.table.parser import Arguments, Invocation
    from comfydock_cli.table.spec import Command

    Handler = Callable[[Context, Arguments], Result | None]


def main(words: list[str]) -> int:
    """Run one command line and return its exit code. Everything that goes wrong is reported here."""
    try:
        if words == ["--version"]:
            return _say_version()
        if words[-1:] == ["--help"] and _say_frozen_help(words[:-1]):
            return 0
        return _run(words)
    except KeyboardInterrupt as stop:
        return _interrupted(stop, words)
    except BrokenPipeError:
        return 141
    except Exception as error:  # noqa: BLE001 - the last resort: ours tell themselves, anything else is a bug
        from comfydock_cli.formatters.error_formatter import report

        return report(error, words)


def _say_version() -> int:
    from comfydock_cli._version import VERSION

    if sys.stdout is None:
        raise OSError(9, "standard output is closed")
    sys.stdout.write(f"comfydock {VERSION}\n")
    return 0


def _say_version_as_json() -> int:
    from comfydock_cli._version import VERSION
    from comfydock_cli.cli_utils import Result
    from comfydock_cli.formatters.envelope import success
    from comfydock_cli.ui.console import Console

    Console().json(success("--version", Result({"version": VERSION})))
    return 0


def _say_frozen_help(words: list[str]) -> bool:
    """Print the ready-made help of a frozen build; `False` where there is none for these words and this width."""
    try:
        from comfydock_cli._frozen_help import HELP, WIDTHS
    except ImportError:
        return False
    from comfydock_cli import system

    path = " ".join(words)
    width = system.terminal_width()
    if path not in HELP or path.split() != words or width not in WIDTHS or sys.stdout is None:
        return False
    sys.stdout.write(HELP[path][WIDTHS.index(width)])
    return True


def _run(words: list[str]) -> int:
    from comfydock_cli.table.parser import parse

    invocation = parse(words) if words else parse(["--help"])
    if invocation.version:
        return _say_version_as_json() if invocation.options["json"] else _say_version()
    if invocation.help:
        return _say_help(invocation, error=not words)
    command = invocation.command
    assert command is not None  # A line without a command was refused by the parser.
    context = _make_context(invocation)
    if command.effect == "write":
        from comfydock_cli.changing import change

        return change(context, invocation, command, _answer)
    return _answer(context, invocation, command)


def _say_help(invocation: "Invocation", error: bool) -> int:
    """Help goes to standard output; shown because nothing was asked, it is a usage error."""
    from comfydock_cli import system
    from comfydock_cli.generate import help
    from comfydock_cli.ui.console import Console

    width = system.terminal_width()
    text = help.overview(width) if invocation.command is None else help.command_help(invocation.command, width)
    console = Console()
    if error:
        console.error(text.removesuffix("\n"))
        return 2
    console.data(text, verbatim=True)
    return 0


def _answer(context: "Context", invocation: "Invocation", command: "Command") -> int:
    """Run the handler and show what it found or did."""
    result = _load_handler(command.handler)(context, invocation.arguments)
    if result is not None and result.again is not None:
        context.console.note(result.text.removesuffix("\n"))
        return _run(result.again)
    return _show(context, command, result)


def _make_context(invocation: "Invocation") -> "Context":
    from comfydock_cli.cli_utils import Context
    from comfydock_cli.ui.console import Console

    options = invocation.options
    console = Console(bool(options["quiet"]), bool(options["verbose"]), str(options["color"]))
    return Context(options, console, invocation.words)


def _load_handler(handler: str) -> "Handler":
    """Import the handler that a row names."""
    module, _, function = handler.partition(":")
    __import__(module, globals())  # With `globals` a chain of imports can be told, by the startup tests for one.
    loaded: Handler = getattr(sys.modules[module], function)
    return loaded


def _show(context: "Context", command: "Command", result: "Result | None") -> int:
    """Print what a handler returned and give its exit code."""
    if context.json:
        from comfydock_cli.formatters.envelope import success

        context.console.json(success(" ".join(command.path), result))
    elif result is not None:
        context.console.data(result.text, verbatim=result.verbatim)
        if result.note:
            context.console.note(result.note)
    return 0 if result is None else result.exit_code


def _interrupted(stop: KeyboardInterrupt, words: list[str]) -> int:
    """Ctrl-C, or the signal that terminates: everything below has put itself right on the way up."""
    from comfydock_cli.formatters.error_formatter import report_interruption

    return report_interruption(getattr(stop, "signal", 2), words)
