"""Finding names and digests of model files in texts of any kind: workflows, manifests, locks, messages.

Where in doubt, something counts as mentioned. Texts are read as they are and with their escapes resolved, as often as
one was put into another; names are compared regardless of case and of how letters with accents are composed.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from comfydock_core.records import record
from comfydock_core.utils.text import folded

# So many bytes of a text have to be looked at together: the longest name, with every letter escaped several times.
OVERLAP = 1 << 16
# What may stand before a name without its extension; a word in a sentence follows a space.
_BEFORE = r"\"'`/\\:;,=<>|@\[{\n"
# What makes another name of one that it follows.
_GOES_ON = re.compile(r"[\w-]")
_HEXADECIMAL = re.compile(r"[0-9a-f]{16,}")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_DEEPEST = 4
_BEGINNING = 3
# What is remembered of parts: characters, and for each part about as many bytes as Python needs besides.
_KEPT_CHARACTERS = 1 << 26
_OVERHEAD = 100


@record
class Called:
    """By what files are called, folded.

    `names` count wherever they are. `values` are names without an extension, and count where one can stand alone: as a
    whole text between quotes, or after a slash, a colon and the like. `digests` are hexadecimal, of any kind.
    """

    names: frozenset[str]
    values: frozenset[str]
    digests: frozenset[str]


class Mentions:
    """Hears texts, and tells where each of some names and digests was mentioned first."""

    def __init__(self, called: Called) -> None:
        self._names = called.names
        self._values = called.values
        self._digests = called.digests
        self._found: dict[str, str] = {}
        self._seen: set[str] = set()
        self._seen_characters = 0
        self._endings = sorted({name[name.rfind(".") :] for name in self._names if "." in name})
        self._without_ending = [name for name in self._names if "." not in name]
        self._lengths = sorted({len(name) for name in self._names})
        self._value_lengths = sorted({len(value) for value in self._values})
        self._beginnings = {value[:_BEGINNING] for value in self._values}
        self._shortest = min(self._value_lengths, default=0)
        self._places = re.compile(f"(?:^|(?<=[{_BEFORE}]))(?=(.{{1,{_BEGINNING}}}))", re.DOTALL)
        self._digest_lengths = sorted({len(digest) for digest in self._digests})
        # A name with a quote in it is not found where texts are taken apart at quotes.
        self._apart = not any('"' in name for name in (*self._names, *self._values))

    @property
    def found(self) -> Mapping[str, str]:
        """All that was mentioned, and where."""
        return self._found

    def where(self, mentioned: str) -> str | None:
        """Where a name or digest was mentioned, or `None`."""
        return self._found.get(mentioned)

    def hear(self, content: bytes, where: str) -> None:
        """Look through a text of which `where` says what it is."""
        text = _decoded(content)
        for reading in _readings(self._new_parts(text) if self._apart else text):
            self._look(folded(reading), where)

    def _new_parts(self, text: str) -> str:
        """The parts between quotes that were not heard before: versions of one text have most of them in common."""
        new = set(text.split('"')) - self._seen
        if self._seen_characters > _KEPT_CHARACTERS:
            self._seen.clear()
            self._seen_characters = 0
        self._seen |= new
        joined = '"'.join(new)
        self._seen_characters += len(joined) + len(new) * _OVERHEAD
        return joined

    def _look(self, text: str, where: str) -> None:
        for name in self._names_in(text):
            self._found.setdefault(name, where)
        for value in self._values_in(text):
            self._found.setdefault(value, where)
        for digest in self._digests_in(text):
            self._found.setdefault(digest, where)

    def _names_in(self, text: str) -> Iterator[str]:
        """Every name ends with one of few extensions, so that only what stands before those is compared."""
        for ending in self._endings:
            at = text.find(ending)
            while at >= 0:
                yield from self._ending_at(text, at + len(ending))
                at = text.find(ending, at + 1)
        yield from (name for name in self._without_ending if name in text)

    def _ending_at(self, text: str, end: int) -> Iterator[str]:
        for length in self._lengths:
            if length <= end and text[end - length : end] in self._names:
                yield text[end - length : end]

    def _values_in(self, text: str) -> Iterator[str]:
        if not self._values:
            return
        beginnings = set(self._places.findall(text))
        if self._shortest >= _BEGINNING and beginnings.isdisjoint(self._beginnings):
            return
        for match in self._places.finditer(text):
            if match[1] in self._beginnings or self._shortest < _BEGINNING:
                yield from self._beginning_at(text, match.start())

    def _beginning_at(self, text: str, start: int) -> Iterator[str]:
        for length in self._value_lengths:
            value = text[start : start + length]
            if value in self._values and not _GOES_ON.match(text, start + length):
                yield value

    def _digests_in(self, text: str) -> Iterator[str]:
        if not self._digests:
            return
        for run in set(_HEXADECIMAL.findall(text)):
            for length in self._digest_lengths:
                for start in range(len(run) - length + 1):
                    if run[start : start + length] in self._digests:
                        yield run[start : start + length]


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8", "surrogateescape")


def _readings(text: str) -> Iterator[str]:
    """The text as it is, and with its escapes resolved, as long as that makes another text of it."""
    for _ in range(_DEEPEST):
        yield text
        if "%" in text:
            yield unquote(text, errors="surrogateescape")
        resolved = _resolved(text)
        if resolved == text:
            return
        text = resolved
    yield text


def _resolved(text: str) -> str:
    """Without the escapes of JSON and TOML."""
    if "\\" not in text:
        return text
    resolved = _ESCAPE.sub(_meant, text)
    # Letters beyond the first 65,536 are escaped as two.
    return resolved.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _meant(match: "re.Match[str]") -> str:
    digits = match[1] or match[2] or match[3]
    if digits is None:
        return _CONTROLS.get(match[4], match[4])
    number = int(digits, 16)
    return chr(number) if number < 0x110000 else match[0]
