"""Nodes that exist in the editor alone: a pack's scripts register them, and nothing of them runs on the server.

Scripts are read as text, never run. What they register is a text, a name that stands for one (`const TYPE = "..."`,
`Label.type`, `Names.LABEL`), or `this.type` in a base class, which every class below it fills in. Names may come from
any script of the pack, and may be made by a function that adds a word to a text, as `addWord("Label")` does.
"""

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from comfydock_core.analyzers.code.node_mappings import Found

UNKNOWN_NAME = "the name of a node of the editor is only known at run time"
_TEXT = r"(?P<mark>[\"'`])(?P<text>[^\"'`$\\\n]{1,300})(?P=mark)"
_PATH = r"(?P<path>[A-Za-z_$][\w$]{0,99}(?:\.[A-Za-z_$][\w$]{0,99}){0,3})"
_VALUE = rf"(?:{_TEXT}|{_PATH}(?:\(\s*(?P<inner>[\"'`])(?P<argument>[^\"'`$\\\n]{{1,300}})(?P=inner)\s*\))?)"
_REGISTERED = re.compile(rf"registerNodeType\s{{0,99}}\(\s{{0,999}}(?:{_VALUE}\s{{0,99}},)?")
# `Label.type = ...`, `static type = ...`, `const TYPE = ...`, and `LABEL: ...` in a table of names.
_ASSIGNED = re.compile(
    r"(?:\b(?P<static>static)\s{1,9}|\b(?P<const>const)\s{1,9})?"
    r"(?<![\w$.])(?P<target>[A-Za-z_$][\w$]{0,99}(?:\.[A-Za-z_$][\w$]{0,99})?)\s{0,9}(?P<sign>=(?![=>])|:)\s{0,99}"
    rf"{_VALUE}"
)
_CLASS = re.compile(
    r"\bclass\s{1,9}(?P<name>[A-Za-z_$][\w$]{0,99})(?:\s{1,9}extends\s{1,9}(?P<base>[A-Za-z_$][\w$.]{0,199}))?"
)
_TABLE = re.compile(r"\b(?:const|let|var)\s{1,9}(?P<name>[A-Za-z_$][\w$]{0,99})\s{0,9}=\s{0,9}\{")
_ADDING = re.compile(
    r"\bfunction\s{1,9}(?P<name>[A-Za-z_$][\w$]{0,99})\s{0,9}\(\s{0,9}(?P<taken>[\w$]{1,100})\s{0,9}\)\s{0,9}\{\s{0,99}"
    r"return\s{1,9}(?:(?P=taken)\s{0,9}\+\s{0,9}[\"'`](?P<after>[^\"'`\\\n]{0,100})[\"'`]"
    r"|`\$\{(?P=taken)\}(?P<around>[^`$\\\n]{0,100})`)"
)
_COMMENT = re.compile(r"(?:^|[^:\"'`])//")
_SIGN = b"registerNodeType"
_MOST_KEPT = 64 * 1024 * 1024  # Bytes of all scripts of a pack.
_MOST_REGISTERED = 2000  # The largest real pack registers 14; and as many classes below others are followed.
_DEEPEST = 20  # Classes below classes, and names that stand for names.

# A text, or the name that stands for it, or the name of a function with the text that it is given.
_Value = tuple[str | None, str | None, str | None]


@dataclass(slots=True)
class _Script:
    path: str
    text: str
    classes: list[tuple[int, str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def line_of(self, at: int) -> int:
        if not self.lines:
            self.lines.extend(match.start() for match in re.finditer("\n", self.text))
        return bisect.bisect_left(self.lines, at) + 1


@dataclass(slots=True)
class EditorNodes:
    """The scripts of one pack, read one after another and understood together."""

    _kept: list[tuple[str, bytes]] = field(default_factory=list)
    _size: int = 0
    _members: dict[str, _Value] = field(default_factory=dict)
    _constants: dict[str, dict[str, _Value]] = field(default_factory=dict)
    _bases: dict[str, str] = field(default_factory=dict)
    _adding: dict[str, str] = field(default_factory=dict)
    _filled_in: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def add(self, path: str, content: bytes) -> None:
        """One script. Of packs with very many those that register nothing are not kept: names in them stay unknown."""
        if _SIGN in content or self._size + len(content) <= _MOST_KEPT:
            self._kept.append((path, content))
            self._size += len(content)

    def found(self) -> Iterator[tuple[str, Found]]:
        """What scripts register, one by one, with a doubt where that cannot be told."""
        scripts = {path: _Script(path, content.decode("utf-8", "replace")) for path, content in self._kept
                   if _SIGN in content}  # fmt: skip
        registered = [(script, match) for script in scripts.values() for match in _REGISTERED.finditer(script.text)
                      if not _is_comment(script.text, match.start())]  # fmt: skip
        if any(match["path"] for _, match in registered):  # Bundles are large, and most packs name texts alone.
            for path, content in self._kept:
                self._note_names(scripts.get(path) or _Script(path, content.decode("utf-8", "replace")))
        for script, match in registered[:_MOST_REGISTERED]:
            found = Found()
            self._note_registered(script, match, found)
            yield script.path, found
        for script, _ in registered[_MOST_REGISTERED : _MOST_REGISTERED + 1]:
            yield script.path, Found.at_line(0, "too many nodes of the editor are registered")

    def _note_names(self, script: _Script) -> None:
        for found in _CLASS.finditer(script.text):
            script.classes.append((found.start(), found["name"]))
            if found["base"] and len(self._bases) < _MOST_REGISTERED:
                self._bases.setdefault(found["name"], found["base"].rpartition(".")[2])
        for found in _ADDING.finditer(script.text):
            self._adding.setdefault(found["name"], found["after"] or found["around"] or "")
        self._note_values(script)

    def _note_registered(self, script: _Script, match: re.Match[str], found: Found) -> None:
        if (match["path"] or "").startswith("this."):
            base = _name_at(script.classes, match.start())
            member = match["path"].removeprefix("this")
            if (base, member) not in self._filled_in:
                self._filled_in[base, member] = self._below(script.path, base, member)
            names = self._filled_in[base, member]
        else:
            name = self._value(script.path, (match["text"], match["path"], match["argument"]))
            names = {name} if name is not None else set()
        if names:
            found.keys.update(names)
        else:
            line = script.line_of(match.start())
            found.add(Found.at_line(line, UNKNOWN_NAME))

    def _note_values(self, script: _Script) -> None:
        """What names stand for: members of classes and of tables, and constants. A later word changes none of them."""
        tables = [(match.end(), match["name"]) for match in _TABLE.finditer(script.text)]
        for match in _ASSIGNED.finditer(script.text):
            target, value = match["target"], (match["text"], match["path"], match["argument"])
            if match["static"]:
                target = f"{_name_at(script.classes, match.start())}.{target}"
            elif match["sign"] == ":":
                target = f"{_name_at(tables, match.start() + 1)}.{target}"
            if "." in target:
                self._members.setdefault(target, value)
            elif match["const"]:
                self._constants.setdefault(target, {}).setdefault(script.path, value)

    def _value(self, script: str, value: _Value, deep: int = 0) -> str | None:
        """The text that a value in a script stands for, if reading tells."""
        text, path, argument = value
        if text is not None or path is None or deep > _DEEPEST:
            return text
        if argument is not None:
            added = self._adding.get(path)
            return None if added is None else argument + added
        if "." in path:
            known = self._members.get(path)
            return None if known is None else self._value(script, known, deep + 1)
        constants = self._constants.get(path, {})
        if script in constants:
            return self._value(script, constants[script], deep + 1)
        if len(constants) != 1:  # Several scripts have one of this name: which is imported is not followed.
            return None
        return next(self._value(other, known, deep + 1) for other, known in constants.items())

    def _below(self, script: str, base: str, member: str) -> set[str]:
        """What the classes below one fill in for a member, which is written with its dot."""
        known = [self._members.get(f"{name}{member}") for name in self._bases if self._is_below(name, base)]
        values = {self._value(script, value) for value in known if value is not None}
        return {value for value in values if value is not None}

    def _is_below(self, name: str, base: str) -> bool:
        for _ in range(_DEEPEST):
            above = self._bases.get(name)
            if above is None or above == base:
                return above is not None
            name = above
        return False


def _name_at(places: list[tuple[int, str]], at: int) -> str:
    """The name of the class or table that a place is in: the last one that begins before it."""
    number = bisect.bisect_left(places, (at, ""))
    return places[number - 1][1] if number else ""


def _is_comment(text: str, at: int) -> bool:
    """Whether a line is a comment before a place."""
    start = max(text.rfind("\n", 0, at) + 1, at - 300)
    return _COMMENT.search(text[start:at]) is not None
