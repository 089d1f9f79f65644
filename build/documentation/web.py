"""Blocks as one HTML page: no framework, no scripts, readable in light and dark, narrow and wide."""

from collections.abc import Iterable, Iterator
from html import escape

from build.documentation.blocks import Block, Heading, Label, Lines, Paragraph, Synopsis, Terms, pieces
from build.documentation.links import Links

STYLE = """\
:root { color-scheme: light dark; --text: #1c1e21; --quiet: #5a6069; --page: #fff; --shade: #f3f4f6; --line: #d9dce1;
  --link: #0b57c2; }
@media (prefers-color-scheme: dark) {
  :root { --text: #dfe2e6; --quiet: #9aa2ad; --page: #15171a; --shade: #202328; --line: #363b43; --link: #7fb2ff; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0 auto; max-width: 76rem; padding: 0 1.25rem 4rem; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
a { color: var(--link); text-decoration: none; }
a:hover, a:focus { text-decoration: underline; }
h1, h2, h3, h4 { line-height: 1.25; margin: 2.25rem 0 .75rem; }
h2 { border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
h3 { font-size: 1.2rem; }
h4 { font-size: 1.05rem; }
:is(h2, h3, h4) a { color: inherit; }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; font-size: .9em; }
pre { background: var(--shade); border-radius: .4rem; overflow-x: auto; padding: .6rem .9rem; }
.label { color: var(--quiet); font-size: .9rem; font-weight: 600; margin: 1rem 0 .25rem; }
dl { margin: .5rem 0 1rem; }
dd { margin: 0 0 .5rem 1.75rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li { display: inline-block; margin: .1rem 1rem .1rem 0; }
nav .label { margin-top: .9rem; }
@media (min-width: 60rem) {
  body { column-gap: 3rem; display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
  header, main { grid-column: 2; }
  nav { align-self: start; font-size: .92rem; grid-column: 1; grid-row: 1 / span 2; max-height: 100vh; overflow-y: auto;
    padding: 2rem 0; position: sticky; top: 0; }
  nav li { display: block; margin: .1rem 0; }
}
@media print { nav { display: none; } body { display: block; } }
"""

# A table of contents: a title, and what is below it: an anchor, its text, and whether the text is literal.
Entry = tuple[str, str, bool]
Contents = list[tuple[str, list[Entry]]]


def page(title: str, top: Iterable[Block], contents: Contents, blocks: Iterable[Block], links: Links) -> str:
    """A whole page: what stands at its top, the table of contents, and all the rest."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{STYLE}</style>",
            "</head>",
            "<body>",
            "<header>",
            *_written(top, links),
            "</header>",
            *_navigation(contents),
            "<main>",
            *_written(blocks, links),
            "</main>",
            "</body>",
            "</html>\n",
        ]
    )


def _written(blocks: Iterable[Block], links: Links) -> Iterator[str]:
    here = ""
    for block in blocks:
        if isinstance(block, Heading):
            here = block.anchor
        yield _block(block, links, here)


def _navigation(contents: Contents) -> list[str]:
    lines = ['<nav aria-label="Contents">']
    for title, entries in contents:
        lines += [f'<p class="label">{escape(title)}</p>', "<ul>"]
        lines += [f'<li><a href="#{anchor}">{_marked(text, code)}</a></li>' for anchor, text, code in entries]
        lines.append("</ul>")
    return [*lines, "</nav>"]


def _block(block: Block, links: Links, here: str) -> str:
    match block:
        case Heading():
            text = _marked(block.text, block.code)
            inner = text if block.level == 1 else f'<a href="#{block.anchor}">{text}</a>'
            return f'<h{block.level} id="{block.anchor}">{inner}</h{block.level}>'
        case Label():
            return f'<p class="label">{escape(block.text)}</p>'
        case Paragraph():
            return f"<p>{_text(block.text, links, here)}</p>"
        case Synopsis():
            return _verbatim(f"{words} {rest}".rstrip() for words, rest in block.commands)
        case Lines():
            return _verbatim(block.lines)
        case Terms():
            rows = (f"<dt>{_code(term, links, here)}</dt>\n<dd>{_text(text, links, here)}</dd>"
                    for term, text in block.rows)  # fmt: skip
            return "\n".join(["<dl>", *rows, "</dl>"])


def _verbatim(lines: Iterable[str]) -> str:
    return f"<pre><code>{escape(chr(10).join(lines))}</code></pre>"


def _text(text: str, links: Links, here: str) -> str:
    return "".join(_code(part, links, here) if quoted else escape(part) for part, quoted in pieces(text))


def _code(text: str, links: Links, here: str) -> str:
    target = links.target(text)
    marked = _marked(text, code=True)
    return f'<a href="#{target}">{marked}</a>' if target and target != here else marked


def _marked(text: str, code: bool) -> str:
    return f"<code>{escape(text)}</code>" if code else escape(text)
