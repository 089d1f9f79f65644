"""Getting values out of what strangers saved: what has an unexpected type counts as missing."""

from collections.abc import Mapping

Table = Mapping[str, object]

FARTHEST = 1e6
_LONGEST_ID = 80


def tables(value: object) -> list[Table]:
    items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return [item for item in items if isinstance(item, dict)]


def keyed_tables(value: object) -> list[tuple[str, Table]]:
    """The same with the key or the index of each."""
    items = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    return [(str(key), item) for key, item in items if isinstance(item, dict)]


def text_of(table: Table, key: str, otherwise: str = "") -> str:
    value = table.get(key)
    return value if isinstance(value, str) and value else otherwise


def number_of(value: object, otherwise: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= FARTHEST:
        return float(value)
    return otherwise


def pair(value: object) -> tuple[object, object]:
    """Positions and sizes are lists, or mappings from `0` and `1`."""
    if isinstance(value, dict):
        return value.get("0"), value.get("1")
    if isinstance(value, list) and len(value) >= 2:
        return value[0], value[1]
    return None, None


def id_of(value: object) -> str:
    """Identifiers are numbers or texts; both name the same node."""
    if isinstance(value, str):
        return value[:_LONGEST_ID]
    is_short = isinstance(value, float) or (isinstance(value, int) and value.bit_length() < 4 * _LONGEST_ID)
    return str(value) if is_short else ""
