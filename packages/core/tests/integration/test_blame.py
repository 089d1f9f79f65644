"""Who set what of a workflow, in real repositories."""

import subprocess
from pathlib import Path

import pytest

from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import (
    HistoryDamaged,
    RefInvalid,
    WorkflowNodeAmbiguous,
    WorkflowNodeNotFound,
    WorkflowNotFound,
    WorkflowUnreadable,
)
from comfydock_core.models.history.blame import Blame
from comfydock_core.models.operation import Initiator
from comfydock_core.services.transaction import operation
from comfydock_core.services.transaction.planning import make_plan, swap
from comfydock_core.utils.reporting import SilentReporter
from tests.support.histories import MANIFEST, PastEnvironment, graph, loader, past_environment, sampler

FILE = "workflows/portrait.json"
Facts = dict[str, object]


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PastEnvironment:
    made = past_environment(tmp_path)
    monkeypatch.setenv("COMFYDOCK_HOME", str(made.workspace))
    made.commit("begin", {"pyproject.toml": MANIFEST})
    return made


def save_and_commit(past: PastEnvironment, subject: str, workflow: Facts) -> None:
    past.save("portrait", workflow)
    past.commit(subject, {FILE: workflow})


def blame(part: str | None = None, ref: str | None = None, workflow: str = "portrait") -> Blame:
    return Workspace.find().history.blame(None, workflow, part, ref, SilentReporter())


def told(found: Blame) -> Facts:
    """The subjects by node and value."""
    facts: Facts = {}
    for one in found.nodes:
        if one.is_followed:
            facts[one.node.id] = one.commit and one.commit.subject
        for value in one.values:
            facts[f"{one.node.id}.{value.name}"] = value.commit and value.commit.subject
    return facts


def steps_of(found: Blame) -> object:
    return told(found)["3.#2"]


def test_a_value_is_of_the_commit_that_set_it_and_a_node_of_the_one_that_added_it(past: PastEnvironment) -> None:
    save_and_commit(past, "one", graph(sampler(steps=20, control="fixed")))
    save_and_commit(past, "two", graph(sampler(steps=30, control="fixed"), loader("sd.safetensors")))
    save_and_commit(past, "three", graph(sampler(steps=30, control="fixed"), loader("xl.safetensors")))
    facts = told(blame())
    assert (facts["3"], facts["3.#1"], facts["3.#2"]) == ("one", "one", "two")
    assert (facts["4"], facts["4.#1"]) == ("two", "three")


def test_what_is_only_saved_is_of_no_commit(past: PastEnvironment) -> None:
    save_and_commit(past, "one", graph(sampler(steps=20, control="fixed")))
    past.save("portrait", graph(sampler(steps=30, control="fixed"), loader("sd.safetensors")))
    facts = told(blame())
    assert (facts["3"], facts["3.#1"], facts["3.#2"], facts["4"]) == ("one", "one", None, None)
    assert steps_of(blame(ref="HEAD")) == "one"


def test_a_workflow_that_no_commit_has_is_of_none(past: PastEnvironment) -> None:
    past.save("portrait", graph(sampler()))
    assert set(told(blame()).values()) == {None}


def test_a_value_that_came_back_is_of_the_commit_that_brought_it_back(past: PastEnvironment) -> None:
    for subject, steps in (("one", 20), ("two", 30), ("back", 20)):
        save_and_commit(past, subject, graph(sampler(steps=steps, control="fixed")))
    assert steps_of(blame()) == "back"


def test_a_file_that_was_away_begins_where_it_came_back(past: PastEnvironment) -> None:
    workflow = graph(sampler())
    save_and_commit(past, "one", workflow)
    past.commit("gone", {FILE: None})
    save_and_commit(past, "again", workflow)
    assert set(told(blame()).values()) == {"again"}


def test_a_seed_that_the_editor_sets_itself_is_not_set_anew_by_each_commit(past: PastEnvironment) -> None:
    save_and_commit(past, "one", graph(sampler(seed=1)))
    save_and_commit(past, "two", graph(sampler(seed=2)))
    assert told(blame())["3.#1"] == "one"


def test_a_node_with_another_number_is_the_same(past: PastEnvironment) -> None:
    save_and_commit(past, "one", graph(sampler(steps=20, node=3)))
    save_and_commit(past, "two", graph(sampler(steps=20, node=7)))
    assert set(told(blame("7")).values()) == {"one"}


def test_links_are_followed_too(past: PastEnvironment) -> None:
    linked = {"id": 5, "type": "VAEDecode", "inputs": [{"name": "vae", "type": "VAE", "link": 1}], "pos": [0, 0]}

    def drawn(origin: int) -> Facts:
        made = graph(loader("a", node=4), loader("b", node=6), linked)
        made["links"] = [[1, origin, 2, 5, 0, "VAE"]]
        return made

    save_and_commit(past, "one", drawn(4))
    save_and_commit(past, "two", drawn(6))
    (node,) = blame("VAEDecode").nodes
    assert [(one.name, one.origin, one.commit and one.commit.subject) for one in node.values] == [
        ("vae", "CheckpointLoaderSimple", "two")
    ]


def test_a_version_that_is_no_workflow_is_passed_over_and_said(past: PastEnvironment) -> None:
    save_and_commit(past, "one", graph(sampler(steps=20, control="fixed")))
    past.commit("broken", {FILE: "{"})
    save_and_commit(past, "mended", graph(sampler(seed=5, steps=20, control="fixed")))
    found = blame()
    assert (told(found)["3.#1"], told(found)["3.#2"]) == ("mended", "one")
    assert [(commit.subject, bool(reason)) for commit, reason in found.unreadable] == [("broken", True)]


def test_a_version_that_is_no_workflow_itself_is_an_error(past: PastEnvironment) -> None:
    past.commit("broken", {FILE: "{"})
    with pytest.raises(WorkflowUnreadable):
        blame(ref="HEAD")


def test_what_a_merge_brought_is_of_the_merge(past: PastEnvironment) -> None:
    save_and_commit(past, "one", graph(sampler(steps=20, control="fixed")))
    past.git("checkout", "-q", "-b", "side")
    save_and_commit(past, "aside", graph(sampler(steps=30, control="fixed")))
    past.git("checkout", "-q", "main")
    past.git("merge", "-q", "--no-ff", "-m", "merged", "side")
    assert steps_of(blame()) == "merged"
    assert steps_of(blame(ref="side")) == "aside"


@pytest.mark.parametrize("words", ["3.#2", "base.#2", "KSampler.#2", "ksampler.#2"])
def test_an_input_is_named_by_its_node_in_several_ways(past: PastEnvironment, words: str) -> None:
    save_and_commit(past, "one", graph(sampler(steps=20, control="fixed", title="base")))
    assert told(blame(words)) == {"3.#2": "one"}


def test_a_title_may_have_points_in_it(past: PastEnvironment) -> None:
    save_and_commit(past, "one", graph(sampler(title="base 1.5")))
    assert "3" in told(blame("base 1.5"))
    assert list(told(blame("base 1.5.#3"))) == ["3.#3"]


def test_a_class_of_two_nodes_is_ambiguous(past: PastEnvironment) -> None:
    save_and_commit(past, "one", graph(sampler(node=3), sampler(node=8)))
    with pytest.raises(WorkflowNodeAmbiguous) as refused:
        blame("KSampler.#1")
    assert refused.value.hint == "name one by its number: 3, 8"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("KSamper", "did you mean `KSampler`?"),
        ("KSamper.#1", "did you mean `KSampler.#1`?"),
        ("3.#9", "did you mean `3.#6`?"),
        ("3.zzz", "it has #1, #2, #3, #4, #5, #6"),
        ("%", "`comfydock workflow show WORKFLOW` shows the nodes with their inputs"),
    ],
)
def test_a_near_miss_is_suggested(past: PastEnvironment, words: str, hint: str) -> None:
    save_and_commit(past, "one", graph(sampler()))
    with pytest.raises(WorkflowNodeNotFound) as refused:
        blame(words)
    assert refused.value.hint == hint


def test_a_workflow_that_is_only_in_commits_is_hinted_at(past: PastEnvironment) -> None:
    past.commit("one", {FILE: graph(sampler())})
    with pytest.raises(WorkflowNotFound) as refused:
        blame()
    assert refused.value.hint == "`--ref HEAD` takes what the last commit has of it"
    with pytest.raises(WorkflowNotFound) as refused:
        blame(ref="HEAD", workflow="portait")
    assert refused.value.hint == "did you mean `portrait`?"


def test_the_state_before_an_operation_is_refused(past: PastEnvironment) -> None:
    save_and_commit(past, "one", graph(sampler()))
    plan = make_plan(str(past.root), "test", [swap(str(past.root), "new", has_new=True)], fetch_bytes=0, disk_needed=0)
    with operation(plan, Initiator(("test",)), SilentReporter()) as run:
        Path(run.place("new")).touch()
        run.commit()
    with pytest.raises(RefInvalid):
        blame(ref="op:1")


def test_a_history_is_read_no_further_than_needed(past: PastEnvironment) -> None:
    """What is older than the last value's commit may even be missing."""
    for subject, steps in (("one", 10), ("two", 20), ("three", 30)):
        save_and_commit(past, subject, graph(sampler(steps=steps, control="fixed")))
    oldest = past.git("rev-parse", f"HEAD~2:{FILE}")
    (past.definition / ".git/objects" / oldest[:2] / oldest[2:]).unlink()
    assert steps_of(blame("3.#2")) == "three"
    with pytest.raises(HistoryDamaged):
        blame()


def test_contents_that_come_again_are_taken_for_what_they_were(past: PastEnvironment) -> None:
    for at in range(6):
        save_and_commit(past, f"turn {at}", graph(sampler(seed=at % 2, steps=20, control="fixed")))
    assert (told(blame())["3.#1"], steps_of(blame())) == ("turn 5", "turn 0")


def test_a_history_that_was_cut_off_says_so(past: PastEnvironment, tmp_path: Path) -> None:
    save_and_commit(past, "one", graph(sampler(steps=20, control="fixed")))
    save_and_commit(past, "two", graph(sampler(seed=5, steps=20, control="fixed")))
    whole = tmp_path / "whole"
    past.definition.rename(whole)
    command = ["git", "clone", "-q", "--depth=1", f"file://{whole}", str(past.definition)]
    subprocess.run(command, check=True, capture_output=True)
    (past.definition / ".complete").touch()
    found = blame()
    assert found.shallow
    assert set(told(found).values()) == {"two"}
