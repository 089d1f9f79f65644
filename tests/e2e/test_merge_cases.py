"""Every kind of thing that two branches can both change, merged in every way that there is to answer."""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.history.merging import MERGE, NOTHING, MergePlan, MergeRequest
from comfydock_core.models.operation import Initiator
from tests.e2e.test_terminal import end, terminal
from tests.support import programs
from tests.support.branches import Files, branch_off, files_at
from tests.support.histories import MANIFEST, PastEnvironment, past_environment
from tests.support.reporters import RecordingReporter
from tests.support.sessions import Session

Json = dict[str, Any]
Check = Callable[[Mapping[str, bytes]], object]


def node(identifier: int, kind: str, values: list[Any], *, link: int | None = None, leads: list[int] | None = None,
         **more: Any) -> Json:  # fmt: skip
    inputs = [{"name": "model", "type": "*", "link": link}]
    outputs = [{"name": "OUT", "type": "*", "links": leads or []}]
    return {"id": identifier, "type": kind, "pos": [0, 0], "inputs": inputs, "outputs": outputs,
            "widgets_values": values, **more}  # fmt: skip


def saved(*nodes: Json, links: tuple[tuple[int, int, int], ...] = (), **more: Any) -> Json:
    """A graph; links are (number, from node, to node)."""
    table = [[number, origin, 0, target, 0, "*"] for number, origin, target in links]
    highest = max([0, *(one["id"] for one in nodes)])
    return {"last_node_id": highest, "last_link_id": len(links), "nodes": list(nodes), "links": table, **more}


def flow(steps: Any = 20, cfg: float = 7.5, model: str = "a", **more: Any) -> Json:
    nodes = [node(1, "Load", [model], leads=[1]), node(2, "Sample", [steps, cfg], link=1, **more)]
    return saved(*nodes, links=((1, 1, 2),))


def with_third(graph: Json, kind: str, value: Any, origin: int | None = 1) -> Json:
    """The graph with a node 3, which takes from another one."""
    if origin is None:
        return {**graph, "last_node_id": 3, "nodes": [*graph["nodes"], node(3, kind, [value])]}
    graph["nodes"][origin - 1]["outputs"][0]["links"].append(2)
    added = node(3, kind, [value], link=2)
    return {**graph, "last_node_id": 3, "last_link_id": 2, "nodes": [*graph["nodes"], added],
            "links": [*graph["links"], [2, origin, 0, 3, 0, "*"]]}  # fmt: skip


def without_first(graph: Json) -> Json:
    kept = graph["nodes"][1]
    kept["inputs"][0]["link"] = None
    return {**graph, "nodes": [kept], "links": []}


def with_subgraph(steps: int, *, used: bool = True, **more: Any) -> Json:
    inner = {"id": "sub-1", "name": "Inner", "nodes": [node(1, "Sample", [steps], **more)], "links": []}
    nodes = [node(7, "sub-1", [])] if used else [node(7, "Load", [])]
    return saved(*nodes, definitions={"subgraphs": [inner]} if used else {})


def prompt(steps: int = 20, **more: Any) -> Json:
    return {
        "1": {"class_type": "Load", "inputs": {"name": "a"}, "_meta": {"title": "Load"}},
        "2": {"class_type": "Sample", "inputs": {"model": ["1", 0], "steps": steps, "size": 1}},
        **more,
    }


def text(graph: Json, **style: Any) -> str:
    return json.dumps(graph, **style)


@dataclass(frozen=True, slots=True)
class Case:
    """Files at three places, and what comes of them: the `question`, and what is there then by the answer.

    Without a question `mine` is what is there. `others` are further questions; what `mirrors` is the same with the
    sides exchanged.
    """

    base: Files
    ours: Files
    theirs: Files
    mine: Check
    other: Check | None = None
    question: str | None = None
    decided: str = ""
    others: tuple[str, ...] = ()
    mirrors: bool = True


F = "workflows/flow.json"


def read(files: Mapping[str, bytes]) -> Json:
    found: Json = json.loads(files[F])
    return found


def values(files: Mapping[str, bytes]) -> list[Any]:
    return [one["widgets_values"] for one in read(files)["nodes"]]


def of_files(base: Json, ours: Json, theirs: Json) -> tuple[Json, ...]:
    return tuple({F: text(one)} for one in (base, ours, theirs))


def is_now(wanted: object, look: Check = values) -> Check:
    def check(files: Mapping[str, bytes]) -> bool:
        assert look(files) == wanted
        return True

    return check


def types(files: Mapping[str, bytes]) -> list[str]:
    return [one["type"] for one in read(files)["nodes"]]


def raw(files: Mapping[str, bytes]) -> object:
    return files.get(F)


def origins(files: Mapping[str, bytes]) -> list[int]:
    return [link[1] for link in read(files)["links"]]


def inner_steps(files: Mapping[str, bytes]) -> object:
    return [one["nodes"][0]["widgets_values"] for one in read(files)["definitions"]["subgraphs"]]


def titled_steps(files: Mapping[str, bytes]) -> object:
    inner = [one["nodes"][0] for one in read(files)["definitions"]["subgraphs"]]
    return [[one["title"], one["widgets_values"]] for one in inner]


def odd_steps(files: Mapping[str, bytes]) -> object:
    return json.loads(files[ODD])["nodes"][1]["widgets_values"][0]


ODD = "workflows/a =b,c/ü ☃.json"
WHOLE = "workflow:flow"
LOCK = "workflow-locks/flow.json"
CASES: dict[str, Case] = {
    "one side": Case(*of_files(flow(), flow(), flow(30)), is_now([["a"], [30, 7.5]])),
    "other values": Case(*of_files(flow(), flow(30), flow(cfg=1)), is_now([["a"], [30, 1]])),
    "other nodes": Case(*of_files(flow(), flow(model="b"), flow(30)), is_now([["b"], [30, 7.5]])),
    "the same": Case(*of_files(flow(), flow(30), flow(30, cfg=1)), is_now([["a"], [30, 1]])),
    "one value": Case(*of_files(flow(), flow(30), flow(40)), is_now([["a"], [30, 7.5]]), is_now([["a"], [40, 7.5]]),
                      "workflow:flow:2.widgets[0]"),
    "true is not one": Case(*of_files(flow(0), flow(1), flow(True)), is_now("1", lambda f: text(values(f)[1][0])),
                            is_now("true", lambda f: text(values(f)[1][0])), "workflow:flow:2.widgets[0]"),
    "a list": Case(*of_files(flow([0, 0]), flow([1, 0]), flow([0, 1])), is_now([["a"], [[1, 0], 7.5]]),
                   is_now([["a"], [[0, 1], 7.5]]), "workflow:flow:2.widgets[0]"),
    "titles": Case(*of_files(flow(), flow(title="x"), flow(title="y")),
                   is_now("x", lambda f: read(f)["nodes"][1]["title"]),
                   is_now("y", lambda f: read(f)["nodes"][1]["title"]), "workflow:flow:2.title"),
    "positions": Case(*of_files(flow(), flow(pos=[1, 1]), flow(30, pos=[2, 2])),
                      is_now([[1, 1], [30, 7.5]], lambda f: [read(f)["nodes"][1]["pos"], values(f)[1]]),
                      mirrors=False),
    "seeds": Case(*of_files(saved(node(1, "K", [1, "randomize", 20])), saved(node(1, "K", [2, "randomize", 20])),
                            saved(node(1, "K", [3, "randomize", 30]))), is_now([[2, "randomize", 30]]), mirrors=False),
    "fixed seeds": Case(*of_files(saved(node(1, "K", [1, "fixed"])), saved(node(1, "K", [2, "fixed"])),
                                  saved(node(1, "K", [3, "fixed"]))), is_now([[2, "fixed"]]), is_now([[3, "fixed"]]),
                        "workflow:flow:1.widgets[0]"),
    "added with one number": Case(*of_files(flow(), with_third(flow(), "Save", "x"), with_third(flow(), "View", "y")),
                                  is_now([["a"], [20, 7.5], ["x"], ["y"]]), mirrors=False),
    "added twice alike": Case(*of_files(flow(), with_third(flow(30), "Save", "x"), with_third(flow(), "Save", "x")),
                              is_now([["a"], [30, 7.5], ["x"]])),
    "removed and changed": Case(*of_files(with_third(flow(), "Save", "x"), flow(), with_third(flow(), "Save", "y")),
                                is_now(["Load", "Sample"], types), is_now(["Load", "Sample", "Save"], types),
                                "workflow:flow:3"),
    "removed and moved": Case(*of_files(with_third(flow(), "Save", "x"), flow(30),
                                        with_third(flow(pos=[9, 9]), "Save", "x")), is_now(["Load", "Sample"], types)),
    "linked to what is gone": Case(*of_files(flow(), without_first(flow()), with_third(flow(), "Save", "x")),
                                   is_now(["Sample"], types), is_now(["Load", "Sample", "Save"], types), WHOLE),
    "links": Case(*of_files(with_third(flow(), "Save", "x", None), with_third(flow(), "Save", "x", 1),
                            with_third(flow(), "Save", "x", 2)),
                  is_now([1, 1], origins), is_now([1, 2], origins), "workflow:flow:3.model"),
    "links with other numbers": Case(
        *of_files(flow(), saved(node(1, "Load", ["a"], leads=[5]), node(2, "Sample", [30, 7.5], link=5),
                                links=((5, 1, 2),)),
                  saved(node(1, "Load", ["b"], leads=[9]), node(2, "Sample", [20, 7.5], link=9), links=((9, 1, 2),))),
        is_now([["b"], [30, 7.5]])),
    "another class": Case(*of_files(flow(), saved(node(1, "Load", ["a"]), node(2, "Other", [1])), flow(30)),
                          is_now(["Load", "Other"], types), is_now(["Load", "Sample"], types), "workflow:flow:2"),
    "subgraphs": Case(*of_files(with_subgraph(1), with_subgraph(2), with_subgraph(3)), is_now([[2]], inner_steps),
                      is_now([[3]], inner_steps), "workflow:flow:subgraph Inner/1.widgets[0]"),
    "other nodes of a subgraph": Case(*of_files(with_subgraph(1), with_subgraph(2), with_subgraph(1, title="x")),
                                      is_now([["x", [2]]], titled_steps)),
    "a subgraph that is used again": Case(
        *of_files(with_subgraph(1), with_subgraph(1, used=False),
                  {**with_subgraph(1), "nodes": [node(7, "sub-1", []), node(8, "sub-1", [])]}),
        is_now([[1]], inner_steps)),
    "prompts": Case(*of_files(prompt(), prompt(30), {**prompt(), "1": {"class_type": "Load", "inputs": {"name": "b"}}}),
                    is_now([30, "b"], lambda f: [read(f)["2"]["inputs"]["steps"], read(f)["1"]["inputs"]["name"]])),
    "one value of prompts": Case(*of_files(prompt(), prompt(30), prompt(40)),
                                 is_now(30, lambda f: read(f)["2"]["inputs"]["steps"]),
                                 is_now(40, lambda f: read(f)["2"]["inputs"]["steps"]), "workflow:flow:2.steps"),
    "a value called size": Case(*of_files(*({"2": {"class_type": "S", "inputs": {"size": one}}} for one in (1, 2, 3))),
                                is_now(2, lambda f: read(f)["2"]["inputs"]["size"]),
                                is_now(3, lambda f: read(f)["2"]["inputs"]["size"]), "workflow:flow:2.size"),
    "added to prompts with one number": Case(
        *of_files(prompt(), prompt(**{"3": {"class_type": "Save", "inputs": {"images": ["2", 0]}}}),
                  prompt(**{"3": {"class_type": "View", "inputs": {"images": ["2", 0]}},
                            "4": {"class_type": "Last", "inputs": {"any": ["3", 0]}}})),
        is_now(["View", "5"], lambda f: [read(f)["5"]["class_type"], read(f)["4"]["inputs"]["any"][0]]), mirrors=False),
    "prompts linked to what is gone": Case(
        *of_files(prompt(), {"2": {"class_type": "Sample", "inputs": {"steps": 20, "size": 1}}},
                  prompt(**{"3": {"class_type": "View", "inputs": {"any": ["1", 0]}}})),
        is_now(["2"], lambda f: sorted(read(f))), is_now(["1", "2", "3"], lambda f: sorted(read(f))), WHOLE),
    "two formats": Case(*of_files(flow(), prompt(), flow(30)), is_now(["1", "2"], lambda f: sorted(read(f))),
                        is_now([["a"], [30, 7.5]]), WHOLE),
    "no JSON": Case({F: text(flow())}, {F: "{"}, {F: text(flow(30))}, is_now(b"{", raw),
                    is_now(text(flow(30)).encode(), raw), WHOLE),
    "empty": Case({F: text(flow())}, {F: text(flow(30))}, {F: ""}, is_now(text(flow(30)).encode(), raw),
                  is_now(b"", raw), WHOLE),
    "no UTF-8": Case({F: text(flow())}, {F: text(flow(30))}, {F: b"\xff{}"}, is_now(text(flow(30)).encode(), raw),
                     is_now(b"\xff{}", raw), WHOLE),
    "lines and marks": Case({F: text(flow())}, {F: text(flow(30), indent=4).replace("\n", "\r\n").encode()},
                            {F: b"\xef\xbb\xbf" + text(flow(cfg=1)).encode()}, is_now([["a"], [30, 1]])),
    "added by both": Case({}, {F: text(flow(30))}, {F: text(flow(cfg=1))}, is_now([["a"], [30, 7.5]]),
                          is_now([["a"], [20, 1]]), "workflow:flow:2.widgets[0]",
                          others=("workflow:flow:2.widgets[1]",)),
    "others added by both": Case({}, {F: text(flow())}, {F: text(saved(node(1, "Other", [])))},
                                 is_now(["Load", "Sample"], types), is_now(["Other"], types), WHOLE),
    "removed file": Case({F: text(flow())}, {F: None}, {F: text(flow(30))}, is_now(None, raw),
                         is_now([["a"], [30, 7.5]]), WHOLE),
    "changed and removed file": Case({F: text(flow())}, {F: text(flow(30))}, {F: None}, is_now([["a"], [30, 7.5]]),
                                     is_now(None, raw), WHOLE),
    "removed by both": Case({F: text(flow())}, {F: None}, {F: None, "x": "2"}, is_now(None, raw)),
    "names that need care": Case({ODD: text(flow())},
                                 {ODD: text(flow(30))},
                                 {ODD: text(flow(40))},
                                 is_now(30, odd_steps), is_now(40, odd_steps),
                                 "workflow:a =b,c/ü ☃:2.widgets[0]"),
    "other files": Case({"notes.md": "a"}, {"notes.md": "b"}, {"notes.md": "c"}, is_now(b"b", lambda f: f["notes.md"]),
                        is_now(b"c", lambda f: f["notes.md"]), "file:notes.md"),
    "a lock of one side": Case({F: text(flow()), LOCK: "1"}, {}, {F: text(flow(30)), LOCK: "2"},
                               is_now(b"2", lambda f: f[LOCK])),
    "a lock of neither": Case({F: text(flow()), LOCK: "1"}, {F: text(flow(cfg=1)), LOCK: "3"},
                              {F: text(flow(30)), LOCK: "2"}, is_now(False, lambda f: LOCK in f),
                              decided="removed the lock"),
    "a lock of what was merged": Case({F: text(flow()), LOCK: "1"}, {F: text(flow(cfg=1))},
                                      {F: text(flow(30)), LOCK: "2"}, is_now(False, lambda f: LOCK in f),
                                      decided="removed the lock"),
    "locks of the answer": Case({F: text(flow()), LOCK: "1"}, {F: "{", LOCK: "2"}, {F: text(flow(30)), LOCK: "3"},
                                is_now(b"2", lambda f: f[LOCK]), is_now(b"3", lambda f: f[LOCK]), WHOLE),
    "two locks of one version": Case({F: text(flow()), LOCK: "1"}, {LOCK: "2"}, {LOCK: "3"},
                                     is_now(b"2", lambda f: f[LOCK]), decided="kept our lock", mirrors=False),
    "a file and a directory": Case({}, {"notes": "a"}, {"notes/deep.md": "b"}, is_now(True, lambda f: "notes" in f),
                                   is_now(True, lambda f: "notes/deep.md" in f), "file:notes"),
}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> PastEnvironment:
    return past_environment(tmp_path)


def opened(made: PastEnvironment) -> Workspace:
    made.opened()
    return find_workspace()


def planned(made: PastEnvironment, take: dict[str, str] | None = None, auto: str | None = None) -> MergePlan:
    request = MergeRequest("other", take=take or {}, auto=auto)
    return opened(made).moves.plan_merge("work", request, RecordingReporter())


def carry_out(made: PastEnvironment, plan: MergePlan) -> None:
    assert plan.move is not None
    opened(made).moves.change(plan.move, Initiator(("merge",), "tests"), RecordingReporter())


def refuse_disagreement(made: PastEnvironment, before: str) -> None:
    """Plain git sees a merge of both and nothing else; the editor has what is committed; nothing is left to merge."""
    assert made.git("log", "-1", "--format=%P").split() == [before, made.git("rev-parse", "other")]
    assert made.git("merge-base", "HEAD", "other") == made.git("rev-parse", "other")
    assert made.git("diff", "HEAD") == made.git("status", "--porcelain") == ""
    assert made.git("fsck", "--strict", "--no-dangling", "--no-progress") == ""
    committed = files_at(made, "HEAD")
    tomllib.loads(committed["pyproject.toml"].decode())
    flows = {name: content for name, content in committed.items() if name.startswith("workflows/")}
    live = {f"workflows/{path.relative_to(made.live)}": path.read_bytes() for path in made.live.rglob("*.json")}
    assert live == flows
    assert planned(made).kind == NOTHING


def start(made: PastEnvironment, case: Case, *, exchanged: bool = False) -> str:
    sides = (case.theirs, case.ours) if exchanged else (case.ours, case.theirs)
    branch_off(made, {"pyproject.toml": MANIFEST, **case.base}, *sides)
    return made.git("rev-parse", "HEAD")


ASKED = [name for name, case in CASES.items() if case.question is not None]
SETTLED = [name for name, case in CASES.items() if case.question is None]


@pytest.mark.parametrize("name", SETTLED)
def test_what_can_be_united_is(made: PastEnvironment, name: str) -> None:
    before = start(made, CASES[name])
    plan = planned(made)
    assert (plan.kind, plan.questions) == (MERGE, ())
    assert CASES[name].decided in " ".join(plan.decided)
    carry_out(made, plan)
    assert CASES[name].mine(files_at(made, "HEAD"))
    refuse_disagreement(made, before)


@pytest.mark.parametrize("name", [name for name in SETTLED if CASES[name].mirrors])
def test_what_can_be_united_is_from_the_other_side_as_well(made: PastEnvironment, name: str) -> None:
    start(made, CASES[name], exchanged=True)
    plan = planned(made)
    assert plan.move is not None
    assert CASES[name].mine(files_at(made, plan.move.destination.commit))


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("exchanged", [False, True], ids=["ours", "exchanged"])
def test_what_cannot_be_united_is_asked_and_answered(made: PastEnvironment, name: str, exchanged: bool) -> None:
    case = CASES[name]
    before = start(made, case, exchanged=exchanged)
    names = [str(case.question), *case.others]
    plan = planned(made)
    assert ([one.name for one in plan.open], plan.move) == (names, None)
    wanted = {"mine": case.other if exchanged else case.mine, "theirs": case.mine if exchanged else case.other}
    for side, check in wanted.items():
        assert check is not None
        for answers in ({"auto": side}, {"take": dict.fromkeys(names, side)}):
            plan = planned(made, **answers)  # type: ignore[arg-type]
            assert plan.open == ()
            assert plan.move is not None
            assert check(files_at(made, plan.move.destination.commit))
    carry_out(made, plan)
    refuse_disagreement(made, before)


@pytest.mark.parametrize("name", ASKED)
def test_what_cannot_be_united_is_asked_on_a_terminal(made: PastEnvironment, name: str) -> None:
    case = CASES[name]
    before = start(made, case)
    child = terminal(Session(programs.program("source"), made.workspace), "merge", "other", columns=400)
    for question in [str(case.question), *case.others]:
        child.expect_exact(f"({question})")
        child.expect_exact("number [1]: ")
        child.sendline("2")
    code, shown = end(child)
    assert code == 0, shown
    assert case.other is not None
    assert case.other(files_at(made, "HEAD"))
    refuse_disagreement(made, before)
