"""ComfyUI's `extra_model_paths.yaml`: read as ComfyUI reads it, which is PyYAML's YAML 1.1 and no tags that run code.

What makes ComfyUI end at its start is an error here, too. Only nodes are composed; nothing is constructed from them
but plain values, so that a file of a stranger costs no more than its length.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import LiteralScalarString

from comfydock_core.models.exceptions import ModelPathsInvalid
from comfydock_core.models.model_files.model_paths import ExtraModelPaths, NamedPath, PathsSection, WrittenLines
from comfydock_core.utils import native

LARGEST = 256 * 1024  # Bytes; real ones have a few hundred.
_MOST_PAIRS = 20_000
_TAG = "tag:yaml.org,2002:"
_MAPPING, _MERGE = f"{_TAG}map", f"{_TAG}merge"
_KINDS = {"seq": "a list", "map": "a mapping", "null": "missing", "bool": "a truth value", "int": "a number",
          "float": "a number", "timestamp": "a date", "str": "a text"}  # fmt: skip
_LOOK = "look at what it is"
_WIDEST = 1_000_000  # Lines are never folded.


class _Resolver(VersionedResolver):
    """YAML 1.1 whatever a directive says, as in PyYAML."""

    @property
    def processing_version(self) -> tuple[int, int]:
        return (1, 1)


def read_model_paths(path: str) -> ExtraModelPaths:
    """The file at `path`. Raises `OSError`, and `ModelPathsInvalid` with the line that ComfyUI would not take."""
    return parse_model_paths(native.read_bytes(path) or b"", path)


def parse_model_paths(data: bytes, path: str) -> ExtraModelPaths:
    """The same for its bytes; `path` is only named in errors."""
    return _Reader(path).read(data)


def section_text(name: str, base_path: str, folders: Mapping[str, Sequence[str]], *, is_default: bool) -> str:
    """A new section as text; a folder with several paths gets a block of lines."""
    settings: dict[str, object] = {"base_path": base_path}
    if is_default:
        settings["is_default"] = True
    for folder, paths in folders.items():
        settings[folder] = paths[0] if len(paths) == 1 else LiteralScalarString("".join(f"{one}\n" for one in paths))
    yaml = YAML()
    yaml.version = (1, 1)
    yaml.width = _WIDEST
    yaml.indent(mapping=4)
    written = StringIO()
    yaml.dump({name: settings}, written)
    lines = written.getvalue().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(("%", "---")))  # The version is not for the file.


class _Reader:
    """Reads one file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._notes: dict[tuple[int, str], None] = {}
        self._taken: set[int] = set()  # Sections that an alias shares: ComfyUI takes their settings out once.
        self._pairs = 0
        self._yaml = YAML(typ="safe", pure=True)
        self._yaml.Resolver = _Resolver

    def read(self, data: bytes) -> ExtraModelPaths:
        text = self._decoded(data)
        root = self._composed(text)
        if root is None:
            raise self._refused(None, "there is nothing in it", "remove it, or write a section")
        if not isinstance(root, MappingNode) or root.tag != _MAPPING:
            raise self._refused(_line(root), "it is no mapping of sections", "begin a section with `NAME:`")
        sections = [self._section(key, value) for key, value in self._settled(root, "the file").values()]
        return ExtraModelPaths(
            tuple(section for section in sections if section is not None),
            tuple(_written(root, text)),
            tuple(sorted(self._notes)),
        )

    def _decoded(self, data: bytes) -> str:
        if len(data) > LARGEST:
            raise self._refused(None, f"it has {len(data)} bytes, more than such a file can need", _LOOK, starts=True)
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise self._refused(line, "it is not UTF-8", "save it as UTF-8") from error
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _composed(self, text: str) -> Node | None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", ReusedAnchorWarning)  # PyYAML refuses it.
                return self._yaml.compose(text)  # type: ignore[no-any-return]
        except MarkedYAMLError as error:
            mark, words = error.problem_mark or error.context_mark, str(error.problem or error.context)
            raise self._refused(None if mark is None else mark.line + 1, words, _hint_for(words)) from error
        except ReusedAnchorWarning as error:
            words = str(error).strip().partition("\n")[0]
            raise self._refused(None, words, "give each anchor a name of its own") from error
        except ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise self._refused(line, "it has a character that YAML does not allow", "remove it") from error
        except RecursionError as error:
            raise self._refused(None, "it is nested too deeply", _LOOK) from error

    def _settled(self, node: MappingNode, what: str) -> dict[str, tuple[ScalarNode, Node]]:
        """The pairs of a mapping as PyYAML takes them: merged ones first, and of equal keys the last."""
        settled: dict[str, tuple[ScalarNode, Node]] = {}
        own = {id(key) for key, _ in node.value}
        for key, value in self._flat(node, ()):
            if not isinstance(key, ScalarNode):
                raise self._refused(_line(key), f"a name in {what} is {_kind(key)}", "write a plain name before `:`")
            if key.tag != f"{_TAG}value":  # A plain `=` is a name like others.
                self._value(key)
            if isinstance(value, ScalarNode):
                self._value(value)  # Also of what another one replaces.
            name = str(key.value)
            if name in settled and {id(settled[name][0]), id(key)} <= own:
                before = _line(settled[name][0])
                note = f"`{name}` stands in {what} again; ComfyUI takes this one, not that of line {before}"
                self._notes[_line(key), note] = None
            settled[name] = (key, value)
        return settled

    def _flat(self, node: MappingNode, within: tuple[int, ...]) -> list[tuple[Node, Node]]:
        """The pairs, with those of `<<` before the mapping's own."""
        merged: list[tuple[Node, Node]] = []
        own: list[tuple[Node, Node]] = []
        for key, value in node.value:
            self._pairs += 1
            if self._pairs > _MOST_PAIRS:
                raise self._refused(None, "its anchors multiply without end", _LOOK)
            if key.tag != _MERGE:
                own.append((key, value))
            elif isinstance(value, MappingNode):
                merged += self._merged(value, within)
            elif _is_list(value) and all(isinstance(one, MappingNode) for one in value.value):
                for one in reversed(value.value):
                    merged += self._merged(one, within)
            else:
                raise self._refused(_line(value), f"what `<<` takes in is {_kind(value)}", "let it name an anchor")
        return merged + own

    def _merged(self, node: MappingNode, within: tuple[int, ...]) -> list[tuple[Node, Node]]:
        return [] if id(node) in within else self._flat(node, (*within, id(node)))

    def _section(self, key: ScalarNode, node: Node) -> PathsSection | None:
        if (isinstance(node, ScalarNode) and self._value(node) in (None, "")) or (_is_list(node) and not node.value):
            return None
        if not isinstance(node, MappingNode) or node.tag != _MAPPING:
            hint = "write `base_path:` and the folders below it, further to the right"
            raise self._refused(_line(key), f"the section `{key.value}` is {_kind(node)}", hint)
        settings = self._settled(node, f"`{key.value}`")
        base, default = settings.pop("base_path", None), settings.pop("is_default", None)
        if id(node) in self._taken:
            base = default = None
        self._taken.add(id(node))
        base_path = None if base is None else self._text(*base)
        is_default = default is not None and self._truth(default[1])
        paths = [one for name, setting in settings.items() for one in self._paths(name, *setting)]
        return PathsSection(str(key.value), _line(key), base_path, is_default, tuple(paths))

    def _paths(self, folder: str, key: ScalarNode, node: Node) -> Iterator[NamedPath]:
        style = node.style if isinstance(node, ScalarNode) else None
        first = _line(node) + (style in ("|", ">"))
        for number, path in enumerate(self._text(key, node).split("\n")):
            if path:
                yield NamedPath(folder, path, first + (number if style == "|" else 0))

    def _text(self, key: ScalarNode, node: Node) -> str:
        value = self._value(node) if isinstance(node, ScalarNode) else None
        if not isinstance(value, str):
            name = key.value
            several = f"write one path a line, below `{name}: |`" if _is_list(node) else None
            hint = several or f"write a path after `{name}:`, in quotes if YAML takes it for something else"
            raise self._refused(_line(key), f"the value of `{name}` is {_kind(node)}", hint)
        return value

    def _truth(self, node: Node) -> bool:
        return bool(self._value(node) if isinstance(node, ScalarNode) else node.value)

    def _value(self, node: ScalarNode) -> object:
        """What a scalar is, in PyYAML's eyes: truth values have more than a letter, and numbers with `e` have a dot."""
        is_letter = node.tag == f"{_TAG}bool" and len(node.value) == 1
        if node.style is None and (is_letter or (node.tag == f"{_TAG}float" and "." not in node.value)):
            return node.value
        try:
            return self._yaml.constructor.construct_object(node)
        except (ConstructorError, ValueError) as error:
            hint = "remove what begins with `!`, or put the value in quotes"
            raise self._refused(_line(node), f"`{node.value}` cannot be read as `{node.tag}`", hint) from error

    def _refused(self, line: int | None, what: str, hint: str, *, starts: bool = False) -> ModelPathsInvalid:
        where = f"`{self._path}`" + (f", line {line}" if line is not None else "")
        consequence = "" if starts else "; ComfyUI does not start with it"
        return ModelPathsInvalid(f"{where}: {what}{consequence}", hint=hint, context={"path": self._path, "line": line})


def _hint_for(words: str) -> str:
    if "'\\t'" in words:
        return "use spaces instead of the tab"
    if "escape" in words:
        return "in double quotes write `\\\\` or `/` for a backslash, or leave the quotes out"
    return "correct that line; a folder is written like `loras: models/Lora`"


def _written(root: MappingNode, text: str) -> Iterator[WrittenLines]:
    """Where each section is written, without the empty lines and comments that come before the next one."""
    lines = text.split("\n")
    ends = [key.start_mark.line for key, _ in root.value[1:]] + [len(lines)] * bool(root.value)
    for (key, _), end in zip(root.value, ends, strict=True):
        first = key.start_mark.line
        while end > first + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith(("#", "...", "---"))):
            end -= 1
        yield WrittenLines(str(key.value), first, end)


def _is_list(node: Node) -> bool:
    return isinstance(node, SequenceNode) and node.tag == f"{_TAG}seq"


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _kind(node: Node) -> str:
    return _KINDS.get(str(node.tag).removeprefix(_TAG), "something that is no text")
