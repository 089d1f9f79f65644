"""Which distributions of an installation something asks for, and which somebody installed by hand."""

from collections.abc import Iterable, Mapping

from comfydock_core.models.environments.installation import FoundDistribution
from comfydock_core.records import record
from comfydock_core.utils.package_names import normal_name
from comfydock_core.validation.requirements import demanded

Demand = tuple[str, tuple[str, ...]]


@record
class Needs:
    """`asked` are the names that are asked for, whether directly or by what is. Of the others, `by_hand` are those
    that none of them requires, and `below` says for the rest because of which of these they are there.
    """

    asked: frozenset[str]
    by_hand: tuple[str, ...]
    below: Mapping[str, str]


def needs_among(distributions: Iterable[FoundDistribution], asked_for: Iterable[Demand], python: str) -> Needs:
    """Follow what is `asked_for` through the requirements in the metadata, for the installation's Python."""
    known: dict[str, list[FoundDistribution]] = {}
    for one in distributions:
        known.setdefault(normal_name(one.name), []).append(one)
    asked = _reached(known, asked_for, python)
    others = [name for name in known if name not in asked]
    required = {name for other in others for name in _reached(known, _demands(known[other], (), python), python)}
    by_hand = [name for name in others if name not in required]
    below: dict[str, str] = {}
    # What requires each other in a circle has no first; any of it will do.
    for name in [*by_hand, *others]:
        if name in below:
            continue
        if name not in by_hand:
            by_hand.append(name)
        for reached in _reached(known, _demands(known[name], (), python), python):
            if reached not in asked and reached not in by_hand:
                below.setdefault(reached, name)
    return Needs(frozenset(asked), tuple(by_hand), below)


def _reached(known: Mapping[str, list[FoundDistribution]], start: Iterable[Demand], python: str) -> set[str]:
    """The names of everything that is installed and that `start` leads to."""
    waiting, seen = list(start), set[Demand]()
    while waiting:
        demand = waiting.pop()
        if demand in seen or demand[0] not in known:
            continue
        seen.add(demand)
        waiting += _demands(known[demand[0]], demand[1], python)
    return {name for name, _ in seen}


def _demands(distributions: Iterable[FoundDistribution], extras: tuple[str, ...], python: str) -> list[Demand]:
    lines = (line for one in distributions for line in one.requires)
    return [demand for line in lines if (demand := demanded(line, extras, python)) is not None]
