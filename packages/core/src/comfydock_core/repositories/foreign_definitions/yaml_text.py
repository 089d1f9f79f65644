"""YAML of strangers as plain values, and plain values as YAML.

Only nodes are composed, and nothing is constructed from them but mappings, lists, texts, truth values and nothing:
a commit of digits alone stays the text that it is. What aliases multiply is counted.
"""

from io import BytesIO

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from comfydock_core.repositories.foreign_definitions.checking import LARGEST, damaged

_MOST_NODES = 200_000
_LARGEST = LARGEST // 4
_TAG = "tag:yaml.org,2002:"
_TRUTHS = {"true": True, "false": False}
_WIDEST = 1_000_000  # Lines are never folded.


def plain_yaml(data: bytes, path: str) -> object:
    """The one document of a file. Raises `TemplateDamaged`, naming `path`."""
    if len(data) > _LARGEST:
        raise damaged(path, f"it has {len(data)} bytes, more than such a file can need")
    try:
        root = YAML(typ="safe", pure=True).compose(data.decode("utf-8"))
        return None if root is None else _Plain(path).value(root)
    except (YAMLError, ValueError, AttributeError, TypeError) as error:
        raise damaged(path, f"it is no YAML: {' '.join(str(error).split())[:300]}") from error
    except RecursionError as error:
        raise damaged(path, "it is nested too deeply") from error


def yaml_content(value: object) -> bytes:
    """A value as YAML, in its own order; the same value gives the same bytes."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = _WIDEST
    written = BytesIO()
    yaml.dump(value, written)
    return written.getvalue()


class _Plain:
    """Makes plain values of nodes."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._nodes = 0

    def value(self, node: Node) -> object:
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise damaged(self._path, "its anchors multiply without end")
        if isinstance(node, MappingNode):
            return {self._name(key): self.value(value) for key, value in node.value}
        if isinstance(node, SequenceNode):
            return [self.value(one) for one in node.value]
        assert isinstance(node, ScalarNode)
        if node.tag == f"{_TAG}null":
            return None
        if node.tag == f"{_TAG}bool":
            return _TRUTHS.get(str(node.value).lower(), str(node.value))
        return str(node.value)

    def _name(self, node: Node) -> str:
        if not isinstance(node, ScalarNode):
            raise damaged(self._path, f"line {int(node.start_mark.line) + 1}: a name is no text")
        return str(node.value)
