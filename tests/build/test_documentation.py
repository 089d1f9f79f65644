"""The manual and the reference: whole, true to the table, and fit for those who read them."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from build.documentation import blocks, contents, files, roff
from build.documentation.making import DocumentationError, make_documentation
from build.paths import Layout
from comfydock_cli.generate.explanations import explanations
from comfydock_cli.generate.help import spelling
from comfydock_cli.generate.topics import TOPICS
from comfydock_cli.table.spec import WORD

TEXTS = files.texts()
PAGES = {path: text for path, text in TEXTS.items() if path.startswith("man/")}
MARKDOWN = TEXTS["reference.md"]
HTML = TEXTS["reference.html"]

# Elements that have no end.
VOID = ("meta", "link", "br", "hr", "img", "input")


class Page(HTMLParser):
    """What is in a page, and what is wrong with it: elements that are not closed, or closed by others."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> at line {self.getpos()[0]}")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def values(self, attribute: str) -> list[str]:
        return [str(attrs[attribute]) for _, attrs in self.elements if attribute in attrs]


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(HTML)


def anchors_of_headings(markdown: str) -> list[str]:
    """As GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", markdown, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def plain(page_text: str) -> str:
    """The words of a manual page, without the marks for the typesetter."""
    for written, meant in (("\\-", "-"), ("\\(aq", "'"), ("\\(ti", "~"), ("\\(ga", "`"), ("\\e", "\\"), ("\\&", "")):
        page_text = page_text.replace(written, meant)
    return re.sub(r"\\f[BIR]", "", page_text)


def test_the_files_are_those_of_the_texts_and_the_same_every_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_documentation(Layout(), tmp_path / name)
        made = {path.relative_to(tmp_path / name).as_posix(): path.read_text("utf-8")
                for path in (tmp_path / name).rglob("*") if path.is_file()}  # fmt: skip
        assert made == TEXTS


def test_pages_of_what_is_no_more_are_removed_and_other_files_are_left(tmp_path: Path) -> None:
    stale, foreign = tmp_path / "man/man1/comfydock-gone.1", tmp_path / "man/man1/git.1"
    stale.parent.mkdir(parents=True)
    stale.touch()
    foreign.touch()
    files.write(tmp_path)
    assert (stale.exists(), foreign.exists()) == (False, True)


def test_sources_that_cannot_be_read_are_reported(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    unneeded = shutil.ignore_patterns("__pycache__", "tests")
    shutil.copytree(Layout().root / "packages", root / "packages", ignore=unneeded)
    shutil.copytree(Layout().root / "build", root / "build")
    (root / "packages/cli/comfydock_cli/generate/topics.py").write_text("raise RuntimeError('broken')\n")
    with pytest.raises(DocumentationError, match="broken"):
        make_documentation(Layout(root), tmp_path / "made")


def test_there_is_a_page_for_the_program_every_first_word_and_every_topic() -> None:
    expected = {"man/man1/comfydock.1", "man/man7/comfydock-errors.7"}
    expected |= {f"man/man1/comfydock-{command.path[0]}.1" for command in contents.first_words()}
    expected |= {f"man/man7/comfydock-{topic}.7" for topic in TOPICS}
    assert PAGES.keys() == expected


def test_every_command_is_described_with_its_options_and_examples_in_both() -> None:
    for command in contents.commands():
        section = MARKDOWN.partition(f"## `{contents.named(command)}`\n")[2].partition("\n##")[0]
        manual = plain(PAGES[f"man/man1/comfydock-{command.path[0]}.1"])
        assert command.summary in section
        for text in (section, manual) if command.handler else ():
            assert command.summary in text
            for told in (*command.examples, *(spelling(arg).strip() for arg in command.args if arg.kind != WORD)):
                assert told in text, (contents.named(command), told)
        assert all(arg.metavar in section for arg in command.args)


def test_hidden_commands_are_not_described() -> None:
    assert "__" not in MARKDOWN
    assert "__" not in "".join(PAGES.values())


def test_every_topic_and_every_error_is_in_both() -> None:
    errors = plain(PAGES["man/man7/comfydock-errors.7"])
    for code, (_, text) in explanations().items():
        assert f"\n#### `{code}`\n" in MARKDOWN
        assert " ".join(text.replace("`", "").split()) in errors
    for topic in TOPICS.values():
        assert f"\n### {topic.title}\n" in MARKDOWN
        page = plain(PAGES[f"man/man7/comfydock-{topic.name}.7"])
        terms = [term for block in topic.blocks if not isinstance(block, str) for term, _ in block]
        assert all(term in page for term in terms)


def test_every_link_of_the_markdown_leads_to_a_heading() -> None:
    anchors = anchors_of_headings(MARKDOWN)
    links = re.findall(r"\]\(#([^)]*)\)", MARKDOWN)
    assert len(links) > 200
    assert set(links) <= set(anchors)
    assert len(anchors) == len(set(anchors))


def test_the_html_is_well_formed_and_its_links_resolve(page: Page) -> None:
    ids = page.values("id")
    assert page.wrong == []
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in page.values("href")} <= set(ids)
    assert sorted(ids) == sorted(anchors_of_headings(MARKDOWN))


def test_the_html_is_one_file_without_scripts(page: Page) -> None:
    assert {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe"} == set()
    assert page.values("src") == []
    assert "url(" not in HTML
    assert "@import" not in HTML


def test_the_table_of_contents_has_every_command_and_every_topic() -> None:
    navigation = HTML.partition("<nav")[2].partition("</nav>")[0]
    for command in contents.commands():
        assert f'href="#{"-".join(("comfydock", *command.path))}"' in navigation
    for topic in TOPICS.values():
        assert f">{topic.title}</a>" in navigation


def test_the_two_references_say_the_same(page: Page) -> None:
    in_html = "".join(page.words).partition("Every command of")[2]
    for command in contents.commands():
        for text in (command.summary, *command.examples):
            assert text in in_html


@pytest.mark.parametrize("path", PAGES)
def test_the_typesetter_warns_of_nothing(path: str) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    done = subprocess.run([groff, "-ww", "-man", "-Tutf8", "-z"], input=PAGES[path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", PAGES)
def test_the_index_of_manuals_finds_name_and_summary(path: str, tmp_path: Path) -> None:
    lexgrog = shutil.which("lexgrog")
    if lexgrog is None:
        pytest.skip("man-db is not installed")
    file = tmp_path / Path(path).name
    file.write_text(PAGES[path], "utf-8")
    done = subprocess.run([lexgrog, str(file)], capture_output=True, text=True)
    assert f'"{file.stem} - ' in done.stdout


def test_a_line_that_looks_like_a_request_stays_text() -> None:
    made = roff.page("x", 1, "x", "x", [blocks.Paragraph(".metadata is `.hidden`"), blocks.Lines((".so a\\b", "'x'"))])
    assert "\n\\&.metadata is \\fB.hidden\\fR\n" in made
    assert "\n\\&.so a\\eb\n" in made
    assert "\n\\(aqx\\(aq\n" in made


def test_a_quote_that_is_left_open_is_refused() -> None:
    assert list(blocks.pieces("a `b` c")) == [("a ", False), ("b", True), (" c", False)]
    with pytest.raises(ValueError, match="left open"):
        list(blocks.pieces("a `b c"))
