"""Giving a TOML text other values and leaving everything else of it as it is."""

import tomllib
from collections.abc import Mapping

import tomlkit
from tomlkit.items import Array, Item

from comfydock_core.managers.pyproject.pytorch import multiline
from comfydock_core.repositories.definition.pyproject_document import toml_text

_WIDE = 60  # A list of texts that is longer than this gets one line for each.


def rewritten(text: str, wanted: Mapping[str, object]) -> str:
    """The text with the values of `wanted` and no others: what stays equal keeps its place, style and comments."""
    document = tomlkit.parse(text)
    _apply(document, document.unwrap(), wanted)
    result = tomlkit.dumps(document)
    # tomlkit loses its way in some documents whose tables are scattered: better without comments than wrong.
    return result if _values(result) == wanted else toml_text(dict(wanted))


def _apply(container: object, present: Mapping[str, object], wanted: Mapping[str, object]) -> None:
    assert isinstance(container, dict)  # tomlkit's documents and tables are.
    for key in [key for key in present if key not in wanted]:
        del container[key]
    for key, value in wanted.items():
        old = present.get(key)
        if key in present and type(old) is type(value) and old == value:
            continue
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            _apply(container[key], old, value)
        elif isinstance(value, list) and isinstance(container.get(key), Array):
            _apply_list(container, key, value)
        else:
            container[key] = _item(value)


def _apply_list(container: dict[str, object], key: str, wanted: list[object]) -> None:
    """Take out what is gone and add what is new, which keeps the comments between; another order is written anew."""
    array = container[key]
    assert isinstance(array, Array)
    for at in reversed([at for at, item in enumerate(array.unwrap()) if item not in wanted]):
        del array[at]
    for item in wanted:
        if item not in array.unwrap():
            array.append(_inline(item))
    if array.unwrap() != wanted:
        container[key] = _item(wanted)


def _item(value: object) -> Item:
    if isinstance(value, list) and all(isinstance(item, str) for item in value) and len(str(value)) > _WIDE:
        return multiline(value)
    return tomlkit.item(value)


def _inline(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    table = tomlkit.inline_table()
    table.update({key: _inline(item) for key, item in value.items()})
    return table


def _values(text: str) -> object:
    try:
        return tomllib.loads(text)
    except ValueError:
        return None
