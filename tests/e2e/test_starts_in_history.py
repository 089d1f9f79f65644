"""What ComfyUI said of its node packs when it started is told by the history: since when a pack fails, what changed."""

from pathlib import Path

import pytest

from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session

BROKEN = {"__init__.py": "raise RuntimeError('no such luck')\n"}


def start(session: Session) -> None:
    session.ok("run", "--", "--quick-test-for-ci")


@pytest.fixture
def work(source: Session, host: PackHost) -> Session:
    source.variables |= host.variables()
    host.add("blur", "1.0.0", files=pack_files("Blur"))
    host.add("blur", "2.0.0", files=BROKEN)
    host.add("sharp", "1.0.0", files=pack_files("Sharp"))
    source.ok("create", "work", "--torch-backend", "cpu", "--use")
    source.ok("node", "add", "blur@1.0.0")
    source.ok("commit")
    start(source)
    return source


def test_log_and_diff_say_since_when_a_pack_fails(work: Session) -> None:
    work.ok("node", "update", "blur")
    start(work)  # Before the commit: what counts is the definition.
    work.ok("commit")
    log = work.ok("log").out
    assert "! blur fails to import from here on: no such luck\n" in log
    lines = log.splitlines()
    (at,) = [at for at, line in enumerate(lines) if "blur fails" in line]
    assert [line for line in lines[:at] if not line.startswith(" ")][-1].startswith("v3")
    assert "starts of ComfyUI\n  ! blur fails to import from here on: no such luck\n" in work.ok("diff", "v2..v3").out
    data = work.data("diff", "v3..v2")
    assert data["starts"] == [{"change": "recovered", "pack": "blur", "error": None, "before": None, "after": None}]
    commits = work.data("log")["commits"]
    assert [one["start_changes"] for one in commits][1:] == [[], []]
    assert (commits[0]["start"]["understood"], commits[2]["start"]) == (True, None)


def test_a_commit_that_was_never_started_is_passed_over(work: Session) -> None:
    work.ok("node", "update", "blur")
    work.ok("commit")
    work.ok("node", "add", "sharp")
    start(work)
    work.ok("commit")
    commits = work.data("log")["commits"]
    assert [[change["pack"] for change in one["start_changes"]] for one in commits] == [["blur"], [], [], []]


def test_a_report_in_an_unknown_form_is_said_to_be_that(work: Session) -> None:
    nodes = work.environments / "work/ComfyUI/nodes.py"
    nodes.write_text(nodes.read_text().replace("Import times for custom nodes", "Loaded these"))
    work.ok("node", "add", "sharp")
    start(work)
    work.ok("commit")
    text = work.ok("log").out
    assert "! ComfyUI reported its imports in an unknown form when it was started\n" in text
    assert work.data("diff", "v2..v3")["unknown_start"] == "v3"


def test_a_kept_report_that_is_damaged_says_nothing(work: Session) -> None:
    (kept,) = (work.workspace / "logs/work/starts").iterdir()
    for damage in ("", "[]", '{"date": 1}', '{"date": "x", "understood": true, "packs": [1]}', "\x00"):
        Path(kept).write_text(damage)
        assert work.data("log")["commits"][0]["start"] is None
