"""Looking things up in the manifest."""

import tomllib

from comfydock_core.models.exceptions import InvalidSetting, SectionNotFound
from comfydock_core.repositories.definition.pyproject_document import toml_text


def manifest_section(manifest: dict[str, object], address: str) -> object:
    """The value under `a.b.c`; a key with a dot in it is quoted as in TOML. Raises `SectionNotFound`."""
    value: object = manifest
    for depth, key in enumerate(keys := _keys(address)):
        if not isinstance(value, dict) or key not in value:
            raise _not_found(address, keys[:depth], value)
        value = value[key]
    return value


def manifest_section_text(manifest: dict[str, object], address: str) -> str:
    """The same as TOML, under its own headings. Raises `SectionNotFound`."""
    nested = manifest_section(manifest, address)
    for key in reversed(_keys(address)):
        nested = {key: nested}
    assert isinstance(nested, dict)
    return toml_text(nested)


def _keys(address: str) -> list[str]:
    """Let TOML itself take the dotted key apart."""
    try:
        table: object = tomllib.loads(f"{address} = 0") if "\n" not in address else None
    except ValueError:
        table = None
    keys: list[str] = []
    while isinstance(table, dict) and len(table) == 1:
        ((key, table),) = table.items()
        keys.append(key)
    if not keys or table != 0:
        raise InvalidSetting(
            f"`{address}` is not an address of a section",
            hint="write it as in TOML, for example `tool.comfydock.nodes`, with quotes around a key that has a dot",
            context={"section": address},
        )
    return keys


def _not_found(address: str, above: list[str], value: object) -> SectionNotFound:
    known = sorted(value) if isinstance(value, dict) else []
    place = f"`{'.'.join(above)}`" if above else "the manifest"
    return SectionNotFound(
        f"the manifest has no section `{address}`",
        hint=f"{place} has: {', '.join(known)}" if known else f"{place} has no sections",
        context={"section": address, "known": known, "within": ".".join(above)},
    )
