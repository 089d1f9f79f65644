"""The node classes of an environment's packs, read again only where files changed: reading many takes seconds."""

from __future__ import annotations

import os

# The scanner itself is loaded when something has to be read anew.
from comfydock_core import analyzers
from comfydock_core.analyzers.code.class_files import OF_THE_EDITOR, ClassFiles
from comfydock_core.caching.answer_cache import OLDEST, AnswerCache
from comfydock_core.models.packs.defined_classes import DefinedClasses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.protocols import Reporter

_READER = "2"  # Another one makes what was read before worthless.
_SUBJECT = "node-classes"


class RememberedClasses:
    """What the code of one environment defines. `save` keeps what was read for the next time."""

    def __init__(self, comfyui: str, answers: AnswerCache, reporter: Reporter, files: ClassFiles | None = None) -> None:
        """`reporter` hears of what has to be read: a large pack takes a quarter of a second."""
        self._comfyui = comfyui
        self._files = files or ClassFiles(comfyui)
        self._answers = answers
        self._reporter = reporter
        self._read_anew = 0
        kept = answers.recall(_SUBJECT, [_READER, comfyui], OLDEST)
        self._known = kept or {}
        self._used: dict[str, object] = {}

    def of_pack(self, place: str) -> DefinedClasses:
        """Those of a pack, a directory or a single file."""
        root = place if os.path.isdir(place) else os.path.dirname(place)
        return self._read(place, root)

    def of_comfyui(self) -> DefinedClasses:
        """Those of ComfyUI itself and of its editor."""
        found = self._read(self._comfyui, self._comfyui)
        return DefinedClasses(found.names | OF_THE_EDITOR, found.doubts, OF_THE_EDITOR)

    def save(self) -> None:
        """Keep what was asked for. A place that cannot be written costs the time again, never a failure."""
        if self._used != self._known:
            self._answers.keep(_SUBJECT, [_READER, self._comfyui], self._used)

    def _read(self, place: str, root: str) -> DefinedClasses:
        now = self._files.stamp(place)
        found = _remembered(self._known.get(place), now)
        if found is None:
            self._tell(os.path.basename(place))
            found = analyzers.CustomNodeScanner(root).read(self._files.of(place))
        self._used[place] = {
            "stamp": now,
            "names": sorted(found.names),
            "doubts": list(found.doubts),
            "editor_only": sorted(found.editor_only),
        }
        return found

    def _tell(self, name: str) -> None:
        if self._read_anew == 0:
            self._reporter.phase("Reading which node classes the packs define")
        self._reporter.progress(name, self._read_anew, None, "packs")
        self._read_anew += 1


def _remembered(kept: object, now: str) -> DefinedClasses | None:
    if not isinstance(kept, dict) or kept.get("stamp") != now:
        return None
    names, doubts, editor_only = kept.get("names"), kept.get("doubts"), kept.get("editor_only")
    if not isinstance(names, list) or not isinstance(doubts, list) or not isinstance(editor_only, list):
        return None
    return DefinedClasses(frozenset(map(str, names)), tuple(map(str, doubts)), frozenset(map(str, editor_only)))
