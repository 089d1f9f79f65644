"""Blocks as Markdown that GitHub and CommonMark show alike."""

from collections.abc import Iterable

from build.documentation.blocks import Block, Heading, Label, Lines, Paragraph, Synopsis, Terms, pieces
from build.documentation.links import Links

_SPECIAL = "\\*_[]<>|#"


def section(blocks: Iterable[Block], links: Links) -> str:
    """The blocks, an empty line between two."""
    here = ""
    written = []
    for block in blocks:
        if isinstance(block, Heading):
            here = block.anchor
        written.append(_block(block, links, here))
    return "\n\n".join(written) + "\n"


def _block(block: Block, links: Links, here: str) -> str:
    match block:
        case Heading():
            text = f"`{block.text}`" if block.code else _escaped(block.text)
            return f"{'#' * block.level} {text}"
        case Label():
            return f"**{_escaped(block.text)}**"
        case Paragraph():
            return _text(block.text, links, here)
        case Synopsis():
            return _fenced([f"{words} {rest}".rstrip() for words, rest in block.commands])
        case Lines():
            return _fenced(block.lines)
        case Terms():
            return "\n".join(f"- {_code(term, links, here)}: {_text(text, links, here)}" for term, text in block.rows)


def _fenced(lines: Iterable[str]) -> str:
    return "\n".join(["```sh", *lines, "```"])


def _text(text: str, links: Links, here: str) -> str:
    return "".join(_code(part, links, here) if quoted else _escaped(part) for part, quoted in pieces(text))


def _code(text: str, links: Links, here: str) -> str:
    target = links.target(text)
    return f"[`{text}`](#{target})" if target and target != here else f"`{text}`"


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in _SPECIAL else letter for letter in text)
