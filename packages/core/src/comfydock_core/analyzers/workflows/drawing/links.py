"""The links of a saved graph, and the places on the way that some of them run through."""

from comfydock_core.analyzers.workflows.drawing.tolerant import Table, id_of, number_of, pair, tables
from comfydock_core.analyzers.workflows.drawing.values import Link
from comfydock_core.analyzers.workflows.refusals import TooLargeToDraw

_MOST_LINKS = 100_000
_MOST_PLACES = 200_000

Reroutes = dict[int, tuple[tuple[float, float], int | None]]  # Where each is, and which one is before it.


def read_reroutes(graph: Table) -> Reroutes:
    extra = graph.get("extra")
    found: Reroutes = {}
    for one in tables(graph.get("reroutes") or (extra.get("reroutes") if isinstance(extra, dict) else None)):
        identifier, parent = one.get("id"), one.get("parentId")
        x, y = pair(one.get("pos"))
        if isinstance(identifier, int) and len(found) < _MOST_LINKS:
            found[identifier] = ((number_of(x, 0), number_of(y, 0)), parent if isinstance(parent, int) else None)
    return found


def read_links(graph: Table, reroutes: Reroutes) -> list[Link]:
    saved = graph.get("links")
    items = saved if isinstance(saved, list) else list(saved.values()) if isinstance(saved, dict) else []
    if len(items) > _MOST_LINKS:
        raise TooLargeToDraw(f"it has {len(items):,} links; up to {_MOST_LINKS:,} are drawn")
    extra = graph.get("extra")
    last = {
        one.get("id"): one.get("parentId")
        for one in tables(extra.get("linkExtensions") if isinstance(extra, dict) else None)
        if isinstance(one.get("id"), int)
    }
    found: list[Link] = []
    left = _MOST_PLACES
    for item in items:
        if isinstance(item, dict):
            fields = [item.get(key) for key in ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")]
            parent = item.get("parentId")
        elif isinstance(item, list) and len(item) >= 5:
            fields, parent = [*item, None][:6], None
        else:
            continue
        number, origin, origin_slot, target, target_slot, kind = fields
        if parent is None and isinstance(number, int):
            parent = last.get(number)
        through = _way(parent, reroutes, left)
        left -= len(through)
        if isinstance(origin_slot, int) and isinstance(target_slot, int):
            kind = kind if isinstance(kind, str) else "*"
            found.append(Link(id_of(origin), origin_slot, id_of(target), target_slot, kind, through))
    return found


def _way(last: object, reroutes: Reroutes, left: int) -> tuple[tuple[float, float], ...]:
    """The places that a link runs through, from its origin; each names the one before it."""
    places: list[tuple[float, float]] = []
    seen: set[int] = set()
    while isinstance(last, int) and last in reroutes and last not in seen and len(places) < left:
        seen.add(last)
        place, last = reroutes[last]
        places.append(place)
    return tuple(reversed(places))
