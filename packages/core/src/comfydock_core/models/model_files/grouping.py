"""Files among their names: a file may have several, and several files may hold the same."""

from collections.abc import Iterable, Sequence

from comfydock_core.models.model_files.location import ModelLocation


def one_name_each(places: Iterable[ModelLocation]) -> list[ModelLocation]:
    """The first name of each file, in their order."""
    found: dict[tuple[int, int], ModelLocation] = {}
    for one in places:
        found.setdefault(one.state.file_id, one)
    return list(found.values())


def wasted_bytes(same: Sequence[ModelLocation]) -> int:
    """What files of equal content take beyond the first of them."""
    return same[0].state.size * (len(one_name_each(same)) - 1)
