"""Help, printed from the rows: the overview, a group, a command. No handler is loaded.

The text depends on the rows and the width alone.
"""

from comfydock_cli.table import resolve
from comfydock_cli.table.spec import ENV, GLOBAL, HELP, OF_CHANGES, VERSION, WORD, WRITE, Arg, Command

TITLE = "comfydock - isolated, versioned, reproducible ComfyUI environments"
EXAMPLES = (
    "comfydock init",
    "comfydock create work --use",
    "comfydock node add comfyui-impact-pack",
    "comfydock run",
)
_INDENT = 2
_COLUMN = 26  # Where explanations begin at the latest.


def overview(width: int) -> str:
    """The help of the program."""
    lines = [TITLE, "", "usage: comfydock [options] COMMAND [arguments]"]
    lines += ["", "examples:", *(f"  {example}" for example in EXAMPLES)]
    shown: list[str] = []
    entries: dict[str, list[tuple[str, str]]] = {}
    for about, path, summary in resolve.outline():
        if len(path) == 1:
            entries.setdefault(about, []).append((path[0], summary))
    for about, pairs in entries.items():
        shown += ["", f"{about}:", *columns(pairs, width, 14)]
    lines += shown
    lines += ["", "options:", *_options((*GLOBAL, VERSION), width)]
    lines += ["", *wrap("`comfydock COMMAND --help` describes a command, `comfydock help` lists the topics.", width, 0)]
    return "\n".join(lines) + "\n"


def command_help(command: Command, width: int) -> str:
    """The help of one command, or of a group."""
    return _group_help(command, width) if not command.handler else _row_help(command, width)


def usage_line(command: Command) -> str:
    """How a command is written, with its arguments and without its options."""
    words = ["comfydock", *command.path, "[options]"]
    words += [argument(arg) for arg in command.args if arg.kind == WORD]
    if command.passthrough:
        words.append(f"[--] [{command.passthrough}...]")
    return " ".join(words)


def _below(command: Command) -> list[tuple[str, str]]:
    """The commands below one, each with its summary."""
    rows = [resolve.find((*command.path, word)) for word in resolve.children(command.path)]
    return [(row.path[-1], row.summary) for row in rows if row is not None]


def _group_help(command: Command, width: int) -> str:
    entries = _below(command)
    name = " ".join(command.path)
    lines = [*wrap(f"{command.summary}.", width, 0), "", f"usage: comfydock {name} COMMAND [arguments]", ""]
    lines += ["commands:", *columns(entries, width, 14)]
    lines += ["", *wrap(f"`comfydock {name} COMMAND --help` shows examples and options.", width, 0)]
    return "\n".join(lines) + "\n"


def _row_help(command: Command, width: int) -> str:
    """In the order of a manual page, examples before everything that has to be read."""
    lines = wrap(f"{command.summary}.", width, 0)
    lines += ["", f"usage: {usage_line(command)}"]
    if command.examples:
        lines += ["", "examples:", *(f"  {example}" for example in command.examples)]
    if command.description:
        lines += ["", *wrap(command.description, width, 0)]
    words = [(argument(arg), explained(arg)) for arg in command.args if arg.kind == WORD]
    if words:
        lines += ["", "arguments:", *columns(words, width, _COLUMN)]
    if below := _below(command):
        lines += ["", "commands:", *columns(below, width, 14)]
    own = [arg for arg in command.args if arg.kind != WORD]
    if own:
        lines += ["", "options:", *_options(tuple(own), width)]
    lines += ["", "options of every command:" if not command.passthrough else "options of ComfyDock:"]
    lines += _options(shared_options(command), width)
    return "\n".join(lines) + "\n"


def shared_options(command: Command) -> tuple[Arg, ...]:
    """The options of every command that this one takes, too."""
    if command.passthrough:
        return (ENV, HELP)
    return tuple(arg for arg in GLOBAL if arg not in OF_CHANGES or command.effect == WRITE)


def _options(args: tuple[Arg, ...], width: int) -> list[str]:
    return columns([(spelling(arg), explained(arg)) for arg in args], width, _COLUMN)


def spelling(arg: Arg) -> str:
    """All spellings of an option, short first; where there is no short one, its place is left free."""
    short = [flag for flag in arg.flags if not flag.startswith("--")]
    long = [flag for flag in arg.flags if flag.startswith("--")]
    text = ", ".join(short + long) if short else "    " + ", ".join(long)
    return f"{text} {arg.metavar}" if arg.metavar else text


def explained(arg: Arg) -> str:
    """What an option or argument means, with its choices, its variable and its default."""
    text = arg.help
    if arg.choices:
        text += ": " + ", ".join(arg.choices)
    if arg.environment:
        text += f" [{arg.environment}]"
    if arg.default:
        text += f" [default: {arg.default}]"
    return text


def argument(arg: Arg) -> str:
    """A positional argument as usage lines write it."""
    text = f"{arg.metavar}..." if arg.many else arg.metavar
    return text if arg.required else f"[{text}]"


def columns(pairs: list[tuple[str, str]], width: int, column: int) -> list[str]:
    """Two columns; an entry too long for the first has its explanation on the next line."""
    left = min(max((len(key) for key, _ in pairs), default=0) + _INDENT + 2, column)
    lines: list[str] = []
    for key, text in pairs:
        wrapped = wrap(text, width, left)
        head = " " * _INDENT + key
        if len(head) + 2 <= left:
            lines.append(head + wrapped[0][len(head) :])
            lines += wrapped[1:]
        else:
            lines += [head, *wrapped]
    return lines


def wrap(text: str, width: int, indent: int) -> list[str]:
    """Lines of at most `width` columns, each indented; what is quoted stays on one line if one has room for it.

    `textwrap` would load `re` for this.
    """
    pad = " " * indent
    lines: list[str] = []
    line = pad
    for word in _unbroken(text.split(), width - indent):
        if len(line) > indent and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = pad
        line += word if len(line) == indent else f" {word}"
    return [*lines, line]


def _unbroken(words: list[str], room: int) -> list[str]:
    """The words, those within a pair of backquotes joined unless they take more than `room`."""
    found: list[str] = []
    opened: list[str] = []
    for word in words:
        if opened or word.count("`") % 2:
            opened.append(word)
        else:
            found.append(word)
        if opened and "".join(opened).count("`") % 2 == 0:
            joined = " ".join(opened)
            found += [joined] if len(joined) <= room else opened
            opened = []
    return found + opened
