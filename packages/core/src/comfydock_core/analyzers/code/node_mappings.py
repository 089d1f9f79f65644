"""What one Python file says about node classes, read from its syntax and never run.

Node classes are the keys of `NODE_CLASS_MAPPINGS`, and the `node_id` of the schemas of newer nodes. Keys that only a
run would tell become doubts.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from comfydock_core.analyzers.code.python_syntax import (
    is_called,
    is_name,
    lines_with,
    method_name,
    parse,
    target_names,
    text_of,
    walk,
)

MAPPINGS = "NODE_CLASS_MAPPINGS"
_SIGN = re.compile("NODE|MAPPING|node_id|Schema")
_DEEPEST = 60  # Nested expressions and names that stand for names.
_LONGEST = 1000
_COPIES = ("dict", "copy", "deepcopy", "OrderedDict")

# Where a name of a file leads to in another: the name of the module as it was imported, the dots before it, the name.
Lookup = Callable[[str, int, str], "Found | None"]


@dataclass(slots=True)
class Found:
    """Keys, and lines with reasons why there may be more."""

    keys: set[str] = field(default_factory=set)
    doubts: dict[tuple[int, str], None] = field(default_factory=dict)  # Each once, in the order they came up.

    def add(self, other: "Found") -> "Found":
        self.keys |= other.keys
        self.doubts |= other.doubts
        return self

    @classmethod
    def doubt(cls, node: ast.AST, reason: str) -> "Found":
        return cls.at_line(getattr(node, "lineno", 0), reason)

    @classmethod
    def at_line(cls, line: int, reason: str) -> "Found":
        return cls(doubts={(line, reason): None})


class FileReader:
    """Reads one file. `look_up` answers for names that come from other files of the same pack."""

    def __init__(self, text: str, look_up: Lookup) -> None:
        """Raises `ValueError` for what is not Python."""
        self._look_up = look_up
        self._values: dict[str, list[ast.expr]] = {}
        self._imported: dict[str, tuple[str, int, str]] = {}
        self._classes: dict[str, ast.ClassDef] = {}
        self._stars: list[tuple[str, int]] = []
        self._loops: dict[str, list[ast.expr]] = {}
        self._deep = 0
        self._known: dict[str, Found] = {}
        self._texts: dict[str, str | None] = {}
        self._nodes = list(walk(parse(text), lines_with(_SIGN, text)))
        for node in self._nodes:
            self._note(node)

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            for name in target_names(node):
                if node.value is not None:
                    self._values.setdefault(name, []).append(node.value)
        elif isinstance(node, ast.ClassDef):
            self._classes[node.name] = node
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name == "*":
                    self._stars.append((node.module or "", node.level))
                else:
                    self._imported[alias.asname or alias.name] = (node.module or "", node.level, alias.name)
        elif isinstance(node, ast.For | ast.comprehension):
            self._note_loop(node)

    def _note_loop(self, node: ast.For | ast.comprehension) -> None:
        """`for key in values` and `for key, value in values.items()`: what the first name goes through."""
        target, over = node.target, node.iter
        if isinstance(target, ast.Tuple) and target.elts and method_name(over) == "items":
            target, over = target.elts[0], over.func.value  # type: ignore[attr-defined]
        if isinstance(target, ast.Name):
            self._loops.setdefault(target.id, []).append(over)

    def found(self) -> Found:
        """Everything that this file adds to the node classes."""
        whole = Found()
        for node in self._nodes:
            whole.add(self._from_node(node))
        return whole

    def mapping(self, name: str) -> Found | None:
        """The keys of a dictionary of this file, `None` when it has none of that name."""
        if name in self._values:
            return self._named(name)
        if name in self._imported:
            return self._look_up(*self._imported[name])
        for module, level in self._stars:
            if (found := self._look_up(module, level, name)) is not None:
                return found
        return None

    def class_text(self, name: str, attribute: str) -> str | None:
        """A text that a class of this file has under a name."""
        defined = self._classes.get(name)
        for node in defined.body if defined is not None else ():
            if isinstance(node, ast.Assign | ast.AnnAssign) and attribute in target_names(node) and node.value:
                return self._text(node.value)
        return None

    def _from_node(self, node: ast.AST) -> Found:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            return self._from_assignment(node)
        if isinstance(node, ast.Call):
            return self._from_call(node)
        if isinstance(node, ast.ImportFrom) and not node.level and any(one.name == MAPPINGS for one in node.names):
            return self._from_elsewhere(node)
        return Found()

    def _from_elsewhere(self, node: ast.ImportFrom) -> Found:
        """Classes of another package. What `nodes` has are ComfyUI's, which packs only look at."""
        if node.module == "nodes" or self._look_up(node.module or "", 0, MAPPINGS) is not None:
            return Found()
        return Found.doubt(node, f"the classes of `{node.module}` come from elsewhere")

    def _from_assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> Found:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        whole = Found()
        for target in targets:
            if _is_mappings(target) and node.value is not None:
                whole.add(self._keys(node.value))
            elif isinstance(target, ast.Subscript) and _is_mappings(target.value):
                whole.add(self._key(target.slice))
            elif isinstance(target, ast.Attribute) and target.attr == "node_id" and node.value is not None:
                text = self._text(node.value)
                whole.add(Found({text} if text is not None else set()))
            elif isinstance(target, ast.Tuple) and any(_is_mappings(part) for part in target.elts):
                whole.add(self._from_tuple(target, node))
        return whole

    def _from_tuple(self, target: ast.Tuple, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> Found:
        value = node.value
        if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            pairs = zip(target.elts, value.elts, strict=True)
            return next((self._keys(part) for name, part in pairs if _is_mappings(name)), Found())
        return self._called(value) if isinstance(value, ast.Call) else Found.doubt(node, _UNKNOWN)

    def _from_call(self, node: ast.Call) -> Found:
        function = node.func
        if isinstance(function, ast.Attribute) and _is_mappings(function.value):
            return self._from_method(node, function.attr)
        if is_called(function, "Schema"):
            return self._from_schema(node)
        given = [*node.args, *(word.value for word in node.keywords)]
        if any(_is_mappings(part) for part in given) and not is_called(function, *_HARMLESS):
            return Found.doubt(node, "the classes are handed to a function")
        return Found()

    def _from_method(self, node: ast.Call, method: str) -> Found:
        if method == "update":
            whole = Found(keys={word.arg for word in node.keywords if word.arg is not None})
            for value in [*node.args, *(word.value for word in node.keywords if word.arg is None)]:
                whole.add(self._keys(value))
            return whole
        if method == "setdefault" and node.args:
            return self._key(node.args[0])
        return Found()

    def _from_schema(self, node: ast.Call) -> Found:
        """Others have things called so as well: only one with a `node_id` is a node's."""
        wanted = [word.value for word in node.keywords if word.arg == "node_id"]
        return self._key(wanted[0]) if wanted else Found()

    def _keys(self, value: ast.expr) -> Found:
        """The keys of an expression that makes a dictionary."""
        self._deep += 1
        try:
            return Found.doubt(value, "it is nested too deeply") if self._deep > _DEEPEST else self._keys_of(value)
        finally:
            self._deep -= 1

    def _keys_of(self, value: ast.expr) -> Found:
        if isinstance(value, ast.Dict):
            return self._literal(value)
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr):
            return self._keys(value.left).add(self._keys(value.right))
        if isinstance(value, ast.IfExp):
            return self._keys(value.body).add(self._keys(value.orelse))
        if isinstance(value, ast.BoolOp):
            return _together(self._keys(part) for part in value.values)
        if isinstance(value, ast.DictComp):
            return self._key(value.key)
        if isinstance(value, ast.NamedExpr):
            return self._keys(value.value)
        if isinstance(value, ast.Constant) and value.value is None:
            return Found()
        if isinstance(value, ast.Name | ast.Attribute):
            return self._reference(value)
        return self._called(value) if isinstance(value, ast.Call) else Found.doubt(value, _UNKNOWN)

    def _literal(self, value: ast.Dict) -> Found:
        return _together(
            self._keys(part) if key is None else self._key(key)
            for key, part in zip(value.keys, value.values, strict=True)
        )

    def _reference(self, value: ast.Name | ast.Attribute) -> Found:
        """A dictionary by its name. The mappings of any file of the pack are read where they stand."""
        if _is_mappings(value):
            return Found()
        name = value.id if isinstance(value, ast.Name) else value.attr
        if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
            module = self._imported.get(value.value.id)
            if module is not None:
                inner = ".".join(filter(None, (module[0], module[2])))
                return self._look_up(inner, module[1], name) or Found.doubt(value, f"`{name}` cannot be found")
        elif name in self._imported and self._imported[name][2] == MAPPINGS and self._imported[name][1]:
            return Found()
        return self.mapping(name) or Found.doubt(value, f"`{name}` cannot be found")

    def _named(self, name: str) -> Found:
        """All that is ever put into a dictionary of this file, while it is not one that is looked at already."""
        if name not in self._known:
            values = self._values.pop(name)
            try:
                self._known[name] = _together(self._keys(one) for one in values).add(self._filled(name))
            finally:
                self._values[name] = values
        return Found().add(self._known[name])

    def _filled(self, name: str) -> Found:
        whole = Found()
        for node in self._nodes:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Subscript) and is_name(target.value, name):
                        whole.add(self._key(target.slice))
            elif isinstance(node, ast.Call) and method_name(node) == "update" and is_name(node.func.value, name):  # type: ignore[attr-defined]
                whole.add(self._from_method(node, "update"))
        return whole

    def _called(self, value: ast.Call) -> Found:
        function = value.func
        if is_called(function, "getattr") and len(value.args) > 1 and text_of(value.args[1]) == MAPPINGS:
            return Found()
        if is_called(function, "get") and value.args and text_of(value.args[0]) == MAPPINGS:
            return Found()
        if is_called(function, *_COPIES):
            parts = [*value.args, *(word.value for word in value.keywords if word.arg is None)]
            if isinstance(function, ast.Attribute) and not value.args:
                parts.append(function.value)
            whole = Found(keys={word.arg for word in value.keywords if word.arg is not None})
            return whole.add(_together(self._keys(part) for part in parts))
        return self._guessed(value)

    def _guessed(self, value: ast.Call) -> Found:
        """What a call is given is likely to be what it gives back; that it may be more stays a doubt."""
        whole = Found.doubt(value, "the classes are returned by a call")
        for part in value.args:
            if isinstance(part, ast.Dict | ast.Name):
                whole.keys |= self._keys(part).keys
        return whole

    def _key(self, key: ast.expr) -> Found:
        """The text of one key, or the texts that a loop gives it."""
        text = self._text(key)
        if text is not None:
            return Found({text})
        if isinstance(key, ast.Attribute):
            if key.attr == "node_id":  # Of a schema, which is read where it stands.
                return Found()
            if isinstance(key.value, ast.Name) and key.value.id in _ITSELF:
                return self._of_subclasses(key)
        name = key.value.id if isinstance(key, ast.Attribute) and isinstance(key.value, ast.Name) else None
        name = key.id if isinstance(key, ast.Name) else name
        if name in self._loops and self._deep <= _DEEPEST:
            return _together(self._looped(key, over) for over in self._loops[name])
        return Found.doubt(key, "the name of a class is only known at run time")

    def _of_subclasses(self, key: ast.Attribute) -> Found:
        """`cls.NAME` in a base class: what the classes of this file have under that name."""
        texts = {self.class_text(name, key.attr) for name in self._classes}
        found = {text for text in texts if text is not None}
        return Found(found) if found else Found.doubt(key, "the name of a class is only known at run time")

    def _looped(self, key: ast.expr, over: ast.expr) -> Found:
        """`for Class in [A, B]: ...[Class.__name__]`, and `for key in {...}: ...[key]`."""
        if isinstance(over, ast.Name) and len(self._values.get(over.id, ())) == 1:
            over = self._values[over.id][0]
        if isinstance(over, ast.List | ast.Tuple | ast.Set):
            texts = [self._text(_instead(key, part)) for part in over.elts]
            if None not in texts:
                return Found({text for text in texts if text is not None})
        elif isinstance(key, ast.Name) and isinstance(over, ast.Dict | ast.Name | ast.Attribute):
            return self._keys(over)
        return Found.doubt(key, "the name of a class is only known at run time")

    def _text(self, value: ast.expr) -> str | None:
        """A text that is the same in every run, `None` for any other expression."""
        self._deep += 1
        try:
            return self._text_of_kind(value) if self._deep <= _DEEPEST else None
        finally:
            self._deep -= 1

    def _text_of_kind(self, value: ast.expr) -> str | None:
        if isinstance(value, ast.Constant):
            return value.value if isinstance(value.value, str) else None
        if isinstance(value, ast.Name):
            return self._constant(value.id)
        if isinstance(value, ast.JoinedStr):
            return _joined([self._text(part) for part in value.values])
        if isinstance(value, ast.FormattedValue):
            return self._text(value.value) if value.conversion == -1 and value.format_spec is None else None
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
            return _joined([self._text(value.left), self._text(value.right)])
        if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
            owner = value.value.id
            if value.attr == "__name__":
                return owner if owner in self._classes or owner in self._imported else None
            return self.class_text(owner, value.attr)
        return None

    def _constant(self, name: str) -> str | None:
        """The text that a name of this file has, when it is given one only."""
        if name not in self._texts:
            values = self._values.get(name, [])
            self._texts[name] = None  # While it is looked for, it is not known: names may go in circles.
            self._texts[name] = self._text(values[0]) if len(values) == 1 and name not in self._loops else None
        return self._texts[name]


_UNKNOWN = "the classes are only known at run time"
_ITSELF = ("cls", "self")
_HARMLESS = (
    "len", "print", "list", "sorted", "dict", "set", "tuple", "str", "repr", "hasattr", "getattr", "isinstance",
    "items", "keys", "values", "info", "debug", "warning", "error", "log", "update", "copy", "deepcopy", "bool", "any",
)  # fmt: skip


def _together(parts: Iterator[Found]) -> Found:
    whole = Found()
    for part in parts:
        whole.add(part)
    return whole


def _joined(parts: list[str | None]) -> str | None:
    """The texts as one, `None` when one is not known or the whole is too long for a name."""
    whole = "".join(part for part in parts if part is not None)
    return None if None in parts or len(whole) > _LONGEST else whole


def _is_mappings(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript):
        return text_of(node.slice) == MAPPINGS
    return is_name(node, MAPPINGS) or (isinstance(node, ast.Attribute) and node.attr == MAPPINGS)


def _instead(key: ast.expr, part: ast.expr) -> ast.expr:
    """The key with what the loop goes through in place of the loop's name."""
    return ast.Attribute(part, key.attr) if isinstance(key, ast.Attribute) else part
