"""Whether a server would take a prompt: ComfyUI's own rules for it, applied to what was read without running it.

Source of the rules: `execution.validate_prompt` of ComfyUI. It looks at the nodes that lead to an output node; a class
that it does not know makes it refuse everything.
"""

import math
import reprlib
from collections.abc import Mapping

from comfydock_core.models.workflow.checks import IssueCode, Untold, WorkflowIssue
from comfydock_core.models.workflow.class_inputs import (
    AUTOGROW,
    COMBO,
    HIDDEN,
    REQUIRED,
    ClassInput,
    NodeClass,
    inputs_for,
)
from comfydock_core.models.workflow.prompt_view import NodeLink, NodeValue, WorkflowNode

Classes = Mapping[str, NodeClass]

_ANYTHING = ("*", "COMFY_MATCHTYPE_V3")
_LONGEST_TYPE = 500  # Types of more names than this have are the same or not at all.
_UPLOADS = ("image_upload", "video_upload", "audio_upload", "file_upload")


class PromptChecks:
    """Checks the nodes of one workflow that run. `classes` are those that this ComfyUI and its packs define."""

    def __init__(self, nodes: tuple[WorkflowNode, ...], classes: Classes) -> None:
        self._nodes = {node.id: node for node in nodes}
        self._classes = classes
        self._inputs = {node.id: self._inputs_of(node) for node in nodes}
        self.issues: list[WorkflowIssue] = []
        self.untold: list[Untold] = []

    def check(self) -> frozenset[str]:
        """Fill `issues` and `untold`; returns the nodes that lead to an output, which the issues are about."""
        used = self._used()
        if not used and self._nodes and all(node.type in self._classes for node in self._nodes.values()):
            self.issues.append(WorkflowIssue(IssueCode.NO_OUTPUT, "no node of the workflow saves or shows anything"))
        for node in self._nodes.values():
            known = self._classes.get(node.type)
            if node.id in used and known is not None:
                self._check_node(node, known)
        self._find_cycles(used)
        return used

    def _used(self) -> frozenset[str]:
        """Outputs, and everything that they get something from. Without knowledge of a class it may be an output."""
        waiting = [node.id for node in self._nodes.values() if self._may_be_output(node)]
        used: set[str] = set()
        while waiting:
            identifier = waiting.pop()
            if identifier in used or identifier not in self._nodes:
                continue
            used.add(identifier)
            waiting += self._origins(self._nodes[identifier])
        return frozenset(used)

    def _origins(self, node: WorkflowNode) -> list[str]:
        """The nodes that a node gets something from, by inputs that its class has: the server ignores others."""
        known, inputs = self._classes.get(node.type), self._inputs[node.id]
        takes_any = known is None or bool(known.doubts)
        return [
            one.node for name, one in node.inputs.items() if isinstance(one, NodeLink) and (takes_any or name in inputs)
        ]

    def _inputs_of(self, node: WorkflowNode) -> dict[str, ClassInput]:
        """The inputs of a node by what is chosen in it, as far as they are known."""
        known = self._classes.get(node.type)
        chosen = {name: one.value for name, one in node.inputs.items() if isinstance(one, NodeValue)}
        return {} if known is None else inputs_for(known.inputs, chosen)

    def _may_be_output(self, node: WorkflowNode) -> bool:
        known = self._classes.get(node.type)
        return known is None or known.output_node is not False

    def _check_node(self, node: WorkflowNode, known: NodeClass) -> None:
        for name, one in self._inputs[node.id].items():
            if one.section == HIDDEN or one.type == AUTOGROW:
                continue
            source = node.inputs.get(name)
            if isinstance(source, NodeLink) and source.node not in self._nodes:
                source = None
            if source is None:
                if one.section == REQUIRED:
                    self._add(node, name, IssueCode.MISSING_INPUT, f"nothing is given for the required `{name}`")
            elif isinstance(source, NodeLink):
                if "input_types" not in known.own_checks:
                    self._check_link(node, name, one, source)
            else:
                self._check_value(node, known, name, one, source)
        for doubt in known.doubts:
            self.untold.append(Untold(node.id, node.type, None, doubt))

    def _check_link(self, node: WorkflowNode, name: str, one: ClassInput, link: NodeLink) -> None:
        origin = self._classes.get(self._nodes[link.node].type)
        outputs = None if origin is None else origin.outputs
        if outputs is None or one.type is None:
            return
        if link.slot >= len(outputs):
            words = f"`{name}` gets output {link.slot} of {self._nodes[link.node].type}, which has {len(outputs)}"
            self._add(node, name, IssueCode.LINK_TYPE, words)
        elif not _agree(outputs[link.slot], one.type):
            words = f"`{name}` takes {one.type} and gets {outputs[link.slot]} from {self._nodes[link.node].type}"
            self._add(node, name, IssueCode.LINK_TYPE, words)

    def _check_value(self, node: WorkflowNode, known: NodeClass, name: str, one: ClassInput, source: NodeValue) -> None:
        place = source.places[0] if source.places else node.place
        value = source.value
        if one.doubt is not None:
            self.untold.append(Untold(node.id, node.type, name, one.doubt))
            return
        if one.type in ("INT", "FLOAT"):
            number = _number(value, one.type)
            if number is None:
                words = f"`{name}` is {_shown(value)}, which is no number"
                self._add(node, name, IssueCode.WRONG_TYPE, words, place)
                return
            beyond = None if known.checks_itself(name) else _beyond(name, number, one)
            if beyond is not None:
                self._add(node, name, IssueCode.OUT_OF_RANGE, beyond, place)
        elif one.type == COMBO and not one.folders and one.choices and not known.checks_itself(name):
            self._check_choice(node, name, one, value, place)

    def _check_choice(self, node: WorkflowNode, name: str, one: ClassInput, value: object, place: str) -> None:
        assert one.choices is not None
        if any(one.options.get(upload) for upload in _UPLOADS):
            return  # Those are files: whether they are there is looked up.
        several = value if one.options.get("multiselect") and isinstance(value, list) else [value]
        wrong = [item for item in several if item not in one.choices]
        if wrong:
            listed = ", ".join(_shown(choice) for choice in one.choices[:8])
            more = "" if len(one.choices) <= 8 else f" and {len(one.choices) - 8} more"
            words = f"`{name}` is {_shown(wrong[0])}, which is no option"
            self._add(node, name, IssueCode.NO_OPTION, words, place, f"options are {listed}{more}")

    def _find_cycles(self, used: frozenset[str]) -> None:
        needs = {key: set(self._origins(self._nodes[key])) & used for key in used}
        around = _in_circles(needs)
        for key in self._nodes:
            if key in around:
                self._add(self._nodes[key], None, IssueCode.CYCLE, "it needs its own output")

    def _add(
        self,
        node: WorkflowNode,
        name: str | None,
        code: IssueCode,
        message: str,
        place: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.issues.append(WorkflowIssue(code, message, node.id, node.type, name, place or node.place, hint))


def _in_circles(needs: dict[str, set[str]]) -> set[str]:
    """All that needs itself, by way of others or directly (Kosaraju's algorithm)."""
    users = _turned_round(needs)
    around: set[str] = set()
    grouped: set[str] = set()
    for key in reversed(_by_finish(needs)):
        group = _reached(key, users, grouped)
        if len(group) > 1 or key in needs[key]:
            around.update(group)
    return around


def _by_finish(needs: dict[str, set[str]]) -> list[str]:
    """Every key behind all that it needs, as far as there is no circle."""
    finished: dict[str, None] = {}
    entered: set[str] = set()
    for start in needs:
        waiting = [start]
        while waiting:
            key = waiting[-1]
            if key in entered:
                waiting.pop()
                finished[key] = None
            else:
                entered.add(key)
                waiting.extend(needs[key] - entered)
    return list(finished)


def _reached(start: str, ways: dict[str, set[str]], taken: set[str]) -> list[str]:
    """What can be reached and is not taken yet, which it is then."""
    found: list[str] = []
    waiting = [start]
    while waiting:
        key = waiting.pop()
        if key not in taken:
            taken.add(key)
            found.append(key)
            waiting.extend(ways[key] - taken)
    return found


def _turned_round(needs: dict[str, set[str]]) -> dict[str, set[str]]:
    users: dict[str, set[str]] = {key: set() for key in needs}
    for key, others in needs.items():
        for other in others & needs.keys():
            users[other].add(key)
    return users


def _agree(given: str, taken: str) -> bool:
    if given == taken or given in _ANYTHING or taken in _ANYTHING:
        return True
    if max(len(given), len(taken)) > _LONGEST_TYPE:
        return False
    one = {part.strip() for part in given.split(",")}
    other = {part.strip() for part in taken.split(",")}
    return "*" in one or "*" in other or not one.isdisjoint(other)


def _number(value: object, kind: str) -> float | None:
    """The number that a server makes of a value, `None` when it refuses."""
    if not isinstance(value, int | float | str) or (isinstance(value, str) and len(value) > 400):
        return None
    try:
        number = int(value) if kind == "INT" else float(value)
    except (ValueError, OverflowError):
        return None
    return number


def _beyond(name: str, number: float, one: ClassInput) -> str | None:
    low, high = one.options.get("min"), one.options.get("max")
    if isinstance(low, int | float) and number < low:
        return f"`{name}` is {_shown(number)}, less than {_shown(low)}"
    if isinstance(high, int | float) and not math.isnan(high) and number > high:
        return f"`{name}` is {_shown(number)}, more than {_shown(high)}"
    return None


def _shown(value: object) -> str:
    text = f"`{value[:80]}`" if isinstance(value, str) else reprlib.repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
