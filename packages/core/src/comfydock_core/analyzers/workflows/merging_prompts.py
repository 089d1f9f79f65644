"""Merging the server's format: by node and input."""

import copy
from typing import Any

from comfydock_core.analyzers.workflows.merging_links import numbers_in
from comfydock_core.analyzers.workflows.merging_values import (
    MISSING,
    Decide,
    Json,
    Unmergeable,
    Values,
    keys_of,
    one_side,
    present,
    same,
    sides_of,
)


class PromptMerging:
    """One merge of three prompts, whose nodes stand under their numbers. What is no node is merged as a value."""

    def __init__(self, decide: Decide, before: Json, ours: Json, theirs: Json) -> None:
        """Raises `Unmergeable`."""
        self._decide = decide
        self._values = Values(decide)
        self._before, self._ours = before, ours
        self._theirs = _renumbered(before, ours, theirs)

    def merge(self) -> Json:
        """The merged prompt. Raises `Unmergeable`."""
        merged = {
            key: self._node(key, *sides_of(key, self._before, self._ours, self._theirs))
            for key in keys_of(self._ours, self._theirs)
        }
        merged = present(merged)
        known = self._ours.keys() | self._theirs.keys()
        for key, node in merged.items():
            for name, value in _inputs(node).items():
                if _is_link(value) and value[0] in known and value[0] not in merged:
                    raise Unmergeable(f"the input {name} of node {key} would be left without the node it is linked to")
        return merged

    def _node(self, place: str, before: Any, ours: Any, theirs: Any) -> Any:
        old, mine, other = (_meaning(side) for side in (before, ours, theirs))
        are_one = _is_node(ours) and _is_node(theirs) and ours["class_type"] == theirs["class_type"]
        if not are_one and same(mine, old):
            return theirs
        if not are_one and same(other, old):
            return ours
        if not (_is_node(ours) or _is_node(theirs)):
            return self._values.value(place, before, ours, theirs)
        if not are_one:
            return theirs if self._decide(place, _named(ours), _named(theirs)) else ours
        olds = before if isinstance(before, dict) else {}
        merged = {}
        for key in keys_of(ours, theirs):
            sides = sides_of(key, olds, ours, theirs)
            if key == "inputs" and all(isinstance(side, dict) for side in sides[1:]):
                merged[key] = self._values.tables(place, *sides)
            else:
                merged[key] = one_side(*sides) if key == "_meta" else self._values.value(f"{place}.{key}", *sides)
        return present(merged)


def _renumbered(before: Json, ours: Json, theirs: Json) -> Json:
    """Theirs with new numbers for the nodes that it added under a number that ours gave to another one."""
    added = [key for key, node in theirs.items() if key in ours and key not in before and _is_node(node)]
    twice = [key for key in added if not same(_meaning(ours[key]), _meaning(theirs[key]))]
    if not before:
        if any(not _is_node(ours[key]) or ours[key]["class_type"] != theirs[key]["class_type"] for key in twice):
            raise Unmergeable("both sides added it, with different nodes")
        return theirs
    following = max([0, *numbers_in([*before, *ours, *theirs])]) + 1
    names = {key: str(following + at) for at, key in enumerate(twice)}
    renamed = {}
    for key, node in theirs.items():
        mended = copy.deepcopy(node)
        for name, value in _inputs(mended).items():
            if _is_link(value) and value[0] in names:
                mended["inputs"][name] = [names[value[0]], *value[1:]]
        renamed[names.get(key, key)] = mended
    return renamed


def _meaning(node: Any) -> Any:
    return {key: value for key, value in node.items() if key != "_meta"} if isinstance(node, dict) else node


def _is_node(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("class_type"), str)


def _inputs(node: Any) -> Json:
    inputs = node.get("inputs") if _is_node(node) else None
    return inputs if isinstance(inputs, dict) else {}


def _is_link(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int)


def _named(node: Any) -> str:
    if node is MISSING:
        return "removed"
    meta = node.get("_meta") if isinstance(node, dict) else None
    title = meta.get("title") if isinstance(meta, dict) else None
    return str(title or (node.get("class_type") if isinstance(node, dict) else node))
