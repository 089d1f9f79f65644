"""What was found in a file so far: texts by name, of which two matter."""

import json
import re

from comfydock_core.analyzers.workflows.refusals import TooMuchCarried
from comfydock_core.models.workflow.carried import Carried
from comfydock_core.utils.json_places import NotJson, present_spans

_NAMES = ("workflow", "prompt")
_COMMENTS = ("comment", "©cmt", "description", "desc", "usercomment", "imagedescription")
_PADDING = b"\0 \t\r\n"
_MOST_QUOTED = 4  # Texts that were put into a string again and again on their way from file to file.
_NAMED = re.compile(rb"\s*(workflow|prompt)\s*:\s*(?=[{\"])", re.IGNORECASE)


def matters(name: str) -> bool:
    """Whether a text of this name is worth unpacking."""
    return name.lower() in _NAMES or name.lower() in _COMMENTS


class Texts:
    """The workflow and the prompt; of several the last counts, as for the editor, and comments count least."""

    __slots__ = ("_in_comments", "_named")

    def __init__(self) -> None:
        self._named: dict[str, bytes] = {}
        self._in_comments: dict[str, bytes] = {}

    def add(self, name: str, text: bytes) -> None:
        """A text by its name in the file; names that do not matter are passed over, texts that are no objects too."""
        name = name.lower()
        if name in _COMMENTS:
            self.add_comment(text)
        elif name in _NAMES and (found := _object(text)) is not None:
            self._named[name] = found

    def add_tagged(self, text: bytes) -> None:
        """A text of EXIF, which has no names: `workflow:{...}`, or a comment."""
        named = _NAMED.match(text)
        if named:
            self.add(named[1].decode("ascii"), text[named.end() :])
        else:
            self.add_comment(text)

    def add_comment(self, text: bytes) -> None:
        """An object that has the workflow and the prompt in it, each as an object or in a string."""
        document = _object(text)
        if document is not None:
            try:
                self._in_comments |= members(document, "")
            except NotJson:
                return  # A comment about something else.

    def add_members(self, document: bytes, pointer: str) -> None:
        """The same, where it is no comment but what the format has for it. Raises `NotJson`."""
        for name, text in members(document, pointer).items():
            self.add(name, text)

    @property
    def complete(self) -> bool:
        return len(self._named) == len(_NAMES)

    @property
    def workflow(self) -> bytes | None:
        return self._of("workflow")

    def carried(self, kind: str) -> Carried | None:
        found = Carried(kind, self._of("workflow"), self._of("prompt"))
        return found if found.workflow is not None or found.prompt is not None else None

    def _of(self, name: str) -> bytes | None:
        return self._named.get(name, self._in_comments.get(name))


_LARGEST = 16 * 1024 * 1024


def members(document: bytes, pointer: str) -> dict[str, bytes]:
    """The texts of workflow and prompt in an object of a JSON document, as far as they are there."""
    if len(document) > _LARGEST:
        raise TooMuchCarried(f"what it says about itself is larger than {_LARGEST // 1024**2} MiB")
    spelled = {f"{pointer}/{word}": name for name in _NAMES for word in (name.capitalize(), name)}
    spans = present_spans(document, spelled)
    found: dict[str, bytes] = {}
    for place, name in spelled.items():
        if place in spans and (text := _object(document[slice(*spans[place])])) is not None:
            found[name] = text
    return found


def _object(text: bytes) -> bytes | None:
    """The text of a JSON object, without what pads it and the strings that it was put into; `None` for other texts."""
    text = text.strip(_PADDING)
    for _ in range(_MOST_QUOTED):
        if not text.startswith(b'"'):
            break
        try:
            inner = json.loads(text)
        except ValueError:
            return None
        if not isinstance(inner, str):
            return None
        text = inner.encode("utf-8", "surrogatepass").strip(_PADDING)
    return text if text.startswith(b"{") else None
