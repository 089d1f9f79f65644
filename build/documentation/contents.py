"""What is documented: commands from their rows, the topics of the help, and the errors, as blocks."""

from build.documentation.blocks import Block, Label, Lines, Paragraph, Synopsis, Terms
from comfydock_cli.generate.explanations import Explanations, explanations
from comfydock_cli.generate.help import EXAMPLES, TITLE, argument, explained, spelling, usage_line
from comfydock_cli.generate.topics import TOPICS, Topic
from comfydock_cli.table import resolve
from comfydock_cli.table.spec import GLOBAL, VERSION, WORD, WRITE, Arg, Command

# A part of a section: its title, and what stands under it.
Part = tuple[str, list[Block]]

PROGRAM = "comfydock"
SUMMARY = TITLE.partition(" - ")[2]


def named(command: Command) -> str:
    """The words that a command is typed with."""
    return " ".join((PROGRAM, *command.path))


def commands() -> list[Command]:
    """Every row that is shown, groups too, in the table's order."""
    return [command for command in resolve.all_commands() if not command.hidden]


def first_words() -> list[Command]:
    """Commands and groups that follow the program's name."""
    return [command for command in commands() if len(command.path) == 1]


def below(group: Command) -> list[Command]:
    """What follows the words of a group, at any depth; groups among it are left out."""
    depth = len(group.path)
    return [one for one in commands() if one.handler and len(one.path) > depth and one.path[:depth] == group.path]


def by_heading() -> dict[str, list[Command]]:
    """First words under the headings of the overview."""
    found: dict[str, list[Command]] = {}
    for command in first_words():
        found.setdefault(command.about, []).append(command)
    return found


_ABOUT_PROGRAM = (
    "ComfyDock keeps ComfyUI environments the way git keeps source: isolated, versioned, reproducible and shareable,"
    " with their custom nodes, Python packages, workflows and models."
)
_ABOUT_OPTIONS = (
    "Every command takes these options, before or after its words; `--dry-run`, `--wait` and `--no-settle` are for"
    " commands that change something."
)


def program_parts() -> list[Part]:
    """What is said of the program itself, but for the list of its commands."""
    return [
        ("Synopsis", [Synopsis(((PROGRAM, "[options] COMMAND [arguments]"),))]),
        ("Examples", [Lines(EXAMPLES)]),
        ("Description", [Paragraph(_ABOUT_PROGRAM)]),
        ("Options", [Paragraph(_ABOUT_OPTIONS), _options((*GLOBAL, VERSION))]),
    ]


def command_parts(command: Command) -> list[Part]:
    """Everything that is said of one command, in the order of its help."""
    words = [(argument(arg), explained(arg)) for arg in command.args if arg.kind == WORD]
    own = tuple(arg for arg in command.args if arg.kind != WORD)
    parts: list[Part] = [
        ("Synopsis", [synopsis(command)]),
        ("Examples", [Lines(command.examples)]),
        ("Description", [Paragraph(command.description)] if command.description else []),
        ("Arguments", [Terms(tuple(words))] if words else []),
        ("Options", [*([_options(own)] if own else []), Paragraph(_about_shared_options(command))]),
    ]
    return [part for part in parts if part[1]]


def synopsis(*rows: Command) -> Synopsis:
    """How the commands are written."""
    return Synopsis(tuple((named(row), usage_line(row).removeprefix(named(row)).strip()) for row in rows))


def topics() -> list[Topic]:
    """Every topic of the help."""
    return list(TOPICS.values())


def topic_blocks(topic: Topic) -> list[Block]:
    """A topic without its title."""
    return [Paragraph(block) if isinstance(block, str) else Terms(block) for block in topic.blocks]


def topics_about(words: str) -> list[Topic]:
    """The topics that mention a command."""
    return [topic for topic in topics() if any(_mentions(block, words) for block in topic.blocks)]


def errors_by_exit_code() -> dict[int, Explanations]:
    """Every error code with its explanation, under its exit code."""
    found: dict[int, Explanations] = {}
    for code, (exit_code, text) in explanations().items():
        found.setdefault(exit_code, {})[code] = (exit_code, " ".join(text.split()))
    return found


def exit_code_rows() -> tuple[tuple[str, str], ...]:
    """What each exit code says, from the topic of them."""
    return next(block for block in TOPICS["exit-codes"].blocks if not isinstance(block, str))


def labelled(parts: list[Part]) -> list[Block]:
    """Parts as one section, their titles as labels; how the command is written needs none."""
    found: list[Block] = []
    for title, blocks in parts:
        if title not in ("Synopsis", "Description"):
            found.append(Label(title))
        found += blocks
    return found


def _options(args: tuple[Arg, ...]) -> Terms:
    return Terms(tuple((spelling(arg).strip(), explained(arg)) for arg in args))


def _about_shared_options(command: Command) -> str:
    if command.passthrough:
        return "Of the options of every command, `--env` and `--help` apply."
    if command.effect == WRITE:
        return "The options of every command apply, `--dry-run`, `--wait` and `--no-settle` among them."
    return "The options of every command apply."


def _mentions(block: str | tuple[tuple[str, str], ...], words: str) -> bool:
    texts = [block] if isinstance(block, str) else [f"`{term}` {text}" for term, text in block]
    return any(f"`{words}`" in text or f"`{words} " in text for text in texts)
