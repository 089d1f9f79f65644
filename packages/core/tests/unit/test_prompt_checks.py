"""Whether a server would take a prompt, by its own rules."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comfydock_core.models.workflow.checks import IssueCode
from comfydock_core.models.workflow.class_inputs import OPTIONAL, ClassInput, NodeClass
from comfydock_core.models.workflow.prompt_view import NodeLink, NodeValue, WorkflowNode
from comfydock_core.validation.prompt_checks import PromptChecks
from tests.support.graphs import CHECKPOINT, choice, dynamic, growing, kind, number, socket, text


def use(identifier: str, type_: str, **inputs: object) -> WorkflowNode:
    """A node; a pair is a link."""
    made = {
        name: NodeLink(*one) if isinstance(one, tuple) else NodeValue(one, (f"/{identifier}/{name}",))
        for name, one in inputs.items()
    }
    return WorkflowNode(identifier, type_, f"/{identifier}", inputs=made)


def output(*inputs: ClassInput, **more: object) -> NodeClass:
    return kind("Out", *inputs, output_node=True, **more)


def checked(*nodes: WorkflowNode, classes: tuple[NodeClass, ...]) -> PromptChecks:
    checks = PromptChecks(nodes, {one.name: one for one in classes})
    checks.check()
    return checks


def issues(value: object, one: ClassInput, **more: object) -> list[IssueCode]:
    """What is wrong with one value of an output node."""
    return [issue.code for issue in checked(use("1", "Out", x=value), classes=(output(one, **more),)).issues]


SEVERAL = dynamic("x", mp4=(number("crf"),), gif=())
SOURCE = kind("Source", outputs=("IMAGE", "INT,FLOAT", "*"))


@pytest.mark.parametrize(
    ("value", "one", "code"),
    [
        (5, number("x"), None),
        ("5", number("x"), None),
        (5.7, number("x"), None),
        (True, number("x"), None),
        ("5.5", number("x"), IssueCode.WRONG_TYPE),
        ("five", number("x"), IssueCode.WRONG_TYPE),
        (None, number("x"), IssueCode.WRONG_TYPE),
        ([5], number("x"), IssueCode.WRONG_TYPE),
        (float("nan"), number("x"), IssueCode.WRONG_TYPE),
        (float("inf"), number("x"), IssueCode.WRONG_TYPE),
        ("9" * 500, number("x"), IssueCode.WRONG_TYPE),
        (5, number("x", min=5, max=5), None),
        (4, number("x", min=5), IssueCode.OUT_OF_RANGE),
        (6, number("x", max=5), IssueCode.OUT_OF_RANGE),
        (10**4000, number("x", max=2**64 - 1), IssueCode.OUT_OF_RANGE),
        (2**64 - 1, number("x", max=2**64 - 1), None),
        ("a", choice("x", "a", "b"), None),
        ("c", choice("x", "a", "b"), IssueCode.NO_OPTION),
        (1, choice("x", "1", "2"), IssueCode.NO_OPTION),
        (["a", "b"], choice("x", "a", "b", multiselect=True), None),
        (["a", "c"], choice("x", "a", "b", multiselect=True), IssueCode.NO_OPTION),
        (["a"], choice("x", "a", "b"), IssueCode.NO_OPTION),
        ("mine.png", choice("x", "a.png", image_upload=True), None),
        ("any.safetensors", choice("x", folders=("checkpoints",)), None),
        ("any", choice("x"), None),
        (3, text("x"), None),
    ],
)
def test_a_value_is_taken_or_refused_as_the_server_does(value: object, one: ClassInput, code: IssueCode | None) -> None:
    assert issues(value, one) == ([] if code is None else [code])


@pytest.mark.parametrize("checks", ["x", "*"])
def test_ranges_and_choices_are_left_to_a_class_that_checks_them_itself(checks: str) -> None:
    assert issues(4, number("x", min=5), own_checks=(checks,)) == []
    assert issues("c", choice("x", "a"), own_checks=(checks,)) == []
    assert issues("no number", number("x"), own_checks=(checks,)) == [IssueCode.WRONG_TYPE]


def test_an_issue_says_its_node_its_input_its_place_and_what_would_be_right() -> None:
    (issue,) = checked(use("1:2", "Out", x="c"), classes=(output(choice("x", "a", "b")),)).issues
    assert (issue.node, issue.type, issue.input, issue.place) == ("1:2", "Out", "x", "/1:2/x")
    assert issue.hint == "options are `a`, `b`" and "`c`" in issue.message


def test_words_for_huge_values_are_short() -> None:
    (issue,) = checked(use("1", "Out", x="c" * 10**6), classes=(output(choice("x", "a" * 10**6)),)).issues
    assert len(issue.message) < 200 and issue.hint is not None and len(issue.hint) < 200


def test_a_value_nested_without_end_is_refused_like_any_other() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert issues(deep, number("x")) == [IssueCode.WRONG_TYPE]
    assert issues(deep, choice("x", "a")) == [IssueCode.NO_OPTION]


def test_a_required_input_without_anything_is_missing_and_an_optional_one_is_not() -> None:
    class_ = output(socket("a", "IMAGE"), socket("b", "IMAGE", OPTIONAL), ClassInput("c", "hidden", "PROMPT"))
    found = checked(use("1", "Out"), classes=(class_,)).issues
    assert [(one.code, one.input) for one in found] == [(IssueCode.MISSING_INPUT, "a")]


def test_a_link_to_a_node_that_does_not_run_gives_nothing() -> None:
    found = checked(use("1", "Out", a=("9", 0)), classes=(output(socket("a", "IMAGE")),)).issues
    assert [one.code for one in found] == [IssueCode.MISSING_INPUT]


@pytest.mark.parametrize(
    ("slot", "type_", "fits"),
    [
        (0, "IMAGE", True), (0, "MASK", False), (0, "*", True), (0, "MASK,IMAGE", True), (1, "FLOAT", True),
        (1, "STRING", False), (2, "MASK", True), (0, "COMFY_MATCHTYPE_V3", True), (3, "IMAGE", False),
    ],
)  # fmt: skip
def test_the_type_of_an_output_must_fit_the_input(slot: int, type_: str, fits: bool) -> None:
    found = checked(use("1", "Out", x=("2", slot)), use("2", "Source"), classes=(output(socket("x", type_)), SOURCE))
    assert [one.code for one in found.issues] == ([] if fits else [IssueCode.LINK_TYPE])


def test_types_of_links_are_left_to_a_class_that_asks_for_them() -> None:
    classes = (output(socket("x", "MASK"), own_checks=("input_types",)), SOURCE)
    assert checked(use("1", "Out", x=("2", 0)), use("2", "Source"), classes=classes).issues == []


def test_outputs_that_could_not_be_read_fit_everything() -> None:
    classes = (output(socket("x", "MASK")), NodeClass("Source", "nodes.py", outputs=None, output_node=False))
    assert checked(use("1", "Out", x=("2", 7)), use("2", "Source"), classes=classes).issues == []


def test_the_inputs_of_the_chosen_branch_are_asked_for_and_no_others() -> None:
    found = checked(use("1", "Out", x="mp4"), use("2", "Out", x="gif"), classes=(output(SEVERAL),)).issues
    assert [(one.node, one.code, one.input) for one in found] == [("1", IssueCode.MISSING_INPUT, "x.crf")]


def test_of_what_grows_only_the_first_are_required() -> None:
    class_ = output(growing("images", socket("image", "IMAGE"), "image", least=2, most=9))
    found = checked(use("1", "Out", **{"images.image5": ("2", 0)}), use("2", "Source"), classes=(class_, SOURCE)).issues
    assert [one.input for one in found] == ["images.image0", "images.image1"]


def test_of_what_grows_in_a_branch_only_the_first_are_required() -> None:
    class_ = output(dynamic("model", pro=(growing("images", socket("image", "IMAGE"), "image", least=1, most=9),)))
    found = checked(use("1", "Out", model="pro"), classes=(class_,)).issues
    assert [one.input for one in found] == ["model.images.image0"]


def test_a_workflow_without_an_output_is_refused() -> None:
    found = checked(use("1", "Source"), classes=(SOURCE,)).issues
    assert [one.code for one in found] == [IssueCode.NO_OUTPUT]


def test_a_class_that_is_not_known_may_be_an_output() -> None:
    assert checked(use("1", "Source"), use("2", "Foreign"), classes=(SOURCE,)).issues == []


def test_nodes_that_lead_to_no_output_are_idle_and_not_asked() -> None:
    nodes = (use("1", "Out"), use("2", CHECKPOINT.name), use("3", "Needy"))
    checks = PromptChecks(nodes, {"Out": output(), CHECKPOINT.name: CHECKPOINT, "Needy": kind("Needy", number("x"))})
    assert checks.check() == {"1"} and checks.issues == []


def test_nodes_that_an_output_needs_are_asked() -> None:
    nodes = (use("1", "Out", x=("2", 0)), use("2", "Middle", y=("3", 0)), use("3", "Needy"))
    middle, needy = kind("Middle", socket("y", "X"), outputs=("X",)), kind("Needy", number("n"), outputs=("X",))
    found = checked(*nodes, classes=(output(socket("x", "X")), middle, needy)).issues
    assert [(one.node, one.input) for one in found] == [("3", "n")]


def test_every_node_of_a_circle_is_told_and_no_other() -> None:
    middle = kind("Middle", socket("y", "X"), outputs=("X",))
    nodes = (
        use("out", "Out", x=("a", 0)), use("a", "Middle", y=("b", 0)), use("b", "Middle", y=("c", 0)),
        use("c", "Middle", y=("b", 0)), use("d", "Middle", y=("d", 0)), use("out2", "Out", x=("d", 0)),
        use("between", "Middle", y=("free", 0)), use("free", "Free"), use("out3", "Out", x=("between", 0)),
    )  # fmt: skip
    found = checked(*nodes, classes=(output(socket("x", "X")), middle, kind("Free", outputs=("X",)))).issues
    assert [(one.code, one.node) for one in found] == [(IssueCode.CYCLE, one) for one in ("b", "c", "d")]


def test_a_node_between_two_circles_is_in_none() -> None:
    both = kind("Both", socket("y", "X"), socket("z", "X", OPTIONAL), outputs=("X",))
    nodes = (
        use("1", "Both", y=("2", 0)), use("2", "Both", y=("1", 0)), use("3", "Both", y=("2", 0)),
        use("4", "Both", y=("5", 0), z=("3", 0)), use("5", "Both", y=("4", 0)), use("out", "Out", x=("4", 0)),
    )  # fmt: skip
    found = checked(*nodes, classes=(output(socket("x", "X")), both)).issues
    assert [one.node for one in found if one.code is IssueCode.CYCLE] == ["1", "2", "4", "5"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_a_node_is_in_a_circle_exactly_when_it_can_be_reached_from_itself(links: list[tuple[int, int]]) -> None:
    needed: dict[int, set[int]] = {at: {to for one, to in links if one == at} for at in range(8)}
    after = {at: set(others) for at, others in needed.items()}
    for _ in range(8):
        after = {at: found.union(*(needed[one] for one in found)) for at, found in after.items()}
    inputs = {at: {f"i{to}": (str(to), 0) for to in others} for at, others in needed.items()}
    class_ = output(*(socket(f"i{at}", "X", OPTIONAL) for at in range(8)), outputs=("X",))
    found = checked(*(use(str(at), "Out", **one) for at, one in inputs.items()), classes=(class_,)).issues
    assert {one.node for one in found} == {str(at) for at, reached in after.items() if at in reached}


def test_what_only_running_the_code_would_tell_is_said_and_no_issue() -> None:
    doubtful = ClassInput("x", "required", "INT", doubt="nodes.py:7: made by code")
    checks = checked(use("1", "Out", x="text"), classes=(output(doubtful, doubts=("nodes.py:1: more inputs",)),))
    assert checks.issues == []
    assert [(one.input, one.reason) for one in checks.untold] == [
        ("x", "nodes.py:7: made by code"), (None, "nodes.py:1: more inputs"),
    ]  # fmt: skip
