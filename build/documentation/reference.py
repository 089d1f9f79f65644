"""The reference: one page with every command, every topic and every error code."""

from build.documentation import markdown, web
from build.documentation.blocks import Block, Heading, Paragraph, Terms
from build.documentation.contents import (
    PROGRAM,
    SUMMARY,
    by_heading,
    command_parts,
    commands,
    errors_by_exit_code,
    exit_code_rows,
    first_words,
    labelled,
    named,
    program_parts,
    topic_blocks,
    topics,
)
from build.documentation.links import Links
from comfydock_cli.table.spec import Command

_TITLE = "ComfyDock reference"


def as_markdown(version: str) -> str:
    """The reference for GitHub and other readers of Markdown."""
    links = Links()
    top, rest = _introduction(version), _body()
    contents = [f"**{title}**: " + ", ".join(_link(*entry) for entry in entries) for title, entries in _contents()]
    return "\n".join([markdown.section(top, links), "\n\n".join(contents), "", markdown.section(rest, links)])


def as_html(version: str) -> str:
    """The reference as a page for browsers."""
    return web.page(f"{_TITLE} {version}", _introduction(version), _contents(), _body(), Links())


def _introduction(version: str) -> list[Block]:
    text = f"Every command of {PROGRAM} {version}, the topics of its help, and its error codes."
    return [Heading(1, _TITLE), Paragraph(text)]


def _body() -> list[Block]:
    blocks: list[Block] = [Heading(2, "Commands"), Heading(3, PROGRAM, code=True), Paragraph(f"{_sentence(SUMMARY)}")]
    blocks += labelled(program_parts())
    for command in commands():
        blocks += _command(command)
    blocks.append(Heading(2, "Topics"))
    for topic in topics():
        blocks += [Heading(3, topic.title), *topic_blocks(topic)]
    return blocks + _errors()


def _command(command: Command) -> list[Block]:
    heading = Heading(min(len(command.path) + 2, 4), named(command), code=True)
    summary = Paragraph(f"{command.summary}.")
    if command.handler:
        return [heading, summary, *labelled(command_parts(command))]
    depth = len(command.path)
    inside = [one for one in commands() if one.path[:depth] == command.path and len(one.path) == depth + 1]
    return [heading, summary, Terms(tuple((named(one), one.summary) for one in inside))]


def _errors() -> list[Block]:
    meanings = dict(exit_code_rows())
    blocks: list[Block] = [Heading(2, "Errors")]
    for exit_code, errors in errors_by_exit_code().items():
        blocks += [Heading(3, f"Exit code {exit_code}"), Paragraph(f"{_sentence(meanings[str(exit_code)])}")]
        for code, (_, text) in errors.items():
            blocks += [Heading(4, code, code=True), Paragraph(text)]
    return blocks


def _contents() -> web.Contents:
    """Commands under the headings of the overview, topics, and exit codes."""
    program = Heading(3, PROGRAM)
    found: web.Contents = [("The program", [(program.anchor, PROGRAM, True)])]
    for about, rows in by_heading().items():
        entries = [command for first in rows for command in (first, *_below(first))]
        found.append((about.capitalize(), [(_anchor(row), " ".join(row.path), True) for row in entries]))
    found.append(("Topics", [(Heading(3, topic.title).anchor, topic.title, False) for topic in topics()]))
    codes = [Heading(3, f"Exit code {code}") for code in errors_by_exit_code()]
    found.append(("Errors", [(heading.anchor, heading.text, False) for heading in codes]))
    return found


def _below(first: Command) -> list[Command]:
    return [one for one in commands() if one.path[0] == first.path[0] and one not in first_words()]


def _anchor(command: Command) -> str:
    return Heading(3, named(command)).anchor


def _link(anchor: str, text: str, code: bool) -> str:
    return f"[`{text}`](#{anchor})" if code else f"[{text}](#{anchor})"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
