"""Finding what broke an environment: planted bad versions are found, by commit and by part, in few trials."""

import json
import math
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.miniature import Miniature, git
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Ran, Session, stop, tree, wait_for_line

BROKEN = {"__init__.py": "raise RuntimeError('no such luck')\n"}
SAVER = """
class Saver:
    RETURN_TYPES = ()
    OUTPUT_NODE = True
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}


NODE_CLASS_MAPPINGS = {"Saver": Saver}
"""


@pytest.fixture
def work(source: Session, host: PackHost) -> Session:
    source.variables |= host.variables()
    host.add("blur", "1.0.0", files=pack_files("Blur"))
    host.add("blur", "2.0.0", files=BROKEN)
    for name in ("one", "two", "three", "four"):
        host.add(name, "1.0.0", files=pack_files(name.title()))
    source.ok("create", "work", "--torch-backend", "cpu", "--use")
    return source


def commit(session: Session, *words: str) -> None:
    session.ok(*words)
    session.ok("commit")


def trials(data: dict[str, Any], count: int) -> None:
    """As few as halving takes, and the two ends."""
    assert len([one for one in data["trials"] if one["commit"]]) <= math.ceil(math.log2(count)) + 3


def test_a_pack_that_fails_to_import_is_found_and_nothing_is_changed(work: Session) -> None:
    commit(work, "node", "add", "blur@1.0.0")
    commit(work, "node", "add", "one")
    work.ok("node", "update", "blur")
    work.ok("py", "add", "mini-choice<3")
    commit(work, "node", "add", "two")
    commit(work, "node", "add", "three")
    commit(work, "node", "add", "four")
    before = tree(work.environments)
    data = work.data("bisect", "run")
    assert (data["version"], data["evidence"]) == ("v4", "blur fails to import: no such luck")
    assert data["culprits"] == [{"kind": "pack", "name": "blur", "before": "1.0.0", "after": "2.0.0"}]
    trials(data, 5)
    assert tree(work.environments) == before
    assert not (work.workspace / "comfydock_cache/bisect").exists()
    text = work.ok("bisect", "run", "--good", "v3").out
    assert text.startswith("work: v4 ")
    assert "  it takes node pack blur 1.0.0 → 2.0.0\n  blur fails to import: no such luck\n" in text


def test_a_package_is_found_by_a_command(work: Session) -> None:
    work.ok("py", "add", "mini-choice==1.0")
    commit(work, "node", "add", "one")
    work.ok("node", "add", "two")
    commit(work, "py", "add", "mini-choice==2.0")
    commit(work, "node", "add", "three")
    program = "import importlib.metadata as m, sys; sys.exit(m.version('mini-choice') > '1.5')"
    data = _data(work, "--good", "v2", "--", "python", "-c", program)
    assert (data["version"], data["culprits"]) == (
        "v3", [{"kind": "package", "name": "mini-choice", "before": "1.0", "after": "2.0"}],
    )  # fmt: skip


def test_a_pair_of_which_either_alone_is_fine(work: Session) -> None:
    commit(work, "node", "add", "one")
    work.ok("node", "add", "two")
    work.ok("node", "add", "three")
    work.ok("py", "add", "mini-choice")
    commit(work, "node", "add", "four")
    program = "import os, sys; n = os.listdir('custom_nodes'); sys.exit('two' in n and 'four' in n)"
    data = _data(work, "--", "python", "-c", program)
    assert data["version"] == "v3"
    assert [one["name"] for one in data["culprits"]] == ["two", "four"]


def test_a_commit_of_comfyui_is_found(work: Session, miniature: Miniature) -> None:
    commit(work, "comfyui", "use", "v0.2.0")
    commit(work, "node", "add", "one")
    work.ok("node", "add", "two")
    commit(work, "comfyui", "use", "v0.10.0")
    program = "import sys; from comfyui_version import __version__ as v; sys.exit(v == '0.10.0')"
    data = _data(work, "--good", "v2", "--", "python", "-c", f"import sys; sys.path[:0] = ['.']; {program}")
    assert (data["version"], [one["kind"] for one in data["culprits"]]) == ("v4", ["comfyui"])


def test_a_workflow_that_stopped_running_is_found(work: Session, host: PackHost) -> None:
    host.add("saver", "1.0.0", files={"__init__.py": SAVER})
    flow = work.environments / "work/ComfyUI/user/default/workflows/flow.json"
    flow.parent.mkdir(parents=True)
    flow.write_text('{"nodes": [{"id": 1, "type": "Saver"}], "links": []}')
    commit(work, "node", "add", "saver")
    commit(work, "node", "add", "two")
    work.ok("node", "add", "three")
    commit(work, "node", "remove", "saver")
    data = work.data("bisect", "run", "--good", "v2", "--probe", "workflow", "flow")
    assert data["version"] == "v4"
    assert [(one["kind"], one["name"], one["after"]) for one in data["culprits"]] == [("pack", "saver", None)]
    assert "Saver" in data["evidence"]


def test_states_that_cannot_be_tried_are_passed_over_and_named(work: Session) -> None:
    for name in ("one", "two", "three"):
        commit(work, "node", "add", name)
    program = (
        "import os, sys; n = os.listdir('custom_nodes'); sys.exit(1 if 'three' in n else 125 if 'two' in n else 0)"
    )
    data = _data(work, "--", "python", "-c", program)
    assert (data["version"], len(data["suspects"]), data["culprits"]) == ("v4", 1, [])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "v2 is good"),
        (("--good", "HEAD"), "`HEAD` does not come before `HEAD` in the history"),
        (("--", "false"), "v1 is bad already: exit code 1"),
    ],
)
def test_ends_that_are_not_good_and_bad_are_refused(work: Session, words: tuple[str, ...], message: str) -> None:
    commit(work, "node", "add", "one")
    error = work.error("bisect", "run", *words) if "--" not in words else _error(work, words)
    assert (error["code"], error["message"]) == ("nothing-to-bisect", message)


def _data(session: Session, *words: str) -> dict[str, Any]:
    """What a bisection with a command answers: `--json` stands before it."""
    ran = session.run("bisect", "run", "--json", *words)
    assert ran.code == 0, ran
    found: dict[str, Any] = ran.envelope()["data"]
    return found


def _error(session: Session, words: tuple[str, ...]) -> dict[str, Any]:
    envelope = session.run("bisect", "run", "--json", *words).envelope()
    found: dict[str, Any] = envelope["errors"][0]
    return found


def test_a_command_that_is_not_there_is_named(work: Session) -> None:
    commit(work, "node", "add", "one")
    error = _error(work, ("--", "no-such-command"))
    assert error["code"] == "invalid-setting"
    assert "no-such-command" in error["message"]
    assert not (work.workspace / "comfydock_cache/bisect").exists()


def test_what_a_killed_bisection_left_is_removed_by_the_next(work: Session) -> None:
    commit(work, "node", "add", "one")
    left = Path(work.workspace / "comfydock_cache/bisect/999999999-dead/work/.cec")
    left.mkdir(parents=True)
    git(left, "init", "--quiet")
    work.run("bisect", "run")
    assert not (work.workspace / "comfydock_cache/bisect").exists()


def lines(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.out.splitlines()]


def test_each_trial_is_printed_as_it_ends_and_the_answer_last(work: Session) -> None:
    commit(work, "node", "add", "one")
    commit(work, "node", "add", "two")
    ran = work.run(
        "bisect", "run", "--json", "--", "python", "-c", "import os; exit('two' in os.listdir('custom_nodes'))"
    )
    *trials, last = lines(ran)
    assert [(one["status"], one["exit_code"], one["command"]) for one in trials] == [
        ("progress", None, "bisect run")
    ] * len(trials)
    assert (last["status"], last["exit_code"]) == ("ok", 0)
    assert [one["data"] for one in trials] == last["data"]["trials"]
    assert {one["data"]["state"] for one in trials} == {"good", "bad"}


def test_what_was_found_is_there_when_a_bisection_is_interrupted(work: Session) -> None:
    commit(work, "node", "add", "one")
    waits = "import os, time; 'one' in os.listdir('custom_nodes') or time.sleep(600); exit(1)"
    process = work.start("bisect", "run", "--json", "--", "python", "-c", waits)
    first = json.loads(wait_for_line(process, "progress"))
    assert (first["data"]["label"], first["data"]["state"]) == ("v2", "bad")
    last = lines(stop(process, signal.SIGINT))[-1]
    assert (last["status"], last["exit_code"], last["errors"][0]["code"]) == ("error", 130, "interrupted")
