"""Our reading of real workflows beside what the real editor sends for them, and what they say of their models."""

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from comfydock_core.analyzers.workflow_dependency_parser import WorkflowDependencyParser
from comfydock_core.analyzers.workflows.api_prompt import is_api_prompt, prompt_of_view, view_of_prompt
from comfydock_core.analyzers.workflows.prompt_view import view_of_graph
from comfydock_core.models.workflow.checks import IssueCode
from comfydock_core.models.workflow.class_inputs import NodeClass
from comfydock_core.models.workflow.prompt_view import PromptView
from comfydock_core.validation.prompt_checks import PromptChecks
from tests.support.editor_prompts import (
    LOST,
    NESTED_BYPASS,
    ORDER,
    SHIFTED,
    UNEXPLAINED,
    Comparison,
    compare,
    described_classes,
    editor_prompts,
)
from tests.support.real_workflows import real_workflows
from tests.support.shared import shared_data


@pytest.fixture(scope="module")
def workflows() -> list[Path]:
    try:
        return real_workflows()
    except PackageNotFoundError as error:
        pytest.skip(f"the distribution of real workflows `{error.name}` is not installed")


@pytest.fixture(scope="module")
def classes() -> dict[str, NodeClass]:
    object_info = shared_data("comfyui", "object_info-0.33.0.json")
    return described_classes(object_info, shared_data("comfyui", "model_inputs-0.33.0.json"))


@pytest.fixture(scope="module")
def compared(workflows: list[Path], classes: dict[str, NodeClass]) -> Comparison:
    prompts = editor_prompts(shared_data("prompts", "templates.jsonl.gz"))
    found = compare(prompts, workflows, classes, order_known=False)
    print(found.table())
    return found


def test_every_input_is_as_the_editor_sends_it_or_its_difference_is_explained(compared: Comparison) -> None:
    assert compared.files == 516 and compared.inputs == 20_269
    assert compared.of_rule(UNEXPLAINED) == []
    assert compared.equal >= 19_986


def test_nearly_all_inputs_of_the_classes_are_equal_but_for_what_the_reference_has_lost(compared: Comparison) -> None:
    """The order inside dynamic combos is not in the reference data: those inputs are counted on neither side."""
    inputs, equal = compared.of_classes
    unordered = sum(1 for one in compared.of_rule(ORDER) if one.theirs is not None)
    assert equal / (inputs - unordered) >= 0.993


def test_model_inputs_differ_only_where_the_editor_asks_for_a_number(
    compared: Comparison, classes: dict[str, NodeClass]
) -> None:
    assert compared.models == 1_046
    models = {(name, one.name) for name, known in classes.items() for one in known.inputs if one.folders}
    assert len(models) == 46
    differing = [one for one in compared.differences if (one.type, one.input) in models]
    assert {(one.rule, one.theirs) for one in differing} == {(SHIFTED, ("value", 4096)), (SHIFTED, ("value", 0.6))}


def test_the_nodes_are_those_of_the_editor_but_for_bypassed_subgraphs_in_others(compared: Comparison) -> None:
    assert compared.same_nodes == 515
    assert {rule for rule, _, _ in compared.nodes_apart} == {NESTED_BYPASS}


def test_an_input_that_the_class_has_lost_is_kept_only_when_something_is_linked_or_a_choice_may_be_newer(
    compared: Comparison,
) -> None:
    assert {(one.type, one.input) for one in compared.of_rule(LOST) if one.theirs is None} <= {
        ("CreateVideo", "color_space"),
        ("MinimaxHailuo03FirstLastFrameNode", "model.prompt_expansion_mode"),
        ("MinimaxHailuo03TextToVideoNode", "model.prompt_expansion_mode"),
        ("RemeshMesh", "sign_mode.fill"),
    }


def test_checks_miss_nothing_that_the_editor_sends(workflows: list[Path], classes: dict[str, NodeClass]) -> None:
    """Templates are newer than that server: options and types may be wrong, but what it asks for is in the prompt."""
    prompts = editor_prompts(shared_data("prompts", "templates.jsonl.gz"))
    missing = 0
    for path in workflows:
        theirs = prompts.get(path.name, {})
        if not theirs or any(node["class_type"] not in classes for node in theirs.values()):
            continue
        checks = PromptChecks(view_of_graph(json.loads(path.read_text("utf-8")), classes).running, classes)
        checks.check()
        for issue in checks.issues:
            if issue.code is IssueCode.MISSING_INPUT and issue.node in theirs:
                missing += 1
                given = theirs[issue.node]["inputs"]
                assert isinstance(given, dict) and issue.input not in given, (path, issue)
    assert missing <= 5


@pytest.mark.parametrize("known", [True, False], ids=["classes-known", "nothing-known"])
def test_references_hold_every_model_that_workflows_name_themselves(
    workflows: list[Path], classes: dict[str, NodeClass], known: bool
) -> None:
    parser = WorkflowDependencyParser(classes if known else {})
    named = 0
    for path in workflows:
        whole = json.loads(path.read_text("utf-8"))
        references = parser.parse(view_of_graph(whole, classes if known else {})).models
        for graph in [whole, *whole.get("definitions", {}).get("subgraphs", [])]:
            for at, node in enumerate(graph["nodes"]):
                for model in (node.get("properties") or {}).get("models") or []:
                    named += 1
                    told = [one for one in references if one.named and one.named.name == model["name"]]
                    assert any(one.named and one.named.url == model.get("url") for one in told), (path, at, model)
    assert named == 1_204 + 347


def test_every_real_workflow_is_read_and_its_prompt_can_be_written(
    workflows: list[Path], classes: dict[str, NodeClass]
) -> None:
    assert len(workflows) == 759
    parser = WorkflowDependencyParser(classes)
    others = sorted(shared_data("workflows").glob("*.json"))
    assert len(others) == 49
    for path in (*workflows, *others):
        view = _view(json.loads(path.read_text("utf-8")), classes)
        assert parser.parse(view).classes, path
        ids = [node.id for node in view.nodes]
        assert len(ids) == len(set(ids)), path
        again = view_of_prompt(json.loads(json.dumps(prompt_of_view(view))))
        assert {node.id: node.type for node in again.nodes} == {node.id: node.type for node in view.running}
        assert again.problems == (), path


def _view(whole: object, classes: dict[str, NodeClass]) -> PromptView:
    assert isinstance(whole, dict)
    return view_of_prompt(whole) if is_api_prompt(whole) else view_of_graph(whole, classes)
