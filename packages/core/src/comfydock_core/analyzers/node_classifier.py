"""Where a node class comes from: ComfyUI, an installed pack, a pack that could be added, or nobody knows."""

from collections.abc import Collection
from typing import Protocol

from comfydock_core.analyzers.code.class_files import OF_THE_EDITOR
from comfydock_core.models.node_mapping import CORE, NodeMapping

BUILT_IN = "built-in"
INSTALLED = "installed"
KNOWN = "known"
UNKNOWN = "unknown"


class KnownClasses(Protocol):
    """The lists of known packs, as far as node classes go."""

    def candidates(self, node_type: str) -> list[NodeMapping]: ...


class NodeClassifier:
    """Classifies node classes by what is on the disk first, and by the lists of known packs then."""

    def __init__(self, builtin: Collection[str], installed: Collection[str], lists: KnownClasses | None = None) -> None:
        """`builtin` and `installed` are the classes of ComfyUI and of the packs that are here."""
        self._builtin = builtin
        self._installed = installed
        self._lists = lists

    def is_builtin(self, node_type: str, cnr_id: str | None = None) -> bool:
        """Whether ComfyUI or its editor defines it, or the node itself says so by `cnr_id`."""
        return node_type in self._builtin or node_type in OF_THE_EDITOR or cnr_id == CORE

    def classify(self, node_type: str, cnr_id: str | None = None) -> str:
        """`built-in`, `installed`, `known` (a pack of the lists has it) or `unknown`."""
        if self.is_builtin(node_type, cnr_id):
            return BUILT_IN
        if node_type in self._installed:
            return INSTALLED
        return KNOWN if self._lists is not None and self._lists.candidates(node_type) else UNKNOWN
