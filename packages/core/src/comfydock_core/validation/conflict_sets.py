"""Which requirements collide, and what would help: a search that asks an oracle, such as uv, about sets of them.

The search is QuickXplain (U. Junker, AAAI 2004): first over node packs as a whole, then over the lines of those that
are left. It asks about k·log(n/k) times for k colliding ones among n, and what was asked once is not asked again.
"""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from comfydock_core.models.addresses import without_credentials_in
from comfydock_core.models.exceptions import ComfyDockError, PacksConflict
from comfydock_core.models.packages.conflicts import COMFYUI, PYTORCH, YOU, Conflict, ConflictLine, Fix
from comfydock_core.utils.text import listed

# `None` when the lines can be met together, else an explanation.
Oracle = Callable[[Sequence[ConflictLine]], str | None]
# Other versions of a node pack, the most wanted first, each with its lines.
Candidates = Callable[[str], Iterable[tuple[str, Sequence[ConflictLine]]]]

_ROUNDS = 5
# A search that takes longer is given up, and says so: nobody waits that long for a smaller list.
_SECONDS = 60.0
_LINES_TOLD = 30
_LINES_TRIED = 60  # More lines than these are no small set, and each would be tried without.
_Parts = tuple[frozenset[ConflictLine], ...]
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", re.ASCII)
_BROKEN = re.compile(r"-\s+")  # uv breaks lines behind hyphens, too.
_NOT_SMALLEST = "the search for the smallest such set took too long and was given up; fewer of these may collide alone"
_LIMITS = ("==", "<", "<=", "~=", "===", "!=")


def find_conflict(
    lines: Sequence[ConflictLine], oracle: Oracle, *, confirm: Oracle | None = None, seconds: float = _SECONDS
) -> Conflict | None:
    """A smallest set of `lines` that cannot be met together; `None` where all can. Raises what the oracles raise.

    After so many `seconds` no more is asked: the smallest set found until then is told, with a word about that.
    With `confirm` the `oracle` may refuse too much, such as for want of knowledge that `confirm` acquires: then a set
    counts only when `confirm` refuses it, too, and is searched for anew while it does not.
    """
    end = time.monotonic() + seconds
    for _ in range(_ROUNDS if confirm is not None else 1):
        found = _find(lines, oracle, end)
        if found is None or confirm is None or confirm(found.lines) is not None:
            return found
        if time.monotonic() >= end:
            break
    assert confirm is not None
    return _find(lines, confirm, end)


def _find(lines: Sequence[ConflictLine], oracle: Oracle, end: float) -> Conflict | None:
    search = _Search(lines, oracle, end)
    told = search.explanation(lines)
    if told is None:
        return None
    try:
        return _smallest(search, lines, told)
    except _GivenUp:
        smallest, told = search.smallest_known
        return Conflict(tuple(search.in_order(smallest)), f"{told}\n{_NOT_SMALLEST}")


def _smallest(search: "_Search", lines: Sequence[ConflictLine], told: str) -> Conflict:
    if (always := search.explanation(())) is not None:
        return Conflict((), always)
    parts = search.smallest(_by_pack(search.suspects(told)))
    single = search.smallest([frozenset({line}) for part in parts for line in search.in_order(part)])
    found = search.in_order(_all(tuple(single)))
    # A line can also allow what was refused before, such as pre-releases; then the search may leave more than it must.
    found = search.reduced(found)
    return Conflict(tuple(found), search.explanation(found) or told)


def find_fixes(
    conflict: Conflict,
    lines: Sequence[ConflictLine],
    oracle: Oracle,
    candidates: Candidates,
    *,
    adding: Iterable[str] = (),
    most_versions: int = 5,
) -> Conflict:
    """The conflict with the changes that were tried and help: another version of a pack, a looser line, a pack less.

    `lines` are all that the conflict was found among; `adding` are the packs that are not in the environment yet. At
    most `most_versions` of each pack are tried. Nothing is for a set so large that it is not a smallest one.
    """
    if len(conflict.lines) > _LINES_TRIED:
        return conflict
    trial = _Fixing(conflict, lines, oracle)
    packs = list(dict.fromkeys(line.pack for line in conflict.lines if line.is_of_pack))
    found = [trial.other_version(pack, candidates(pack), most_versions) for pack in packs]
    found += [trial.looser(line) for line in conflict.lines]
    found += [trial.without(pack, new=pack in set(adding)) for pack in packs]
    fixes = [fix for fix in found if fix is not None]
    return replace(conflict, fixes=tuple(sorted(fixes, key=lambda fix: not fix.whole)))


def conflict_error(conflict: Conflict, doing: str) -> PacksConflict:
    """The error for a conflict; `doing` completes "cannot …"."""
    told = without_credentials_in
    lines = listed([told(str(line)) for line in conflict.lines], _LINES_TOLD)
    helps = "".join(f"\n  {told(fix.words)}" for fix in conflict.fixes)
    tried = f"\ntried, and any one of these helps:{helps}" if helps else ""
    return PacksConflict(
        f"cannot {doing}: these requirements cannot be satisfied together{lines}\n{told(conflict.explanation)}{tried}",
        hint=told(_hint(conflict.fixes)),
        context={
            "lines": [{"pack": line.pack, "file": line.file, "line": line.line, "requirement": told(line.requirement)}
                      for line in conflict.lines],
            "explanation": told(conflict.explanation),
            "fixes": [{"kind": fix.kind, "pack": fix.pack, "words": told(fix.words),
                       "command": fix.command and told(fix.command), "whole": fix.whole} for fix in conflict.fixes],
        },
    )  # fmt: skip


def _hint(fixes: Sequence[Fix]) -> str:
    if not fixes:
        return "none of the changes that were tried helps; leave out the packs above one by one"
    best = next((fix for fix in fixes if fix.command is not None and fix.whole), fixes[0])
    return f"{best.words}: `{best.command}`" if best.command is not None else best.words


class _GivenUp(Exception):
    """The time for the search is over."""


class _Search:
    """Answers of the oracle about sets of some lines, each asked once and in a fixed order."""

    def __init__(self, lines: Sequence[ConflictLine], oracle: Oracle, end: float) -> None:
        self.smallest_known: tuple[Sequence[ConflictLine], str] = (tuple(lines), "")
        self._end = end
        self._places = {line: place for place, line in enumerate(dict.fromkeys(lines))}
        self._oracle = oracle
        self._answers: dict[frozenset[tuple[str, bool]], str | None] = {}

    def in_order(self, lines: Iterable[ConflictLine]) -> list[ConflictLine]:
        return sorted(lines, key=self._places.__getitem__)

    def explanation(self, lines: Iterable[ConflictLine]) -> str | None:
        """What the oracle says; it is asked once about what says the same, whoever says it.

        The first question is always asked. Raises `_GivenUp` instead of asking another one too late.
        """
        said = self.in_order(lines)
        asked = frozenset((line.requirement, line.constraint) for line in said)
        if asked not in self._answers:
            if self._answers and time.monotonic() >= self._end:
                raise _GivenUp
            told = self._answers[asked] = self._oracle(said)
            if told is not None and (len(said) < len(self.smallest_known[0]) or not self.smallest_known[1]):
                self.smallest_known = said, told
        return self._answers[asked]

    def suspects(self, told: str) -> list[ConflictLine]:
        """The lines that an explanation repeats, or else those whose package it names, if they collide; else all."""
        everything = list(self._places)
        text = _BROKEN.sub("-", told.lower())
        words, compact = set(map(canonicalize_name, _NAME.findall(text))), "".join(text.split())
        repeated = [line for line in everything if (limit := _limit(line)) is not None and limit in compact]
        named = [line for line in everything if _name(line) in words]
        for some in (repeated, named):
            if 0 < len(some) < len(everything) and self.explanation(some) is not None:
                return some
        return everything

    def smallest(self, parts: Sequence[frozenset[ConflictLine]]) -> list[frozenset[ConflictLine]]:
        """A smallest list of `parts` that collide as a whole, which all of them must do."""
        return self._explain((), (), tuple(parts))

    def reduced(self, lines: list[ConflictLine]) -> list[ConflictLine]:
        """Some of the lines, which collide, that do not without any one of them."""
        kept = lines
        while (fewer := self._with_one_less(kept)) is not None:
            kept = fewer
        return kept

    def _with_one_less(self, lines: list[ConflictLine]) -> list[ConflictLine] | None:
        smaller = ([other for other in lines if other != line] for line in lines)
        return next((fewer for fewer in smaller if self.explanation(fewer) is not None), None)

    def _explain(self, given: _Parts, added: _Parts, parts: _Parts) -> list[frozenset[ConflictLine]]:
        if added and self.explanation(_all(given)) is not None:
            return []
        if len(parts) == 1:
            return list(parts)
        half = len(parts) // 2
        first, second = parts[:half], parts[half:]
        needed = tuple(self._explain((*given, *first), first, second))
        return [*self._explain((*given, *needed), needed, first), *needed]


class _Fixing:
    """Trying changes of all lines, and of the conflict alone where something else collides, too."""

    def __init__(self, conflict: Conflict, lines: Sequence[ConflictLine], oracle: Oracle) -> None:
        self._conflict = conflict.lines
        self._lines = list(dict.fromkeys(lines))
        self._oracle = oracle

    def other_version(self, pack: str, versions: Iterable[tuple[str, Sequence[ConflictLine]]], most: int) -> Fix | None:
        """The first version with which everything fits, else the first with which this conflict is gone."""
        partial: Fix | None = None
        for number, (version, theirs) in enumerate(versions):
            if number >= most:
                break
            helps = self._helps(lambda line: None if line.pack == pack else line, theirs)
            if helps is None:
                continue
            fix = Fix("version", pack, _words(f"take version {version} of {pack}", helps),
                      f"comfydock node add {pack}@{version}", version, whole=helps)  # fmt: skip
            if helps:
                return fix
            partial = partial or fix
        return partial

    def looser(self, line: ConflictLine) -> Fix | None:
        """The same requirement without its upper limits and pins."""
        text = None if line.pack in (COMFYUI, PYTORCH) else _loosened(line.requirement)
        if text is None:
            return None
        helps = self._helps(lambda other: replace(other, requirement=text) if other == line else other)
        if helps is None:
            return None
        words = _words(f"`{line.requirement}` of {line.pack} would have to be `{text}`", helps)
        command = f'comfydock py add "{text}"' if line.pack == YOU and not line.constraint else None
        return Fix("loosen", line.pack, words, command, loosened=line, requirement=text, whole=helps)

    def without(self, pack: str, *, new: bool) -> Fix | None:
        """Everything but one pack."""
        helps = self._helps(lambda line: None if line.pack == pack else line)
        if helps is None:
            return None
        if new:
            return Fix("leave-out", pack, _words(f"do not add {pack}", helps), whole=helps)
        return Fix("leave-out", pack, _words(f"leave {pack} out", helps), f"comfydock node remove {pack}", whole=helps)

    def _helps(
        self, change: Callable[[ConflictLine], ConflictLine | None], more: Iterable[ConflictLine] = ()
    ) -> bool | None:
        """Whether everything fits after a change, or the conflict alone (`False`), or neither (`None`).

        The conflict alone is asked about first: it is small, and without that there is nothing to hope for.
        """
        if not self._fits(self._conflict, change, more):
            return None
        return self._fits(self._lines, change, more)

    def _fits(
        self,
        lines: Sequence[ConflictLine],
        change: Callable[[ConflictLine], ConflictLine | None],
        more: Iterable[ConflictLine],
    ) -> bool:
        changed = [new for line in lines if (new := change(line)) is not None]
        try:
            return self._oracle([*changed, *more]) is None
        except ComfyDockError:
            return False  # What cannot be tried, such as a package that cannot be built, is not a fix; others may be.


def _words(said: str, whole: bool) -> str:
    return said if whole else f"{said} (another conflict is left then)"


def _all(parts: _Parts) -> frozenset[ConflictLine]:
    return frozenset().union(*parts)


def _by_pack(lines: Iterable[ConflictLine]) -> list[frozenset[ConflictLine]]:
    packs: dict[str, set[ConflictLine]] = {}
    for line in lines:
        packs.setdefault(line.pack, set()).add(line)
    return [frozenset(found) for found in packs.values()]


def _name(line: ConflictLine) -> str | None:
    try:
        return canonicalize_name(Requirement(line.requirement).name)
    except InvalidRequirement:
        return None


def _limit(line: ConflictLine) -> str | None:
    """The name and versions of a line as explanations write them; `None` where any version will do."""
    text = line.requirement.partition(";")[0]
    return "".join(text.lower().split()) if re.search("[<>=]", text) else None


def _loosened(text: str) -> str | None:
    """The requirement without what limits it from above or to one version; `None` where nothing does."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    kept = [one for one in requirement.specifier if one.operator not in _LIMITS]
    if requirement.url is not None or len(kept) == len(list(requirement.specifier)):
        return None
    requirement.specifier = SpecifierSet(",".join(map(str, kept)))
    return str(requirement)
