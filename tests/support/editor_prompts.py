"""What the real editor made of real workflows, beside what we make of them, and why the two differ where they do.

The editor is the reference, not the truth: the rules below say where it is wrong, or does what no file tells.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from comfydock_core.analyzers.workflows.object_info import classes_of_object_info
from comfydock_core.analyzers.workflows.prompt_view import view_of_graph
from comfydock_core.models.workflow.class_inputs import COMBO, ClassInput, NodeClass, all_inputs
from comfydock_core.models.workflow.prompt_view import NodeLink, WorkflowNode

Classes = Mapping[str, NodeClass]
Prompt = dict[str, dict[str, object]]

SHIFTED = "the editor shifts the values: the class has lost or gained inputs since the file was saved"
JAVASCRIPT = "the editor makes the value at run time, with JavaScript of its own"
ORDER = "the order of inputs inside dynamic combos is lost in the reference data (its keys are sorted)"
EMPTY = "the editor sends the null that an instance has, where we take the value inside"
LOST = "the class has lost the input, and we keep what is linked to it"
NESTED_BYPASS = "the editor sends the nodes of a bypassed subgraph inside another, which then lead nowhere"
UNEXPLAINED = "unexplained"

# Inputs whose value is what a viewer of the editor shows.
_VIEWERS = frozenset({"LOAD_3D", "LOAD3D_CAMERA", "PREVIEW_3D", "IMAGECOMPARE", "WEBCAM"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One input that the editor and we do not agree on."""

    rule: str
    file: str
    node: str
    type: str
    input: str
    theirs: object
    ours: object


@dataclass(slots=True)
class Comparison:
    """All files whose classes are known. `added` are nodes or inputs that only one side has, by rule."""

    files: int = 0
    same_nodes: int = 0
    inputs: int = 0
    models: int = 0
    differences: list[Difference] = field(default_factory=list)
    nodes_apart: list[tuple[str, str, str]] = field(default_factory=list)  # Rule, file, node.

    @property
    def equal(self) -> int:
        return self.inputs - sum(1 for one in self.differences if one.theirs is not None)

    @property
    def of_classes(self) -> tuple[int, int]:
        """Inputs that the classes have, and how many of those are equal: others no server looks at."""
        made_up = sum(1 for one in self.differences if one.rule == JAVASCRIPT and one.ours is None)
        return self.inputs - made_up, self.equal

    def of_rule(self, rule: str) -> list[Difference]:
        return [one for one in self.differences if one.rule == rule]

    def table(self) -> str:
        rules = dict.fromkeys(one.rule for one in self.differences)
        lines = [f"{len(self.of_rule(rule)):6,}  {rule}" for rule in rules]
        apart = dict.fromkeys(rule for rule, _, _ in self.nodes_apart)
        lines += [f"{sum(1 for one in self.nodes_apart if one[0] == rule):6,}  nodes: {rule}" for rule in apart]
        share = 100 * self.equal / max(self.inputs, 1)
        return "\n".join([
            f"{self.files} files, {self.same_nodes} with the same nodes",
            f"{self.equal:,} of {self.inputs:,} inputs equal ({share:.2f} %)", *lines,
        ])  # fmt: skip


def described_classes(object_info: Path, model_inputs: Path) -> dict[str, NodeClass]:
    """The classes of a server's answer, with the model folders that another run of the same ComfyUI told."""
    classes = dict(classes_of_object_info(json.loads(object_info.read_text("utf-8"))).classes)
    for name, told in json.loads(model_inputs.read_text("utf-8"))["classes"].items():
        folders = {one: tuple(listed) for one, _, _, listed in told["inputs"] if listed}
        if folders:
            inputs = tuple(
                replace(one, folders=folders[one.name], choices=None) if one.name in folders else one
                for one in classes[name].inputs
            )
            classes[name] = replace(classes[name], inputs=inputs)
    return classes


def editor_prompts(path: Path) -> dict[str, Prompt]:
    """The editor's prompts by the name of their file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {line["file"]: line["prompt"] for line in map(json.loads, lines)}


def compare(prompts: Mapping[str, Prompt], files: list[Path], classes: Classes, order_known: bool) -> Comparison:
    """Compare all prompts of which every class is known. `order_known`: the order inside dynamic combos is right."""
    found = Comparison()
    paths = {path.name: path for path in files}
    for name, theirs in prompts.items():
        if name not in paths or any(node["class_type"] not in classes for node in theirs.values()):
            continue  # Newer than that server, or a list of templates.
        found.files += 1
        view = view_of_graph(json.loads(paths[name].read_text("utf-8")), classes)
        _compare_file(found, name, theirs, {node.id: node for node in view.nodes}, classes, order_known)
    return found


def _compare_file(
    found: Comparison, name: str, theirs: Prompt, nodes: dict[str, WorkflowNode], classes: Classes, order_known: bool
) -> None:
    running = {key: node for key, node in nodes.items() if node.runs}
    pairs = _pairs(theirs, running)
    apart = [(_why_apart(nodes.get(key)), name, key) for key in theirs if key not in pairs]
    apart += [(UNEXPLAINED, name, key) for key in running.keys() - set(pairs.values())]
    found.nodes_apart += apart
    found.same_nodes += not apart
    for key, ours in pairs.items():
        known = classes[running[ours].type]
        given = {input_name: _plain(value, pairs) for input_name, value in _inputs(theirs[key]).items()}
        made = {input_name: _ours(value) for input_name, value in running[ours].inputs.items()}
        rule = _rule_of_node(known, given, order_known)
        folders = {input_name for input_name, one in all_inputs(known.inputs).items() if one.folders}
        found.inputs += len(given)
        found.models += len(folders & given.keys())
        for input_name in [*given, *(made.keys() - given.keys())]:
            if not _same(given.get(input_name), made.get(input_name)):
                why = _rule_of_input(known, input_name, given) or rule
                found.differences.append(Difference(
                    why, name, key, known.name, input_name, given.get(input_name), made.get(input_name),
                ))  # fmt: skip


def _pairs(theirs: Prompt, ours: dict[str, WorkflowNode]) -> dict[str, str]:
    """Their nodes and ours. The editor renames nodes whose identifier occurs twice in a file: such are compared by what
    they are."""
    pairs = {key: key for key, node in theirs.items() if key in ours and ours[key].type == node["class_type"]}
    left = [node for key, node in ours.items() if key not in pairs]
    for key, node in theirs.items():
        alike = [one for one in left if key not in pairs and one.type == node["class_type"] and _near(one.id, key)]
        if alike:
            best = max(alike, key=lambda one: _likeness(_inputs(node), one))
            left.remove(best)
            pairs[key] = best.id
    return pairs


def _near(one: str, other: str) -> bool:
    """Whether two scoped identifiers are of the same instance."""
    return one.rpartition(":")[0] == other.rpartition(":")[0]


def _likeness(given: dict[str, object], ours: WorkflowNode) -> int:
    made = {key: _ours(value) for key, value in ours.inputs.items()}
    return sum(_same(_plain(value, {}), made.get(key)) for key, value in given.items())


def _why_apart(ours: WorkflowNode | None) -> str:
    return NESTED_BYPASS if ours is not None and ours.state == "bypassed" and ours.id.count(":") > 1 else UNEXPLAINED


def _rule_of_node(known: NodeClass, given: Mapping[str, object], order_known: bool) -> str:
    inputs = all_inputs(known.inputs)
    if any(name in inputs and not _may_be(inputs[name], value) for name, value in given.items()):
        return SHIFTED
    if not order_known and any(len(branch.inputs) > 1 for one in known.inputs for branch in one.branches):
        return ORDER
    return UNEXPLAINED


def _rule_of_input(known: NodeClass, name: str, given: Mapping[str, object]) -> str | None:
    one = all_inputs(known.inputs).get(name)
    if given.get(name) == ("value", None):
        return EMPTY
    if one is None:
        return JAVASCRIPT if name in given else LOST
    return JAVASCRIPT if one.type in _VIEWERS or name == "viewport_state" else None


def _may_be(one: ClassInput, value: object) -> bool:
    """Whether a server would take a value for an input."""
    kind, given = value if isinstance(value, tuple) else ("value", value)
    if kind == "link":
        return True
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if one.type in ("INT", "FLOAT"):
        low, high = one.options.get("min"), one.options.get("max")
        inside = number and not (isinstance(low, int | float) and given < low) and not (
            isinstance(high, int | float) and given > high
        )  # fmt: skip
        return inside and not (one.type == "INT" and given != int(given))
    if one.type == "STRING":
        return isinstance(given, str)
    if one.type == "BOOLEAN":
        return isinstance(given, bool)
    if one.branches:
        return one.branch_for(given) is not None
    if one.type == COMBO:
        return isinstance(given, str) if one.folders or one.choices is None else given in one.choices or _is_file(one)
    return True


def _is_file(one: ClassInput) -> bool:
    return any(str(option).endswith("_upload") for option in one.options) or not one.choices


def _inputs(node: dict[str, object]) -> dict[str, object]:
    inputs = node["inputs"]
    assert isinstance(inputs, dict)
    return inputs


def _plain(value: object, pairs: Mapping[str, str]) -> tuple[str, object]:
    if isinstance(value, list):
        return "link", (pairs.get(value[0], value[0]), value[1])
    if isinstance(value, dict) and list(value) == ["__value__"]:
        return "value", value["__value__"]
    return "value", value


def _ours(value: object) -> tuple[str, object]:
    if isinstance(value, NodeLink):
        return "link", (value.node, value.slot)
    return "value", value.value  # type: ignore[attr-defined]


def _same(one: object, other: object) -> bool:
    return one == other and _types(one) == _types(other)


def _types(value: object) -> list[bool]:
    return [isinstance(part, bool) for part in _parts(value)]


def _parts(value: object) -> Iterator[object]:
    return iter(value) if isinstance(value, tuple) else iter((value,))
