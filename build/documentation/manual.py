"""The manual: a page of section 1 for the program and each first word, one of section 7 for each topic."""

from build.documentation.blocks import Block, Heading, Paragraph, Terms
from build.documentation.contents import (
    PROGRAM,
    SUMMARY,
    Part,
    below,
    by_heading,
    command_parts,
    errors_by_exit_code,
    exit_code_rows,
    first_words,
    labelled,
    named,
    program_parts,
    synopsis,
    topic_blocks,
    topics,
    topics_about,
)
from build.documentation.roff import page
from comfydock_cli.generate.topics import Topic
from comfydock_cli.table.spec import Command

_MANUAL = "ComfyDock manual"
_ERRORS = "errors"


def pages(version: str) -> dict[str, str]:
    """Every page by its path below the directory of manuals."""
    found = {_path(PROGRAM, 1): _page(PROGRAM, 1, version, _program())}
    for command in first_words():
        blocks = _group(command) if below(command) else _command(command)
        found[_path(_name(command), 1)] = _page(_name(command), 1, version, blocks)
    for topic in topics():
        name = f"{PROGRAM}-{topic.name}"
        found[_path(name, 7)] = _page(name, 7, version, _topic(topic))
    name = f"{PROGRAM}-{_ERRORS}"
    found[_path(name, 7)] = _page(name, 7, version, _errors())
    return found


def _program() -> list[Block]:
    listed: list[Block] = []
    for about, rows in by_heading().items():
        listed += [Heading(2, about.capitalize()), Terms(tuple((f"{_name(row)}(1)", row.summary) for row in rows))]
    *before, options = program_parts()
    end: list[Part] = [
        ("Commands", listed),
        options,
        ("Exit status", [Terms(exit_code_rows())]),
        ("Environment", [Paragraph(f"`{PROGRAM}-environment`(7) lists the variables.")]),
        ("Files", [Paragraph(f"`{PROGRAM}-files`(7) describes a workspace and its environments.")]),
        _see_also([*(f"{PROGRAM}-{topic.name}(7)" for topic in topics()), f"{PROGRAM}-{_ERRORS}(7)"]),
    ]
    return _sections([_title(PROGRAM, SUMMARY), *before, *end])


def _command(command: Command) -> list[Block]:
    return _sections([_title(_name(command), command.summary), *command_parts(command), _related(command)])


def _group(group: Command) -> list[Block]:
    rows = [*([group] if group.handler else []), *below(group)]
    described: list[Block] = []
    for row in rows:
        described += [Heading(2, named(row)), Paragraph(f"{row.summary}."), *labelled(command_parts(row)[1:])]
    usage: Part = ("Synopsis", [synopsis(*rows)])
    return _sections([_title(_name(group), group.summary), usage, ("Commands", described), _related(group)])


def _topic(topic: Topic) -> list[Block]:
    title, description = _title(f"{PROGRAM}-{topic.name}", topic.summary), ("Description", topic_blocks(topic))
    return _sections([title, description, _see_also([f"{PROGRAM}(1)"])])


def _errors() -> list[Block]:
    parts: list[Part] = [_title(f"{PROGRAM}-{_ERRORS}", "What each error code says")]
    for exit_code, errors in errors_by_exit_code().items():
        rows = tuple((code, text) for code, (_, text) in errors.items())
        parts.append((f"Exit code {exit_code}", [Terms(rows)]))
    return _sections([*parts, _see_also([f"{PROGRAM}-explain(1)", f"{PROGRAM}-exit-codes(7)"])])


def _related(command: Command) -> Part:
    about = [f"{PROGRAM}-{topic.name}(7)" for topic in topics_about(named(command))]
    return _see_also([f"{PROGRAM}(1)", *about, f"{PROGRAM}-exit-codes(7)"])


def _see_also(names: list[str]) -> Part:
    shown = ", ".join(f"`{name[:-3]}`{name[-3:]}" for name in dict.fromkeys(names))
    return "See also", [Paragraph(shown)]


def _title(name: str, summary: str) -> Part:
    """As `apropos` reads it: `name - what it is`, in one line."""
    return "Name", [Paragraph(f"{name} - {summary}")]


def _sections(parts: list[Part]) -> list[Block]:
    return [block for title, blocks in parts for block in (Heading(1, title), *blocks)]


def _page(name: str, section: int, version: str, blocks: list[Block]) -> str:
    return page(name, section, f"{PROGRAM} {version}", _MANUAL, blocks)


def _path(name: str, section: int) -> str:
    return f"man{section}/{name}.{section}"


def _name(command: Command) -> str:
    return "-".join((PROGRAM, *command.path))
