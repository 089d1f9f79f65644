"""Finding known node packs by words: in identifiers and names first, then in their node classes and descriptions."""

import difflib
import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from comfydock_core.models.packs.node_data import KnownPack, PackHit
from comfydock_core.repositories.node_data.node_index import NodeIndex

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_COMMON = ("comfyui", "comfy")  # In nearly every name, so that it tells packs apart as little as a blank does.

# What a find is worth. Who knows the name finds the pack first; a popular pack goes before an unknown one.
_SAME = 2.0
_SAME_CLASS = 1.5
_BEGINS = 0.6
_IN_NAMES = 0.5
_IN_CLASSES = 0.3
_IN_DESCRIPTION = 0.15
_INSTALLED = 0.1
_FAME = 0.1
_ALIKE = 0.6
_LIKE_ENOUGH = 0.65


@dataclass(slots=True)
class _Query:
    """What is looked for: all in small letters, its words, and the same without blanks and what is in every name."""

    text: str
    words: list[str] = field(init=False)
    core: str = field(init=False)

    def __post_init__(self) -> None:
        self.words = split_words(self.text)
        self.core = core_of(self.text)


def search_packs(
    index: NodeIndex, text: str, *, limit: int = 10, installed: Collection[str] = frozenset()
) -> list[PackHit]:
    """The known packs that the words fit best. Every word has to be found; spelling is forgiven when nothing is.

    `installed` are identifiers, in small letters. Raises `IntegrityError`.
    """
    query = _Query(text)
    if not query.words:
        return []
    packs = list(index.packs())
    hits = _by_words(index, query, packs, installed) or _by_likeness(query, packs, installed)
    return sorted(hits, key=lambda hit: (-hit.score, hit.pack.identifier))[:limit]


def split_words(text: str) -> list[str]:
    """The words of a text or of a name, in small letters: `FaceDetailerPipe` has three."""
    return [word.lower() for word in _WORD.findall(_CAMEL.sub(" ", text))]


def core_of(text: str) -> str:
    """A name without blanks, dashes and case, and without what stands in nearly every name."""
    joined = "".join(_WORD.findall(text.lower()))
    for common in _COMMON:
        joined = joined.replace(common, "")
    return joined or "".join(_WORD.findall(text.lower()))


def _by_words(index: NodeIndex, query: _Query, packs: Iterable[KnownPack], installed: Collection[str]) -> list[PackHit]:
    classes: dict[str, list[str]] = {}
    for identifier, name in index.classes_like(query.words):
        classes.setdefault(identifier, []).append(name)
    hits = []
    for pack in packs:
        found = classes.get(pack.identifier, [])
        score = _score(query, pack, found)
        if score > 0:
            here = pack.identifier.lower() in installed
            hits.append(PackHit(pack, score + _INSTALLED * here + _fame(pack), tuple(sorted(found)), here))
    return hits


def _score(query: _Query, pack: KnownPack, classes: list[str]) -> float:
    """How well a pack fits, 0 when one of the words is nowhere."""
    names = f"{pack.identifier}\n{pack.name}".lower()
    others = f"{pack.description}\n{pack.author}\n{pack.repository or ''}".lower()
    in_names = sum(word in names for word in query.words)
    if not classes and not all(word in names or word in others for word in query.words):
        return 0.0
    score = _IN_NAMES * in_names / len(query.words)
    score += _IN_DESCRIPTION * sum(word in others for word in query.words) / len(query.words)
    if classes:
        score += _SAME_CLASS if any(core_of(name) == query.core for name in classes) else _IN_CLASSES
    return score + (_closeness(query, pack) if in_names else 0.0)


def _closeness(query: _Query, pack: KnownPack) -> float:
    """More for a name that is what was asked for, or begins with it: the more, the less it says besides."""
    best = 0.0
    for core in (core_of(pack.identifier), core_of(pack.name)):
        if core == query.core:
            return _SAME
        if query.core and core.startswith(query.core):
            best = max(best, _BEGINS * len(query.core) / len(core))
    return best


def _by_likeness(query: _Query, packs: Iterable[KnownPack], installed: Collection[str]) -> list[PackHit]:
    matcher = difflib.SequenceMatcher()
    matcher.set_seq2(query.core)
    hits = []
    for pack in packs:
        alike = max(_likeness(matcher, core_of(pack.identifier)), _likeness(matcher, core_of(pack.name)))
        if alike >= _LIKE_ENOUGH:
            here = pack.identifier.lower() in installed
            hits.append(PackHit(pack, _ALIKE * alike + _INSTALLED * here + _fame(pack) / 2, installed=here))
    return hits


def _likeness(matcher: "difflib.SequenceMatcher[str]", core: str) -> float:
    matcher.set_seq1(core)
    if matcher.real_quick_ratio() < _LIKE_ENOUGH or matcher.quick_ratio() < _LIKE_ENOUGH:
        return 0.0
    return matcher.ratio()


def _fame(pack: KnownPack) -> float:
    return _FAME * math.log10(pack.stars) if pack.stars else 0.0
