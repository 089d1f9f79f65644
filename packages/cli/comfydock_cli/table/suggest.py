"""Near misses: which known word a mistyped one was probably meant to be."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, known: "Iterable[str]") -> str | None:
    """The closest known word, if it is close enough that the word may be a slip of it."""
    best, least = None, max(1, len(word) // 3) + 1
    for candidate in known:
        if candidate == word:
            return candidate
        if _one_begins_the_other(word, candidate):
            away = 1
        elif abs(len(candidate) - len(word)) >= least:
            continue
        else:
            away = distance(word.lower(), candidate.lower())
        if away < least:
            best, least = candidate, away
    return best


def _one_begins_the_other(word: str, candidate: str) -> bool:
    """A word cut short, or an option spelled out that the program keeps short."""
    if candidate.startswith(word):
        return len(word) >= 2
    return candidate.startswith("--") and word.startswith(candidate)


def distance(left: str, right: str) -> int:
    """How many letters must be added, dropped, replaced, or swapped with a neighbour, to get from one to the other."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        above, row = row, [i]
        for j, b in enumerate(right, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = above
    return row[-1]
