"""What the node classes of an environment take in, read again only where files changed: reading takes seconds."""

from __future__ import annotations

import os

# The reader itself is loaded when something has to be read anew.
from comfydock_core.analyzers import class_inputs
from comfydock_core.analyzers.class_inputs.storing import recalled, stored
from comfydock_core.analyzers.code.class_files import ClassFiles
from comfydock_core.caching.answer_cache import OLDEST, AnswerCache
from comfydock_core.models.workflow.class_inputs import ClassCatalog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.protocols import Reporter

_READER = "3"  # Another one makes what was read before worthless.
_SUBJECT = "class-inputs"


class RememberedInputs:
    """The inputs of the node classes of one environment. `save` keeps what was read anew for the next time.

    What is kept is one document for each place, so that asking about one pack does not load the others, and a class
    is made from it when it is looked at. `further` are all files, beside those of node classes, and directories that
    what was asked for so far depends on.
    """

    def __init__(self, comfyui: str, answers: AnswerCache, reporter: Reporter, files: ClassFiles | None = None) -> None:
        """`reporter` hears of what has to be read: ComfyUI itself takes some seconds."""
        self._comfyui = os.path.normpath(comfyui)
        self._answers = answers
        self._files = files or ClassFiles(comfyui)
        self._reporter = reporter
        self._tree: class_inputs.SourceTree | None = None
        self._known: dict[str, ClassCatalog] = {}
        self._new: dict[str, dict[str, object]] = {}
        self.further: set[str] = set()

    def of_comfyui(self) -> ClassCatalog:
        """Those of ComfyUI itself."""
        return self._of(self._comfyui)

    def of_pack(self, place: str) -> ClassCatalog:
        """Those of a pack, a directory or a single file."""
        return self._of(os.path.normpath(place))

    def save(self) -> None:
        """Keep what was read anew. A place that cannot be written costs the time again, never a failure."""
        for place, kept in self._new.items():
            self._answers.keep(_SUBJECT, self._question(place), kept)
        self._new.clear()

    def _of(self, place: str) -> ClassCatalog:
        if place not in self._known:
            self._known[place] = self._recalled(place) or self._read(place)
        return self._known[place]

    def _question(self, place: str) -> list[str]:
        return [_READER, self._comfyui, place]

    def _recalled(self, place: str) -> ClassCatalog | None:
        kept = self._answers.recall(_SUBJECT, self._question(place), OLDEST) or {}
        further = kept.get("further")
        if not isinstance(further, list) or kept.get("stamp") != self._files.stamp(place, map(str, further)):
            return None
        self.further.update(map(str, further))
        return recalled(kept)

    def _read(self, place: str) -> ClassCatalog:
        if not self._new:
            self._reporter.phase("Reading what the node classes take in")
        self._reporter.progress(os.path.basename(place), len(self._new), None, "packs")
        files = self._files.of(place)
        is_comfyui = place == self._comfyui
        if self._tree is None and not is_comfyui:
            self._tree = class_inputs.SourceTree(self._comfyui)
        root = place if os.path.isdir(place) else os.path.dirname(place)
        reader = class_inputs.ClassInputReader(root, None if is_comfyui else self._tree)
        catalog = reader.read(files)
        further = sorted(set(reader.used).difference(files))
        self.further.update(further)
        self._new[place] = {"stamp": self._files.stamp(place, further), "further": further, **stored(catalog)}
        return catalog
