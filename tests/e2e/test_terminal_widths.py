"""On terminals of every width: tables that fit, lines that are drawn, and downloads that are stopped."""

import os
import re
import sys

import pexpect
import pytest

from comfydock_cli.ui.fitting import cells
from tests.e2e.nodes import custom_nodes, packs
from tests.e2e.test_terminal import CONTROL, ESCAPE, end, terminal
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")

LONG = "comfyui-" + "-".join(["name"] * 18)
ODD = ("日本語ノード", "e\u0301te\u0301", "👩\u200d🔬-lab")
TABLES = (("list", "--long"), ("list", "--size"), ("node", "list"), ("status",), ("py", "list", "--all"),
          ("constraint", "list"), ("operation", "list"), ("backend", "list"), ("explain",), ("config",))  # fmt: skip


@pytest.fixture
def odd(work: Session, host: PackHost) -> Session:
    """Packs with names of all kinds, one of them with changed files."""
    for name in ("fancy", LONG):
        host.add(name, files=pack_files())
    work.ok("node", "add", "fancy", LONG)
    for name in ODD:
        place = custom_nodes(work) / name
        place.mkdir()
        (place / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
        work.ok("node", "add", "--dev", str(place))
    for name in ("README.md", "__init__.py"):
        (custom_nodes(work) / "fancy" / name).write_text("# changed by hand\n")
    return work


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
def test_tables_fit_and_say_the_same_as_in_a_pipe(odd: Session, columns: int) -> None:
    for words in TABLES:
        code, shown = end(terminal(odd, *words, columns=columns))
        piped = odd.run(*words, COLUMNS="30")
        assert (code, sorted(shown.split())) == (piped.code, sorted((piped.out + piped.err).split()))
        for line in shown.replace("\r\n", "\n").splitlines():
            assert cells(line) <= columns or cells(line.split()[-1]) > columns // 4, line


def test_columns_line_up_whatever_letters_names_have(odd: Session) -> None:
    lines = odd.ok("node", "list").out.splitlines()
    assert len(lines) == len(packs(odd))
    assert len({cells(re.split(r"(?<=  )(?=\S)", line, maxsplit=1)[0]) for line in lines}) == 1


def test_errors_and_hints_are_broken_between_words_on_a_terminal_alone(odd: Session) -> None:
    words = ("node", "remove", "nothing-of-this-name-is-there")
    code, shown = end(terminal(odd, *words, columns=50))
    piped = odd.run(*words)
    assert (code, shown.split()) == (piped.code, piped.err.split())
    assert max(map(cells, shown.splitlines())) <= 50 < max(map(cells, piped.err.splitlines()))


@pytest.fixture
def waiting(work: Session, host: PackHost) -> Session:
    """The server of the pack `slow` stops in the middle of it."""
    archive = host.archive(host.add("slow", files={**pack_files(), "data.bin": os.urandom(600_000)}))
    archive.waits = True
    return work


def downloading(session: Session, columns: int) -> "pexpect.spawn[str]":
    child = terminal(session, "node", "add", "slow", columns=columns)
    child.expect(r"Fetching slow 1\.0\.0 .*kB/600\.\d kB")
    return child


def test_ctrl_c_during_a_download_leaves_terminal_and_disk_as_they_were(waiting: Session) -> None:
    cache = waiting.workspace / "comfydock_cache"
    child = downloading(waiting, 100)
    child.sendintr()
    code, shown = end(child)
    assert code == 130
    assert shown.rindex(f"{ESCAPE}[?25h") > shown.rfind(f"{ESCAPE}[?25l")
    assert CONTROL.sub("", shown).splitlines()[-1] == "error: interrupted"
    assert packs(waiting) == {}
    assert [path for path in cache.rglob("*") if path.is_file() and path.stat().st_size > 100_000] == []
    assert [path.name for path in (cache / "packs").iterdir() if path.suffix != ".lock"] == []


def test_what_is_drawn_follows_the_width_of_the_terminal(waiting: Session) -> None:
    child = downloading(waiting, 100)
    child.setwinsize(24, 40)
    for _ in range(3):  # What was drawn before may still be under way.
        child.expect_exact(f"\r{ESCAPE}[2K")
    assert 0 < cells(CONTROL.sub("", str(child.before))) <= 40
    child.sendintr()
    assert end(child)[0] == 130
