"""Help, printed from the rows: the overview, a group, a command. No handler is loaded.

The text depends on the rows and the width alone.
"""

from comfydock_cli.table import resolve
from comfydock_cli.table.spec import ENV, GLOBAL, HELP, OF_CHANGES, VERSION, WORD, WRITE, Arg, Command

_TITLE = "comfydock - isolated, versioned, reproducible ComfyUI environments"
_INDENT = 2
_COLUMN = 26  # Where explanations begin at the latest.


def overview(width: int) -> str:
    """The help of the program."""
    lines = [_TITLE, "", "usage: comfydock [options] COMMAND [arguments]"]
    shown: list[str] = []
    entries: dict[str, list[tuple[str, str]]] = {}
    for about, path, summary in resolve.outline():
        if len(path) == 1:
            entries.setdefault(about, []).append((path[0], summary))
    for about, pairs in entries.items():
        shown += ["", f"{about}:", *_table(pairs, width, 14)]
    lines += shown
    lines += ["", "options:", *_options((*GLOBAL, VERSION), width)]
    lines += ["", "`comfydock COMMAND --help` says more; `comfydock help environment` lists the variables."]
    return "\n".join(lines) + "\n"


def command_help(command: Command, width: int) -> str:
    """The help of one command, or of a group."""
    return _group_help(command, width) if not command.handler else _row_help(command, width)


def usage_line(command: Command) -> str:
    words = ["comfydock", *command.path, "[options]"]
    words += [_word(arg) for arg in command.args if arg.kind == WORD]
    if command.passthrough:
        words.append(f"[--] [{command.passthrough}...]")
    return " ".join(words)


def _group_help(command: Command, width: int) -> str:
    depth = len(command.path)
    entries = [
        (path[depth], summary)
        for _, path, summary in resolve.outline()
        if len(path) == depth + 1 and path[:depth] == command.path
    ]
    name = " ".join(command.path)
    lines = [*_wrap(f"{command.summary}.", width, 0), "", f"usage: comfydock {name} COMMAND [arguments]", ""]
    lines += ["commands:", *_table(entries, width, 14)]
    return "\n".join(lines) + "\n"


def _row_help(command: Command, width: int) -> str:
    lines = _wrap(f"{command.summary}.", width, 0)
    if command.description:
        lines += ["", *_wrap(command.description, width, 0)]
    lines += ["", f"usage: {usage_line(command)}"]
    words = [(_word(arg), _explained(arg)) for arg in command.args if arg.kind == WORD]
    if words:
        lines += ["", "arguments:", *_table(words, width, _COLUMN)]
    own = [arg for arg in command.args if arg.kind != WORD]
    if own:
        lines += ["", "options:", *_options(tuple(own), width)]
    lines += ["", "options of every command:" if not command.passthrough else "options of ComfyDock:"]
    lines += _options(_shared(command), width)
    if command.examples:
        lines += ["", "examples:", *(f"  {example}" for example in command.examples)]
    return "\n".join(lines) + "\n"


def _shared(command: Command) -> tuple[Arg, ...]:
    if command.passthrough:
        return (ENV, HELP)
    return tuple(arg for arg in GLOBAL if arg not in OF_CHANGES or command.effect == WRITE)


def _options(args: tuple[Arg, ...], width: int) -> list[str]:
    return _table([(_spelling(arg), _explained(arg)) for arg in args], width, _COLUMN)


def _spelling(arg: Arg) -> str:
    short = [flag for flag in arg.flags if not flag.startswith("--")]
    long = [flag for flag in arg.flags if flag.startswith("--")]
    text = ", ".join(short + long) if short else "    " + ", ".join(long)
    return f"{text} {arg.metavar}" if arg.metavar else text


def _explained(arg: Arg) -> str:
    text = arg.help
    if arg.choices:
        text += ": " + ", ".join(arg.choices)
    if arg.environment:
        text += f" [{arg.environment}]"
    if arg.default:
        text += f" [default: {arg.default}]"
    return text


def _word(arg: Arg) -> str:
    text = f"{arg.metavar}..." if arg.many else arg.metavar
    return text if arg.required else f"[{text}]"


def _table(pairs: list[tuple[str, str]], width: int, column: int) -> list[str]:
    """Two columns; an entry too long for the first has its explanation on the next line."""
    left = min(max((len(key) for key, _ in pairs), default=0) + _INDENT + 2, column)
    lines: list[str] = []
    for key, text in pairs:
        wrapped = _wrap(text, width, left)
        head = " " * _INDENT + key
        if len(head) + 2 <= left:
            lines.append(head + wrapped[0][len(head) :])
            lines += wrapped[1:]
        else:
            lines += [head, *wrapped]
    return lines


def _wrap(text: str, width: int, indent: int) -> list[str]:
    """Lines of at most `width` columns, each indented. `textwrap` would load `re` for this."""
    pad = " " * indent
    lines: list[str] = []
    line = pad
    for word in text.split():
        if len(line) > indent and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = pad
        line += word if len(line) == indent else f" {word}"
    return [*lines, line]
