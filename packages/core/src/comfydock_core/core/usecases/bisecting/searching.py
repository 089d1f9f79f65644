"""The two searches: the first bad one in a row, and the smallest bad set of changes."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

from comfydock_core.models.history.bisecting import BAD, GOOD, SKIPPED

Item = TypeVar("Item")


def first_bad(count: int, state_of: Callable[[int], str]) -> tuple[int, list[int]]:
    """The first bad place of a row whose last one is bad and before which is a good one; and those before it that could
    not be tried, any of which may be the first.

    Takes the logarithm of `count` of trials, as long as none is skipped.
    """
    good, bad = -1, count - 1
    skipped: set[int] = set()
    while True:
        between = [at for at in range(good + 1, bad) if at not in skipped]
        if not between:
            return bad, sorted(at for at in skipped if good < at < bad)
        middle = min(between, key=lambda at: abs(at - (good + bad) / 2))
        state = state_of(middle)
        if state == SKIPPED:
            skipped.add(middle)
        elif state == BAD:
            bad = middle
        else:
            good = middle


def smallest_bad(items: Sequence[Item], state_of: Callable[[tuple[Item, ...]], str]) -> tuple[Item, ...]:
    """A smallest set that is bad, of one that is bad as a whole: none of it can be left out. By delta debugging.

    What cannot be tried counts as good: it shows nothing.
    """
    known: dict[tuple[Item, ...], str] = {(): GOOD, tuple(items): BAD}

    def is_bad(some: tuple[Item, ...]) -> bool:
        if some not in known:
            known[some] = state_of(some)
        return known[some] == BAD

    found, pieces = tuple(items), 2
    while len(found) > 1:
        parts = _parts(found, pieces)
        smaller = next((part for part in parts if is_bad(part)), None)
        if smaller is not None:
            found, pieces = smaller, 2
            continue
        rests = [tuple(item for item in found if item not in part) for part in parts] if pieces > 2 else []
        rest = next((one for one in rests if is_bad(one)), None)
        if rest is not None:
            found, pieces = rest, max(pieces - 1, 2)
        elif pieces >= len(found):
            break
        else:
            pieces = min(2 * pieces, len(found))
    return found


def _parts(items: tuple[Item, ...], count: int) -> list[tuple[Item, ...]]:
    size, more = divmod(len(items), count)
    ends = [0]
    for at in range(count):
        ends.append(ends[-1] + size + (1 if at < more else 0))
    return [items[start:end] for start, end in pairwise(ends) if end > start]
