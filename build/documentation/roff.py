"""Blocks as a manual page, in the macros of man(7)."""

from collections.abc import Iterable

from build.documentation.blocks import Block, Heading, Label, Lines, Paragraph, Synopsis, Terms, pieces

# Letters that a typesetter would replace, and that somebody copies: in literal text they stay what they are.
_LITERAL = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}


def page(title: str, section: int, source: str, manual: str, blocks: Iterable[Block]) -> str:
    """A whole page; without a date, so that the same sources give the same bytes."""
    lines = [f'.TH "{title.upper()}" "{section}" "" "{source}" "{manual}"', ".nh", ".ad l"]
    for block in blocks:
        written = _block(block)
        begins = lines[-1].startswith((".SH", ".SS")) and written[0] == ".PP"  # A heading begins a paragraph already.
        lines += written[1:] if begins else written
    return "\n".join(lines) + "\n"


def _block(block: Block) -> list[str]:
    match block:
        case Heading():
            macro = ".SH" if block.level == 1 else ".SS"
            return [f'{macro} "{_escaped(block.text.upper() if block.level == 1 else block.text)}"']
        case Label():
            return [".PP", _line(f"\\fI{_escaped(block.text)}\\fR")]
        case Paragraph():
            return [".PP", _line(_text(block.text))]
        case Synopsis():
            return [line for words, rest in block.commands
                    for line in (".HP", _line(f"\\fB{_literal(words)}\\fR {_literal(rest)}".rstrip()))]  # fmt: skip
        case Lines():
            return [".PP", ".RS 4", ".nf", *(_line(_literal(line)) for line in block.lines), ".fi", ".RE"]
        case Terms():
            return [line for term, text in block.rows for line in _term(term, text)]


def _term(term: str, text: str) -> list[str]:
    return [".TP", _line(f"\\fB{_literal(term)}\\fR"), _line(_text(text))]


def _text(text: str) -> str:
    return "".join(f"\\fB{_literal(part)}\\fR" if quoted else _escaped(part) for part, quoted in pieces(text))


def _literal(text: str) -> str:
    return "".join(_LITERAL.get(letter, letter) for letter in text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\e")


def _line(text: str) -> str:
    """A line of text; one that begins like a request does not become one."""
    return f"\\&{text}" if text.startswith((".", "'")) else text
