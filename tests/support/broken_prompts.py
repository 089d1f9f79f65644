"""Prompts for the API that are broken in one deliberate way, made of prompts that are not."""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from comfydock_core.models.workflow.checks import IssueCode
from comfydock_core.models.workflow.class_inputs import COMBO, REQUIRED, ClassInput, NodeClass

Prompt = dict[str, Any]
Classes = Mapping[str, NodeClass]
Folders = Mapping[str, list[str]]  # The names in ComfyUI's list of each model folder.

_UPLOADS = ("image_upload", "video_upload", "audio_upload", "file_upload")
_ANYTHING = ("*", "COMFY_MATCHTYPE_V3")


class Breaker:
    """Breaks prompts whose classes are known, in ways that a server looks at: at nodes that lead to an output."""

    def __init__(self, classes: Classes, folders: Folders) -> None:
        self._classes = classes
        self._folders = folders

    @property
    def ways(self) -> dict[str, tuple[IssueCode | None, Callable[[Prompt], Prompt | None]]]:
        """By name: what is the matter then, `None` for nothing, and the change, `None` where it cannot be made."""
        return {
            "no option": (IssueCode.NO_OPTION, self.no_option),
            "out of range": (IssueCode.OUT_OF_RANGE, self.out_of_range),
            "wrong type": (IssueCode.WRONG_TYPE, self.wrong_type),
            "missing link": (IssueCode.MISSING_INPUT, self.missing_link),
            "cycle": (IssueCode.CYCLE, self.cycle),
            "unknown class": (IssueCode.MISSING_CLASS, self.unknown_class),
            "model of another folder": (IssueCode.MISSING_MODEL, self.model_of_another_folder),
            "link of another type": (IssueCode.LINK_TYPE, self.link_of_another_type),
            "no output": (IssueCode.NO_OUTPUT, self.no_output),
            "idle node": (None, self.idle_node),
            "input of no class": (None, self.input_of_no_class),
        }

    def no_option(self, prompt: Prompt) -> Prompt | None:
        for node, one, _ in self._valued(prompt):
            is_file = one.folders or any(one.options.get(upload) for upload in _UPLOADS)
            if one.type == COMBO and one.choices and not is_file and not self._checks_itself(prompt, node, one):
                return _with(prompt, node, one.name, "surely no option")
        return None

    def out_of_range(self, prompt: Prompt) -> Prompt | None:
        for node, one, _ in self._valued(prompt):
            most = one.options.get("max")
            if not isinstance(most, int | float) or most > 2**53 or self._checks_itself(prompt, node, one):
                continue
            if one.type in ("INT", "FLOAT"):
                return _with(prompt, node, one.name, most + 1)
        return None

    def wrong_type(self, prompt: Prompt) -> Prompt | None:
        for node, one, _ in self._valued(prompt):
            if one.type in ("INT", "FLOAT"):
                return _with(prompt, node, one.name, "many")
        return None

    def missing_link(self, prompt: Prompt) -> Prompt | None:
        for node, one, _ in self._linked(prompt):
            if one.section == REQUIRED:
                broken = copy.deepcopy(prompt)
                del broken[node]["inputs"][one.name]
                return broken
        return None

    def cycle(self, prompt: Prompt) -> Prompt | None:
        """A node gets its own output, of the type that it takes."""
        for node, one, _ in self._linked(prompt):
            outputs = self._classes[prompt[node]["class_type"]].outputs or ()
            if one.type in outputs:
                return _with(prompt, node, one.name, [node, outputs.index(one.type)])
        return None

    def unknown_class(self, prompt: Prompt) -> Prompt | None:
        broken = copy.deepcopy(prompt)
        broken[next(iter(broken))]["class_type"] = "SurelyNoClassOfAnyPack"
        return broken

    def model_of_another_folder(self, prompt: Prompt) -> Prompt | None:
        """A model that is there, and not where it is asked for."""
        for node, one, _ in self._valued(prompt):
            own = {name for folder in one.folders for name in self._folders.get(folder, ())}
            others = (name for names in self._folders.values() for name in names if name not in own)
            if len(one.folders) == 1 and one.doubt is None and not self._checks_itself(prompt, node, one):
                return _with(prompt, node, one.name, next(others, "nowhere.safetensors"))
        return None

    def link_of_another_type(self, prompt: Prompt) -> Prompt | None:
        """A link to an output of a node that gives something else, which comes before it."""
        for node, one, link in self._linked(prompt):
            if one.type is None or one.type in _ANYTHING or "," in one.type:
                continue
            outputs = self._classes[prompt[link[0]]["class_type"]].outputs or ()
            for slot, given in enumerate(outputs):
                if given not in _ANYTHING and not set(given.split(",")) & {one.type, *_ANYTHING}:
                    return _with(prompt, node, one.name, [link[0], slot])
        return None

    def no_output(self, prompt: Prompt) -> Prompt | None:
        rest = {key: node for key, node in prompt.items() if not self._is_output(node)}
        return copy.deepcopy(rest) or None

    def idle_node(self, prompt: Prompt) -> Prompt | None:
        """What leads to no output may be as broken as it likes."""
        return {**copy.deepcopy(prompt), "idle": {"class_type": "KSampler", "inputs": {"steps": "many"}}}

    def input_of_no_class(self, prompt: Prompt) -> Prompt | None:
        for node, _, _ in self._valued(prompt):
            return _with(prompt, node, "surely no input of the class", ["nowhere", 0])
        return None

    def _valued(self, prompt: Prompt) -> Iterator[tuple[str, ClassInput, object]]:
        return ((node, one, value) for node, one, value in self._inputs(prompt) if not isinstance(value, list))

    def _linked(self, prompt: Prompt) -> Iterator[tuple[str, ClassInput, list[Any]]]:
        return (
            (node, one, value) for node, one, value in self._inputs(prompt)
            if isinstance(value, list) and value[0] in prompt and not self._checks_itself(prompt, node, one)
        )  # fmt: skip

    def _inputs(self, prompt: Prompt) -> Iterator[tuple[str, ClassInput, Any]]:
        """The inputs of nodes that lead to an output, that stand in the class as such."""
        for key in self._used(prompt):
            for one in self._classes[prompt[key]["class_type"]].inputs:
                if one.name in prompt[key]["inputs"] and not one.branches and one.template is None:
                    yield key, one, prompt[key]["inputs"][one.name]

    def _used(self, prompt: Prompt) -> list[str]:
        used: dict[str, None] = {}
        waiting = [key for key, node in prompt.items() if self._is_output(node)]
        while waiting:
            key = waiting.pop()
            if key not in used and key in prompt:
                used[key] = None
                waiting += [value[0] for value in prompt[key]["inputs"].values() if isinstance(value, list)]
        return list(used)

    def _is_output(self, node: dict[str, Any]) -> bool:
        return self._classes[node["class_type"]].output_node is True

    def _checks_itself(self, prompt: Prompt, node: str, one: ClassInput) -> bool:
        known = self._classes[prompt[node]["class_type"]]
        return known.checks_itself(one.name) or "input_types" in known.own_checks


def _with(prompt: Prompt, node: str, name: str, value: object) -> Prompt:
    broken = copy.deepcopy(prompt)
    broken[node]["inputs"][name] = value
    return broken
